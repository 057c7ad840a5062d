"""Tracking against what MLflow itself says of the store afterwards."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import mlflow
import pandas as pd
import pytest

from datasets.cells import henkel2025
from experiments.tracking.store import (
    KIND,
    LONGEST_PARAM,
    NOTE,
    log_cells,
    log_note,
    log_settings,
    open_store,
    table_digest,
    tracked_run,
)


def recorded(store, run):
    return mlflow.MlflowClient(store.uri).get_run(run.info.run_id)


def test_a_run_is_finished_and_tagged(store):
    with tracked_run(store, "screen of nothing", "screen", {"verdict": "none"}) as run:
        mlflow.log_metric("recipes_scored", 3)
    kept = recorded(store, run)
    assert kept.info.status == "FINISHED"
    assert kept.info.run_name == "screen of nothing"
    assert kept.data.tags[KIND] == "screen"
    assert kept.data.tags["verdict"] == "none"
    assert kept.data.metrics == {"recipes_scored": 3}
    assert str(Path.cwd()) not in str(kept.data.tags)


@pytest.mark.parametrize(("error", "status"), [(ValueError, "FAILED"), (KeyboardInterrupt, "KILLED")])
def test_a_run_that_does_not_end_well_says_so(store, error, status):
    with pytest.raises(error, match="stop"), tracked_run(store, "a run", "screen") as run:
        raise error("stop")
    assert recorded(store, run).info.status == status
    assert mlflow.active_run() is None


def test_everything_lies_in_the_home(store):
    with tracked_run(store, "a run", "screen") as run:
        mlflow.log_text("words", "words.txt")
    assert store.uri == f"sqlite:///{store.home}/mlflow.db"
    assert (store.home / "artifacts" / run.info.run_id / "artifacts" / "words.txt").read_text() == "words"
    assert not list((store.home / "running").iterdir())


def test_what_mlflow_would_cut_is_kept_whole_in_an_artifact(store):
    long = "x" * (LONGEST_PARAM + 1)
    note = "word " * 3000
    with tracked_run(store, "a run", "screen") as run:
        log_settings({"short": 1, "long": long})
        log_note(note)
    kept = recorded(store, run)
    folder = store.home / "artifacts" / run.info.run_id / "artifacts"
    assert kept.data.params == {"short": "1"}
    assert long in (folder / "settings.json").read_text()
    assert (folder / "note.md").read_text() == note
    assert "note.md" in kept.data.tags[NOTE]
    assert len(kept.data.tags[NOTE]) <= 8000


def test_the_longest_parameter_is_not_cut(store):
    with tracked_run(store, "a run", "screen") as run:
        log_settings({"value": "y" * LONGEST_PARAM})
    assert recorded(store, run).data.params["value"] == "y" * LONGEST_PARAM


def test_the_cell_table_is_logged_with_its_digest(store):
    cells = henkel2025()
    with tracked_run(store, "a run", "screen") as run:
        digest = log_cells(cells, "cells")
    dataset = recorded(store, run).inputs.dataset_inputs[0].dataset
    assert dataset.digest == digest == table_digest(cells)
    assert dataset.name == "cells"


def test_the_digest_changes_with_any_value():
    cells = henkel2025()
    changed = cells.copy()
    changed.loc[3, "q_discharge_first_mAh_g"] += 0.1
    assert len({table_digest(table) for table in (cells, changed, cells.iloc[:-1], cells.iloc[::-1])}) == 4
    assert table_digest(cells) == table_digest(pd.DataFrame(cells))


def test_an_experiment_is_found_again(store):
    assert open_store(store.home, "tests").experiment_id == store.experiment_id


def _open(home):
    open_store(home, "tests")


@pytest.mark.slow
def test_two_processes_create_one_store_at_once(tmp_path):
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_open, args=(tmp_path,)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0]
    assert len(mlflow.MlflowClient(f"sqlite:///{tmp_path}/mlflow.db").search_experiments()) == 2


_RUN = """
import sys, time
from experiments.tracking.store import open_store, tracked_run
with tracked_run(open_store(sys.argv[1], "tests"), "killed", "screen") as run:
    print(run.info.run_id, flush=True)
    time.sleep(60)
"""


@pytest.mark.slow
def test_the_run_of_a_killed_process_is_closed_at_the_next_opening(store):
    with subprocess.Popen([sys.executable, "-c", _RUN, str(store.home)], stdout=subprocess.PIPE, text=True) as process:
        run_id = process.stdout.readline().strip()
        client = mlflow.MlflowClient(store.uri)
        open_store(store.home, "tests")
        assert client.get_run(run_id).info.status == "RUNNING", "a run that goes on is left alone"
        process.send_signal(signal.SIGKILL)
    for _ in range(50):
        open_store(store.home, "tests")
        if client.get_run(run_id).info.status != "RUNNING":
            break
        time.sleep(0.1)
    assert client.get_run(run_id).info.status == "KILLED"
    assert not list((store.home / "running").iterdir())


def test_telemetry_is_off():
    assert os.environ["MLFLOW_DISABLE_TELEMETRY"] == "true"


_FIRST_IMPORT = """
import os, sys
class Spy:
    def find_spec(self, name, path, target=None):
        if name == "mlflow":
            print(os.environ.get("MLFLOW_DISABLE_TELEMETRY"), flush=True)
sys.meta_path.insert(0, Spy())
import experiments.tracking.store
from experiments.campaign_file import Campaign
from {module} import {command}
def closed(*_):
    raise SystemExit
experiments.tracking.store.open_store = closed
{command}(Campaign(), home=sys.argv[1])
"""


@pytest.mark.parametrize(("module", "command"), [("screens", "tracked_screen"), ("validations", "tracked_validation")])
def test_telemetry_is_off_before_a_command_first_imports_mlflow(module, command, tmp_path):
    code = _FIRST_IMPORT.format(module=f"experiments.tracking.{module}", command=command)
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True)
    assert done.stdout.splitlines() == ["true"], done.stderr
