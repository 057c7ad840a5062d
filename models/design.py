"""Which numbers of a feature table reach the model, and which rows are one recipe?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

_LEAST_RELATIVE_SPREAD = 1e-9


class Design(NamedTuple):
    """Standardise the features that vary; take an unknown value as the average one.

    Attributes
    ----------
    kept : ndarray of int, shape (d,)
        The columns with at least two different known values; at least one column is kept.
    center, scale : ndarray of shape (d,)
        Mean and standard deviation of the kept columns.
    """

    kept: Integers
    center: Array
    scale: Array

    @classmethod
    def of(cls, X: Array, columns: Sequence[int] | None = None) -> Self:
        """Learn from the features of the training rows.

        Parameters
        ----------
        X : ndarray of shape (n, columns)
            NaN where unknown.
        columns : sequence of int, optional
            The columns that may be kept; all by default.

        Returns
        -------
        Design
        """
        known = ~np.isnan(X)
        counts = np.maximum(known.sum(axis=0), 1)
        center = np.where(known, X, 0.0).sum(axis=0) / counts
        scale = np.sqrt(np.where(known, (X - center) ** 2, 0.0).sum(axis=0) / counts)
        varies = scale > _LEAST_RELATIVE_SPREAD * np.maximum(np.abs(center), 1e-300)
        if columns is not None:
            varies &= np.isin(np.arange(X.shape[1]), columns)
        kept = np.flatnonzero(varies) if varies.any() else np.zeros(1, dtype=np.int64)
        return cls(kept, center[kept], np.where(varies, scale, 1.0)[kept])

    def transform(self, X: Array) -> Array:
        """Standardise features of shape (n, columns) to shape (n, d), without missing values."""
        standard = X.T.take(self.kept, axis=0)
        standard -= self.center[:, None]
        standard /= self.scale[:, None]
        np.copyto(standard, 0.0, where=np.isnan(standard))
        return standard.T


class Rows(NamedTuple):
    """Measured recipes, each the mean of its replicates in one source.

    Attributes
    ----------
    features : ndarray of shape (n, d)
        Standardised features.
    source : ndarray of int, shape (n,)
        Number of the source.
    y : ndarray of shape (n,)
        Mean of the replicates.
    noise : ndarray of shape (n,)
        Known standard deviation of one replicate, in the unit of ``y``.
    share : ndarray of shape (n,)
        Factor of the variance of one replicate: above 1 for a row that is trusted less.
    counts, squares : ndarray of shape (n,)
        Number of replicates and their summed squares about the mean.
    """

    features: Array
    source: Integers
    y: Array
    noise: Array
    share: Array
    counts: Array
    squares: Array

    def take(self, index: NDArray[np.int64] | NDArray[np.bool_]) -> Rows:
        """Select rows."""
        return Rows(*(column[index] for column in self))  # type: ignore[arg-type]


def recipe_codes(features: Array) -> Integers:
    """Give equal rows of a feature table equal numbers, in the order of first appearance."""
    _, first, codes = np.unique(features, axis=0, return_index=True, return_inverse=True)
    rank = np.argsort(np.argsort(first))
    return rank[codes.ravel()]


def single_rows(features: Array, source: Integers, y: Array, noise: Array) -> Rows:
    """Make a row of each cell.

    Parameters
    ----------
    features : ndarray of shape (cells, d)
    source : ndarray of int, shape (cells,)
    y, noise : ndarray of shape (cells,)

    Returns
    -------
    Rows
    """
    return Rows(features, source, y, noise, np.ones(len(y)), np.ones(len(y)), np.zeros(len(y)))


def combine_replicates(cells: Rows) -> tuple[Rows, Integers]:
    """Combine the cells that agree in features, source, known noise and share.

    Parameters
    ----------
    cells : Rows
        Single cells.

    Returns
    -------
    rows : Rows
        One row for each set of replicates, in the order of first appearance.
    first : ndarray of int
        The first cell of each set.
    """
    codes = recipe_codes(np.column_stack([cells.features, cells.source, cells.noise, cells.share]))
    _, first = np.unique(codes, return_index=True)
    counts = np.bincount(codes).astype(float)
    mean = np.bincount(codes, cells.y) / counts
    squares = np.bincount(codes, (cells.y - mean[codes]) ** 2).astype(float)
    return cells.take(first)._replace(y=mean, counts=counts, squares=squares), first
