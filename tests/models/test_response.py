import numpy as np
import pytest
from scipy.optimize import approx_fprime
from scipy.stats import multivariate_normal
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern

from models.response import (
    MEAN_VARIANCE,
    Response,
    Setting,
    Vagueness,
    _Evidence,
    chance_kept,
    distances,
    learn_limits,
    learn_response,
    learn_responses,
)

GROUPS = np.array([0, 1, 2, 2])


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    rows = np.column_stack([rng.normal(size=(25, 2)), np.eye(2)[rng.integers(2, size=25)]])
    return rows, rows[:, 0] - rows[:, 1] ** 2 + 2 * rows[:, 2] + 0.1 * rng.normal(size=25)


@pytest.fixture
def evidence(data):
    rows, values = data
    mean, covariance = Vagueness().moments(3, apart=True)
    return _Evidence(distances(rows, rows, GROUPS), values - values.mean(), mean, np.linalg.inv(covariance))


def test_posterior_agrees_with_scikit_learn(data):
    rows, values = data
    length = np.array([0.7, 2.0, 1.5, 1.5])
    setting = Setting(1 / length[[0, 1, 2]] ** 2, 1.3, 0.2, 0.0)
    kernel = ConstantKernel(MEAN_VARIANCE) + ConstantKernel(1.3) * Matern(length, nu=2.5)
    theirs = GaussianProcessRegressor(kernel, alpha=0.2 + 1e-6, optimizer=None).fit(rows, values)
    ours = Response.of(rows, values, GROUPS, setting, 0.0, 1.0)
    np.testing.assert_allclose(ours.posterior(rows + 0.3), theirs.predict(rows + 0.3, return_std=True), atol=1e-8)


def test_a_share_that_is_a_sum_over_variables_is_the_mean_of_their_kernels(data):
    rows = data[0]
    apart = distances(rows, rows, GROUPS)
    setting = Setting(np.array([1.0, 0.5, 2.0]), 1.0, 0.1, 1.0)
    scaled = [rows[:, [0]], rows[:, [1]] * 0.5**0.5, rows[:, 2:] * 2**0.5]
    np.testing.assert_allclose(setting.correlation(apart), np.mean([Matern(nu=2.5)(one) for one in scaled], axis=0))


def test_the_likelihood_is_the_normal_density(evidence):
    theta = evidence.mean + 0.3
    setting = evidence.setting(theta)
    covariance = MEAN_VARIANCE + setting.signal * setting.correlation(evidence.apart) + np.eye(25) * setting.noise
    density = multivariate_normal(cov=covariance + 1e-6 * np.eye(25)).logpdf(evidence.values)
    away = theta - evidence.mean
    prior = -0.5 * away @ evidence.precision @ away
    assert -evidence.loss(theta)[0] == pytest.approx(density + 12.5 * np.log(2 * np.pi) + prior)


def test_the_gradient_is_that_of_differences(evidence):
    theta = evidence.mean + np.linspace(-0.5, 0.5, len(evidence.mean))
    differences = approx_fprime(theta, lambda at: evidence.loss(at)[0], 1e-6)
    np.testing.assert_allclose(evidence.loss(theta)[1], differences, rtol=1e-3, atol=1e-3)


def test_what_matters_is_found_and_units_do_not_matter(data):
    rows, values = data
    mean = learn_response(rows, GROUPS, values, np.random.default_rng(0)).posterior(rows)[0]
    assert mean == pytest.approx(values, abs=0.5)
    scaled = learn_response(rows, GROUPS, 1000 * values + 5, np.random.default_rng(0)).posterior(rows)[0]
    np.testing.assert_allclose(1000 * mean + 5, scaled, rtol=1e-3)


def test_pending_rows_leave_the_mean_and_narrow_the_doubt(data):
    rows, values = data
    belief = learn_responses(rows, GROUPS, np.column_stack([values, -values]), np.random.default_rng(0))
    new = rows[:3] + 1.0
    later = belief.conditioned(new)
    np.testing.assert_allclose(later.posterior(rows)[0], belief.posterior(rows)[0], atol=1e-6)
    assert (later.posterior(new)[1] < belief.posterior(new)[1]).all()
    assert belief.noise_std.shape == (2,)


def test_how_bad_the_worst_is_does_not_matter(data):
    rows, values = data
    worse, worst = values.copy(), values.copy()
    worse[3], worst[3] = -100.0, -1e6
    first, second = (learn_response(rows, GROUPS, one, np.random.default_rng(0)) for one in (worse, worst))
    np.testing.assert_allclose(first.posterior(rows)[0], second.posterior(rows)[0])


@pytest.mark.parametrize("values", [[3.0], [3.0, 3.0], [0.0, 0.0, 0.0]])
def test_few_or_equal_values_are_no_error(values):
    rows = np.arange(len(values), dtype=float)[:, None]
    response = learn_response(rows, np.zeros(1, dtype=int), np.array(values), np.random.default_rng(0))
    mean, std = response.posterior(rows)
    np.testing.assert_allclose(mean, values, atol=0.5)
    assert (std > 0).all()


def test_a_limit_never_crossed_is_none_and_another_is_likely_kept_where_it_was(data):
    rows, values = data
    limits = learn_limits(rows, GROUPS, np.column_stack([values, -np.abs(values)]), np.random.default_rng(0))
    assert len(limits) == 1
    chance = chance_kept(limits, rows)
    assert chance[values < -1].mean() > 0.8
    assert chance[values > 1].mean() < 0.2
