import numpy as np
import pytest
from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

from models.design import combine_replicates, single_rows
from models.latent import Priors, learn, solve
from models.process import MEAN_VARIANCE, CellKernel

RNG = np.random.default_rng(0)
FEATURES = RNG.normal(size=(12, 3))
VALUES = 180 + 5 * FEATURES[:, 0] + RNG.normal(size=12)
SOURCES = np.repeat([0, 1], 6)


def rows_of(features, source, values, noise=1.0):
    return combine_replicates(single_rows(features, source, values, np.full(len(values), noise)))[0]


def test_the_kernel_is_scikit_learns():
    length = np.array([0.5, 1.0, 2.0])
    theirs = ConstantKernel(MEAN_VARIANCE) + ConstantKernel(0.7) * Matern(length, nu=2.5) + WhiteKernel(0.2)
    ours = CellKernel(length, signal_variance=0.7, noise_variance=0.2)
    X = np.column_stack([FEATURES, np.zeros(12), np.ones(12)])
    np.testing.assert_allclose(ours(X), theirs(FEATURES), atol=1e-12)
    np.testing.assert_allclose(ours(X[:4], X), theirs(FEATURES[:4], FEATURES), atol=1e-12)
    np.testing.assert_allclose(ours.diag(X), theirs.diag(FEATURES))


@pytest.mark.parametrize("sources", [np.zeros(12, dtype=int), SOURCES])
def test_the_gradient_is_the_slope_of_the_likelihood(sources):
    twice = np.concatenate([FEATURES, FEATURES[:4]])
    rows = rows_of(twice, np.concatenate([sources, sources[:4]]), np.concatenate([VALUES, VALUES[:4] + 2]))
    process = learn(rows, Priors())
    theta = process.kernel_.theta + 0.3
    _, gradient = process.log_marginal_likelihood(theta, eval_gradient=True)
    steps = 1e-5 * np.eye(len(theta))
    slopes = [
        (process.log_marginal_likelihood(theta + step) - process.log_marginal_likelihood(theta - step)) / 2e-5
        for step in steps
    ]
    np.testing.assert_allclose(gradient, slopes, rtol=1e-5, atol=1e-5)


def test_combined_replicates_have_the_likelihood_of_the_single_cells():
    features = np.repeat(FEATURES[:5], 3, axis=0)
    values = np.repeat(VALUES[:5], 3) + np.random.default_rng(1).normal(size=15)
    combined = learn(rows_of(features, np.zeros(15, dtype=int), values), Priors())
    theta = combined.kernel_.theta
    scale = np.std(values.reshape(5, 3).mean(axis=1), ddof=1)
    single = CellKernel(np.ones(3)).clone_with_theta(theta)(np.column_stack([features, np.zeros(15), np.ones(15)]))
    single += np.eye(15) * ((1.0 / scale) ** 2 + 3e-8)
    away = (values - values.mean()) / scale
    dense = -0.5 * (away @ np.linalg.solve(single, away) + np.linalg.slogdet(2 * np.pi * single)[1])
    pull = theta - Priors().mean(3, 1)
    dense -= 0.5 * pull @ Priors().precision(3, 1) @ pull
    assert combined.log_marginal_likelihood(theta) == pytest.approx(dense, abs=1e-6)


@pytest.mark.parametrize(("sources", "own"), [(np.zeros(12, dtype=int), 0), (SOURCES, 1), (SOURCES, -1)])
def test_the_posterior_is_scikit_learns(sources, own):
    rows = rows_of(FEATURES, sources, VALUES, noise=0.5)
    process = learn(rows, Priors())
    latent = solve(rows, process.kernel_, own=own)
    new = np.random.default_rng(2).normal(size=(300, 3))
    mean, std = process.predict(np.column_stack([new, np.full(300, own), np.zeros(300)]), return_std=True)
    ours_mean, ours_std = latent(new)
    np.testing.assert_allclose(ours_mean, latent.center + latent.scale * mean, atol=1e-8)
    np.testing.assert_allclose(ours_std, latent.scale * std, atol=1e-8)


def test_an_offset_between_labs_is_not_read_as_chemistry():
    offset = VALUES + np.where(SOURCES == 1, 30.0, 0.0)
    rows = rows_of(FEATURES, SOURCES, offset)
    process = learn(rows, Priors())
    own, other, new = (solve(rows, process.kernel_, own=lab)(FEATURES[:6])[0] for lab in (0, 1, -1))
    assert np.mean(other - own) == pytest.approx(30, abs=4)
    assert np.abs(own - VALUES[:6]).mean() < 3
    assert ((own < new) & (new < other)).all()


def test_a_new_lab_is_less_sure():
    rows = rows_of(FEATURES, SOURCES, VALUES + 10 * SOURCES)
    kernel = learn(rows, Priors()).kernel_
    assert (solve(rows, kernel, own=-1)(FEATURES)[1] > solve(rows, kernel, own=1)(FEATURES)[1]).all()


def test_gradients_are_left_to_the_likelihood():
    with pytest.raises(NotImplementedError, match="log_marginal_likelihood"):
        CellKernel(np.ones(1))(np.ones((2, 3)), eval_gradient=True)
