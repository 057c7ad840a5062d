"""What do a few noisy values over mixed variables, numbers and categories, say of the rest?"""

from __future__ import annotations

from typing import NamedTuple, Self

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.linalg import cho_solve, cholesky, solve_triangular
from scipy.optimize import minimize
from scipy.spatial.distance import cdist
from scipy.special import ndtr

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

MEAN_VARIANCE = 1.0
"""Prior variance of the unknown mean, in units of the variance of the values."""

_JITTER = 1e-6
_REACH = 8.0
_MOST_VARIABLES_APART = 15
_MOST_ROWS = 400
_BLOCK = 4096
_ROOT_FIVE = 5.0**0.5


class Vagueness(NamedTuple):
    """Gaussian priors on the logarithms of the hyperparameters, for standardised variables and values.

    Chosen on simulated campaigns (``benchmarks/proposals.py --tune``), never on those that are reported.

    Attributes
    ----------
    length : float
        Centre of the length scales, in units of the root of the number of variables (10.48550/arXiv.2402.02229).
    length_common_std, length_single_std : float
        Spread of the logarithm of all length scales together, and of each about the others.
    signal, signal_std, noise, noise_std : float
        Centre and spread of the variance of the response, and of one measurement about it.
    apart, apart_std : float
        Centre and spread of the logit of the share of the response that is a sum over single variables.
    floor : float
        Values lower than so many robust standard deviations under the median are raised to that: how bad the worst
        are does not say where the best lie.
    """

    length: float = 0.8
    length_common_std: float = 0.7
    length_single_std: float = 0.7
    signal: float = 1.0
    signal_std: float = 0.7
    noise: float = 0.15
    noise_std: float = 1.2
    apart: float = 0.0
    apart_std: float = 1.5
    floor: float = 3.0

    def moments(self, variables: int, *, apart: bool) -> tuple[Array, Array]:
        """Give mean and covariance of the log-hyperparameters: lengths, signal, noise, then the share's logit."""
        lengths = [np.log(self.length * variables**0.5)] * variables
        mean = np.array([*lengths, np.log(self.signal), np.log(self.noise)] + [self.apart] * apart)
        spread = [self.length_single_std] * variables + [self.signal_std, self.noise_std] + [self.apart_std] * apart
        covariance = np.diag(np.square(spread))
        covariance[:variables, :variables] += self.length_common_std**2
        return mean, covariance


class Setting(NamedTuple):
    """One setting of the hyperparameters.

    Attributes
    ----------
    inverse : ndarray of shape (p,)
        One over the squared length scale of each variable.
    signal, noise : float
        Variance of the response, and of one measurement about it.
    share : float
        Share of the response's variance that is a sum over single variables; the rest is of all together.
    """

    inverse: Array
    signal: float
    noise: float
    share: float

    @classmethod
    def of(cls, theta: Array, variables: int) -> Self:
        """Read log-hyperparameters in the order of ``Vagueness.moments``."""
        share = float(1 / (1 + np.exp(-theta[variables + 2]))) if len(theta) > variables + 2 else 0.0
        signal, noise = np.exp(theta[variables : variables + 2])
        return cls(np.exp(-2 * theta[:variables]), float(signal), float(noise), share)

    def correlation(self, apart: Array) -> Array:
        """Give how alike rows are, from their squared distances in each variable, of shape (p, n, m)."""
        scaled = apart * self.inverse[:, None, None]
        together = _matern(scaled.sum(axis=0))
        return (1 - self.share) * together + self.share * _matern(scaled).mean(axis=0) if self.share else together


def _matern(squared: Array) -> Array:
    # Matern 5/2 (eq. 4.17 of Rasmussen and Williams, Gaussian Processes for Machine Learning, 2006).
    root = np.sqrt(squared)
    root *= _ROOT_FIVE
    value = root / 3.0
    value += 1.0
    value *= root
    value += 1.0
    np.negative(root, out=root)
    value *= np.exp(root, out=root)
    return value


def _matern_and_slope(squared: Array) -> tuple[Array, Array]:
    # The slope is what a squared scaled distance is multiplied with to give the derivative by its log length scale.
    root = _ROOT_FIVE * np.sqrt(squared)
    decay = np.exp(-root)
    near = (1.0 + root) * decay
    return near + root * root / 3.0 * decay, (5.0 / 3.0) * near


def distances(rows: Array, others: Array, groups: Integers) -> Array:
    """Give the squared distances between rows in each variable.

    Parameters
    ----------
    rows, others : ndarray of shape (n, d), (m, d)
    groups : ndarray of int, shape (d,)
        Which variable, counted from 0, each column belongs to.

    Returns
    -------
    ndarray of shape (p, n, m)
    """
    variables = range(int(groups.max()) + 1)
    return np.stack([cdist(rows[:, groups == one], others[:, groups == one], "sqeuclidean") for one in variables])


