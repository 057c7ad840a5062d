"""How are runs named, tagged and measured, so that a list of them can be read and compared?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from screening.goals import Goal

SCREEN, VALIDATION, ROUND = "screen", "validation", "round"
"""The kinds of runs."""

MODELS = "lirap.models"
"""Tag: the registered models that a screen made or a round used, as MLflow addresses them."""

SCREEN_RUN = "lirap.screen"
"""Tag of a round: the id of the run of the screen that it rests on."""

VERDICT = "lirap.verdict"
"""Tag: how far to trust the predictions of a target, in two words; the name of the target follows after a dot."""

NO_SKILL, PERHAPS, SKILL, NOT_MEASURED = "no skill yet", "perhaps some skill", "skill", "not measured"


def short_count(count: int) -> str:
    """Write a count for a title.

    Examples
    --------
    >>> short_count(3_540_881), short_count(12_600), short_count(281)
    ('3.5 M', '12.6 k', '281')
    """
    for size, letter in ((1_000_000_000, "G"), (1_000_000, "M"), (1_000, "k")):
        if count >= size:
            return f"{count / size:.1f} {letter}"
    return str(count)


def screen_name(n_recipes: int, n_cells: int) -> str:
    """Name the run of a screen.

    Examples
    --------
    >>> screen_name(3_127_000, 6)
    'screen 3.1 M recipes, 6 cells'
    """
    return f"{SCREEN} {short_count(n_recipes)} recipes, {_cells(n_cells)}"


def validation_name(n_cells: int) -> str:
    """Name the run of a validation.

    Examples
    --------
    >>> validation_name(1)
    'validation, 1 cell'
    """
    return f"{VALIDATION}, {_cells(n_cells)}"


def _cells(count: int) -> str:
    return f"{count} cell{'s' * (count != 1)}"


def round_name(number: int, recipe_ids: Sequence[str]) -> str:
    """Name the run of a campaign round by the recipes that it proposed.

    Parameters
    ----------
    number : int
        Counted from 1.
    recipe_ids : sequence of str
        As ``R9``, in any order.

    Examples
    --------
    >>> round_name(3, ["R9", "R10", "R12", "R11"]), round_name(4, ["R13", "R15", "R16"]), round_name(5, [])
    ('round 3: R9-R12', 'round 4: R13, R15-R16', 'round 5: no recipe')
    """
    numbers = sorted(int(name.removeprefix("R")) for name in recipe_ids)
    starts = [n for n in numbers if n - 1 not in numbers]
    ends = [n for n in numbers if n + 1 not in numbers]
    spans = [f"R{a}" if a == b else f"R{a}-R{b}" for a, b in zip(starts, ends, strict=True)]
    return f"{ROUND} {number}: {', '.join(spans) or 'no recipe'}"


def verdict_tags(verdicts: Mapping[str, str]) -> dict[str, str]:
    """Give the tags that say for each target how far its predictions can be trusted.

    Parameters
    ----------
    verdicts : mapping of str to str
        By target: a sentence of `models.recipe_model.RecipeModel.verdicts`.

    Examples
    --------
    >>> verdict_tags({"retention_pct": "capacity retention: no skill yet on 5 recipes, so the mean is predicted."})
    {'lirap.verdict.retention_pct': 'no skill yet'}
    """
    return {f"{VERDICT}.{target}": _short(sentence) for target, sentence in verdicts.items()}


def _short(sentence: str) -> str:
    if "no cell has a value" in sentence:
        return NOT_MEASURED
    if "cannot tell: " in sentence:  # too few recipes to test a model on
        return NO_SKILL
    return next((words for words in (NO_SKILL, PERHAPS) if words in sentence), SKILL)


def measured_metrics(cells: pd.DataFrame, goals: Iterable[Goal]) -> dict[str, float]:
    """Measure how far a campaign has come: its best recipes, and the volume that its measured front dominates.

    Parameters
    ----------
    cells : pandas.DataFrame
        The cell table.
    goals : iterable of Goal

    Returns
    -------
    dict of str to float
        ``<target>.best_measured``: the best mean of a recipe's cells. ``front_hypervolume``: the volume above the least
        acceptable values, or above 0, so that it compares between runs however the cells change; not given where a
        target that is to be small has no least acceptable value.
    """
    from datasets.cells import recipes
    from models.acquisition import hypervolume

    goals = tuple(goals)
    signs = np.array([goal.sign for goal in goals])
    means = cells.groupby([recipe.label for recipe in recipes(cells)])[[goal.target for goal in goals]].mean()
    better = means.to_numpy(float) * signs
    best = {
        f"{goal.target}.best_measured": float(goal.sign * np.nanmax(better[:, column]))
        for column, goal in enumerate(goals)
        if np.isfinite(better[:, column]).any()
    }
    corner = [_corner(goal) for goal in goals]
    whole = better[np.isfinite(better).all(axis=1)]
    known = (
        {} if None in corner else {"front_hypervolume": hypervolume(whole, [end for end in corner if end is not None])}
    )
    return best | known


def _corner(goal: Goal) -> float | None:
    """Give the value from which a target's share of the volume is counted, maximised."""
    if goal.least_acceptable is not None:
        return goal.sign * goal.least_acceptable
    return 0.0 if goal.sign > 0 else None
