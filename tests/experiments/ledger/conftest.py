"""Every test of the ledger runs on SQLite, and on PostgreSQL where LIRAP_TEST_DATABASE names a server."""

import os
import uuid

import pytest
from sqlalchemy import create_engine, make_url, text

from datasets.recipe import Recipe
from experiments.ledger import Proposal, open_ledger

collect_ignore = ["campaigns_on_trial.py", "kill_at_every_write.py", "many_at_once.py"]
"""Scripts, which tests run in processes of their own."""

SERVER = os.environ.get("LIRAP_TEST_DATABASE")


def new_database():
    name = f"lirap_{uuid.uuid4().hex}"
    engine = create_engine(make_url(SERVER).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return make_url(SERVER).set(database=name).render_as_string(hide_password=False)


@pytest.fixture(params=["sqlite", "postgresql"] if SERVER else ["sqlite"])
def address(request):
    """The address of an empty database, None for the SQLite file."""
    return new_database() if request.param == "postgresql" else None


@pytest.fixture
def ledger(tmp_path, address):
    return open_ledger(tmp_path, "tests", address)


@pytest.fixture
def recipes():
    """Distinct recipes, more than any test proposes."""
    return [
        Recipe(antiperovskite_wt_pct=1, halide_cl=step / 20, melt_temperature_C=350, cooling="quench")
        for step in range(21)
    ]


@pytest.fixture
def propose(ledger, recipes):
    """Propose recipes by their place among `recipes`; those proposed before are replicates."""

    def do(*places):
        known = {one.recipe for one in ledger.recipes()}
        proposals = [
            Proposal(recipes[place], recipes[place] in known, {"mean": 190.0}, f"reason {place}") for place in places
        ]
        return ledger.add_round(proposals, options={"n": len(places)}, summary={}, cells_digest="0", space={})

    return do
