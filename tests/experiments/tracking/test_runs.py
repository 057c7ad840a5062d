"""The list of runs, and what pruning leaves: read back from MLflow and from the disk."""

import shutil

import mlflow
import pytest

from datasets.errors import InputError
from experiments.campaign_file import Campaign
from experiments.tracking.labels import MODELS, SCREEN_RUN
from experiments.tracking.models import load_champion, log_models
from experiments.tracking.runs import find_run, prune, runs, runs_table
from experiments.tracking.store import open_store, tracked_run

TARGET = "retention_pct"
CAMPAIGN = Campaign(name="tests")


def tracked(store, name, kind, model=None, skill=0.0, **tags):
    with tracked_run(store, name, kind, {"lirap.verdict.a": "no skill yet", **tags}) as run:
        mlflow.log_text("words " * 1000, "words.txt")
        mlflow.log_metric("best_expected_gain", 12.34)
        if model is not None:
            log_models(model, "tests", {TARGET: skill})
    return run.info.run_id


@pytest.fixture(scope="module")
def made(tmp_path_factory, fitted):
    """A home with screens, validations and a round, and the ids of its runs by what they are."""
    home = tmp_path_factory.mktemp("runs") / "home"
    store = open_store(home, "tests")
    ids = {"champion": tracked(store, "screen a", "screen", fitted, 0.3)}
    ids["old"] = tracked(store, "screen b", "screen", fitted, 0.1)
    ids["model of a round"] = tracked(store, "screen c", "screen", fitted, 0.2)
    ids["screen of a round"] = tracked(store, "screen d", "screen")
    ids["old validation"] = tracked(store, "validation a", "validation")
    ids["round"] = tracked(
        store, "round 1: R1", "round", **{SCREEN_RUN: ids["screen of a round"], MODELS: f"models:/tests.{TARGET}/3"}
    )
    ids["deleted in the UI"] = tracked(store, "screen e", "screen")
    mlflow.MlflowClient(store.uri).delete_run(ids["deleted in the UI"])
    ids["new validation"] = tracked(store, "validation b", "validation")
    ids["new"] = tracked(store, "screen b", "screen")
    return home, ids


def files(home):
    return {path: path.stat().st_size for path in (home / "artifacts").rglob("*") if path.is_file()}


def test_runs_are_listed_the_newest_first(made):
    home, ids = made
    shown = runs(CAMPAIGN, home=home)
    assert [run.run_id for run in shown] == [ids[name] for name in reversed(ids) if name != "deleted in the UI"]
    table = runs_table(shown)
    assert table.rows[0][0] == ids["new"][:8]
    assert table.rows[0][2:] == ["screen b", "FINISHED", table.rows[0][4], "12.3", "no skill yet", ""]


def test_a_run_is_found_by_id_name_and_age(made):
    home, ids = made
    shown = runs(CAMPAIGN, home=home)
    found = {which: find_run(shown, which).run_id for which in ("latest", "previous", "round 1: R1", ids["old"][:6])}
    assert found == {"latest": ids["new"], "previous": ids["screen of a round"], "round 1: R1": ids["round"],
                     ids["old"][:6]: ids["old"]}  # fmt: skip
    with pytest.raises(InputError, match="not several of that name"):
        find_run(shown, "screen b")
    with pytest.raises(InputError, match="did you mean screen a"):
        find_run(shown, "scren a")
    with pytest.raises(InputError, match="2 finished screens at least; there are 1"):
        find_run(shown[:1], "previous")


def test_pruning_says_first_and_removes_what_nothing_rests_on(made, tmp_path):
    home = shutil.copytree(made[0], tmp_path / "home")
    ids = made[1]
    gone = {ids["old"], ids["deleted in the UI"], ids["old validation"]}
    open_store(home, "tests")
    before = files(home)
    said = prune(CAMPAIGN, home=home, keep=1)
    assert files(home) == before
    assert {run.run_id for run in said.removed} == gone
    assert said.kept == {
        ids["champion"]: f"its model is champion of tests.{TARGET}",
        ids["model of a round"]: "round 1: R1 rests on it",
        ids["screen of a round"]: "round 1: R1 rests on it",
    }
    done = prune(CAMPAIGN, home=home, keep=1, really=True)
    assert (done.removed, done.kept, done.n_bytes) == (said.removed, said.kept, said.n_bytes)
    freed = before.keys() - files(home)
    assert sum(before[path] for path in freed) == done.n_bytes > 0
    assert {path.relative_to(home).parts[1] for path in freed} == {*gone, "models"}
    store = open_store(home, "tests")
    client = mlflow.MlflowClient(store.uri)
    every = client.search_runs([store.experiment_id], run_view_type=mlflow.entities.ViewType.ALL)
    assert {run.info.run_id for run in every} == set(ids.values()) - gone
    assert {int(one.version) for one in client.search_model_versions()} == {1, 3}
    assert len(client.search_logged_models([store.experiment_id])) == 2
    assert load_champion(store, "tests", TARGET)
    assert prune(CAMPAIGN, home=home, keep=1, really=True).removed == []


def test_nothing_outside_of_the_home_is_removed(made, tmp_path):
    home = shutil.copytree(made[0], tmp_path / "home")
    old = made[1]["old"]
    (home / "artifacts" / old).rename(tmp_path / "elsewhere")
    (home / "artifacts" / old).symlink_to(tmp_path / "elsewhere")
    prune(CAMPAIGN, home=home, keep=1, really=True)
    assert (tmp_path / "elsewhere" / "artifacts" / "words.txt").is_file()


def test_fewer_than_none_cannot_be_kept(made):
    with pytest.raises(InputError, match="got -1, expected 0 or more"):
        prune(CAMPAIGN, home=made[0], keep=-1)
