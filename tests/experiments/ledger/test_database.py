"""A database that is not the campaign's, or cannot be written to, is told in plain words and left as it was."""

import shutil
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from sqlalchemy import update

from datasets.errors import InputError
from experiments.ledger import Proposal, open_ledger, tables
from experiments.ledger.database import MIGRATIONS

FIRST = {"q_discharge_first_mAh_g": 198.2}


def reopened(ledger, name="tests"):
    database = ledger.database
    address = None if database.path else database.url.render_as_string(hide_password=False)
    return open_ledger(database.home, name, address)


def test_a_ledger_is_one_campaigns(ledger, propose):
    propose(0)
    other = reopened(ledger, "others")
    for use in (other.recipes, lambda: other.record("R1", FIRST)):
        with pytest.raises(InputError, match="got the ledger of the campaign 'tests', expected name = 'tests'"):
            use()
    assert len(reopened(ledger).recipes()) == 1


def with_version(ledger, version):
    with ledger.database.writing() as connection:
        connection.execute(update(tables.CAMPAIGN).values(schema_version=version))


def test_a_newer_ledger_is_refused_with_the_command_to_run(ledger, propose):
    propose(0)
    with_version(ledger, 99)
    for use in (ledger.recipes, lambda: ledger.attach_run(1, "run")):
        with pytest.raises(InputError, match=r"got a ledger of version 99, .*pip install --upgrade lirap"):
            use()


def test_an_older_ledger_is_migrated_when_it_is_next_used(ledger, propose, monkeypatch):
    propose(0)
    steps = []
    monkeypatch.setattr(tables, "SCHEMA_VERSION", 3)
    monkeypatch.setitem(MIGRATIONS, 1, lambda _: steps.append("1 to 2"))
    monkeypatch.setitem(MIGRATIONS, 2, lambda _: steps.append("2 to 3"))
    assert len(reopened(ledger).recipes()) == 1
    assert len(reopened(ledger).recipes()) == 1
    assert steps == ["1 to 2", "2 to 3"]


def test_another_programs_database_is_refused(tmp_path):
    with sqlite3.connect(tmp_path / "campaign.db") as connection:
        connection.execute("CREATE TABLE letters (a)")
    connection.close()
    with pytest.raises(InputError, match="got a database with the tables letters"):
        open_ledger(tmp_path, "tests").recipes()


def test_what_is_no_database_is_refused(tmp_path):
    (tmp_path / "campaign.db").write_text("dear diary, " * 100)
    with pytest.raises(InputError, match="got a file that is no SQLite database"):
        open_ledger(tmp_path, "tests").recipes()


def test_an_empty_file_of_a_first_round_that_was_cut_off_is_begun_again(tmp_path):
    (tmp_path / "campaign.db").touch()
    ledger = open_ledger(tmp_path, "tests")
    assert ledger.recipes() == []
    with pytest.raises(InputError, match="lirap propose"):
        ledger.record("R1", FIRST)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("mysql://root:secret@host/db", "got an address of mysql, expected a PostgreSQL address"),
        ("my database secret", "got a text that is no address"),
        ("postgresql://user:secret@host:port/db", "got a text that is no address"),
    ],
)
def test_an_address_that_is_none_is_told_without_a_password(tmp_path, address, expected):
    with pytest.raises(InputError, match=expected) as refused:
        open_ledger(tmp_path, "tests", address)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_a_server_that_does_not_answer_is_told_without_a_password(tmp_path, scheme):
    ledger = open_ledger(tmp_path, "tests", f"{scheme}://user:secret@localhost:1/db?connect_timeout=2&password=secret")
    with pytest.raises(
        OSError, match=r"postgresql\+psycopg://user:\*\*\*@localhost:1/db.*Nothing was changed"
    ) as refused:
        ledger.recipes()
    assert "secret" not in str(refused.value)


def test_a_full_disk_is_told_and_changes_nothing(tmp_path):
    code = """
import resource, sys
from datasets.recipe import Recipe
from experiments.ledger import Proposal, open_ledger
ledger = open_ledger(sys.argv[1], "tests")
proposal = Proposal(Recipe(antiperovskite_wt_pct=0), False, {}, "reason")
ledger.add_round([proposal], options={}, summary={}, cells_digest="", space={})
size = ledger.database.path.stat().st_size
resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
try:
    ledger.add_round([proposal._replace(is_replicate=True, reason="long" * 10**5)], options={}, summary={},
                     cells_digest="", space={})
except OSError as error:
    print(error)
print(len(ledger.rounds()), ledger.record("R1", {"retention_pct": 80}).cell)
"""
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    said, state = done.stdout.splitlines()
    assert said.startswith(f"{tmp_path / 'campaign.db'}: ")
    assert said.endswith("Nothing was changed.")
    assert state == "1 R1-1"


LIMITED = """
import os, sys
from datasets.recipe import Recipe
from experiments.ledger import Proposal, open_ledger
ledger = open_ledger(sys.argv[1], "tests")
proposal = Proposal(Recipe(antiperovskite_wt_pct=0), False, {}, "reason")
if sys.argv[2] == "begun":
    ledger.add_round([proposal], options={}, summary={}, cells_digest="", space={})
    ledger.database.path.chmod(0o444)
os.chmod(sys.argv[1], 0o555)
if os.geteuid() == 0:  # whom no permission stops
    os.setgid(65534)
    os.setuid(65534)
for act in (lambda: ledger.add_round([proposal._replace(is_replicate=True)], options={}, summary={}, cells_digest="",
                                     space={}), lambda: ledger.turn_to_propose().__enter__()):
    try:
        act()
    except OSError as error:
        print(error)
print(len(ledger.rounds()))
"""


@pytest.mark.parametrize("state", ["begun", "empty"])
def test_a_folder_that_cannot_be_written_to_is_told_and_changes_nothing(state):
    with tempfile.TemporaryDirectory() as folder:  # pytest's own may be looked into by their owner alone
        Path(folder).chmod(0o755)
        done = subprocess.run([sys.executable, "-c", LIMITED, folder, state], capture_output=True, text=True)
        Path(folder).chmod(0o755)
        assert done.returncode == 0, done.stderr
        told, locked, n_rounds = done.stdout.splitlines()
        assert told.startswith(f"{folder}/campaign.db: ")
        assert told.endswith("Nothing was changed.")
        assert "campaign-propose.lock" in locked
        assert n_rounds == ("1" if state == "begun" else "0")


def test_a_copy_of_the_folder_is_the_whole_campaign(tmp_path, recipes):
    ledger = open_ledger(tmp_path / "one", "tests")
    ledger.add_round([Proposal(recipes[0], False, {}, "")], options={}, summary={}, cells_digest="", space={})
    ledger.record("R1", FIRST)
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    assert open_ledger(tmp_path / "two", "tests").history() == ledger.history()
