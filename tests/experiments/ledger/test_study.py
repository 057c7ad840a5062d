"""A user of plain Optuna sees the campaign as it is."""

import optuna
import pytest
from optuna.trial import TrialState
from sqlalchemy.pool import NullPool

from datasets.cells import henkel2025
from datasets.errors import InputError
from datasets.recipe import Recipe
from experiments.ledger import Proposal, open_ledger
from experiments.ledger.study import project
from screening.goals import DEFAULT_GOALS, Goal
from screening.space import RecipeSpace

WHOLE = {"q_discharge_first_mAh_g": 190.0, "retention_pct": 80.0}


def storage_of(ledger):
    url = ledger.database.url.render_as_string(hide_password=False)
    return optuna.storages.RDBStorage(url, {"poolclass": NullPool})


def shown(ledger):
    return optuna.load_study(study_name="tests", storage=storage_of(ledger))


def by_recipe(ledger):
    return {trial.user_attrs["recipe"]: trial for trial in shown(ledger).trials}


def note(ledger, trial):
    storage = storage_of(ledger)
    attributes = storage.get_study_system_attrs(storage.get_study_id_from_name("tests"))
    return attributes[f"dashboard:{trial._trial_id}:note_str:0"]


def brought(ledger, goals=DEFAULT_GOALS, **options):
    return project(ledger, goals, RecipeSpace(), **options)


def test_there_is_no_study_before_the_first_round(tmp_path):
    ledger = open_ledger(tmp_path / "home", "tests")
    assert not brought(ledger)
    assert not (tmp_path / "home").exists()


def test_trials_show_parameters_values_states_and_notes(ledger, propose, recipes):
    propose(0, 1, 2, 3)
    ledger.record("R1", WHOLE)
    ledger.record("R1", {"retention_pct": 82.0})
    ledger.record("R2", {"retention_pct": 70.0})
    ledger.reject("R3", "no LiBr left")
    assert brought(ledger)
    study, trials = shown(ledger), by_recipe(ledger)
    assert study.metric_names == [goal.target for goal in DEFAULT_GOALS]
    assert [direction.name for direction in study.directions] == ["MAXIMIZE", "MAXIMIZE"]
    assert {name: trial.state.name for name, trial in trials.items()} == {
        "R1": "COMPLETE", "R2": "RUNNING", "R3": "FAIL", "R4": "RUNNING"
    }  # fmt: skip
    assert trials["R1"].values == [190.0, 81.0]
    assert trials["R1"].user_attrs["cells"] == {"R1-1": WHOLE, "R1-2": {"retention_pct": 82.0}}
    assert trials["R3"].user_attrs["rejected because"] == "no LiBr left"
    assert trials["R2"].params == {
        "halide_cl": 0.05, "antiperovskite_wt_pct": 1.0, "oxide": "none", "melt_temperature_C": 350.0,
        "cooling": "quench",
    }  # fmt: skip
    assert trials["R1"].distributions["halide_cl"] == optuna.distributions.FloatDistribution(0, 1, step=0.05)
    assert note(ledger, trials["R4"]) == f"**R4** {recipes[3].label}\n\nreason 3"


def test_nothing_is_done_twice_and_a_lost_study_comes_back(ledger, propose):
    propose(0)
    assert brought(ledger)
    assert not brought(ledger)
    optuna.delete_study(study_name="tests", storage=storage_of(ledger))
    assert brought(ledger)
    assert len(shown(ledger).trials) == 1


def test_what_a_user_failed_by_mistake_is_put_right(ledger, propose):
    propose(0)
    brought(ledger)
    shown(ledger).tell(0, state=TrialState.FAIL)
    assert brought(ledger)
    assert by_recipe(ledger)["R1"].state == TrialState.RUNNING


def test_what_was_measured_before_is_shown_with_it(ledger, propose):
    propose(0)
    brought(ledger, starting=henkel2025())
    trials = by_recipe(ledger)
    assert list(trials)[-1] == "R1"
    assert trials["henkel2025-LHC"].values == [205.0, 69.0]
    assert trials["henkel2025-uncoated"].params == {"antiperovskite_wt_pct": 0.0, "oxide": "none"}


