"""A recorded result ends up on the MLflow run of the round that proposed it."""

import math
import subprocess
import sys
from io import StringIO

import mlflow
import pandas as pd
import pytest

from datasets.recipe import Recipe
from experiments.ledger import Proposal, open_ledger
from experiments.tracking.round_results import RESULTS, TAG, sync_results
from experiments.tracking.store import tracked_run
from screening.goals import DEFAULT_GOALS

WHOLE = {"q_discharge_first_mAh_g": 190.0, "retention_pct": 80.0}


@pytest.fixture
def ledger(tmp_path):
    return open_ledger(tmp_path, "tests")


@pytest.fixture
def run_id(ledger, store):
    """The run of a round that proposed two recipes."""
    recipes = [Recipe(antiperovskite_wt_pct=wt, halide_cl=0.5, melt_temperature_C=350, cooling="slow") for wt in (1, 2)]
    done = ledger.add_round(
        [Proposal(recipe, False, {}, "") for recipe in recipes], options={}, summary={}, cells_digest="", space={}
    )
    with tracked_run(store, "round 1", "round") as run:
        ledger.attach_run(done.number, run.info.run_id)
    return run.info.run_id


def synced(ledger, store):
    return sync_results(ledger, DEFAULT_GOALS, store.home, "tests")


def shown(store, run_id):
    client = mlflow.MlflowClient(store.uri)
    table = pd.read_csv(StringIO(mlflow.artifacts.load_text(f"runs:/{run_id}/{RESULTS}")))
    return client.get_run(run_id), table


def test_results_come_to_the_run_and_go_from_it(ledger, store, run_id):
    assert synced(ledger, store) == 0, "nothing to tell yet"
    ledger.record("R1", WHOLE | {"note": "=1+1"})
    ledger.record("R2", {"retention_pct": 90.0})
    assert synced(ledger, store) == 1
    assert synced(ledger, store) == 0
    run, table = shown(store, run_id)
    assert run.info.status == "FINISHED"
    assert run.data.tags[TAG] == "1 of 2 recipes measured, 2 usable cells"
    assert run.data.metrics == {"best_q_discharge_first_mAh_g": 190.0, "best_retention_pct": 90.0}
    assert list(table["cell_id"]) == ["R1-1", "R2-1"]
    assert table["note"][0] == "'=1+1", "a spreadsheet shows it and runs none of it"
    ledger.retract("R1-1", "short circuit")
    assert synced(ledger, store) == 1
    run, table = shown(store, run_id)
    assert math.isnan(run.data.metrics["best_q_discharge_first_mAh_g"])
    assert list(table["retracted_because"].fillna("")) == ["short circuit", ""]


def test_a_run_that_somebody_deleted_is_passed_over(ledger, store, run_id):
    mlflow.MlflowClient(store.uri).delete_run(run_id)
    ledger.attach_run(1, run_id)
    ledger.record("R1", WHOLE)
    assert synced(ledger, store) == 1
    assert synced(ledger, store) == 0
    ledger.attach_run(1, "0" * 32)
    assert synced(ledger, store) == 1
    assert synced(ledger, store) == 0


def test_a_crash_in_between_is_made_good(ledger, store, run_id, monkeypatch):
    ledger.record("R1", WHOLE)
    with monkeypatch.context() as patch:
        patch.setattr("experiments.tracking.round_results.note_passed_on", _interrupt)
        with pytest.raises(KeyboardInterrupt):
            synced(ledger, store)
    assert synced(ledger, store) == 1
    assert shown(store, run_id)[0].data.metrics["best_retention_pct"] == 80.0


def _interrupt(*arguments):
    raise KeyboardInterrupt


def test_mlflow_is_not_imported_when_nothing_changed(ledger, store, run_id):
    ledger.record("R1", WHOLE)
    synced(ledger, store)
    code = (
        "import sys\nfrom pathlib import Path\nfrom experiments.ledger import open_ledger\n"
        "from experiments.tracking.round_results import sync_results\nfrom screening.goals import DEFAULT_GOALS\n"
        f"home = Path({str(ledger.database.home)!r})\n"
        "print(sync_results(open_ledger(home, 'tests'), DEFAULT_GOALS, home, 'tests'), 'mlflow' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "0 False", done.stderr
