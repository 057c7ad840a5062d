"""Why is a recipe proposed, in words?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from datasets.materials import NO_OXIDE

if TYPE_CHECKING:
    import pandas as pd

    from datasets.recipe import Recipe
    from screening.goals import Goal

Array = NDArray[np.float64]

LIKELY = 0.5
"""Standard deviations by which a response must differ to be called likely more or less; within, about equal."""


class Rival(NamedTuple):
    """What a proposal is compared with: the measured recipe on the front that is closest to it.

    Attributes
    ----------
    name : str
    mean, std : ndarray of shape (t,)
        What the model believes of it, all maximised.
    """

    name: str
    mean: Array
    std: Array


def gain_reason(goals: Sequence[Goal], mean: Array, std: Array, front: Sequence[Rival]) -> str:
    """Say what a recipe with the best expected gain promises beside the nearest on the front.

    Parameters
    ----------
    goals : sequence of Goal, length t
    mean, std : ndarray of shape (t,)
        What the model believes of the recipe, all maximised.
    front : sequence of Rival

    Returns
    -------
    str

    Examples
    --------
    >>> from screening.goals import DEFAULT_GOALS
    >>> gain_reason(DEFAULT_GOALS, np.array([210.0, 80]), np.array([5.0, 5]), [Rival("LHC", np.array([200.0, 79]), 2)])
    'best expected gain: likely more first discharge capacity than LHC, at about equal capacity retention'
    """
    apart = [(mean - rival.mean) / np.hypot(std, rival.std) for rival in front]
    nearest = int(np.argmin([np.linalg.norm(score) for score in apart]))
    name, scores = front[nearest].name, apart[nearest]
    if not (scores >= LIKELY).any():
        return _on_doubt(goals, std, scores, name)
    words = [(_word(goal, score), goal.column.label) for goal, score in zip(goals, scores, strict=True)]
    likely = [f"{word} {label}" for word, label in words if word]
    equal = [label for word, label in words if not word]
    said = f"best expected gain: {' and '.join(likely)} than {name}"
    return said + (f", at about equal {' and '.join(equal)}" if equal else "")


def _on_doubt(goals: Sequence[Goal], std: Array, scores: Array, name: str) -> str:
    """Say that a recipe may be better because little is known of it, not because it is expected to be."""
    unsure = " and ".join(f"±{value:.2g} {goal.column.unit}" for goal, value in zip(goals, std, strict=True))
    below = [goal.column.label for goal, score in zip(goals, scores, strict=True) if score <= -LIKELY]
    expected = f"worse in {' and '.join(below)} than {name}" if below else f"about equal to {name}"
    return f"best expected gain, by what is not known: expected to be {expected}, but unsure ({unsure})"


def _word(goal: Goal, score: float) -> str:
    """Give how a response compares, nothing where it is about equal."""
    if abs(score) < LIKELY:
        return ""
    return "likely more" if score * goal.sign > 0 else "likely less"


def replicate_reason(name: str) -> str:
    """Say why a recipe is to be made again."""
    return f"replicate: another cell of {name} is expected to teach more about the front than any new recipe"


def unknown_reason(recipe: Recipe, measured: pd.DataFrame, nearest: str, distance: float) -> str:
    """Say what has not been tried yet that a recipe would try.

    Parameters
    ----------
    recipe : Recipe
    measured : pandas.DataFrame
        Recipe table of what was measured.
    nearest : str
        Name of the nearest measured cell.
    distance : float
        Its distance in steps.

    Returns
    -------
    str
    """
    tried = untried(recipe, measured)
    if tried:
        return f"least known region: {tried}"
    return f"least known region: {distance:.1f} steps from {nearest}, the nearest measured cell"


def untried(recipe: Recipe, measured: pd.DataFrame) -> str:
    """Say in which way a recipe differs from all that was measured; nothing where it does not.

    Parameters
    ----------
    recipe : Recipe
    measured : pandas.DataFrame
        Recipe table of what was measured.
    """
    news = [*_new_oxide(recipe, measured), *_new_cooling(recipe, measured), *_out_of_range(recipe, measured)]
    return "; ".join(news)


def _new_oxide(recipe: Recipe, measured: pd.DataFrame) -> list[str]:
    tried = sorted(set(measured["oxide"].dropna().astype(str)) - {NO_OXIDE})
    if recipe.oxide == NO_OXIDE or recipe.oxide in tried:
        return []
    return [f"no cell with an oxide other than {', '.join(tried)}" if tried else "no cell with any oxide"]


def _new_cooling(recipe: Recipe, measured: pd.DataFrame) -> list[str]:
    tried = set(measured["cooling"].dropna().astype(str))
    return [f"no cell cooled this way ({recipe.cooling})"] if recipe.cooling and recipe.cooling not in tried else []


_EXTREMES = {
    "halide_cl": ("x below {:g}", "x above {:g}"),
    "antiperovskite_wt_pct": ("less than {:g} wt% of antiperovskite", "more than {:g} wt% of antiperovskite"),
    "oxide_wt_pct": ("less than {:g} wt% of oxide", "more than {:g} wt% of oxide"),
    "melt_temperature_C": ("a melt below {:g} C", "a melt above {:g} C"),
}


def _out_of_range(recipe: Recipe, measured: pd.DataFrame) -> list[str]:
    said = []
    for column, (below, above) in _EXTREMES.items():
        value, tried = getattr(recipe, column), measured[column].dropna()
        if value is None or not len(tried) or tried.min() <= value <= tried.max():
            continue
        said.append(f"no cell with {above.format(tried.max()) if value > tried.max() else below.format(tried.min())}")
    return said
