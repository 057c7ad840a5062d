"""Is it worth going on: how much has been reached, and can any recipe that is left beat it?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.acquisition import hypervolume, pareto_mask

if TYPE_CHECKING:
    from experiments.proposals.beliefs import RecipeBeliefs

Array = NDArray[np.float64]

DRAWS = 256
"""Draws of the responses of all recipes together."""

MOST_REMAINING = 400
"""Most promising recipes that are looked at; the rest hardly add to the chance."""

STOP_BELOW = 0.05
"""Stopping is advised when the chance that any recipe left beats the front falls below this."""


class Reached(NamedTuple):
    """Volume that the measured recipes dominate.

    Attributes
    ----------
    round : int
        Up to which round; 0 is what the campaign started from.
    recipes : int
        How many had been measured by then.
    median, low, high : float
        Of the volume, and its 90 % interval, in the product of the targets' units; of one target, what its best
        recipe is above the reference.
    """

    round: int
    recipes: int
    median: float
    low: float
    high: float


class Prospects(NamedTuple):
    """What was reached, and what is to be expected of going on.

    Attributes
    ----------
    reached : list of Reached
        By round, all seen by the model of today.
    chance : float
        Probability that any recipe left beats the front by more than the noise of one cell.
    sentence : str
        Whether to stop, and why.
    """

    reached: list[Reached]
    chance: float
    sentence: str

    def to_dict(self) -> dict[str, Any]:
        """Give what JSON can hold."""
        return {"reached": [one._asdict() for one in self.reached], "chance": self.chance, "sentence": self.sentence}


def prospects(
    beliefs: RecipeBeliefs,
    measured: Array,
    rounds: NDArray[np.int64],
    remaining: Array,
    reference: Array,
    *,
    unproven: Sequence[str] = (),
    seed: int = 0,
) -> Prospects:
    """Draw the responses of measured and remaining recipes together, and compare them draw by draw.

    Parameters
    ----------
    beliefs : RecipeBeliefs
    measured : ndarray of shape (m, d)
        Features of the measured recipes.
    rounds : ndarray of int, shape (m,)
        In which round each was proposed; 0 for what the campaign started from.
    remaining : ndarray of shape (n, d)
        Features of the most promising recipes that are left, at most `MOST_REMAINING`; n may be 0.
    reference : ndarray of shape (t,)
        Below it nothing is gained; all maximised.
    unproven : sequence of str
        Targets on which the model has shown no skill: on its word alone nobody should stop.
    seed : int

    Returns
    -------
    Prospects
    """
    draws = beliefs.draws(np.concatenate([measured, remaining[:MOST_REMAINING]]), DRAWS, seed)
    known, left = draws[:, : len(measured)], draws[:, len(measured) :]
    reached = [_reached(int(number), known[:, rounds <= number], reference) for number in np.unique(rounds)]
    margin = beliefs.noise_std
    better = [_beats(new - margin, old, reference) for new, old in zip(left, known, strict=True)]
    chance = float(np.mean(better)) if left.shape[1] else 0.0
    return Prospects(reached, chance, _sentence(chance, len(remaining), unproven))


def _reached(number: int, draws: Array, reference: Array) -> Reached:
    volumes = [hypervolume(values, reference) for values in draws]
    low, median, high = np.quantile(volumes, [0.05, 0.5, 0.95])
    return Reached(number, draws.shape[1], float(median), float(low), float(high))


def _beats(new: Array, old: Array, reference: Array) -> bool:
    """Tell whether any new point lies above the reference and is dominated by no old one."""
    new = new[(new > reference).all(axis=1)]
    front = old[pareto_mask(old)]
    better: NDArray[np.bool_] = np.any(new[:, None, :] > front[None, :, :], axis=2)
    return bool(np.all(better, axis=1).any())


def _sentence(chance: float, remaining: int, unproven: Sequence[str]) -> str:
    if not remaining:
        return "Stop: no recipe of the space is left that passes the gates."
    said = f"the chance that any recipe left beats the front by more than the noise of one cell is {_percent(chance)}"
    if not unproven:
        return f"{'Stop' if chance < STOP_BELOW else 'Go on'}: {said}."
    doubt = f"{said}, by a model that has shown no skill yet on {' and '.join(unproven)}"
    if chance < STOP_BELOW:
        return f"Cannot tell whether to stop: {doubt}; recipes unlike those measured would show more."
    return f"Go on: {doubt}."


def _percent(chance: float) -> str:
    if chance > 1 - 1 / DRAWS:
        return f"more than {1 - 1 / DRAWS:.1%}"
    return f"{chance:.0%}" if chance >= 1 / DRAWS else f"less than {1 / DRAWS:.1%}"