class _Evidence(NamedTuple):
    """Standardised values and all that their likelihood needs."""

    apart: Array
    values: Array
    mean: Array
    precision: Array

    def setting(self, theta: Array) -> Setting:
        return Setting.of(theta, len(self.apart))

    def _lower(self, setting: Setting, correlation: Array) -> Array:
        covariance = MEAN_VARIANCE + setting.signal * correlation
        covariance[np.diag_indices_from(covariance)] += setting.noise + _JITTER
        return cholesky(covariance, lower=True, check_finite=False)

    def loss(self, theta: Array) -> tuple[float, Array]:
        """Negative log-posterior of the log-hyperparameters, and its gradient."""
        setting = self.setting(theta)
        scaled = self.apart * setting.inverse[:, None, None]
        together, slope = _matern_and_slope(scaled.sum(axis=0))
        each, slopes = _matern_and_slope(scaled) if setting.share else (np.zeros_like(scaled), np.zeros_like(scaled))
        single = each.mean(axis=0)
        correlation = (1 - setting.share) * together + setting.share * single
        lower = self._lower(setting, correlation)
        weights = cho_solve((lower, True), self.values, check_finite=False)
        pull = np.outer(weights, weights) - cho_solve((lower, True), np.eye(len(weights)), check_finite=False)
        change = ((1 - setting.share) * slope + setting.share / len(scaled) * slopes) * scaled
        gradient = np.concatenate(
            [
                setting.signal * np.einsum("vij,ij->v", change, pull),
                [setting.signal * np.sum(pull * correlation), setting.noise * np.trace(pull)],
                [setting.signal * setting.share * (1 - setting.share) * np.sum(pull * (single - together))]
                * (len(theta) > len(scaled) + 2),
            ]
        )
        away = theta - self.mean
        value = -0.5 * self.values @ weights - np.log(np.diag(lower)).sum() - 0.5 * away @ self.precision @ away
        return -float(value), self.precision @ away - 0.5 * gradient

    def most_probable(self) -> Array:
        shorter = self.mean.copy()
        shorter[: len(self.apart)] -= 1.0
        shorter[len(self.apart) + 1] -= 1.5
        bounds = [(center - _REACH, center + _REACH) for center in self.mean]
        fits = [
            minimize(self.loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 60})
            for start in (self.mean, shorter)
        ]
        return min(fits, key=lambda fit: float(fit.fun)).x


class Response(NamedTuple):
    """Posterior of one response under one setting of the hyperparameters.

    Attributes
    ----------
    rows : ndarray of shape (n, d)
    values : ndarray of shape (n,)
        Standardised.
    groups : ndarray of int, shape (d,)
    setting : Setting
    lower : ndarray of shape (n, n)
        Cholesky factor of the covariance of the values.
    weights : ndarray of shape (n,)
    center, scale : float
        What turns standardised values into the response's unit.
    """

    rows: Array
    values: Array
    groups: Integers
    setting: Setting
    lower: Array
    weights: Array
    center: float
    scale: float

    @classmethod
    def of(cls, rows: Array, values: Array, groups: Integers, setting: Setting, center: float, scale: float) -> Self:
        """Solve for standardised values."""
        covariance = MEAN_VARIANCE + setting.signal * setting.correlation(distances(rows, rows, groups))
        covariance[np.diag_indices_from(covariance)] += setting.noise + _JITTER
        lower = cholesky(covariance, lower=True, check_finite=False)
        weights = cho_solve((lower, True), values, check_finite=False)
        return cls(rows, values, groups, setting, lower, weights, center, scale)

    @property
    def noise_std(self) -> float:
        """Standard deviation of one measurement, in the response's unit."""
        return self.scale * self.setting.noise**0.5

    def posterior(self, features: Array) -> tuple[Array, Array]:
        """Give mean and standard deviation of the response without noise, both of shape (n,)."""
        parts = [self._standard(features[start : start + _BLOCK]) for start in range(0, len(features), _BLOCK)]
        if not parts:
            return np.empty(0), np.empty(0)
        mean, std = np.concatenate(parts, axis=1)
        return self.center + self.scale * mean, self.scale * std

    def _standard(self, features: Array) -> tuple[Array, Array]:
        setting = self.setting
        if setting.share:
            alike = setting.correlation(distances(self.rows, features, self.groups))
        else:
            width = np.sqrt(setting.inverse[self.groups])
            alike = _matern(cdist(self.rows * width, features * width, "sqeuclidean"))
        covariance = MEAN_VARIANCE + setting.signal * alike
        half = solve_triangular(self.lower, covariance, lower=True, check_finite=False)
        variance = MEAN_VARIANCE + setting.signal - np.einsum("nm,nm->m", half, half)
        return self.weights @ covariance, np.sqrt(np.maximum(variance, 1e-10))

    def conditioned(self, features: Array) -> Response:
        """Believe that measurements at these rows will come in as expected."""
        rows, values = np.vstack([self.rows, features]), np.concatenate([self.values, self._standard(features)[0]])
        return Response.of(rows, values, self.groups, self.setting, self.center, self.scale)


