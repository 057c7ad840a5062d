import numpy as np
import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from models.latent import solve
from models.surrogate import Report, Surrogate


@parametrize_with_checks([Surrogate()])
def test_conforms_to_scikit_learn(estimator, check):
    check(estimator)


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(30, 4))
    return X, 180 + 10 * X[:, 0] + rng.normal(size=30)


def test_posterior_agrees_with_scikit_learn(table):
    X, y = table
    model = Surrogate().fit(X, y)
    latent = model.latent_
    inputs = np.column_stack([model.design_.transform(X), np.zeros(30), np.zeros(30)])
    mean, std = model.process_.predict(inputs, return_std=True)
    np.testing.assert_allclose(model.posterior(X)[0], latent.center + latent.scale * mean, atol=1e-8)
    np.testing.assert_allclose(model.posterior(X)[1], latent.scale * std, atol=1e-8)


def test_the_unit_of_target_and_features_does_not_matter(table):
    X, y = table
    plain = Surrogate().fit(X, y).predict(X, return_std=True)
    other = Surrogate().fit(1000 * X + 5, 0.01 * y - 3).predict(1000 * X + 5, return_std=True)
    np.testing.assert_allclose(other[0], 0.01 * plain[0] - 3, rtol=1e-5)
    np.testing.assert_allclose(other[1], 0.01 * plain[1], rtol=1e-3)


def test_a_row_without_the_target_is_as_if_it_were_not_there(table):
    X, y = table
    blank = y.copy()
    blank[20:] = np.nan
    np.testing.assert_array_equal(Surrogate().fit(X, blank).predict(X), Surrogate().fit(X[:20], y[:20]).predict(X))


def test_an_unknown_feature_is_taken_as_the_average(table):
    X, y = table
    model = Surrogate().fit(X, y)
    row = X[:1].copy()
    row[0, 1] = np.nan
    average = row.copy()
    average[0, 1] = X[:, 1].mean()
    np.testing.assert_allclose(model.predict(row), model.predict(average))


def test_where_nothing_can_be_learned_the_mean_is_reported():
    rng = np.random.default_rng(1)
    X, y = rng.normal(size=(40, 5)), rng.normal(size=40)
    model = Surrogate().fit(X, y)
    mean, std = model.predict(X, return_std=True)
    assert model.weight_ == 0.0
    np.testing.assert_allclose(mean, y.mean())
    np.testing.assert_allclose(std, std[0])


def test_what_is_reported_includes_the_noise_of_a_cell(table):
    X, y = table
    model = Surrogate().fit(X, y)
    assert model.weight_ > 0.9
    assert (model.predict(X, return_std=True)[1] > model.posterior(X)[1]).all()


def test_the_interval_is_students():
    report = Report(np.array([1.0]), np.array([2.0]), 5.0)
    low, high = report.interval(0.9)
    assert (low[0], high[0]) == pytest.approx((1 - 2 * 2.0150, 1 + 2 * 2.0150), abs=1e-3)
    assert report.std[0] == pytest.approx(2 * (5 / 3) ** 0.5)
    with pytest.raises(ValueError, match="Got coverage=90, expected a number between 0 and 1"):
        report.interval(90)


def test_the_fit_is_deterministic(table):
    X, y = table
    np.testing.assert_array_equal(Surrogate().fit(X, y).predict(X), Surrogate().fit(X, y).predict(X))


def test_one_cell_is_predicted_as_itself_and_little_else_is_claimed():
    model = Surrogate().fit([[1.0, 2.0]], [190.0])
    low, high = model.predict_interval([[5.0, 5.0]])
    assert model.predict([[5.0, 5.0]])[0] == 190.0
    assert high[0] - low[0] > 100


def test_equal_cells_give_a_small_spread():
    model = Surrogate().fit(np.arange(12.0).reshape(6, 2), np.full(6, 190.0))
    assert model.predict([[0.0, 0.0]])[0] == pytest.approx(190.0)
    assert 0 < model.predict([[0.0, 0.0]], return_std=True)[1][0] < 10


def test_constant_and_unknown_features_change_nothing(table):
    X, y = table
    more = np.column_stack([X, np.full(30, 7.0), np.full(30, np.nan)])
    np.testing.assert_allclose(Surrogate().fit(more, y).predict(more), Surrogate().fit(X, y).predict(X))


def test_only_constant_features_leave_the_mean():
    model = Surrogate().fit(np.ones((5, 2)), [1.0, 2.0, 3.0, 4.0, 5.0])
    assert model.predict([[1.0, 9.0]])[0] == pytest.approx(3.0)


def test_wrong_input_is_refused():
    with pytest.raises(ValueError, match="Got no value in y among 2 rows"):
        Surrogate().fit([[1.0], [2.0]], [np.nan, np.nan])
    with pytest.raises(ValueError, match=r"Got groups of shape \(1,\), expected \(2,\)"):
        Surrogate().fit([[1.0], [2.0]], [1.0, 2.0], groups=["a"])


@pytest.mark.slow
def test_ten_thousand_cells_are_learned_on_an_inducing_subset():
    rng = np.random.default_rng(3)
    X = rng.uniform(-2, 2, size=(10_000, 3))
    y = np.sin(X[:, 0]) + 0.5 * X[:, 1] + 0.1 * rng.normal(size=len(X))
    model = Surrogate().fit(X, y)
    mean, std = model.predict(X[:500], return_std=True)
    assert np.mean((mean - np.sin(X[:500, 0]) - 0.5 * X[:500, 1]) ** 2) ** 0.5 < 0.03
    assert std.mean() == pytest.approx(0.1, rel=0.1)


def test_the_inducing_subset_is_exact_when_it_is_everything(table, monkeypatch):
    X, y = table
    model = Surrogate().fit(X, y)
    monkeypatch.setattr("models.latent.LARGEST_EXACT", 10)
    monkeypatch.setattr("models.latent.INDUCING", 30)
    approximate = solve(model.rows_, model.process_.kernel_, own=0)
    new = np.random.default_rng(1).normal(size=(50, 4))
    for ours, exact in zip(approximate(new), model.latent_(new), strict=True):
        np.testing.assert_allclose(ours, exact, rtol=1e-4)
