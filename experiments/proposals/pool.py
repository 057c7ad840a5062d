"""Which recipes may still be proposed?"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from datasets.cells import recipes

if TYPE_CHECKING:
    import pandas as pd

    from experiments.proposals.options import ProposalOptions
    from featurizers.featurizer import RecipeFeaturizer
    from screening.gates import Gates
    from screening.space import RecipeSpace

Array = NDArray[np.float64]
Positions = NDArray[np.int64]

SAMPLED = 30_000
"""Recipes drawn from a larger space."""

_REFINED, _ROUNDS = 60, 4


class Pool(NamedTuple):
    """Recipes that may be proposed.

    Attributes
    ----------
    table : pandas.DataFrame
        Recipe table of n rows, indexed by position in the space.
    features : ndarray of shape (n, d)
    """

    table: pd.DataFrame
    features: Array

    def take(self, keep: NDArray[np.bool_]) -> Pool:
        """Keep some of the recipes."""
        return Pool(self.table[keep], self.features[keep])


class Finder:
    """Finds recipes of a space that pass the gates, can be made from what is in stock, and were not proposed before.

    Parameters
    ----------
    space : RecipeSpace
    gates : Gates
    options : ProposalOptions
    featurizer : RecipeFeaturizer
    taken : collection of int
        Positions in the space of recipes that are not new.
    """

    def __init__(
        self,
        space: RecipeSpace,
        gates: Gates,
        options: ProposalOptions,
        featurizer: RecipeFeaturizer,
        taken: Collection[int],
    ) -> None:
        self.space, self.gates, self.options, self.featurizer = space, gates, options, featurizer
        self.taken = np.array(sorted(taken), dtype=np.int64)

    def free(self, positions: Positions) -> Pool:
        """Select the recipes at some positions that may be proposed."""
        table = self.space.table(positions[~np.isin(positions, self.taken)])
        refused = np.any([self.options.lacks(table), *self.gates.rejections(table).values()], axis=0)
        table = table[~refused]
        names = list(self.featurizer.get_feature_names_out())
        if not len(table):
            return Pool(table, np.empty((0, len(names))))
        pool = Pool(table, np.asarray(self.featurizer.transform(table), dtype=float))
        thick = self.gates.too_thick(pool.features[:, names.index("thickness_nm")])
        return pool.take(~np.any([*thick.values()], axis=0)) if thick else pool

    def sample(self, seed: int) -> Pool:
        """Draw recipes with equal chances; all of them where the space is small."""
        if self.space.n_recipes <= SAMPLED:
            return self.free(np.arange(self.space.n_recipes))
        return self.free(np.sort(self.space.sample(SAMPLED, seed).index.to_numpy()))

    def refined(self, pool: Pool, score: Callable[[Array], Array]) -> Pool:
        """Add the neighbours of the best recipes, and theirs, as long as that finds better ones.

        Parameters
        ----------
        pool : Pool
        score : callable
            From features of shape (n, d) to the worth of n recipes.

        Returns
        -------
        Pool
            That of before, and what was added.
        """
        worth = score(pool.features)
        for _ in range(_ROUNDS):
            best = np.argsort(-worth)[:_REFINED]
            near = [self.space.neighbours(recipe) for recipe in recipes(pool.table.iloc[best])]
            new = np.setdiff1d(np.concatenate([np.empty(0, dtype=np.int64), *near]), pool.table.index)
            added = self.free(new)
            if not len(added.table):
                break
            pool = joined(pool, added)
            gained = score(added.features)
            worth = np.concatenate([worth, gained])
            if gained.max() <= worth[best[0]]:
                break
        return pool


def joined(one: Pool, other: Pool) -> Pool:
    """Put two pools of different recipes together."""
    import pandas as pd

    return Pool(pd.concat([one.table, other.table]), np.concatenate([one.features, other.features]))
