"""The validation and the explanation as commands leave them."""

import json

import mlflow
import pandas as pd
import pytest

from datasets.cells import henkel2025
from datasets.errors import InputError
from experiments.campaign_file import Campaign
from experiments.explanation import explain
from experiments.tracking.validations import tracked_validation, validation_files, validation_table
from screening import Goal
from screening.explanation import effects_table, why_tables

GOALS = (Goal(target="retention_pct"),)


@pytest.fixture(scope="module")
def campaign(small_space):
    return Campaign(name="tests", space=small_space, targets=GOALS)


@pytest.fixture(scope="module")
def done(campaign, store):
    return tracked_validation(campaign, home=store.home)


def test_the_run_holds_scores_pictures_and_the_sentence(done, store):
    run = mlflow.MlflowClient(store.uri).get_run(done.run_id)
    assert run.info.run_name == "validation, 6 cells"
    assert run.data.tags["mlflow.note.content"] == "\n\n".join(done.sentences)
    headline = done.scores.query("split == 'recipe' and model == 'surrogate'").iloc[0]
    assert run.data.metrics["retention_pct.surrogate.rmse"] == pytest.approx(headline["rmse"])
    assert run.data.metrics["retention_pct.rmse"] == run.data.metrics["retention_pct.surrogate.rmse"]
    assert run.data.tags["lirap.verdict.retention_pct"] == "no skill yet"
    folder = store.home / "artifacts" / done.run_id / "artifacts"
    few = {"learning-retention_pct.png"}  # five recipes with a value draw no learning curve
    assert set(done.files) == set(validation_files(Campaign(targets=GOALS))) - few
    for name in done.files:
        assert (folder / name).read_bytes() == (done.folder / name).read_bytes()


def test_the_scores_hold_every_split_and_model(done):
    written = pd.read_csv(done.folder / "scores.csv")
    assert set(written["split"]) == {"recipe", "random (flattering)"}
    assert {"mean", "ridge", "random forest", "surrogate"} <= set(written["model"])
    (one,) = done.validations.values()
    rows = validation_table(one, "title", "%").rows
    assert len(rows) == len(written)
    assert "no skill yet" in one.sentence


def test_what_the_first_cycle_says_of_late_results(done):
    assert done.running["cell_id"].tolist() == ["henkel2025-LHCb-slow"]
    assert "once the first cycle is known: 5 recipes with both results cannot tell" in done.sentences[1]
    assert "surrogate, first cycle known" in set(done.scores["model"])


def test_what_moves_a_target_and_why_a_cell_is_predicted_so(campaign, cache_dir):
    (one,) = explain(campaign, home=cache_dir.parent, cell="henkel2025-LHC")
    ((label, why),) = one.why.items()
    assert label == "1 % Li2OHCl, 350 C, quench"
    assert why.cells.iloc[0]["cell"] == "henkel2025-LHC"
    assert why.cells.iloc[0]["alike"] == pytest.approx(1)
    assert len(effects_table(one).rows) == len(one.effects)
    (table,) = why_tables(one)
    assert table.title == f"Why {label}: capacity retention"
    assert "Cannot tell" in one.sentence
    assert "Cannot tell" in why.sentence
    json.dumps(one.to_dict())


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"cell": "henkel-LHC"}, "did you mean henkel2025-LHC"),
        ({"candidate": 1}, "run lirap screen first"),
        ({"candidate": 1, "cell": "henkel2025-LHC"}, "one of the two"),
    ],
)
def test_a_recipe_that_is_not_known_is_told(asked, message, tmp_path):
    with pytest.raises(InputError, match=message):
        explain(Campaign(folder=tmp_path), **asked)
    assert not list(tmp_path.iterdir())


def test_a_candidate_of_the_latest_screen(campaign, tmp_path):
    ranked = henkel2025().head(2).assign(list="expected gain", rank=[1, 2])
    (tmp_path / "screen").mkdir()
    ranked.to_parquet(tmp_path / "screen" / "candidates.parquet")
    (one,) = explain(campaign, home=tmp_path, candidate=2)
    assert list(one.why) == ["1 % Li2OHCl, 350 C, quench"]
    with pytest.raises(InputError, match="a rank from 1 to 2"):
        explain(campaign, home=tmp_path, candidate=3)
