"""Two tracked screens side by side, from what their runs hold, and the commands that list and compare them."""

import json
from dataclasses import replace

import mlflow
import pytest

from datasets.errors import InputError
from experiments.campaign_file import Campaign
from experiments.cli import main
from experiments.tracking.compare import compare
from experiments.tracking.store import open_store, tracked_run
from screening.snapshot import snapshot, write_snapshot

CAMPAIGN = Campaign(name="lirap")


@pytest.fixture(scope="module")
def home(tmp_path_factory, result):
    """A screen, the same with one cell corrected, and a validation."""
    home = tmp_path_factory.mktemp("compare") / "runs"
    store = open_store(home, CAMPAIGN.name)
    corrected = result.cells.copy()
    corrected.loc[1, "retention_pct"] = 81.5
    later = replace(snapshot(result), cells=corrected)
    for name, taken in (("first", snapshot(result)), ("second", later)):
        files = tmp_path_factory.mktemp(name)
        write_snapshot(taken, files)
        with tracked_run(store, name, "screen"):
            mlflow.log_artifacts(str(files))
            mlflow.log_metric("best_expected_gain", 12.3456)
    with tracked_run(store, "validation, 6 cells", "validation"):
        pass
    return home


def exit_code(*arguments):
    with pytest.raises(SystemExit) as stopped:
        main(list(map(str, arguments)))
    return stopped.value.code or 0


def test_what_differs_is_said_and_a_page_written(home):
    done = compare(CAMPAIGN, home=home)
    assert (done.before.name, done.after.name) == ("first", "second")
    (change,) = done.changes.cells
    assert (change.what, change.column, change.after) == ("changed", "retention_pct", "81.5")
    page = done.page.read_text(encoding="utf-8")
    assert done.page == home / "compare.html"
    for words in ("first and second: what differs", "81.5", done.before.short_id, "1 cell changed", "12.3"):
        assert words in page
    assert "http" not in page.replace("http-equiv", "")


def test_a_screen_is_the_same_as_itself(home):
    found = compare(CAMPAIGN, "first", "first", home=home).changes
    assert not found.cells
    assert not found.settings
    assert not found.front_entered
    assert not any(move.moved for move in found.ranks)


def test_only_screens_with_their_files_are_compared(home):
    with pytest.raises(InputError, match=r"got validation, 6 cells, expected a screen, not a validation"):
        compare(CAMPAIGN, "first", "validation, 6 cells", home=home)
    with tracked_run(open_store(home, CAMPAIGN.name), "an old one", "screen") as run:
        pass
    with pytest.raises(InputError, match=f"run {run.info.run_id[:8]}, an old one: 4 problems"):
        compare(CAMPAIGN, "an old one", "second", home=home)
    mlflow.MlflowClient().delete_run(run.info.run_id)


def test_the_commands(home, capsys):
    assert exit_code("compare", "--home", home, "--json") == 0
    content = json.loads(capsys.readouterr().out)
    assert content["sentence"].startswith("Since ")
    assert len(content["runs"]) == 2
    assert exit_code("compare", "first", "--home", home) == 0
    assert "The two screens" in capsys.readouterr().out
    assert exit_code("runs", "--home", home, "--json") == 0
    listed = json.loads(capsys.readouterr().out)["runs"]
    assert [run["name"] for run in listed] == ["validation, 6 cells", "second", "first"]
    assert exit_code("runs", "--home", home) == 0
    assert "second" in capsys.readouterr().out
    assert exit_code("runs", "--home", home, "--prune", "--keep", "1") == 0
    said = capsys.readouterr().out
    assert "To be removed: 2 runs, " in said
    assert "Nothing was removed yet" in said
    assert exit_code("runs", "--home", home, "--prune", "--keep", "1", "--yes", "--json") == 0
    pruned = json.loads(capsys.readouterr().out)
    assert [run["name"] for run in pruned["removed"]] == ["an old one", "first"], "also what was deleted in the UI"
    assert pruned["done"]
    assert exit_code("compare", "--home", home) == 2
    assert "2 finished screens at least; there are 1" in capsys.readouterr().err
