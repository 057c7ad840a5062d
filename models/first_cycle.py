"""How much better is a late result predicted once the first cycle of a cell is known?"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from models.baselines import by_surrogate
from models.crossing import HeldOut, Integers, Measured, predict_held_out
from models.later import EARLY, LEAST_FOR_LINE, LaterSurrogate, begun
from models.surrogate import Surrogate

Array = NDArray[np.float64]

LATER = "surrogate, first cycle known"
"""The surrogate that is also told what the first cycle of a held-out cell gave."""


def with_early(cells: Measured, early: Array) -> Measured:
    """Put the early results of n cells, of shape (n, m), before their features."""
    return cells._replace(X=np.column_stack([early, cells.X]))


def like(surrogate: Surrogate, n_early: int) -> LaterSurrogate:
    """Make a model with early results that has the settings of one without."""
    return LaterSurrogate(surrogate.random_state, n_early=n_early, own_source=surrogate.own_source)


def first_cycle_known(
    cells: Measured, early: Array, surrogate: Surrogate, splits: Iterable[tuple[Integers, Integers]]
) -> HeldOut:
    """Predict held-out cells whose first cycle is known.

    Parameters
    ----------
    cells : Measured
        With the late result.
    early : ndarray of shape (n, m)
        From ``models.later.early_results``.
    surrogate : Surrogate
        Whose settings are used.
    splits : iterable of (train, test)

    Returns
    -------
    HeldOut
    """
    return predict_held_out(
        with_early(cells, early), splits, by_surrogate(like(surrogate, early.shape[1])), cells.recipe
    )


def later_sentence(
    cells: Measured, early: Array, surrogate: Surrogate, compared: Iterable[HeldOut | None], unit: str
) -> str:
    """Say what the first cycle is worth, on the held-out cells of which it is known.

    Parameters
    ----------
    cells, early, surrogate
        As in ``first_cycle_known``.
    compared : iterable of HeldOut or None
        Predictions with the first cycle, without it, and by the mean.
    unit : str
        Of the late result.

    Returns
    -------
    str
    """
    known = begun(early)
    models = [_only(one, known) for one in compared if one is not None]
    recipes = len(np.unique(cells.recipe[known]))
    if recipes < LEAST_FOR_LINE or not models:
        return f"{recipes} recipe{'s' * (recipes != 1)} with both results cannot tell, {LEAST_FOR_LINE} are needed."
    missed, without, alone = (f"{one.scores()['rmse']:.3g}" for one in models)
    numbers = f"recipes left out are missed by {missed} {unit}, without it by {without}, by the mean by {alone}"
    table = with_early(cells, early)
    used = like(surrogate, early.shape[1]).fit(table.X, cells.y, cells.source, cells.noise).used
    if not used:
        return f"it does not help yet on {recipes} recipes: {numbers}."
    names = " and ".join(list(EARLY.values())[column] for column in used)
    return f"the {names} help{'s' * (len(used) == 1)} on {recipes} recipes: {numbers}."


def _only(held: HeldOut, asked: NDArray[np.bool_]) -> HeldOut:
    return HeldOut(*(column[asked[held.cell]] for column in held))  # type: ignore[arg-type]
