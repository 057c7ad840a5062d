"""How do measured rows become a posterior that is quick to evaluate?"""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky, solve_triangular
from sklearn.cluster import kmeans_plusplus
from sklearn.exceptions import ConvergenceWarning

from models.design import Design, Rows
from models.process import LOG_BOUNDS, MEAN_VARIANCE, CellKernel, CellProcess, matern

Array = NDArray[np.float64]

LARGEST_EXACT = 1000
"""Most rows with which the Gaussian process is solved exactly; beyond, it is solved on an inducing subset."""

INDUCING = 300
"""Rows of the inducing subset, and of the sample from which its hyperparameters are learned."""

SPREAD_OF_ONE, SPREAD_OF_EQUALS = 0.1, 0.01
"""Spread between recipes, relative to the value, assumed from one recipe and at least from several equal ones."""

_JITTER = 1e-8
_BLOCK_VALUES = 196608
_ROOT_FIVE = 5.0**0.5


class Priors(NamedTuple):
    """Gaussian priors on the logarithms of the hyperparameters, for standardised features and target.

    The centre of the length scales grows with the root of the number of features, since distances do
    (10.48550/arXiv.2402.02229). The numbers were chosen on simulated campaigns (``benchmarks/calibration.py``), never
    on those that it tests with.

    Attributes
    ----------
    length : float
        Centre of the length scales, in units of the root of the number of features.
    length_common_std, length_single_std : float
        Spread of the logarithm of all length scales together, and of each about the others.
    signal, signal_std : float
        Centre of the variance of the response in units of the target's variance, and spread of its logarithm.
    noise, noise_std : float
        The same of the variance of a cell about its recipe.
    source, source_std : float
        The same of the variance of the offsets between sources.
    """

    length: float = 2.0
    length_common_std: float = 1.0
    length_single_std: float = 0.5
    signal: float = 0.7
    signal_std: float = 0.7
    noise: float = 0.3
    noise_std: float = 1.0
    source: float = 0.2
    source_std: float = 1.0

    def mean(self, features: int, sources: int) -> Array:
        """Centre of the log-hyperparameters, in the order of ``CellKernel.theta``."""
        centers = [self.length * features**0.5] * features + [self.noise, self.signal]
        return np.log(centers + [self.source] * (sources > 1))

    def precision(self, features: int, sources: int) -> Array:
        """Inverse covariance of the log-hyperparameters, in the order of ``CellKernel.theta``."""
        spreads = [self.length_single_std] * features + [self.noise_std, self.signal_std]
        covariance = np.diag(np.square(spreads + [self.source_std] * (sources > 1)))
        covariance[:features, :features] += self.length_common_std**2
        return np.linalg.inv(covariance)


