import numpy as np
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.utils.estimator_checks import parametrize_with_checks

from datasets.cells import henkel2025
from models.later import LaterSurrogate, Line
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


def test_the_line_is_least_squares(cells):
    X, y = cells
    theirs = LinearRegression().fit(X[:, :1], y)
    line = Line.through(X[:, 0], y)
    assert line.slope == pytest.approx(theirs.coef_[0])
    np.testing.assert_allclose(line.late + line.lift(X[:, 0]), theirs.predict(X[:, :1]))


def test_the_early_result_is_used_and_idle_features_do_no_harm(cells):
    X, y = cells
    model = LaterSurrogate().fit(X[:30], y[:30])
    assert model.line_weight_ > 0.8
    error = np.sqrt(np.mean((model.predict(X[30:]) - y[30:]) ** 2))
    plain = np.sqrt(np.mean((Surrogate().fit(X[:30, 1:], y[:30]).predict(X[30:, 1:]) - y[30:]) ** 2))
    assert error < 3.0 < plain


def test_an_early_result_that_says_nothing_is_left_out():
    rng = np.random.default_rng(1)
    weights = [LaterSurrogate().fit(rng.normal(size=(20, 2)), rng.normal(size=20)).line_weight_ for _ in range(8)]
    assert np.mean(weights) < 0.2


def test_a_cell_without_an_early_result_is_less_sure(cells):
    X, y = cells
    model = LaterSurrogate().fit(X, y)
    blank = X.copy()
    blank[:, 0] = np.nan
    known, unknown = model.predict(X, return_std=True)[1], model.predict(blank, return_std=True)[1]
    assert (unknown > 2 * known).all()
    np.testing.assert_allclose(model.predict(blank), y.mean(), atol=3)


def test_features_help_with_what_the_line_leaves(cells):
    X, y = cells
    y = y + 10 * X[:, 1]
    model = LaterSurrogate().fit(X[:30], y[:30])
    assert model.residual_.weight_ > 0.5
    assert np.sqrt(np.mean((model.predict(X[30:]) - y[30:]) ** 2)) < 7


def test_three_cells_leave_the_mean():
    model = LaterSurrogate().fit([[190.0, 1.0], [200.0, 2.0], [180.0, 3.0]], [70.0, 80.0, 60.0])
    assert model.predict([[195.0, 1.0]])[0] == pytest.approx(70.0)


def test_the_paper_s_running_cell_gets_a_retention():
    cells = henkel2025()
    later = RecipeModel().fit(cells).predict_later(cells)
    assert list(later.columns) == [f"retention_pct_{part}" for part in ("mean", "std", "low", "high")]
    assert later.notna().all(axis=None)
