"""Which groups of features pay for themselves?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_solve

from models.design import Design, Integers, Rows, combine_replicates, recipe_codes
from models.latent import INDUCING, LARGEST_EXACT, Priors, learn, standard
from models.metrics import crps_student
from models.weighing import asked_blocks, saving

Array = NDArray[np.float64]

LEAST_TO_SELECT = 20
"""Fewest recipes from which a group may be dropped; below, nothing can be told and all are kept."""

SURE = 2.0
"""Standard errors by which recipes left out have to be predicted better without a group before it is dropped."""


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
            return f"All groups of features are kept: with fewer than {LEAST_TO_SELECT} recipes none is dropped."
        found = ", ".join(f"{cost:+.1%} without {name}" for name, cost in self.costs.items())
        dropped = " and ".join(name for name in self.costs if name not in self.kept)
        said = f"Dropped are the features of {dropped}" if dropped else "All groups of features are kept"
        return f"{said}: CRPS of recipes left out {found}."


def select_groups(
    X: Array,
    cells: Rows,
    groups: Mapping[str, Sequence[int]],
    priors: Priors,
    *,
    own: int = -1,
    random_state: int = 0,
) -> Selection:
    """Drop the groups without which recipes left out are predicted better for sure, the worst first.

    The gain without a group has to exceed two standard errors, because the priors keep idle features quiet already. The
    number was chosen on simulated campaigns: with one, groups that are needed are lost too often.

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
        Seed of the sample that is looked at when there are more than ``LARGEST_EXACT`` rows.

    Returns
    -------
    Selection
        All groups with fewer than twenty recipes, and at least one.
    """
    everything = sorted(column for columns in groups.values() for column in columns)
    rows, first = combine_replicates(cells._replace(features=Design.of(X, everything).transform(X)))
    if len(np.unique(recipe_codes(rows.features))) < LEAST_TO_SELECT:
        return Selection(tuple(groups), {})
    if len(rows.y) > LARGEST_EXACT:
        chosen = np.random.default_rng(random_state).choice(len(rows.y), INDUCING, replace=False)
        rows, first = rows.take(chosen), first[chosen]
    blocks, asked = asked_blocks(rows, own)

    def scores(names: list[str]) -> Array:
        # Recipes that these columns do not tell apart stay apart, so that all options are scored on the same rows.
        columns = [column for name in names for column in groups[name]]
        features = Design.of(X, columns).transform(X[first])
        return left_out_scores(rows._replace(features=features), priors, blocks)[asked]

    return _drop(list(groups), scores, 1 / rows.share[asked])


def _drop(kept: list[str], scores: Callable[[list[str]], Array], trust: Array) -> Selection:
    costs: dict[str, float] = {}
    now = scores(kept)
    while len(kept) > 1:
        without = {name: scores([other for other in kept if other != name]) for name in kept}
        savings = {name: saving(now, one, trust) for name, one in without.items()}
        if not costs:
            costs = {name: -gain / float(np.average(now, weights=trust)) for name, (gain, _) in savings.items()}
        worst = max(kept, key=lambda name: savings[name][0])
        gain, error = savings[worst]
        if gain <= SURE * error:
            break
        now = without[worst]
        kept = [name for name in kept if name != worst]
    return Selection(tuple(kept), costs)


def left_out_scores(rows: Rows, priors: Priors, blocks: Integers) -> Array:
    """Score each row by what the Gaussian process says of it without its block, the hyperparameters kept.

    In closed form (Rasmussen and Williams 2006, eqs. 5.10-5.12, with whole blocks in place of single rows), so that it
    costs one fit.

    Parameters
    ----------
    rows : Rows
        At most ``LARGEST_EXACT``.
    priors : Priors
    blocks : ndarray of int, shape (n,)
        What is left out together.

    Returns
    -------
    ndarray of shape (n,)
        CRPS, in the unit of the target.
    """
    process = learn(rows, priors)
    inverse = cho_solve((process.L_, True), np.eye(len(rows.y)))
    away, std = np.empty((2, len(rows.y)))
    for block in np.unique(blocks):
        out = np.flatnonzero(blocks == block)
        covariance = np.linalg.inv(inverse[np.ix_(out, out)])
        away[out] = covariance @ process.alpha_[out]
        std[out] = np.sqrt(np.diag(covariance))
    return standard(rows)[1] * crps_student(away, 0.0, std, len(rows.y) - 1)
