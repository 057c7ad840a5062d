"""Which cells stand so far from the rest that they should count less?"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from models.design import Rows
from models.latent import LARGEST_EXACT, Priors, learn

Array = NDArray[np.float64]

FREEDOM = 4.0
"""Degrees of freedom of the Student t that stands for the scatter of cells when some may be bad."""

OUTLIER_TRUST = 0.4
"""Below this trust a cell is named an outlier: it lies about three standard deviations from what the others say."""

_ROUNDS = 4
_LEAST_ROWS = 4


class Trust(NamedTuple):
    """How much each row counts.

    Attributes
    ----------
    weight : ndarray of shape (n,)
        1 for a row like the rest, towards 0 for one far away.
    """

    weight: Array

    @property
    def outliers(self) -> NDArray[np.int64]:
        """The rows that count little."""
        return np.flatnonzero(self.weight < OUTLIER_TRUST)


def find_trust(rows: Rows, priors: Priors, *, random_state: int = 0) -> Trust:
    """Weigh single cells by how far the others, left-one-out, expect them to be.

    Expectation-maximisation of a Student t scatter (10.1080/01621459.1989.10478852): a cell at z standard deviations
    counts as (4 + 1) / (4 + z^2) cells, at most as one.

    Parameters
    ----------
    rows : Rows
        Single cells, not combined.
    priors : Priors
    random_state : int
        Seed, as in ``learn``.

    Returns
    -------
    Trust
        All ones with fewer than four rows, or more than are solved exactly.
    """
    weight = np.ones(len(rows.y))
    if not _LEAST_ROWS <= len(rows.y) <= LARGEST_EXACT:
        return Trust(weight)
    for _ in range(_ROUNDS):
        weighed = rows._replace(share=rows.share / weight)
        weight = np.minimum(1.0, (FREEDOM + 1) / (FREEDOM + _left_out(weighed, rows, priors, random_state)))
    return Trust(weight)


def _left_out(weighed: Rows, rows: Rows, priors: Priors, random_state: int) -> Array:
    process = learn(weighed, priors, random_state=random_state)
    inverse = solve_triangular(process.L_, np.eye(len(rows.y)), lower=True)
    precision = np.sum(inverse**2, axis=0)
    noise = process.kernel_.noise_variance * np.stack([weighed.share, rows.share]) / rows.counts
    # Leave-one-out mean and variance in closed form (Rasmussen and Williams 2006, eq. 5.12), with the cell's own
    # scatter as it would be if it were trusted.
    variance = np.maximum(1 / precision - noise[0], 0.0) + noise[1]
    return (process.alpha_ / precision) ** 2 / variance
