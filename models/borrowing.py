"""How much should a cell of another lab count?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.design import Rows, combine_replicates, recipe_codes
from models.latent import Priors, learn
from models.weighing import LEAST_RECIPES, fold, pick

BORROW_WEIGHTS = (0.0, 0.1, 0.3, 1.0)
"""The weights that are tried."""


def borrowed(cells: Rows, position: NDArray[np.int64], own: int, weight: float) -> tuple[Rows, NDArray[np.int64]]:
    """Let cells of other sources count as a part of an own one.

    Parameters
    ----------
    cells : Rows
        Single cells.
    position : ndarray of int, shape (n,)
        Where each came from.
    own : int
        The lab's own source; where it has no cells, all sources count in full.
    weight : float
        What a cell of another source counts; with 0 they are left out.

    Returns
    -------
    cells : Rows
    position : ndarray of int
        Of the cells that are left.
    """
    mine = cells.source == own
    if not mine.any() or weight == 1:
        return cells, position
    if weight == 0:
        return cells.take(mine), position[mine]
    return cells._replace(share=np.where(mine, cells.share, cells.share / weight)), position


def choose_borrow(cells: Rows, priors: Priors, *, own: int, random_state: int = 0) -> float:
    """Choose what cells of other sources count, by leaving out the own recipes.

    Parameters
    ----------
    cells : Rows
        Single cells, the own ones first.
    priors : Priors
    own : int
        The lab's own source.
    random_state : int
        Seed of the folds.

    Returns
    -------
    float
        The weight with the best CRPS; 0 where it might be luck that it beats borrowing nothing, or where there are
        fewer than four own recipes to tell by; 1 where there are no own cells at all.
    """
    mine = cells.source == own
    if not mine.any():
        return 1.0
    if mine.all() or len(np.unique(recipe_codes(cells.features[mine]))) < LEAST_RECIPES:
        return 0.0
    folds = []
    for weight in BORROW_WEIGHTS:
        rows = combine_replicates(borrowed(cells, np.arange(len(cells.y)), own, weight)[0])[0]
        start = learn(rows, priors, random_state=random_state).kernel_.theta
        folds.append(fold(rows, start, priors, own=own, random_state=random_state))
    return BORROW_WEIGHTS[pick(np.array([one.scores(1.0) for one in folds if one]))]
