"""Which groups of features pay for themselves?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.design import Design, Rows, combine_replicates, recipe_codes
from models.latent import Priors, learn
from models.weighing import Folded, fold, pick

Array = NDArray[np.float64]

LEAST_TO_SELECT = 20
"""Fewest recipes from which a group may be dropped; below, nothing can be told and all are kept."""


class Selection(NamedTuple):
    """Which groups of features are kept for a target.

    Attributes
    ----------
    kept : tuple of str
        The groups.
    costs : dict of str to float
        By how much the CRPS of recipes left out grows without each group, relative to that with all; empty when
        there were too few recipes to tell.
    """

    kept: tuple[str, ...]
    costs: dict[str, float]

    @property
    def sentence(self) -> str:
        """Say what was kept and why."""
        if not self.costs:
            return f"All feature groups kept: fewer than {LEAST_TO_SELECT} recipes cannot tell which pay."
        found = ", ".join(f"{name} {cost:+.1%}" for name, cost in self.costs.items())
        return f"Feature groups kept: {', '.join(self.kept)} (change of CRPS without each: {found})."


def select_groups(
    X: Array,
    cells: Rows,
    groups: Mapping[str, Sequence[int]],
    priors: Priors,
    *,
    own: int = -1,
    random_state: int = 0,
) -> Selection:
    """Drop the groups without which recipes left out are predicted better for sure.

    The gain without a group has to exceed its standard error: the priors keep idle features quiet already, and on
    simulated campaigns of 60 cells, dropping all that did not show a gain made predictions of new cells 1.8 % worse,
    and dropping by this rule 0.8 %. So it is an option, for tables with many idle columns.

    Parameters
    ----------
    X : ndarray of shape (n, columns)
        Features, NaN where unknown.
    cells : Rows
        The same cells, single; their own features are not looked at.
    groups : mapping of str to sequence of int
        The columns of each group.
    priors : Priors
    own : int
        The lab's own source; negative when it has no cells.
    random_state : int
        Seed of the folds.

    Returns
    -------
    Selection
        All groups with fewer than twenty recipes.
    """
    recipe = recipe_codes(np.nan_to_num(X, nan=np.inf))
    if len(np.unique(recipe)) < LEAST_TO_SELECT:
        return Selection(tuple(groups), {})

    def folded(columns: list[int]) -> Folded | None:
        # The recipe's number, scaled to nothing, keeps apart recipes that these columns do not tell apart.
        features = np.column_stack([Design.of(X, columns).transform(X), 1e-9 * recipe])
        rows, _ = combine_replicates(cells._replace(features=features))
        start = learn(rows, priors, random_state=random_state).kernel_.theta
        return fold(rows, start, priors, own=own, random_state=random_state)

    everything = sorted(column for columns in groups.values() for column in columns)
    whole, kept, costs = folded(everything), [], {}
    for name, columns in groups.items():
        without = folded([column for column in everything if column not in columns])
        if whole and without:
            with_it, without_it = whole.scores(1.0), without.scores(1.0)
            costs[name] = float(without_it.mean() / with_it.mean() - 1)
            kept += [name] * (pick(np.stack([with_it, without_it]), whole.trust) == 0)
    return Selection(tuple(kept) or tuple(groups), costs)
