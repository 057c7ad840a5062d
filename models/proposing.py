"""Which experiment pays most next, given what is believed of the objectives?"""

from __future__ import annotations

from typing import NamedTuple, Protocol, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.distance import cdist

from models.acquisition import expected_hypervolume_improvement, hypervolume

Array = NDArray[np.float64]

BOLDNESS = 2.2
"""What standard deviations are multiplied with where experiments are compared.

One step's expected gain looks no further than that step, and a model that takes its own settings as known is too sure.
Chosen on simulated campaigns of two families that are not reported: of 0.3, 0.6, 1, 1.5, 2.2 and 3.2, each reached more
than the one before but the last. On tables with one objective it made no difference."""

_LEAST_KNOWN = 0.95
_SAMPLE = 1000
_BELOW = 0.5


class Beliefs(Protocol):
    """What is believed of t objectives, all maximised, over a space of features."""

    @property
    def noise_std(self) -> Array:
        """Standard deviation of one new measurement about its mean, shape (t,)."""

    def posterior(self, features: Array) -> tuple[Array, Array]:
        """Give mean and standard deviation of the response, without noise, both of shape (n, t)."""

    def conditioned(self, features: Array) -> Self:
        """Believe that measurements at these rows, of shape (p, d), will come in as expected: less is open there."""


class Choice(NamedTuple):
    """The next experiment, and why.

    Attributes
    ----------
    row : int
        Its row in the pool; in what was measured, where it is a replicate.
    is_replicate : bool
        Whether it repeats a measured experiment.
    gain : float
        By how much it is expected to raise what is reached: in the unit of the objective, or in the product of the
        units of several. NaN where nothing is known yet.
    kind : str
        ``"gain"`` for the best expected gain; ``"uncertainty"`` where that lies in the doubt alone, in the least known
        twentieth of the pool; ``"replicate"`` where knowing a good experiment better pays more than a new one;
        ``"design"`` where nothing is known and the space is filled.
    """

    row: int
    is_replicate: bool
    gain: float
    kind: str


class Outlook(NamedTuple):
    """What is reached so far, and what could be gained from here.

    What is reached is the believed mean of what was measured and is pending, not the luckiest reading.

    Attributes
    ----------
    belief : Beliefs
        Conditioned on what is pending.
    reached : ndarray of shape (m + p, t)
        Believed means of what was measured and is pending.
    reference : ndarray of shape (t,)
        The corner from which gains are counted.
    """

    belief: Beliefs
    reached: Array
    reference: Array

    @classmethod
    def of(cls, beliefs: Beliefs, measured: Array, pending: Array, reference: ArrayLike | None = None) -> Self:
        """Look out from what was measured and what is pending.

        Parameters
        ----------
        beliefs : Beliefs
        measured, pending : ndarray of shape (m, d), (p, d)
            Of the measured, only what counts as reached.
        reference : array-like of shape (t,), optional
            By default half of the range of what is reached below the worst of it: far enough that the best in either
            objective counts, and not only what lies between the ends of the front.

        Returns
        -------
        Outlook

        Raises
        ------
        ValueError
            When nothing is measured or pending.
        """
        rows = np.vstack([measured, pending])
        if not len(rows):
            raise ValueError("Got nothing measured or pending, expected at least one experiment")
        belief = beliefs.conditioned(pending) if len(pending) else beliefs
        reached = belief.posterior(rows)[0]
        corner = _corner(reached) if reference is None else np.array(reference, dtype=float)
        return cls(belief, reached, np.atleast_1d(corner))

    def gain(self, features: Array, boldness: float = 1.0) -> Array:
        """Expect what a new experiment of each row adds to what is reached, shape (n,).

        Parameters
        ----------
        features : ndarray of shape (n, d)
        boldness : float
            What standard deviations are multiplied with.
        """
        mean, std = self.belief.posterior(features)
        return self._added(mean, boldness * std)

    def bold_gain(self, features: Array) -> Array:
        """Give what new experiments are compared by: the gain expected with ``BOLDNESS``."""
        return self.gain(features, BOLDNESS)

    def doubt(self, features: Array) -> Array:
        """Measure how little is known of each row, in standard deviations of the noise, shape (n,)."""
        return np.asarray((self.belief.posterior(features)[1] / self.belief.noise_std).sum(axis=1))

    def gain_of_another(self, features: Array) -> Array:
        """Expect what another measurement of each row among the reached adds to what is believed reached, shape (n,).

        One measurement moves the believed mean of a row by a normal amount with the standard deviation
        ``s^2 / sqrt(s^2 + noise^2)``, s being that of the row (eq. 4.1 of 10.1137/070693424).
        """
        mean, std = self.belief.posterior(features)
        move = std**2 / np.sqrt(std**2 + np.square(self.belief.noise_std))
        whole = hypervolume(self.reached, self.reference)
        gains = np.zeros(len(mean))
        for row in range(len(mean)):
            others = self.reached[~np.isclose(self.reached, mean[row], rtol=1e-9, atol=0.0).all(axis=1)]
            added = expected_hypervolume_improvement(mean[[row]], move[[row]], others, self.reference)[0]
            gains[row] = hypervolume(others, self.reference) + added - whole
        return gains

    def _added(self, mean: Array, std: Array) -> Array:
        return expected_hypervolume_improvement(mean, std, self.reached, self.reference)