def test_ranges_are_widened_to_what_was_made(ledger):
    odd = Recipe(antiperovskite_wt_pct=2.35, halide_cl=0.5, melt_temperature_C=420, cooling="slow", oxide="B2O3",
                 oxide_wt_pct=0.5)  # fmt: skip
    ledger.add_round([Proposal(odd, False, {}, "")], options={}, summary={}, cells_digest="", space={})
    brought(ledger)
    ranges = by_recipe(ledger)["R1"].distributions
    assert ranges["antiperovskite_wt_pct"] == optuna.distributions.FloatDistribution(0, 2.35)
    assert ranges["melt_temperature_C"] == optuna.distributions.FloatDistribution(310, 420, step=10)
    assert ranges["oxide"].choices[-1] == "B2O3"


def test_a_running_trial_goes_on_and_a_finished_one_is_made_anew(ledger, propose):
    propose(0, 1)
    brought(ledger)
    first = by_recipe(ledger)
    ledger.record("R1", WHOLE)
    brought(ledger)
    assert by_recipe(ledger)["R1"]._trial_id == first["R1"]._trial_id
    ledger.record("R1-1", {"retention_pct": 85}, correct=True)
    brought(ledger)
    assert by_recipe(ledger)["R1"].values == [190.0, 85.0]
    ledger.retract("R1-1", "short circuit")
    brought(ledger)
    assert by_recipe(ledger)["R1"].state == TrialState.RUNNING
    assert list(by_recipe(ledger)) == ["R1", "R2"]


def test_what_users_add_is_kept(ledger, propose):
    propose(0, 1)
    ledger.record("R1", WHOLE)
    brought(ledger)
    own = shown(ledger).ask()
    storage = storage_of(ledger)
    study, one = storage.get_study_id_from_name("tests"), by_recipe_of_ours(ledger)["R1"]
    storage.set_study_system_attr(study, f"dashboard:{one._trial_id}:note_str:0", "seen by us")
    storage.set_study_user_attr(study, "owner", "lab")
    ledger.retract("R1-1", "short circuit")
    brought(ledger)
    assert note(ledger, by_recipe_of_ours(ledger)["R1"]) == "seen by us"
    assert shown(ledger).user_attrs == {"owner": "lab"}
    assert [trial.number for trial in shown(ledger).trials if "recipe" not in trial.user_attrs] == [own.number]


def by_recipe_of_ours(ledger):
    return {trial.user_attrs.get("recipe"): trial for trial in shown(ledger).trials}


def test_other_targets_make_the_study_anew(ledger, propose):
    propose(0)
    ledger.record("R1", WHOLE | {"interfacial_resistance_ohm": 20.0})
    brought(ledger)
    brought(ledger, [Goal(target="interfacial_resistance_ohm")])
    study = shown(ledger)
    assert [direction.name for direction in study.directions] == ["MINIMIZE"]
    assert study.trials[0].values == [20.0]


def test_a_long_reason_is_noted_whole(ledger, recipes):
    reason = "because " * 1000
    ledger.add_round([Proposal(recipes[0], False, {}, reason)], options={}, summary={}, cells_digest="", space={})
    brought(ledger)
    storage = storage_of(ledger)
    attributes = storage.get_study_system_attrs(storage.get_study_id_from_name("tests"))
    trial = by_recipe(ledger)["R1"]._trial_id
    pieces = [attributes[f"dashboard:{trial}:note_str:{number}"] for number in range(4)]
    assert "".join(pieces).endswith(reason)
    assert attributes[f"dashboard:{trial}:note_ver"] == 1


def test_tables_of_another_optuna_are_told_and_the_ledger_goes_on(ledger, propose, monkeypatch):
    propose(0)
    brought(ledger)
    manager = "optuna.storages._rdb.storage._VersionManager.get_head_version"
    monkeypatch.setattr(manager, lambda _: "v99")
    ledger.record("R1", WHOLE)
    with pytest.raises(InputError, match="optuna storage upgrade"):
        brought(ledger)
    monkeypatch.undo()
    assert brought(ledger)
    assert by_recipe(ledger)["R1"].state == TrialState.COMPLETE
