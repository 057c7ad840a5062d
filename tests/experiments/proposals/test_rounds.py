"""Rounds of a small campaign, from the ledger to the MLflow run, and what a crash leaves."""

import mlflow
import optuna
import pytest

from datasets.errors import InputError
from experiments import campaign as campaigns
from experiments.campaign_file import Campaign, overridden
from experiments.proposals.rounds import make_round
from experiments.tracking.rounds import NUMBER
from experiments.tracking.store import KIND, open_store


def new_home(tmp_path_factory, cache_dir):
    home = tmp_path_factory.mktemp("home")
    (home / "cache").symlink_to(cache_dir)
    return home


@pytest.fixture(scope="module")
def campaign(small_space, tmp_path_factory):
    return Campaign(name="small", space=small_space, folder=tmp_path_factory.mktemp("campaign"))


@pytest.fixture(scope="module")
def home(tmp_path_factory, cache_dir):
    return new_home(tmp_path_factory, cache_dir)


@pytest.fixture(scope="module")
def first(campaign, home):
    return campaigns.propose(campaign, 3, home=home, command="lirap propose -n 3")


def runs_of_rounds(home, name="small"):
    store = open_store(home, name)
    return mlflow.MlflowClient(store.uri).search_runs([store.experiment_id], f"tags.`{KIND}` = 'round'")


def test_a_round_is_in_the_ledger_with_all_that_was_said_of_it(campaign, home, first):
    assert first.ids == ["R1", "R2", "R3"]
    known = campaigns.campaign_ledger(campaign, home).recipes()[:3]
    assert [one.recipe for one in known] == [one.proposal.recipe for one in first.drafted]
    assert [one.reason for one in known] == [one.proposal.reason for one in first.drafted]
    assert all(one.state == "proposed" for one in known)
    for one in known:
        assert set(one.prediction) == {"q_discharge_first_mAh_g", "retention_pct"}
        assert one.prediction["retention_pct"]["low"] < one.prediction["retention_pct"]["high"]
        assert one.nearest[0]["distance"] <= one.nearest[1]["distance"]


def test_the_recipes_pass_the_gates_of_the_campaign(campaign, first):
    for one in first.drafted:
        recipe = one.proposal.recipe
        assert recipe in campaign.space
        assert not recipe.is_uncoated
        assert recipe.antiperovskite_wt_pct + recipe.oxide_wt_pct <= 3


def test_its_run_says_what_it_is(home, first):
    run = next(run for run in runs_of_rounds(home) if run.info.run_id == first.run_id)
    assert run.info.run_name == "round 1: R1-R3"
    assert "R2" in run.data.tags["mlflow.note.content"]
    assert (
        run.data.metrics["hypervolume_low"] <= run.data.metrics["hypervolume"] <= run.data.metrics["hypervolume_high"]
    )
    names = {item.path for item in mlflow.MlflowClient().list_artifacts(first.run_id)}
    assert {"cards", "cells.csv", "summary.json"} <= names


def test_each_recipe_has_a_card(first):
    assert set(first.files) == {f"R{number}.{kind}" for number in (1, 2, 3) for kind in ("html", "json")}
    assert "R2" in (first.folder / "R2.html").read_text()


def test_plain_optuna_sees_the_campaign(campaign, home, first):
    study = optuna.load_study(study_name="small", storage=f"sqlite:///{home / 'campaign.db'}")
    running = [one for one in study.trials if one.state == optuna.trial.TrialState.RUNNING]
    assert [one.user_attrs["recipe"] for one in running][:3] == first.ids


def only_picked(campaign, n, tmp_path, cache_dir):
    """Make a round without study, cards and tracking, which take longer than to pick."""
    (tmp_path / "cache").symlink_to(cache_dir)
    return make_round(campaigns.campaign_ledger(campaign, tmp_path), campaign, n, tmp_path)


def test_equal_histories_give_equal_rounds(campaign, first, tmp_path, cache_dir):
    other = only_picked(campaign, 3, tmp_path, cache_dir)
    assert [one.proposal for one in other.drafted] == [one.proposal for one in first.drafted]


def test_the_limits_of_the_lab_hold(campaign, tmp_path, cache_dir):
    limited = overridden(campaign, {"proposals": {"furnace_runs": 1, "out_of_stock": ["LiBr"]}})
    made = [one.proposal.recipe for one in only_picked(limited, 4, tmp_path, cache_dir).drafted]
    programmes = {(one.melt_temperature_C, one.cooling) for one in made if one.antiperovskite_wt_pct}
    assert len(programmes) == 1
    assert all(one.halide_cl in (None, 1.0) for one in made)


def test_more_than_the_space_has_is_refused_and_nothing_is_written(campaign, tmp_path_factory, cache_dir):
    tiny = campaign.space.model_copy(update={"oxides": ("none",), "coolings": ("quench",)})
    few = campaign.model_copy(update={"space": tiny})
    bare = overridden(few, {"proposals": {"out_of_stock": ["LiOH"], "replicates": False}})
    home = new_home(tmp_path_factory, cache_dir)
    with pytest.raises(InputError, match="at most 0: no more recipes"):
        campaigns.propose(bare, 2, home=home)
    assert not (home / "campaign.db").exists()
    with pytest.raises(InputError, match="got 0, expected 1 to 100"):
        campaigns.propose(bare, 0, home=home)


def test_nothing_measured_is_said(campaign, tmp_path):
    table = tmp_path / "none.csv"
    table.write_text(
        "cell_id,halide_cl,antiperovskite_wt_pct,oxide,oxide_wt_pct,melt_temperature_C,cooling,ce_first_pct\n"
        "a,,0,none,0,,,80\n"
    )
    blind = campaign.model_copy(update={"cells": (str(table),)})
    with pytest.raises(InputError, match="at least one measured value of a target"):
        campaigns.propose(blind, 2, home=tmp_path / "home")
    assert not (tmp_path / "home" / "campaign.db").exists()


class Killed(BaseException):
    """What no handler catches, as a killed process runs none."""


def die(*_args, **_options):
    raise Killed


@pytest.mark.parametrize(
    "where",
    [
        "experiments.proposals.round_cards.write_round_cards",
        "experiments.ledger.study.project",
        "experiments.tracking.store.log_note",
        "experiments.ledger.store.Ledger.attach_run",
    ],
)
def test_what_a_crash_left_undone_the_next_command_does(campaign, home, first, monkeypatch, where):
    with monkeypatch.context() as patched:
        patched.setattr(where, die)
        with pytest.raises(Killed):
            campaigns.propose(campaign, 1, home=home)
    assert campaigns.pass_on(campaign, home) == []
    latest = campaigns.campaign_ledger(campaign, home).rounds()[-1]
    finished = [run for run in runs_of_rounds(home) if run.data.tags[NUMBER] == str(latest.number)]
    assert [run.info.run_id for run in finished if run.info.status == "FINISHED"] == [latest.run_id]
    (name,) = latest.recipes
    assert (home / "cards" / f"{name}.html").is_file()
    study = optuna.load_study(study_name="small", storage=f"sqlite:///{home / 'campaign.db'}")
    running = [one.user_attrs["recipe"] for one in study.trials if one.state == optuna.trial.TrialState.RUNNING]
    assert running.count(name) == 1
