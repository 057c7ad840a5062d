"""What does a forest say, once there are enough cells to grow one?"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.design import Rows

if TYPE_CHECKING:
    from sklearn.ensemble import RandomForestRegressor

Array = NDArray[np.float64]

LEAST_FOR_FOREST = 100
"""Fewest rows from which a forest may share the prediction."""

_TREES = 60


class Forest(NamedTuple):
    """A random forest on features and sources.

    Attributes
    ----------
    trees : RandomForestRegressor
    sources : int
        Number of sources; each is a column of its own, all zero for a new lab.
    """

    trees: RandomForestRegressor
    sources: int

    def predict(self, features: Array, own: int) -> Array:
        """Predict new cells of one source.

        Parameters
        ----------
        features : ndarray of shape (n, d)
            Standardised.
        own : int
            The source; negative for a new lab.

        Returns
        -------
        ndarray of shape (n,)
        """
        return self.trees.predict(_with_source(features, np.full(len(features), own), self.sources))


def grow(rows: Rows, random_state: int = 0) -> Forest:
    """Grow a forest on rows.

    Parameters
    ----------
    rows : Rows
    random_state : int
        Seed.

    Returns
    -------
    Forest
    """
    from sklearn.ensemble import RandomForestRegressor

    sources = int(rows.source.max()) + 1
    trees = RandomForestRegressor(_TREES, max_features=0.5, min_samples_leaf=2, random_state=random_state)
    trees.fit(_with_source(rows.features, rows.source, sources), rows.y)
    return Forest(trees, sources)


def _with_source(features: Array, source: NDArray[np.int64], sources: int) -> Array:
    if sources == 1:
        return features
    return np.column_stack([features, source[:, None] == np.arange(sources)])


def pool(mean: Array, std: Array, forest_mean: Array, forest_std: Array | float, share: float) -> tuple[Array, Array]:
    """Combine two predictions as the mean and standard deviation of their mixture.

    Parameters
    ----------
    mean, std, forest_mean : ndarray of shape (n,)
    forest_std : float or ndarray of shape (n,)
    share : float
        Of the forest, 0 to 1.

    Returns
    -------
    mean, std : ndarray of shape (n,)
    """
    apart = forest_mean - mean
    variance = (1 - share) * std**2 + share * forest_std**2 + share * (1 - share) * apart**2
    return mean + share * apart, np.sqrt(variance)