def _corner(reached: Array) -> Array:
    low, extent = reached.min(axis=0), np.ptp(reached, axis=0)
    # One objective is counted from the worst, so that it is the best that others must beat.
    if len(low) == 1:
        return low
    return low - _BELOW * np.where(extent > 0, extent, np.maximum(np.abs(low), 1.0))


def choose(
    beliefs: Beliefs | None,
    pool: Array,
    *,
    measured: Array,
    pending: Array,
    reference: ArrayLike | None = None,
    replicates: bool = True,
    feasible: NDArray[np.bool_] | None = None,
    chance: Array | None = None,
) -> Choice:
    """Choose the next experiment.

    Parameters
    ----------
    beliefs : Beliefs or None
        None while nothing is measured.
    pool : ndarray of shape (n, d)
        New experiments to choose from; n may be 0 where a replicate is allowed.
    measured, pending : ndarray of shape (m, d), (p, d)
        What was measured, and what is under way.
    reference : array-like of shape (t,), optional
        The corner from which gains in several objectives are counted; by default chosen from what is reached.
    replicates : bool
        Whether a measured experiment may be chosen again.
    feasible : ndarray of bool, shape (m,), optional
        What of the measured keeps its constraints.
    chance : ndarray of shape (n,), optional
        Probability that each row of the pool keeps its constraints; it weighs the gain.

    Returns
    -------
    Choice

    Raises
    ------
    ValueError
        When there is nothing to choose from.
    """
    if not len(pool) and not (replicates and len(measured)):
        raise ValueError("Got an empty pool, expected at least one new experiment to choose from")
    if beliefs is None or not len(measured):
        return Choice(fill(pool, pending), False, float("nan"), "design")
    weight = np.ones(len(pool)) if chance is None else chance
    kept = measured if feasible is None else measured[feasible]
    if not len(kept):
        return Choice(int(np.argmax(weight)), False, float("nan"), "gain")
    outlook = Outlook.of(beliefs, kept, pending, reference)
    best = _best_new(outlook, pool, weight) if len(pool) else None
    again = _best_replicate(outlook, measured, feasible) if replicates else None
    if best is None or (again and again.gain > weight[best.row] * outlook.bold_gain(pool[[best.row]])[0]):
        assert again is not None
        return again
    return best


def _best_new(outlook: Outlook, pool: Array, weight: Array) -> Choice:
    bold = outlook.bold_gain(pool) * weight
    # Where no gain can be told from nothing, the least known row teaches most.
    row = int(np.argmax(bold if bold.max() > 0 else outlook.doubt(pool) * weight))
    some = pool[:: max(1, len(pool) // _SAMPLE)]
    unsure = outlook.doubt(pool[[row]])[0] >= np.quantile(outlook.doubt(some), _LEAST_KNOWN)
    unsure = unsure and outlook.gain(pool[[row]], 0.0)[0] <= 0
    return Choice(row, False, float(outlook.gain(pool[[row]])[0] * weight[row]), "uncertainty" if unsure else "gain")


def _best_replicate(outlook: Outlook, measured: Array, feasible: NDArray[np.bool_] | None) -> Choice:
    rows = np.arange(len(measured)) if feasible is None else np.flatnonzero(feasible)
    gains = outlook.gain_of_another(measured[rows])
    best = int(np.argmax(gains))
    return Choice(int(rows[best]), True, float(gains[best]), "replicate")


def fill(pool: Array, taken: Array) -> int:
    """Choose the row of a pool that is farthest from all that is taken; the most central one where nothing is.

    Parameters
    ----------
    pool : ndarray of shape (n, d)
        Columns count as their spread over the pool.
    taken : ndarray of shape (k, d)

    Returns
    -------
    int
    """
    spread = pool.std(axis=0)
    scale = np.where(spread > 0, spread, 1.0)
    if not len(taken):
        return int(np.argmin(np.square((pool - pool.mean(axis=0)) / scale).sum(axis=1)))
    return int(np.argmax(cdist(pool / scale, taken / scale).min(axis=1)))