class Responses(NamedTuple):
    """Beliefs (``models.proposing.Beliefs``) in several objectives, each a response of its own.

    Attributes
    ----------
    parts : tuple of Response, length t
    """

    parts: tuple[Response, ...]

    @property
    def noise_std(self) -> Array:
        """Standard deviation of one measurement of each objective, shape (t,)."""
        return np.array([part.noise_std for part in self.parts])

    def posterior(self, features: Array) -> tuple[Array, Array]:
        """Give mean and standard deviation of the responses without noise, both of shape (n, t)."""
        mean, std = zip(*(part.posterior(features) for part in self.parts), strict=True)
        return np.column_stack(mean), np.column_stack(std)

    def conditioned(self, features: Array) -> Responses:
        """Believe that measurements at these rows will come in as expected."""
        return Responses(tuple(part.conditioned(features) for part in self.parts))


def learn_response(
    rows: Array, groups: Integers, values: Array, rng: Generator, vagueness: Vagueness | None = None
) -> Response:
    """Learn one response from noisy values, under the most probable setting of the hyperparameters.

    Parameters
    ----------
    rows : ndarray of shape (n, d)
        Standardised features.
    groups : ndarray of int, shape (d,)
        Which variable, counted from 0, each column belongs to.
    values : ndarray of shape (n,)
        To be maximised.
    rng : Generator
    vagueness : Vagueness, optional

    Returns
    -------
    Response
    """
    vagueness = vagueness or Vagueness()
    if len(values) > _MOST_ROWS:
        kept = np.sort(rng.choice(len(values), _MOST_ROWS, replace=False))
        rows, values = rows[kept], values[kept]
    values = _raised(values, vagueness.floor)
    center, scale = _standards(values)
    variables = int(groups.max()) + 1
    apart = 1 < variables <= _MOST_VARIABLES_APART
    mean, covariance = vagueness.moments(variables, apart=apart)
    precision = np.asarray(np.linalg.inv(covariance), dtype=np.float64)
    evidence = _Evidence(distances(rows, rows, groups), (values - center) / scale, mean, precision)
    setting = evidence.setting(evidence.most_probable())
    return Response.of(rows, evidence.values, groups, setting, center, scale)


def _raised(values: Array, floor: float) -> Array:
    middle = np.median(values)
    spread = 1.4826 * np.median(np.abs(values - middle))
    return np.maximum(values, middle - floor * spread) if spread > 0 else values


def _standards(values: Array) -> tuple[float, float]:
    center = float(values.mean())
    scale = float(values.std(ddof=1)) if len(values) > 1 else 0.0
    # One value, or equal ones, say nothing of the spread: a tenth of the value is an assumption.
    return center, scale if scale > 1e-9 * max(abs(center), 1e-300) else 0.1 * abs(center) or 1.0


def learn_responses(
    rows: Array, groups: Integers, values: Array, rng: Generator, vagueness: Vagueness | None = None
) -> Responses:
    """Learn several objectives, each as ``learn_response`` does.

    Parameters
    ----------
    rows, groups, rng, vagueness
        As in ``learn_response``.
    values : ndarray of shape (n, t)

    Returns
    -------
    Responses
    """
    return Responses(tuple(learn_response(rows, groups, column, rng, vagueness) for column in values.T))


def learn_limits(rows: Array, groups: Integers, constraints: Array, rng: Generator) -> list[Response]:
    """Learn the constraints that were ever crossed.

    Parameters
    ----------
    rows, groups, rng
        As in ``learn_response``.
    constraints : ndarray of shape (n, c)
        Kept where not above 0; NaN where not known.

    Returns
    -------
    list of Response
    """
    known = ~np.isnan(constraints)
    crossed = [column for column in range(constraints.shape[1]) if (constraints[known[:, column], column] > 0).any()]
    return [
        learn_response(rows[known[:, column]], groups, constraints[known[:, column], column], rng) for column in crossed
    ]


def chance_kept(limits: list[Response], features: Array) -> Array:
    """Give the probability that rows keep all constraints: that no response is above 0, shape (n,)."""
    chance = np.ones(len(features))
    for limit in limits:
        mean, std = limit.posterior(features)
        chance *= ndtr(-mean / std)
    return chance
