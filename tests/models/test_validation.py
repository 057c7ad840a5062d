import numpy as np
import pytest

from datasets.cells import henkel2025
from models.baselines import by_mean
from models.crossing import Measured, leave_out, predict_held_out
from models.recipe_model import RecipeModel
from models.surrogate import Surrogate
from models.validation import (
    FLATTERING,
    calibration_curve,
    leaks,
    learning_curve,
    scatter,
    shuffle_test,
    validate,
)


def cells_of(y, X=None, source=None, noise=0.5):
    X = np.random.default_rng(len(y)).normal(size=(len(y), 3)) if X is None else X
    source = np.full(len(y), "own") if source is None else np.asarray(source)
    return Measured(np.asarray(X, float), np.asarray(y, float), source, np.full(len(y), noise))


@pytest.fixture(scope="module")
def strong():
    X = np.random.default_rng(1).normal(size=(15, 3))
    y = 180 + 10 * X[:, 0] + np.random.default_rng(2).normal(size=15)
    return cells_of(y, X, np.repeat(["a", "b", "c"], 5))


@pytest.fixture(scope="module")
def paper():
    return RecipeModel().fit(henkel2025()).cells_["q_discharge_first_mAh_g"]


def test_leave_out_holds_each_block_out_once_and_whole():
    blocks = np.array([0, 0, 1, 2, 2, 3])
    splits = leave_out(blocks)
    assert sorted(np.concatenate([test for _, test in splits])) == list(range(6))
    assert all(not set(blocks[train]) & set(blocks[test]) for train, test in splits)
    assert len(leave_out(np.arange(50))) == 10
    assert leave_out(np.zeros(3)) == []


def test_the_mean_of_the_others_is_the_closed_form(paper):
    held = predict_held_out(paper, leave_out(paper.recipe), by_mean)
    assert held.scores()["rmse"] == pytest.approx(np.std(paper.y) * 6 / 5)


def test_the_paper_has_no_skill_and_shuffles_do_as_well(paper):
    result = validate(paper, label="first discharge capacity", unit="mAh/g")
    assert result.sentence.startswith("first discharge capacity: no skill yet on 6 recipes")
    assert "repeat one" in result.sentence
    assert result.shuffle.p_value > 0.2


@pytest.mark.slow
def test_a_strong_effect_is_seen_and_all_models_stand_side_by_side(strong):
    result = validate(strong, label="capacity", unit="mAh/g")
    assert result.sentence.startswith("capacity: skill")
    assert result.shuffle.p_value <= 0.01
    models = ["mean", "ridge", "random forest", "surrogate, sources ignored", "surrogate"]
    assert [name for split, name in result.scores.index if split == "source"] == models
    assert set(result.scores.index.get_level_values(0)) == {"recipe", "source", FLATTERING}
    assert result.scores.loc[("recipe", "mean"), "skill"] == 0.0


def test_the_shuffle_test_is_exact_when_nothing_is_there():
    rng = np.random.default_rng(3)
    values = [shuffle_test(cells_of(rng.normal(size=8)), n_shuffles=49).p_value for _ in range(100)]
    assert np.mean(np.array(values) <= 0.2) == pytest.approx(0.2, abs=0.12)


def test_an_offset_between_sources_is_no_skill():
    rng, source = np.random.default_rng(4), np.repeat(["a", "b"], 10)
    p_values = []
    for _ in range(40):
        X = np.column_stack([source == "a", rng.normal(size=20)])
        y = 30.0 * (source == "a") + rng.normal(size=20)
        p_values.append(shuffle_test(cells_of(y, X, source), n_shuffles=49).p_value)
    # Luck alone does as well in one of five; an offset of thirty standard deviations read as skill always would.
    assert np.mean(np.array(p_values) <= 0.2) == pytest.approx(0.2, abs=0.2)


def test_too_few_cells_cannot_be_told():
    result = validate(cells_of([1.0, 2.0]), label="x")
    assert "cannot tell" in result.sentence
    assert result.shuffle is None
    assert "1 recipe with a value" in validate(cells_of([1.0])).sentence


def test_leaks_are_found_by_name():
    rng = np.random.default_rng(5)
    y = rng.normal(size=9)
    X = np.column_stack([rng.normal(size=9), np.exp(y), 3 - 2 * y])
    X[1] = X[0]
    y[1] = y[0]
    found = leaks(cells_of(y, X, ["a"] * 8 + ["b"]), ["honest", "grown", "copied"])
    assert any(sentence.startswith("1 cell repeats a recipe") for sentence in found)
    assert any(sentence.startswith("copied is a function of the target") for sentence in found)
    assert any(sentence.startswith("grown is a function of the target") for sentence in found)
    assert any(sentence.startswith("b has one recipe") for sentence in found)
    assert not any(sentence.startswith("honest") for sentence in found)


def test_scatter_within_and_between_recipes():
    X = np.repeat(np.arange(3.0), 2)[:, None]
    within, between = scatter(cells_of([1, 3, 11, 13, 21, 23], X))
    assert within == pytest.approx(2**0.5)
    assert between == pytest.approx(10.0)


def test_the_calibration_curve_rises(strong):
    held = predict_held_out(strong, leave_out(strong.recipe), by_mean)
    curve = calibration_curve(held)
    assert curve["held"].is_monotonic_increasing
    assert curve["held"].iloc[-1] > 0.85


@pytest.mark.slow
def test_more_recipes_make_better_predictions(strong):
    curve = learning_curve(strong, Surrogate()).set_index(["model", "recipes"])["crps"]
    assert curve["surrogate"].iloc[-1] < curve["surrogate"].iloc[0]
    assert learning_curve(strong.take(np.arange(4)), Surrogate()).empty
