"""`lirap record`, `retract` and `reject` as a user types them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import optuna
import pytest

from datasets.columns import CELL_COLUMNS
from datasets.recipe import Recipe
from experiments.campaign import campaign_ledger, pass_on, record, reject, retract
from experiments.campaign_file import Campaign, read_campaign
from experiments.cli import main
from experiments.ledger import Proposal
from experiments.ledger.nouns import RECORDED_COLUMNS


@pytest.fixture
def campaign(tmp_path, monkeypatch):
    """A campaign of one round with two recipes, in the current folder, whose MLflow run needs no store."""
    monkeypatch.setattr("experiments.tracking.round_results.sync_results", lambda *_: 0)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LIRAP_HOME", raising=False)
    monkeypatch.delenv("LIRAP_DATABASE", raising=False)
    campaign = Campaign(folder=tmp_path)
    recipes = [Recipe(antiperovskite_wt_pct=wt, halide_cl=0.5, melt_temperature_C=350, cooling="slow") for wt in (1, 2)]
    ledger = campaign_ledger(campaign)
    ledger.add_round(
        [Proposal(recipe, False, {}, "") for recipe in recipes], options={}, summary={}, cells_digest="", space={}
    )
    ledger.attach_run(1, "0" * 32)
    return campaign


def run(*arguments):
    with pytest.raises(SystemExit) as stopped:
        main(list(map(str, arguments)))
    return stopped.value.code or 0


def cells(campaign):
    return {cell.id: cell.values for one in campaign_ledger(campaign).recipes() for cell in one.usable}


def option(column):
    """The option of a column is its name without the unit."""
    units = ("_mAh_g", "_pct", "_ohm", "_MPa", "_V", "_C")
    name = next((column.removesuffix(unit) for unit in units if column.endswith(unit)), column)
    return f"--{name.replace('_', '-')}"


def test_every_column_has_an_option_that_reaches_it(campaign):
    values = {
        name: "one" if not CELL_COLUMNS[name].is_number else CELL_COLUMNS[name].high for name in RECORDED_COLUMNS
    } | {"ce_first_pct": 100.0}
    assert run("record", "R1", *(part for name, value in values.items() for part in (option(name), value))) == 0
    assert cells(campaign) == {"R1-1": values}


def test_partial_results_their_correction_and_what_is_said(campaign, capsys):
    assert run("record", "R1", "--q-discharge-first", "198.2", "--ce-first", "86") == 0
    assert "R1-1: new cell" in capsys.readouterr().out
    assert run("record", "R1", "--q-discharge-first", "198.2", "--ce-first", "86") == 0
    assert "Nothing was changed" in capsys.readouterr().out
    assert run("record", "R1-1", "--retention", "81.5", "--n-cycles", "100", "--json") == 0
    content = json.loads(capsys.readouterr().out)
    assert content["cells"][0]["added"] == {"n_cycles": 100.0, "retention_pct": 81.5}
    assert content["notes"] == []
    assert run("record", "R1-1", "--retention", "82") == 2
    assert "--correct" in capsys.readouterr().err
    assert run("record", "R1-1", "--retention", "82", "--correct", "--because", "typing error") == 0
    assert "corrected retention_pct from 81.5 % to 82 %" in capsys.readouterr().out
    study = optuna.load_study(study_name="lirap", storage="sqlite:///runs/campaign.db")
    assert [trial.values for trial in study.trials if trial.user_attrs["recipe"] == "R1"] == [[198.2, 82.0]]


def test_cells_and_proposals_are_taken_back(campaign, capsys):
    run("record", "R1", "--retention", "80")
    assert run("retract", "r1-1", "--because", "short circuit") == 0
    assert capsys.readouterr().out.endswith("R1-1: taken back.\n")
    assert run("retract", "R1-1", "--because", "short circuit", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"id": "R1-1", "state": "taken back", "changed": False}
    assert run("retract", "R1-1", "--undo") == 0
    assert run("reject", "R2", "--because", "no LiBr left") == 0
    assert "R2: rejected." in capsys.readouterr().out
    assert run("reject", "R2") == 2
    assert "the reason, in words" in capsys.readouterr().err
    assert run("reject", "R2", "--undo") == 0
    assert [one.state for one in campaign_ledger(campaign).recipes()] == ["running", "proposed"]


def test_a_table_is_recorded_or_every_problem_of_it_told(campaign, capsys):
    path = Path("cells.csv")
    path.write_text("cell_id,q_discharge_first_mAh_g,retention_pct,colour\nR1,198,80,red\n")
    assert run("record", "--from", path) == 2
    assert "row 1, column 4: got 'colour'" in capsys.readouterr().err
    path.write_text('recipe_id,q_discharge_first_mAh_g,retention_pct\nR1,198,"0,8"\nR9,5,\n,190,80\nR1-4,190,80\n')
    assert run("record", "--from", path) == 2
    told = capsys.readouterr().err
    for part in ("row 2, column retention_pct", "row 3, column q_discharge", "row 3, column id: got 'R9'",
                 "row 4, column id", "row 5, column id: got 'R1-4'"):  # fmt: skip
        assert part in told
    assert cells(campaign) == {}
    path.write_text("cell_id,q_discharge_first_mAh_g,retention_pct\nR1-1,198,\nR1-2,197,80\nR2,,70\n")
    for _ in range(2):
        assert run("record", "--from", path) == 0
        assert cells(campaign) == {
            "R1-1": {"q_discharge_first_mAh_g": 198.0},
            "R1-2": {"q_discharge_first_mAh_g": 197.0, "retention_pct": 80.0},
            "R2-1": {"retention_pct": 70.0},
        }


@pytest.mark.parametrize(
    "arguments", [[], ["R1", "--from", "cells.csv"], ["--from", "cells.csv", "--note", "x"], ["--retention", "80"]]
)
def test_either_a_cell_or_a_table_is_recorded(campaign, capsys, arguments):
    assert run("record", *arguments) == 2
    assert "lirap record R7 --retention 81.5" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["record", "R1", "--note", "x"], ["retract", "R1-1", "--because", "x"]])
def test_before_anything_is_proposed_nothing_is_written(tmp_path, monkeypatch, capsys, command):
    monkeypatch.chdir(tmp_path)
    assert run(*command) == 2
    assert "run `lirap propose`" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_cell_table_that_is_broken_does_not_keep_results_out(campaign, capsys):
    Path("campaign.toml").write_text('cells = ["gone.csv"]')
    assert run("record", "R1", "--retention", "80") == 0
    told = capsys.readouterr()
    assert "R1-1: new cell" in told.out
    assert "The Optuna study was not brought up to date" in told.err
    assert cells(campaign) == {"R1-1": {"retention_pct": 80.0}}


def test_the_library_does_what_the_commands_do(campaign):
    assert record(campaign, "R1", {"retention_pct": 80}).cell == "R1-1"
    assert retract(campaign, "R1-1", "short circuit")
    assert reject(campaign, "R2", "no LiBr left")
    assert pass_on(campaign) == []


def test_a_password_in_the_campaign_file_is_shown_nowhere(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LIRAP_DATABASE", raising=False)
    Path("campaign.toml").write_text('database = "postgresql://me:secret@localhost:1/db?connect_timeout=2"')
    campaign = read_campaign("campaign.toml")
    assert "secret" not in f"{campaign!r} {campaign} {campaign.model_dump_json()}"
    assert run("record", "R1", "--note", "x") == 1
    told = capsys.readouterr()
    assert "me:***@localhost" in told.err
    assert "secret" not in told.out + told.err
    assert list(tmp_path.iterdir()) == [tmp_path / "campaign.toml"]


def test_help_of_record_imports_nothing_heavy():
    code = (
        "import sys\nfrom experiments.cli import main\ntry:\n    main(['record', '--help'])\nexcept SystemExit:\n"
        "    pass\nprint([name for name in ('sqlalchemy', 'pandas', 'optuna', 'mlflow') if name in sys.modules])"
    )
    environment = {**os.environ, "COLUMNS": "200"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    assert done.stdout.splitlines()[-1] == "[]"