class Latent(NamedTuple):
    """Posterior of the latent response, as arrays.

    Attributes
    ----------
    points : ndarray of shape (n, d)
        Training features divided by their length scales and multiplied with the root of five.
    factor : ndarray of shape (d,)
        What standardised features are multiplied with to be compared with ``points``.
    readout : ndarray of shape (n, 1 + rank)
        What the correlations with the points are multiplied with: the mean, then the root of the variance explained.
    offset : ndarray of shape (1 + rank,)
        What is added to that product: the part of mean and source.
    prior_variance, signal_variance, noise_variance : float
        Variance of the response before any cell, the part of it that differs between recipes, and the variance of a
        new cell about it, standardised.
    center, scale : float
        What turns standardised values into the target's unit.
    """

    points: Array
    factor: Array
    readout: Array
    offset: Array
    prior_variance: float
    signal_variance: float
    noise_variance: float
    center: float
    scale: float

    def __call__(self, features: Array, design: Design | None = None) -> tuple[Array, Array]:
        """Evaluate at feature rows.

        Parameters
        ----------
        features : ndarray of shape (m, d), or of the columns that ``design`` reads
        design : Design, optional
            What standardises the features, where they are not.

        Returns
        -------
        mean, std : ndarray of shape (m,)
            In the unit of the target; the noise of a cell is not in it.
        """
        mean, variance = np.empty(len(features)), np.empty(len(features))
        # Small blocks stay in the cache of one core.
        step = max(64, _BLOCK_VALUES // (len(self.points) + features.shape[1]))
        for start in range(0, len(features), step):
            block = slice(start, start + step)
            answer = self.answer(features[block] if design is None else design.transform(features[block]))
            mean[block] = answer[:, 0]
            explained = answer.T[1:]
            variance[block] = self.prior_variance - np.einsum("rm,rm->m", explained, explained)
        return self.center + self.scale * mean, self.scale * np.sqrt(np.maximum(variance, 1e-12))

    def answer(self, features: Array) -> Array:
        """Give the standardised mean, then the root of the variance explained, of shape (m, 1 + rank)."""
        answer = self.readout.T @ self._correlation(features * self.factor).T
        answer += self.offset[:, None]
        return answer.T

    def _correlation(self, scaled: Array) -> Array:
        # Column by column, as the design lays features out: a row has too few numbers to be quick.
        columns = scaled.T
        squared = self.points @ columns
        squared *= -2.0
        squared += np.einsum("nd,nd->n", self.points, self.points)[:, None]
        squared += np.einsum("dm,dm->m", columns, columns)
        np.maximum(squared, 0.0, out=squared)
        root = np.sqrt(squared)
        decay = np.exp(-root)
        squared /= 3.0
        squared += root
        squared += 1.0
        squared *= decay
        return squared.T

    def correlation(self, features: Array) -> Array:
        """Give how alike recipes and training points are, 0 to 1, of shape (m, n)."""
        return self._correlation(features * self.factor)

    def averages(self, features: Array, groups: int) -> tuple[Array, Array]:
        """Average the response over groups of recipes, with the joint covariance of the averages.

        Parameters
        ----------
        features : ndarray of shape (groups * size, d)
            Standardised, group after group.
        groups : int

        Returns
        -------
        mean : ndarray of shape (groups,)
            In the unit of the target.
        covariance : ndarray of shape (groups, groups)
            In its square.
        """
        answer = self.answer(features).reshape(groups, -1, self.readout.shape[1]).mean(axis=1)
        scaled = features * (self.factor / _ROOT_FIVE)
        size = len(features) // groups
        prior = matern(scaled, scaled)[0].reshape(groups, size, groups, size).mean(axis=(1, 3))
        constant = self.prior_variance - self.signal_variance
        covariance = constant + self.signal_variance * prior - answer[:, 1:] @ answer[:, 1:].T
        return self.center + self.scale * answer[:, 0], self.scale**2 * covariance

    def pulls(self, features: Array) -> Array:
        """Give the weight of each training row's value in the posterior mean of each recipe, shape (m, n).

        Only where the Gaussian process was solved exactly, so that each point is a row.
        """
        root = self.readout[:, 1:] / self.signal_variance
        return self.answer(features)[:, 1:] @ root.T

    @property
    def noise_std(self) -> float:
        """Standard deviation of a new cell about its recipe, in the unit of the target."""
        return self.scale * self.noise_variance**0.5


def learn(rows: Rows, priors: Priors, *, random_state: int = 0, start: Array | None = None) -> CellProcess:
    """Find the most probable hyperparameters.

    Parameters
    ----------
    rows : Rows
    priors : Priors
    random_state : int
        Seed of the sample that is learned from when there are more than ``LARGEST_EXACT`` rows.
    start : ndarray, optional
        Log-hyperparameters to start from; otherwise several starts are tried.

    Returns
    -------
    CellProcess
        Fitted to standardised values.
    """
    if len(rows.y) > LARGEST_EXACT:
        chosen = np.random.default_rng(random_state).choice(len(rows.y), INDUCING, replace=False)
        rows = rows.take(np.sort(chosen))
    features, sources = rows.features.shape[1], len(np.unique(rows.source))
    mean = priors.mean(features, sources)
    starts = [start] if start is not None and len(start) == len(mean) else _starts(mean, features)
    fits = [_fit(rows, theta, mean, priors.precision(features, sources)) for theta in starts]
    return max(fits, key=lambda process: process.log_marginal_likelihood_value_)


def _starts(mean: Array, features: int) -> list[Array]:
    shorter, quieter = np.zeros_like(mean), np.zeros_like(mean)
    shorter[:features] = -1.0
    quieter[features] = -2.0
    return [mean, mean + shorter + quieter]


def _fit(rows: Rows, theta: Array, prior_mean: Array, precision: Array) -> CellProcess:
    center, scale = standard(rows)
    bounds = LOG_BOUNDS if len(theta) > rows.features.shape[1] + 2 else "fixed"
    kernel = CellKernel(
        np.ones(rows.features.shape[1]), source_variance=0.0 if bounds == "fixed" else 1.0, source_bounds=bounds
    ).clone_with_theta(theta)
    process = CellProcess(
        kernel,
        alpha=rows.share * (rows.noise / scale) ** 2 / rows.counts + _JITTER,
        prior_mean=prior_mean,
        prior_precision=precision,
        counts=rows.counts,
        squares=rows.squares / scale**2,
    )
    with warnings.catch_warnings():
        # The priors hold the optimum inside the bounds; a search that stops early is still a start that was tried.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return process.fit(_augmented(rows), (rows.y - center) / scale)


def _augmented(rows: Rows) -> Array:
    return np.column_stack([rows.features, rows.source, rows.share / rows.counts])


def standard(rows: Rows) -> tuple[float, float]:
    """Return centre and spread of the rows' values, in the unit of the target; the spread is never 0."""
    weight = 1 / rows.share
    center = float(np.average(rows.y, weights=weight))
    # One value says nothing of the spread, and equal values say that it is small: both are assumptions.
    alone = weight.sum() <= 1.5
    squares = float(weight @ (rows.y - center) ** 2)
    spread = 0.0 if alone else (squares / (weight.sum() - 1)) ** 0.5
    floor = (SPREAD_OF_ONE if alone else SPREAD_OF_EQUALS) * abs(center)
    return center, max(spread, floor, float(np.max(rows.noise))) or 1.0


def solve(
    rows: Rows,
    kernel: CellKernel,
    *,
    own: int = -1,
    random_state: int = 0,
    standards: tuple[float, float] | None = None,
) -> Latent:
    """Solve for the posterior of the response in one source, exactly or on an inducing subset.

    Parameters
    ----------
    rows : Rows
    kernel : CellKernel
        With the hyperparameters to use.
    own : int
        The source that predictions are for; negative for one that has no cells yet.
    random_state : int
        Seed of the choice of the inducing subset.
    standards : tuple of float, optional
        Centre and spread to standardise with, in the unit of the target; those of the rows by default.

    Returns
    -------
    Latent
    """
    center, scale = standards or standard(rows)
    values = (rows.y - center) / scale
    known = (rows.noise / scale) ** 2
    variance = (kernel.noise_variance + known) * rows.share / rows.counts + _JITTER
    inputs = _augmented(rows)
    if len(rows.y) > LARGEST_EXACT:
        inputs, weights, root = _inducing(inputs, values, variance, kernel, random_state)
    else:
        inputs, weights, root = _exact(inputs, values, variance, kernel)
    constant = MEAN_VARIANCE + kernel.source_variance * (inputs[:, -2] == own)
    readout = np.column_stack([weights, root])
    mine = known[rows.source == own]
    return Latent(
        points=inputs[:, :-2] / kernel.length_scale * _ROOT_FIVE,
        factor=_ROOT_FIVE / np.atleast_1d(kernel.length_scale),
        readout=kernel.signal_variance * readout,
        offset=constant @ readout,
        prior_variance=kernel.latent_variance,
        signal_variance=kernel.signal_variance,
        noise_variance=kernel.noise_variance + float(np.median(mine if len(mine) else known)),
        center=center,
        scale=scale,
    )


def _exact(inputs: Array, values: Array, variance: Array, kernel: CellKernel) -> tuple[Array, Array, Array]:
    quiet = inputs.copy()
    quiet[:, -1] = 0.0
    lower = cholesky(kernel(quiet) + np.diag(variance), lower=True, check_finite=False)
    root = solve_triangular(lower, np.eye(len(values)), lower=True, check_finite=False).T
    return inputs, root @ (root.T @ values), root


def _inducing(
    inputs: Array, values: Array, variance: Array, kernel: CellKernel, random_state: int
) -> tuple[Array, Array, Array]:
    # Deterministic training conditional (10.5555/1046920.1194909, section 5), symmetrised for stability.
    _, chosen = kmeans_plusplus(inputs[:, :-2] / kernel.length_scale, INDUCING, random_state=random_state)
    points = inputs[np.sort(chosen)]
    points[:, -1] = 0.0
    lower = cholesky(kernel(points) + _JITTER * np.eye(INDUCING), lower=True)
    back = solve_triangular(lower, np.eye(INDUCING), lower=True).T
    half = kernel(inputs, points) @ back
    inner = np.eye(INDUCING) + half.T @ (half / variance[:, None])
    inverse = np.linalg.inv(inner)
    weights = back @ (inverse @ (half.T @ (values / variance)))
    # The variance explained is I - inverse in the whitened basis; its root is taken there.
    size, axes = np.linalg.eigh(np.eye(INDUCING) - inverse)
    return points, weights, back @ (axes * np.sqrt(np.maximum(size, 0.0)))
