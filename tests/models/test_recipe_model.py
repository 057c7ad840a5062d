import numpy as np
import pytest

from benchmarks.simulator import World, campaign
from datasets.cells import henkel2025
from datasets.errors import InputError
from models.recipe_model import RecipeModel, verdict

TARGETS = ("q_discharge_first_mAh_g", "retention_pct")


@pytest.fixture(scope="module")
def model():
    return RecipeModel(TARGETS).fit(henkel2025())


def test_a_cell_without_retention_still_trains_the_capacity(model):
    assert {target: len(cells.y) for target, cells in model.cells_.items()} == dict(zip(TARGETS, (6, 5), strict=True))


def test_without_skill_the_mean_is_reported_and_said_so(model):
    cells = henkel2025()
    predicted = model.predict(cells)
    assert list(predicted.columns[:4]) == [f"{TARGETS[0]}_{part}" for part in ("mean", "std", "low", "high")]
    np.testing.assert_allclose(predicted[f"{TARGETS[0]}_mean"], cells[TARGETS[0]].mean())
    assert all("no skill yet" in sentence for sentence in model.verdicts().values())


def test_the_posterior_explores_even_without_skill(model):
    mean, std = model.posterior(np.asarray(model.featurizer_.transform(henkel2025())))
    assert mean.shape == std.shape == (6, 2)
    assert np.ptp(mean[:, 0]) > 5


def test_the_means_leave_one_out_error_is_the_closed_form(model):
    y = henkel2025()[TARGETS[0]].to_numpy()
    assert model.leave_one_out().loc[TARGETS[0], "rmse_mean"] == pytest.approx(np.std(y) * 6 / 5)


def test_a_target_without_a_value_is_blank_and_said_so():
    cells = henkel2025().assign(retention_pct=np.nan)
    model = RecipeModel(TARGETS).fit(cells)
    assert model.predict(cells)["retention_pct_mean"].isna().all()
    assert model.verdicts()["retention_pct"] == "capacity retention: no cell has a value, so nothing is predicted."


def test_one_cell_has_an_answer():
    model = RecipeModel(TARGETS).fit(henkel2025().head(1))
    assert "1 recipe cannot be tested" in model.verdicts()["retention_pct"]
    assert model.predict(henkel2025())["retention_pct_mean"].eq(66.0).all()


def test_outliers_and_borrowing_are_said():
    cells = campaign(World(3), 12, np.random.default_rng(0), labs=2)
    cells.loc[2, TARGETS[0]] = 30.0
    model = RecipeModel(TARGETS[:1], own_source="own", robust=True, borrow="choose").fit(cells)
    sentence = model.verdicts()[TARGETS[0]]
    assert "far from the rest" in sentence
    assert "borrowed from" in sentence or "of another source counts" in sentence
    assert model.leave_one_out().loc[TARGETS[0], "cells"] == 12
    assert len(model.held_out_[TARGETS[0]][0].y) == 6


def test_what_cannot_be_learned_is_refused():
    with pytest.raises(InputError, match="did you mean retention_pct"):
        RecipeModel(("retention_pc",)).fit(henkel2025())
    with pytest.raises(InputError, match="6 cells without a value"):
        RecipeModel(("retention_pct",)).fit(henkel2025().assign(retention_pct=np.nan))


@pytest.mark.parametrize(
    ("weight", "skill", "low", "said"),
    [
        (0.0, -0.1, -0.2, "no skill yet on 8 recipes, so the mean is what is predicted"),
        (0.4, -0.1, -0.2, "no skill yet on 8 recipes; the model has a share of 40% beside the mean"),
        (0.4, 0.1, -0.1, "perhaps some skill, not yet told from luck"),
        (0.4, 0.1, 0.05, "skill 10% over the mean"),
    ],
)
def test_the_verdict_says_what_is_predicted(weight, skill, low, said):
    scores = {"recipes": 8, "tested": 9, "rmse": 2.0, "rmse_mean": 2.1, "crps": 1.0, "coverage": 0.9}
    assert verdict(scores | {"weight": weight, "skill": skill, "skill_low": low}, "%").startswith(said)
