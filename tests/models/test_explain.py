import numpy as np
import pytest

from benchmarks.simulator import World, campaign, draw_recipes
from datasets.cells import henkel2025
from datasets.errors import InputError
from models.explain import effect_of, effects, permutation_importance, why
from models.recipe_model import RecipeModel

TARGET = "q_discharge_first_mAh_g"


@pytest.fixture(scope="module")
def paper():
    return RecipeModel((TARGET,)).fit(henkel2025())


@pytest.fixture(scope="module")
def cells():
    table = campaign(World(1), 40, np.random.default_rng(0))
    slow = (table["cooling"].astype(object) == "slow").to_numpy()
    return table.assign(**{TARGET: 190.0 - 25.0 * slow + np.random.default_rng(1).normal(size=40)})


@pytest.fixture(scope="module")
def model(cells):
    return RecipeModel((TARGET,)).fit(cells)


@pytest.fixture(scope="module")
def background():
    return draw_recipes(60, np.random.default_rng(2))


def test_the_cause_comes_out_first_and_surely(model, background):
    ranked = effects(model, TARGET, background)
    assert next(iter(ranked)) == "cooling"
    spreads = [effect.spread for effect in ranked.values()]
    assert spreads == sorted(spreads, reverse=True)
    effect = effect_of(model, TARGET, "cooling", background)
    assert effect.spread > 3 * effect.spread_std
    assert effect.sentence.endswith("least at slow.")
    assert effect.curve["effect"].mean() == pytest.approx(0, abs=1e-9)


def test_the_interval_of_a_difference_is_that_of_joint_draws(model, background):
    effect = effect_of(model, TARGET, "cooling", background.head(3), ["quench", "slow"])
    surrogate = model.surrogates_[TARGET]
    tables = [background.head(3).assign(cooling=word) for word in ("quench", "slow")]
    from datasets.cells import normalise_recipes

    features = [surrogate.design_.transform(model.featurizer_.transform(normalise_recipes(one))) for one in tables]
    inputs = np.column_stack([np.vstack(features), np.zeros(6), np.zeros(6)])
    _, covariance = surrogate.process_.predict(inputs, return_cov=True)
    contrast = np.repeat([1, -1], 3) / 3
    assert effect.spread_std == pytest.approx(surrogate.latent_.scale * (contrast @ covariance @ contrast) ** 0.5)


def test_taking_the_cause_from_another_recipe_hurts_most(model, cells):
    table = permutation_importance(model, cells, TARGET, draws=4)
    assert table.loc[0, "variable"] == "cooling"
    assert table.loc[0, "increase"] > 5


def test_the_pulls_add_up_to_the_prediction(model, cells):
    reason = why(model, TARGET, cells.head(1))
    mean, _ = model.posterior(np.asarray(model.featurizer_.transform(cells.head(1))))
    assert reason.average + reason.cells["pull"].sum() == pytest.approx(mean[0, 0])
    assert reason.cells.loc[0, "alike"] == pytest.approx(1.0)
    assert reason.cells.loc[0, "cell"] == cells.loc[0, "cell_id"]


def test_six_cells_cannot_tell(paper):
    recipe = henkel2025().head(1)
    assert why(paper, TARGET, recipe).sentence.startswith("Cannot tell: the model has no skill yet on 6 recipes")
    assert all(one.sentence.startswith("Cannot tell") for one in effects(paper, TARGET, henkel2025()).values())


def test_three_recipes_have_no_importance():
    cells = henkel2025().head(3)
    assert permutation_importance(RecipeModel((TARGET,)).fit(cells), cells, TARGET).empty


def test_unknown_names_are_refused(model, background):
    with pytest.raises(InputError, match="did you mean cooling"):
        effect_of(model, TARGET, "coolin", background)
    with pytest.raises(InputError, match=f"expected one of {TARGET}"):
        why(model, "retention_pct", background.head(1))
    with pytest.raises(ValueError, match="Got 2 recipes"):
        why(model, TARGET, background.head(2))
