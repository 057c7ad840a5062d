"""What tests of several packages share."""

import pytest

from screening import RecipeSpace, screen


@pytest.fixture(scope="session")
def cache_dir(tmp_path_factory):
    """A cache of descriptors that all tests of one process share, so that matminer is asked once."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def small_space():
    """A space of a few thousand recipes around those of the paper."""
    return RecipeSpace.model_validate(
        {
            "halide_cl": {"low": 0, "high": 1, "step": 0.25},
            "antiperovskite_wt_pct": {"low": 0, "high": 2, "step": 0.5},
            "oxides": ("none", "LiNbO3", "ZrO2"),
            "oxide_wt_pct": {"low": 0, "high": 2, "step": 0.5},
            "melt_temperature_C": {"low": 330, "high": 410, "step": 20},
        }
    )


@pytest.fixture(scope="session")
def result(small_space, cache_dir):
    """A screen of that space on the paper's cells."""
    return screen(space=small_space, cache_dir=cache_dir, n_jobs=1, n_best=5)
