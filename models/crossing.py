"""What does a model say of cells that it has not seen?"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from models.design import recipe_codes
from models.metrics import coverage, crps_student, mae, rmse, skill, skill_interval
from models.surrogate import Report

Array = NDArray[np.float64]
Integers = NDArray[np.int64]


class Measured(NamedTuple):
    """Cells with a value of one target.

    Attributes
    ----------
    X : ndarray of shape (n, d)
        Features, NaN where unknown.
    y : ndarray of shape (n,)
        The target.
    source : ndarray of str, shape (n,)
        Where each cell comes from.
    noise : ndarray of shape (n,)
        Known standard deviation of each value.
    """

    X: Array
    y: Array
    source: NDArray[np.str_]
    noise: Array

    @property
    def recipe(self) -> Integers:
        """Number of the recipe of each cell: equal features, equal recipe."""
        return recipe_codes(np.nan_to_num(self.X, nan=np.inf))

    def take(self, index: Integers | NDArray[np.bool_]) -> Measured:
        """Select cells."""
        return Measured(*(column[index] for column in self))  # type: ignore[arg-type]


Predictor = Callable[[Measured, Measured], Report]
"""Learns from the first cells and predicts the second."""


class HeldOut(NamedTuple):
    """Predictions of cells by models that have not seen them.

    Attributes
    ----------
    cell : ndarray of int, shape (n,)
        The cells predicted; a cell that no split holds out is missing.
    y, mean, scale, freedom : ndarray of shape (n,)
        What was measured, and the Student t that was predicted.
    block : ndarray of int, shape (n,)
        What was held out together.
    """

    cell: Integers
    y: Array
    mean: Array
    scale: Array
    freedom: Array
    block: Integers

    @property
    def crps(self) -> Array:
        """Continuous ranked probability score of each cell, in the unit of the target."""
        return crps_student(self.y, self.mean, self.scale, self.freedom)

    def interval(self, level: float = 0.9) -> tuple[Array, Array]:
        """Return the central interval of that probability for each cell."""
        reach = self.scale * stdtrit(self.freedom, 0.5 + level / 2)
        return self.mean - reach, self.mean + reach

    def scores(self) -> dict[str, float]:
        """Summarise: errors and width in the unit of the target, coverage of the 90 % interval from 0 to 1."""
        low, high = self.interval()
        return {
            "rmse": rmse(self.y, self.mean),
            "mae": mae(self.y, self.mean),
            "crps": float(self.crps.mean()),
            "coverage": coverage(self.y, low, high),
            "width": float(np.mean(high - low)),
        }

    def skill_over(self, other: HeldOut) -> dict[str, float]:
        """Compare with another prediction of the same cells: skill in CRPS with its 90 % bootstrap interval."""
        low, high = skill_interval(self.crps, other.crps, self.block)
        return {"skill": skill(self.crps, other.crps), "skill_low": low, "skill_high": high}


def leave_out(blocks: NDArray[np.generic], *, most: int = 10, random_state: int = 0) -> list[tuple[Integers, Integers]]:
    """Hold out whole blocks, one at a time, or several together where there are more than ``most``.

    Parameters
    ----------
    blocks : ndarray of shape (n,)
        The recipe or source of each cell.
    most : int
        Largest number of splits.
    random_state : int
        Seed of the shuffle that joins blocks.

    Returns
    -------
    list of (train, test)
        Positions of the cells; none with a single block.
    """
    names = np.random.default_rng(random_state).permutation(np.unique(blocks))
    if len(names) < 2:
        return []
    parts = [np.isin(blocks, part) for part in np.array_split(names, min(most, len(names)))]
    return [(np.flatnonzero(~part), np.flatnonzero(part)) for part in parts]


def predict_held_out(
    cells: Measured, splits: Iterable[tuple[Integers, Integers]], predictor: Predictor, blocks: Integers | None = None
) -> HeldOut:
    """Predict each held-out cell by a model that has not seen it.

    Parameters
    ----------
    cells : Measured
    splits : iterable of (train, test)
    predictor : callable
    blocks : ndarray of int, optional
        What the cells are grouped by when skill is judged; their recipes by default.

    Returns
    -------
    HeldOut
    """
    blocks = cells.recipe if blocks is None else blocks
    parts = []
    for train, test in splits:
        report = predictor(cells.take(train), cells.take(test))
        freedom = np.broadcast_to(report.freedom, len(test))
        parts.append((test, cells.y[test], report.mean, report.scale, freedom, blocks[test]))
    if not parts:
        empty = np.empty(0)
        return HeldOut(np.empty(0, int), empty, empty, empty, empty, np.empty(0, int))
    return HeldOut(*(np.concatenate(column) for column in zip(*parts, strict=True)))
