import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.utils.estimator_checks import parametrize_with_checks

from datasets.cells import henkel2025
from models.later import LEAST_FOR_LINE, LaterSurrogate, Line, Ran, early_results, earned_lines
from models.recipe_model import RecipeModel
from models.surrogate import Surrogate


@parametrize_with_checks([LaterSurrogate(weigh=False)])
def test_conforms_to_scikit_learn(estimator, check):
    check(estimator)


@pytest.fixture
def cells():
    rng = np.random.default_rng(0)
    features, early = rng.normal(size=(40, 3)), rng.normal(190, 10, 40)
    return np.column_stack([early, features]), 0.8 * early + rng.normal(0, 2, 40)


def ran(early, late, recipe=None, lab=None):
    number = np.arange(len(late))
    return Ran(early, late, number if recipe is None else recipe, np.zeros_like(number) if lab is None else lab)


def test_the_line_is_least_squares(cells):
    X, y = cells
    X = np.column_stack([X[:, 0], 84 + 0.1 * X[:, 0] + X[:, 1]])
    theirs = LinearRegression().fit(X, y)
    line = Line.through(ran(X, y), np.array([0, 1]))
    np.testing.assert_allclose(line.slope, theirs.coef_)
    np.testing.assert_allclose(y.mean() + line.lift(X), theirs.predict(X))
    design = np.column_stack([np.ones(len(y)), X])
    left = y - theirs.predict(X)
    covariance = left @ left / (len(y) - 3) * np.linalg.inv(design.T @ design)
    np.testing.assert_allclose(line.covariance, covariance[1:, 1:], rtol=1e-6)


def test_offsets_between_labs_are_not_read_as_a_slope():
    rng = np.random.default_rng(4)
    lab = np.repeat([0, 1, 2], 20)
    early, late = 190 + 10 * lab + rng.normal(0, 3, 60), 80 - 10 * lab + rng.normal(0, 1, 60)
    late += 0.5 * (early - 190 - 10 * lab)
    line = Line.through(ran(early[:, None], late, lab=lab), np.array([0]))
    assert line.slope[0] == pytest.approx(0.5, abs=0.1)
    X, names = np.column_stack([early, rng.normal(size=60)]), np.array(["own", "b", "c"])[lab]
    model = LaterSurrogate(own_source="own").fit(X, late, groups=names)
    assert model.lines_[-1].slope[0] == pytest.approx(0.5, abs=0.1)
    other = model.seen_from("c").predict([[215.0, 0.0]])[0]
    assert model.predict([[195.0, 0.0]])[0] == pytest.approx(82.5, abs=2)
    assert other == pytest.approx(62.5, abs=2)


def test_the_early_result_is_used_and_idle_features_do_no_harm(cells):
    X, y = cells
    model = LaterSurrogate().fit(X[:30], y[:30])
    assert model.used == [0]
    error = np.sqrt(np.mean((model.predict(X[30:]) - y[30:]) ** 2))
    plain = np.sqrt(np.mean((Surrogate().fit(X[:30, 1:], y[:30]).predict(X[30:, 1:]) - y[30:]) ** 2))
    assert error < 3.0 < plain


@pytest.fixture
def first_cycles():
    """Capacity that says nothing, efficiency that says most, charge that follows from both, two idle features."""
    rng = np.random.default_rng(2)
    discharge, efficiency = rng.normal(190, 10, 60), rng.normal(84, 3, 60)
    X = np.column_stack([discharge, efficiency, 100 * discharge / efficiency, rng.normal(size=(60, 2))])
    return X, 72 + 2 * (efficiency - 84) + rng.normal(0, 2, 60)


def test_the_early_result_that_carries_the_information_is_found(first_cycles):
    X, y = first_cycles
    model = LaterSurrogate(n_early=3).fit(X[:25], y[:25])
    assert model.used[0] == 1
    assert np.sqrt(np.mean((model.predict(X[25:]) - y[25:]) ** 2)) < 3.0


def test_early_results_may_be_missing_row_by_row(first_cycles):
    X, y = first_cycles
    y = y + 0.3 * (X[:, 0] - 190)
    X[:25:4, 1:3] = np.nan
    model = LaterSurrogate(n_early=3).fit(X[:25], y[:25])
    assert len(model.used) >= 2
    errors, stds = [], []
    for blank in ([], [1, 2], [0, 1, 2]):
        asked = X[25:].copy()
        asked[:, blank] = np.nan
        mean, std = model.predict(asked, return_std=True)
        errors.append(np.sqrt(np.mean((mean - y[25:]) ** 2)))
        stds.append(std.mean())
    assert errors[0] < errors[1] <= errors[2]
    assert stds == sorted(stds)
    np.testing.assert_allclose(errors, stds, rtol=0.5)


def test_early_results_that_say_nothing_do_no_harm():
    added = []
    for seed in range(40):
        rng = np.random.default_rng([1, seed])
        early, late = rng.normal(size=(220, 3)), rng.normal(size=20)
        added.append(earned_lines(ran(early[:20], late))[-1].lift(early[20:]).var())
    assert np.mean(np.array(added) > 0) < 0.2
    assert np.mean(added) < 0.05  # of the variance of a cell


def test_of_discharge_charge_and_efficiency_two_give_the_third():
    cells = pd.DataFrame(
        {"q_discharge_first_mAh_g": [180.0, np.nan, 180, 180], "ce_first_pct": [90, 90, np.nan, np.nan]}
    )
    cells["q_charge_first_mAh_g"] = [np.nan, 200, 200, np.nan]
    early = early_results(cells)
    np.testing.assert_allclose(early[:3], [[180, 90, 200]] * 3)
    np.testing.assert_array_equal(early[3], [180, np.nan, np.nan])
    assert np.isnan(early_results(cells[[]])).all()


def test_features_help_with_what_the_line_leaves(cells):
    X, y = cells
    y = y + 10 * X[:, 1]
    model = LaterSurrogate().fit(X[:30], y[:30])
    assert model.residual_.weight_ > 0.5
    assert np.sqrt(np.mean((model.predict(X[30:]) - y[30:]) ** 2)) < 7


def test_fewer_recipes_than_can_tell_leave_the_mean():
    early = np.linspace(180, 200, LEAST_FOR_LINE - 1)
    X = np.column_stack([early, np.arange(len(early))])
    assert LaterSurrogate(weigh=False).fit(X, early - 120).used == []
    model = LaterSurrogate().fit(X[:3], early[:3] - 120)
    assert model.predict([[195.0, 1.0]])[0] == pytest.approx(early[1] - 120)


def test_the_paper_s_running_cell_gets_a_retention():
    cells = henkel2025()
    later = RecipeModel().fit(cells).predict_later(cells)
    assert list(later.columns) == [f"retention_pct_{part}" for part in ("mean", "std", "low", "high")]
    assert later.notna().all(axis=None)


def test_the_number_of_early_results_is_checked():
    with pytest.raises(ValueError, match="Got n_early=3, expected 1 to 2"):
        LaterSurrogate(n_early=3).fit(np.zeros((4, 2)), np.arange(4))
