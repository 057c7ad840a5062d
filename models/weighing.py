"""How far may the model move a prediction away from the mean?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.design import Integers, Rows, recipe_codes
from models.forest import grow, pool
from models.latent import LARGEST_EXACT, Latent, Priors, learn, solve, standard
from models.metrics import crps_student

Array = NDArray[np.float64]

LEAST_RECIPES = 4
"""Fewest measured recipes from which a weight is chosen; below, the mean is reported."""

_FOLDS = ((99, 10), (LARGEST_EXACT, 5), (np.inf, 3))
SHARES = np.linspace(0.0, 1.0, 21)
"""Shares of the model that are tried."""

_FOREST_SHARES = np.linspace(0.0, 1.0, 5)


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
    worth = float(np.sum(1 / used.share))
    spare = float(np.sum(used.counts - 1))
    within = float(np.sum(used.squares)) / spare if spare else 0.0
    variance = scale**2 * (1 + 1 / worth) + within * float(np.mean(1 - 1 / used.counts))
    return Mean(center, variance**0.5, max(worth - 1, 1.0))


def for_unseen_lab(mean: Mean, rows: Rows, own: int, offset: float) -> Mean:
    """Widen the prediction for a lab without cells, when a single other source says nothing of offsets.

    Parameters
    ----------
    mean : Mean
    rows : Rows
    own : int
        The lab's own source; negative when it has no cells.
    offset : float
        Assumed variance of the offsets between sources, in units of the target's variance.

    Returns
    -------
    Mean
        As it is where the lab has cells, or several sources show how they differ.
    """
    if own >= 0 or len(np.unique(rows.source)) > 1:
        return mean
    return mean._replace(scale=mean.scale * (1 + offset) ** 0.5)


def mix(mean: Array, std: Array, center: Array | float, scale: Array | float, weight: float) -> tuple[Array, Array]:
    """Combine the model's prediction with the mean's, as the mean and the variance of their mixture.

    Parameters
    ----------
    mean, std : ndarray
        The model's prediction of a new cell.
    center, scale : float or ndarray
        The mean's.
    weight : float
        Share of the model, 0 to 1.

    Returns
    -------
    center, scale : ndarray
        Of a Student t with the baseline's degrees of freedom.
    """
    apart = mean - center
    variance = weight * std**2 + (1 - weight) * scale**2 + weight * (1 - weight) * apart**2
    return center + weight * apart, np.sqrt(variance)


def asked_blocks(rows: Rows, own: int) -> tuple[Integers, NDArray[np.bool_]]:
    """Tell what has to be left out together, and which rows are like those that will be asked for.

    Parameters
    ----------
    rows : Rows
    own : int
        The lab's own source; negative when it has no cells.

    Returns
    -------
    blocks : ndarray of int, shape (n,)
        The recipe of each row; its source where the lab has no cells and there are enough sources.
    asked : ndarray of bool, shape (n,)
        The lab's own rows where there are enough, else all.
    """
    mine = rows.source == own
    by_source = not mine.any() and len(np.unique(rows.source)) >= LEAST_RECIPES
    blocks = rows.source if by_source else recipe_codes(rows.features)
    return blocks, mine if mine.sum() >= LEAST_RECIPES else np.ones(len(rows.y), dtype=bool)


def held_out(rows: Rows, own: int, random_state: int = 0) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Split rows the way they will be asked for: a new recipe in the own lab, or a new lab.

    Yields
    ------
    train, test : ndarray of int
        No recipe is on both sides; where the lab has no cells, no source is.
    """
    blocks, asked = asked_blocks(rows, own)
    names = np.random.default_rng(random_state).permutation(np.unique(blocks[asked]))
    most = next(folds for rows_at_most, folds in _FOLDS if len(rows.y) <= rows_at_most)
    for part in np.array_split(names, min(most, len(names))):
        out = np.isin(blocks, part)
        yield np.flatnonzero(~out), np.flatnonzero(out & asked)


