"""How far may the model move a prediction away from the mean?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.design import Rows, recipe_codes
from models.latent import Latent, Priors, learn, solve, standard
from models.metrics import crps_student

Array = NDArray[np.float64]

LEAST_RECIPES = 4
"""Fewest measured recipes from which a weight is chosen; below, the mean is reported."""

_FOLDS = 10
_WEIGHTS = np.linspace(0.0, 1.0, 21)


class Mean(NamedTuple):
    """Prediction of a new cell by the mean alone, a Student t.

    Attributes
    ----------
    center, scale : float
        In the unit of the target.
    freedom : float
        Degrees of freedom.
    """

    center: float
    scale: float
    freedom: float


def mean_prediction(rows: Rows, own: int = -1) -> Mean:
    """Predict a new cell of a new recipe by the mean of the recipes that were measured.

    The lab's own recipes are used when there are at least three of them, else all.

    Parameters
    ----------
    rows : Rows
    own : int
        The lab's own source; negative when it has no cells.

    Returns
    -------
    Mean
        The predictive distribution of normal values of unknown mean and variance; replicates add the variance that
        averaging took from their recipe.
    """
    mine = rows.source == own
    used = rows.take(mine) if mine.sum() >= 3 else rows
    center, scale = standard(used)
    freedom = float(max(len(used.y) - 1, 1))
    spare = float(np.sum(used.counts - 1))
    within = float(np.sum(used.squares)) / spare if spare else 0.0
    variance = scale**2 * (1 + 1 / len(used.y)) + within * float(np.mean(1 - 1 / used.counts))
    return Mean(center, variance**0.5, freedom)


def mix(mean: Array, std: Array, baseline: Mean, weight: float) -> tuple[Array, Array]:
    """Combine the model's prediction with the mean's, as the mean and the variance of their mixture.

    Parameters
    ----------
    mean, std : ndarray
        The model's prediction of a new cell.
    baseline : Mean
    weight : float
        Share of the model, 0 to 1.

    Returns
    -------
    center, scale : ndarray
        Of a Student t with the baseline's degrees of freedom.
    """
    apart = mean - baseline.center
    variance = weight * std**2 + (1 - weight) * baseline.scale**2 + weight * (1 - weight) * apart**2
    return baseline.center + weight * apart, np.sqrt(variance)


def held_out(rows: Rows, own: int, random_state: int = 0) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Split rows the way they will be asked for: a new recipe in the own lab, or a new lab.

    Yields
    ------
    train, test : ndarray of int
        No recipe is on both sides; where the lab has no cells, no source is.
    """
    mine = rows.source == own
    by_source = not mine.any() and len(np.unique(rows.source)) >= LEAST_RECIPES
    blocks = rows.source if by_source else recipe_codes(rows.features)
    asked = mine if mine.sum() >= LEAST_RECIPES else np.ones(len(rows.y), dtype=bool)
    names = np.random.default_rng(random_state).permutation(np.unique(blocks[asked]))
    for part in np.array_split(names, min(_FOLDS, len(names))):
        out = np.isin(blocks, part)
        yield np.flatnonzero(~out), np.flatnonzero(out & asked)


def choose_weight(
    rows: Rows, start: Array, priors: Priors, *, own: int = -1, caution: float = 1.0, random_state: int = 0
) -> float:
    """Choose the model's share by grouped cross-validation, 0 where it shows no skill.

    Parameters
    ----------
    rows : Rows
    start : ndarray
        Log-hyperparameters of the fit to all rows, where the folds' searches start.
    priors : Priors
    own : int
        The lab's own source; negative when it has no cells.
    caution : float
        Standard errors by which the gain is discounted before the best share is taken.
    random_state : int
        Seed of the folds.

    Returns
    -------
    float
        The share whose gain in CRPS, less ``caution`` standard errors, is largest.
    """
    if len(np.unique(recipe_codes(rows.features))) < LEAST_RECIPES:
        return 0.0
    scores = np.concatenate(
        [
            _fold_scores(rows.take(train), rows.take(test), start, priors, own, random_state)
            for train, test in held_out(rows, own, random_state)
            if len(train)
        ]
    )
    gain = scores[:, :1] - scores
    error = np.std(gain, axis=0, ddof=1) / len(gain) ** 0.5
    return float(_WEIGHTS[np.argmax(gain.mean(axis=0) - caution * error)])


def _fold_scores(train: Rows, test: Rows, start: Array, priors: Priors, own: int, random_state: int) -> Array:
    process = learn(train, priors, random_state=random_state, start=start)
    latent = solve(train, process.kernel_, own=own, random_state=random_state)
    mean, std = new_cell(latent, test.features, test.counts)
    baseline = mean_prediction(train, own)
    centers, scales = zip(*(mix(mean, std, baseline, weight) for weight in _WEIGHTS), strict=True)
    return crps_student(test.y, np.array(centers), np.array(scales), baseline.freedom).T


def new_cell(latent: Latent, features: Array, counts: Array | float = 1.0) -> tuple[Array, Array]:
    """Predict new cells, or the means of several of one recipe.

    Parameters
    ----------
    latent : Latent
    features : ndarray of shape (n, d)
        Standardised.
    counts : ndarray or float
        Number of cells that are averaged.

    Returns
    -------
    mean, std : ndarray of shape (n,)
    """
    mean, std = latent(features)
    return mean, np.sqrt(std**2 + latent.noise_std**2 / counts)
