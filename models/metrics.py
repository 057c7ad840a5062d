"""How good is a predictive distribution, by the values that came?"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats
from scipy.special import betaln, stdtr

Array = NDArray[np.float64]

_LEAST_FREEDOM = 1.05


def rmse(y: ArrayLike, mean: ArrayLike) -> float:
    """Root of the mean squared error, in the unit of ``y``."""
    return float(np.sqrt(np.mean((np.asarray(y, float) - np.asarray(mean, float)) ** 2)))


def mae(y: ArrayLike, mean: ArrayLike) -> float:
    """Mean absolute error, in the unit of ``y``."""
    return float(np.mean(np.abs(np.asarray(y, float) - np.asarray(mean, float))))


def crps_student(y: ArrayLike, location: ArrayLike, scale: ArrayLike, freedom: ArrayLike) -> Array:
    """Continuous ranked probability score of Student t predictions, in the unit of ``y``; less is better.

    The closed form of 10.18637/jss.v090.i12 (appendix A.2). It is infinite at one degree of freedom, so that fewer than
    1.05 are scored as 1.05.

    Parameters
    ----------
    y, location, scale, freedom : array-like, broadcast together
        What came; centre, scale and degrees of freedom of the prediction. Infinite freedom is the normal.

    Returns
    -------
    ndarray
    """
    location, scale = np.asarray(location, float), np.asarray(scale, float)
    nu = np.clip(np.asarray(freedom, float), _LEAST_FREEDOM, 1e7)
    score = (np.asarray(y, float) - location) / scale
    spread = 2 * np.sqrt(nu) / (nu - 1) * np.exp(betaln(0.5, nu - 0.5) - 2 * betaln(0.5, nu / 2))
    tail = 2 * stats.t.pdf(score, nu) * (nu + score**2) / (nu - 1)
    return scale * (score * (2 * stdtr(nu, score) - 1) + tail - spread)


def coverage(y: ArrayLike, low: ArrayLike, high: ArrayLike) -> float:
    """Share of the values that lie inside their intervals, 0 to 1."""
    y = np.asarray(y, float)
    return float(np.mean((y >= np.asarray(low, float)) & (y <= np.asarray(high, float))))


def skill(score: ArrayLike, reference: ArrayLike) -> float:
    """Share of the reference's score that is saved: 1 perfect, 0 no better than the reference, below 0 worse."""
    return float(1.0 - np.mean(np.asarray(score, float)) / np.mean(np.asarray(reference, float)))


def skill_interval(
    score: ArrayLike, reference: ArrayLike, blocks: ArrayLike, *, level: float = 0.9, random_state: int = 0
) -> tuple[float, float]:
    """Bootstrap the skill over whole blocks, because cells of one recipe do not vote twice.

    Parameters
    ----------
    score, reference : array-like of shape (n,)
        Score of each cell under the model and under the reference; less is better.
    blocks : array-like of shape (n,)
        The recipe or source of each cell.
    level : float
        Probability that the interval holds.
    random_state : int
        Seed.

    Returns
    -------
    low, high : float
        Both NaN with fewer than three blocks.
    """
    _, codes = np.unique(np.asarray(blocks), return_inverse=True)
    count = int(codes.max()) + 1
    if count < 3:
        return float("nan"), float("nan")
    sums = np.stack([np.bincount(codes, np.asarray(values, float)) for values in (score, reference)])
    drawn = np.random.default_rng(random_state).integers(count, size=(2000, count))
    ours, theirs = sums[:, drawn].sum(axis=2)
    low, high = np.quantile(1.0 - ours / theirs, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
