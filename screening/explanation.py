"""What drives a target, and why do recipes get their predictions?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from screening.running import running_cells, running_sentence
from screening.tables import Column, Table

if TYPE_CHECKING:
    import pandas as pd

    from models.explain import Effect, Why
    from models.recipe_model import RecipeModel
    from screening.goals import Goal
    from screening.space import RecipeSpace

BACKGROUND = 400
"""Recipes of the space over which the effect of a variable is averaged."""

_MOST_CELLS = 6
_NOTHING = 1e-9


@dataclass(frozen=True)
class Explanation:
    """What moves one target, and what pulls the predictions of some recipes.

    Attributes
    ----------
    goal : Goal
    effects : dict of str to Effect
        By variable of the recipe, the largest first.
    importance : pandas.DataFrame
        ``variable``, ``increase`` of the error on recipes left out when the variable is mixed up, and its ``error``.
    why : dict of str to Why
        By the label of each recipe asked for.
    later : str
        What is expected of the cells asked for that are still running, once their first cycle is known.
    """

    goal: Goal
    effects: dict[str, Effect]
    importance: pd.DataFrame
    why: dict[str, Why]
    later: str = ""

    @property
    def sentence(self) -> str:
        """Say what the largest effect comes to."""
        first = next(iter(self.effects.values()), None)
        return first.sentence if first else "No variable of the space varies."

    def to_dict(self) -> dict[str, Any]:
        """Give everything as plain lists and numbers, for JSON."""
        effects = [
            {"variable": name, **effect._asdict(), "curve": effect.curve.to_dict("records")}
            for name, effect in self.effects.items()
        ]
        why = [
            {"recipe": label, **one._asdict(), "cells": one.cells.to_dict("records")} for label, one in self.why.items()
        ]
        importance = self.importance.to_dict("records")
        found = {"target": self.goal.target, "effects": effects, "importance": importance, "why": why}
        return found | ({"once_first_cycle_known": self.later} if self.later else {})


def explained(
    model: RecipeModel,
    goal: Goal,
    cells: pd.DataFrame,
    space: RecipeSpace,
    recipe_table: pd.DataFrame | None = None,
    random_state: int = 0,
) -> Explanation:
    """Explain one target of a fitted model.

    Parameters
    ----------
    model : RecipeModel
        Fitted to `cells`.
    goal : Goal
    cells : pandas.DataFrame
    space : RecipeSpace
        Sampled for recipes to average over.
    recipe_table : pandas.DataFrame, optional
        Recipes whose predictions are explained.
    random_state : int

    Returns
    -------
    Explanation
        Without a `why` where there are more cells than are solved exactly.
    """
    from datasets.cells import recipes
    from models.explain import effects, permutation_importance, why
    from models.latent import LARGEST_EXACT

    background = space.sample(min(BACKGROUND, len(space)), random_state)
    exact = len(model.cells_[goal.target].y) <= LARGEST_EXACT
    asked = recipe_table if recipe_table is not None and exact else cells.iloc[:0]
    running = running_cells(model, asked)
    return Explanation(
        goal,
        effects(model, goal.target, background),
        permutation_importance(model, cells, goal.target, random_state=random_state),
        {recipe.label: why(model, goal.target, asked.iloc[[row]]) for row, recipe in enumerate(recipes(asked))},
        running_sentence(running[running["target"] == goal.target]),
    )


def effects_table(explanation: Explanation) -> Table:
    """Write what moves a target: by the model's own curves, and by the error on recipes left out."""
    column = explanation.goal.column
    numbers = (f"moves by ({column.unit})", f"error grows by ({column.unit})")
    known = explanation.importance.set_index("variable")[["increase", "error"]].T.to_dict("list")
    rows = [
        [name, _plus_minus(effect.spread, effect.spread_std), _plus_minus(*known[name]) if name in known else ""]
        for name, effect in explanation.effects.items()
    ]
    caption = (
        "Moves by: largest less smallest effect over the space, as the model alone believes. Error grows by: how much "
        "worse recipes left out are predicted when the variable is taken from another recipe; blank where the cells do "
        "not vary in it."
    )
    columns = [Column("variable"), *(Column(name, True) for name in numbers)]
    return Table(f"What moves {column.label}", caption, columns, rows)


def _plus_minus(value: float, error: float) -> str:
    shown = [0.0 if abs(number) < _NOTHING else number for number in (value, error)]
    return f"{shown[0]:.2g} ± {shown[1]:.2g}"


def why_tables(explanation: Explanation) -> list[Table]:
    """Write for each recipe asked for the measured recipes that pull its prediction."""
    column = explanation.goal.column
    columns = [Column("cell"), Column("alike", True)]
    columns += [Column(f"measured ({column.unit})", True), Column(f"pulls by ({column.unit})", True)]
    tables = []
    for label, each in explanation.why.items():
        rows = [
            [row["cell"], f"{row['alike']:.2f}", f"{row['value']:.4g}", f"{row['pull']:+.2g}"]
            for _, row in each.cells.head(_MOST_CELLS).iterrows()
        ]
        title = f"Why {label}: {column.label}"
        tables.append(Table(title, f"Alike: correlation in the model, 0 to 1. {each.sentence}", columns, rows))
    return tables
