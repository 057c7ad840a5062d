"""What docs/trust.md prints is what the program says today."""

from pathlib import Path

import pytest

from datasets.cells import henkel2025
from datasets.columns import TARGETS
from models.explain import why
from models.latent import INDUCING, LARGEST_EXACT
from models.recipe_model import RecipeModel
from models.validation import validate

PAGE = (Path(__file__).parents[2] / "docs" / "trust.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def model():
    return RecipeModel().fit(henkel2025())


def test_the_verdicts_are_those_printed(model):
    for sentence in model.verdicts().values():
        assert sentence in PAGE


@pytest.mark.slow
def test_the_validation_is_the_one_printed(model):
    for target, cells in model.cells_.items():
        assert validate(cells, label=TARGETS[target].label, unit=TARGETS[target].unit).sentence in PAGE


def test_the_reason_is_the_one_printed(model):
    assert why(model, "q_discharge_first_mAh_g", henkel2025().iloc[[2]]).sentence in PAGE


def test_the_limits_are_those_printed():
    assert f"more than {LARGEST_EXACT:,} rows | hyperparameters from {INDUCING} random rows" in PAGE
