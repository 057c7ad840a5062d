"""Tracking stores are slow to make: tests that only add runs share one for each process."""

import pytest

from experiments.tracking.store import open_store


@pytest.fixture(scope="session")
def store(tmp_path_factory):
    return open_store(tmp_path_factory.mktemp("home"), "tests")


@pytest.fixture(scope="session")
def fitted(cache_dir):
    """A model of retention, fitted to the cells of Henkel et al."""
    from datasets.cells import henkel2025
    from featurizers.featurizer import RecipeFeaturizer
    from models.recipe_model import RecipeModel

    featurizer = RecipeFeaturizer(cache_dir=cache_dir)
    return RecipeModel(["retention_pct"], featurizer=featurizer).fit(henkel2025())
