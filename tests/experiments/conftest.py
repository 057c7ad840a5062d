"""Tracking stores are slow to make: tests that only add runs share one for each process."""

import pytest

from experiments.tracking import open_store


@pytest.fixture(scope="session")
def store(tmp_path_factory):
    return open_store(tmp_path_factory.mktemp("home"), "tests")