class Folded(NamedTuple):
    """What models that have not seen a row say of it.

    Attributes
    ----------
    y, trust : ndarray of shape (n,)
        What was measured, and how much the row counts.
    mean, std : ndarray of shape (n,)
        The Gaussian process.
    forest : ndarray of shape (n,)
        The forest; the Gaussian process again where there is none.
    center, scale, freedom : ndarray of shape (n,)
        The mean's Student t.
    """

    y: Array
    trust: Array
    mean: Array
    std: Array
    forest: Array
    center: Array
    scale: Array
    freedom: Array

    @property
    def forest_error(self) -> float:
        """Root of the mean squared error of the forest, in the unit of the target."""
        return float(np.average((self.y - self.forest) ** 2, weights=self.trust)) ** 0.5

    def scores(self, weight: float, forest: float = 0.0) -> Array:
        """Score each row for a share of the model against the mean, and of the forest within the model, in CRPS."""
        mean, std = pool(self.mean, self.std, self.forest, self.forest_error, forest)
        center, scale = mix(mean, std, self.center, self.scale, weight)
        return crps_student(self.y, center, scale, self.freedom)


def saving(reference: Array, scores: Array, trust: Array) -> tuple[float, float]:
    """Give what an option saves over a reference on the same rows.

    Parameters
    ----------
    reference, scores : ndarray of shape (n,)
        Less is better.
    trust : ndarray of shape (n,)
        How much each row counts.

    Returns
    -------
    gain, error : float
        Mean saving and its standard error.
    """
    saved = reference - scores
    gain = float(np.average(saved, weights=trust))
    variance = float(np.average((saved - gain) ** 2, weights=trust))
    return gain, (variance / max(float(trust.sum()) - 1, 1.0)) ** 0.5


def pick(scores: Array, trust: Array | None = None, sure: float = 1.0) -> int:
    """Pick the option that scores best, or the first where what is saved over it might be luck.

    Parameters
    ----------
    scores : ndarray of shape (options, n)
        Score of each row under each option; less is better.
    trust : ndarray of shape (n,), optional
        How much each row counts.
    sure : float
        Standard errors that the saving has to exceed.

    Returns
    -------
    int
        0 unless the best option saves more than that. One standard error was chosen on simulated campaigns: it keeps
        to the mean where nothing can be learned, and loses little where something can.
    """
    trust = np.ones(scores.shape[1]) if trust is None else trust
    best = int(np.argmin(np.average(scores, axis=1, weights=trust)))
    gain, error = saving(scores[0], scores[best], trust)
    return best if gain > sure * error else 0


def fold(
    rows: Rows, start: Array, priors: Priors, *, own: int = -1, with_forest: bool = False, random_state: int = 0
) -> Folded | None:
    """Predict rows by models that have not seen them, in grouped folds.

    Parameters
    ----------
    rows : Rows
    start : ndarray
        Log-hyperparameters of the fit to all rows, where the folds' searches start.
    priors : Priors
    own : int
        The lab's own source; negative when it has no cells.
    with_forest : bool
        Whether to grow forests too.
    random_state : int
        Seed of the folds and forests.

    Returns
    -------
    Folded or None
        None with fewer than four recipes.
    """
    if len(np.unique(recipe_codes(rows.features))) < LEAST_RECIPES:
        return None
    parts = [
        _one_fold(rows.take(train), rows.take(test), start, priors, own, with_forest, random_state)
        for train, test in held_out(rows, own, random_state)
        if len(train)
    ]
    return Folded(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _one_fold(
    train: Rows, test: Rows, start: Array, priors: Priors, own: int, with_forest: bool, random_state: int
) -> Folded:
    process = learn(train, priors, random_state=random_state, start=start)
    latent = solve(train, process.kernel_, own=own, random_state=random_state)
    mean, std = new_cell(latent, test.features, test.counts)
    forest = grow(train, random_state).predict(test.features, own) if with_forest else mean
    baseline = (np.full(len(mean), value) for value in mean_prediction(train, own))
    return Folded(test.y, 1 / test.share, mean, std, forest, *baseline)


def choose_weight(folded: Folded | None, forest: float = 0.0) -> float:
    """Choose the model's share against the mean, 0 where left-out rows show no skill."""
    if folded is None:
        return 0.0
    return float(SHARES[pick(np.array([folded.scores(weight, forest) for weight in SHARES]), folded.trust)])


def choose_forest(folded: Folded) -> float:
    """Choose the forest's share within the model, 0 where left-out rows do not show that it pays."""
    return float(_FOREST_SHARES[pick(np.array([folded.scores(1.0, one) for one in _FOREST_SHARES]), folded.trust)])


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
