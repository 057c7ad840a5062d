"""What the scripts that put a campaign on trial share: campaigns to copy, and what must be true of each."""

import itertools
import shutil
import tempfile
import uuid
from pathlib import Path

import optuna
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.pool import NullPool

from datasets.recipe import Recipe
from experiments.ledger import Proposal, open_ledger
from experiments.ledger.study import project
from screening.goals import DEFAULT_GOALS
from screening.space import RecipeSpace

SPACE = RecipeSpace()
FRESH = [
    Recipe(antiperovskite_wt_pct=wt / 10, halide_cl=x / 20, oxide=oxide, oxide_wt_pct=0.5, melt_temperature_C=350,
           cooling=cooling)
    for wt, x, oxide, cooling in itertools.product(
        range(1, 21), range(21), ("LiNbO3", "ZrO2", "Al2O3"), ("quench", "slow")
    )
]  # fmt: skip
"""Recipes to choose from."""

STATES = {"measured": "COMPLETE", "rejected": "FAIL", "running": "RUNNING", "proposed": "RUNNING"}


class Place:
    """Where a campaign lies: a folder, and a PostgreSQL database if there is a server."""

    def __init__(self, server=None):
        self.server = server
        self.home = Path(tempfile.mkdtemp(prefix="lirap-trial-"))
        self.address = self._database() if server else None

    def _database(self, template="template1"):
        name = f"trial_{uuid.uuid4().hex}"
        self._command(f"CREATE DATABASE {name} TEMPLATE {template}")
        return make_url(self.server).set(database=name).render_as_string(hide_password=False)

    def _command(self, command):
        url = make_url(self.server).set(drivername="postgresql+psycopg")
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(command))
        engine.dispose()

    def copy(self):
        new = Place()
        new.server = self.server
        if self.server:
            new.address = new._database(make_url(self.address).database)
        else:
            shutil.copy(self.home / "campaign.db", new.home)
        return new

    def remove(self):
        shutil.rmtree(self.home)
        if self.server:
            self._command(f"DROP DATABASE {make_url(self.address).database} WITH (FORCE)")

    def open(self):
        return open_ledger(self.home, "trial", self.address)


def read_optunas_version_once():
    """Keep alembic from reading Optuna's migrations whenever a storage is opened, which takes most of the time."""
    manager = optuna.storages._rdb.storage._VersionManager
    with tempfile.TemporaryDirectory() as folder:
        head = optuna.storages.RDBStorage(f"sqlite:///{folder}/any.db")._version_manager.get_head_version()
    manager.get_head_version = lambda _: head


def propose(ledger, recipes, replicate=()):
    """Write a round down as `lirap propose` does."""
    new = [Proposal(recipe, False, {"mean": 190.0}, "on trial") for recipe in recipes]
    again = [Proposal(recipe, True, {"mean": 190.0}, "on trial") for recipe in replicate]
    return ledger.add_round([*new, *again], options={}, summary={}, cells_digest="0", space={})


def bring_up_to_date(ledger):
    return project(ledger, DEFAULT_GOALS, SPACE)


def check(ledger):
    """Assert what must be true of every campaign at any time, and after its study is brought up to date."""
    recipes, rounds = ledger.recipes(), ledger.rounds()
    assert len({one.recipe for one in recipes}) == len(recipes), "no recipe is proposed twice"
    assert [one.id for one in recipes] == [f"R{number}" for number in range(1, len(recipes) + 1)]
    proposed = [name.recipe for one in rounds for name in one.proposals if not name.is_replicate]
    assert proposed == [one.id for one in recipes], "each recipe belongs to one round"
    assert [one.number for one in rounds] == list(range(1, len(rounds) + 1))
    for one in recipes:
        assert [cell.id for cell in one.cells] == [f"{one.id}-{n}" for n in range(1, len(one.cells) + 1)]
        assert all(cell.values for cell in one.cells), "no cell without a value"
    bring_up_to_date(ledger)
    if recipes:
        check_study(ledger, recipes)


def check_study(ledger, recipes):
    url = ledger.database.url.render_as_string(hide_password=False)
    storage = optuna.storages.RDBStorage(url, {"poolclass": NullPool})
    (study,) = storage.get_all_studies()
    assert study.study_name == "trial"
    trials = storage.get_all_trials(study._study_id)
    states = {trial.user_attrs["recipe"]: trial.state.name for trial in trials}
    assert len(states) == len(trials), "no trial twice"
    assert states == {one.id: STATES[one.state] for one in recipes}, "no trial is orphaned"
    means = {one.id: one.means([goal.target for goal in DEFAULT_GOALS]) for one in recipes}
    for trial in trials:
        own = means[trial.user_attrs["recipe"]]
        assert trial.values == (list(own.values()) if trial.state.name == "COMPLETE" else None)
