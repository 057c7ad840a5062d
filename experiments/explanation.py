"""What drives a target, and why does a recipe get its prediction, in words and numbers?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datasets.errors import InputError, Problem, nearest
from experiments.campaign_file import Campaign
from experiments.home import home_folder
from experiments.measured_cells import campaign_cells
from screening.tables import Column, Table

if TYPE_CHECKING:
    import pandas as pd

    from models.explain import Why

_MOST_CELLS = 6
_NOTHING = 1e-9


@dataclass(frozen=True)
class Explanation:
    """What moves one target, and, where a recipe was asked for, what pulls its prediction.

    Attributes
    ----------
    target : str
    effects : pandas.DataFrame
        ``variable``, ``spread``, ``spread_std`` and ``sentence``, the largest spread first.
    importance : pandas.DataFrame
        ``variable``, ``increase`` of the error on recipes left out when the variable is mixed up, and its ``error``.
    why : Why or None
        For the recipe asked for.
    label : str
        That recipe in words.
    """

    target: str
    effects: pd.DataFrame
    importance: pd.DataFrame
    why: Why | None
    label: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Give everything as plain lists and numbers, for JSON."""
        return {
            "target": self.target,
            "effects": self.effects.to_dict("records"),
            "importance": self.importance.to_dict("records"),
            "recipe": self.label or None,
            "why": self.why and {**self.why._asdict(), "cells": self.why.cells.to_dict("records")},
        }


def explain(
    campaign: Campaign,
    *,
    cells: Sequence[str | Path] = (),
    home: str | Path | None = None,
    cell: str | None = None,
    candidate: int | None = None,
    n_background: int = 400,
) -> list[Explanation]:
    """Explain the targets of a campaign: what moves them, and what pulls the prediction of one recipe.

    Parameters
    ----------
    campaign : Campaign
    cells : sequence of path
        Cell tables that stand in for those of the campaign file.
    home : path, optional
        See `home_folder`.
    cell : str, optional
        Explain the recipe of this measured cell.
    candidate : int, optional
        Explain the recipe of this rank by expected gain in the latest screen.
    n_background : int
        Recipes of the space to average over.

    Returns
    -------
    list of Explanation
        One for each target.

    Raises
    ------
    datasets.errors.InputError
        When the cell or the candidate is not known, with the nearest that is.
    """
    table, options, _ = campaign_cells(campaign, cells)
    folder = home_folder(campaign.folder, home)
    recipe = _asked_for(table, folder, cell, candidate)

    from datasets.cells import recipes
    from models.explain import effects, permutation_importance, why
    from screening.job import fitted_model

    model = fitted_model(table, campaign.targets, options, campaign.random_state, folder / "cache")
    background = campaign.space.sample(min(n_background, len(campaign.space)), campaign.random_state)
    return [
        Explanation(
            goal.target,
            effects(model, goal.target, background),
            permutation_importance(model, table, goal.target, random_state=campaign.random_state),
            None if recipe is None else why(model, goal.target, recipe),
            "" if recipe is None else recipes(recipe)[0].label,
        )
        for goal in campaign.targets
    ]


def _asked_for(table: pd.DataFrame, folder: Path, cell: str | None, candidate: int | None) -> pd.DataFrame | None:
    if cell is not None and candidate is not None:
        raise InputError("explain", [Problem("", "a cell and a candidate", "one of the two")])
    if cell is not None:
        return _of_cell(table, cell)
    return None if candidate is None else _of_candidate(folder, candidate)


def _of_cell(table: pd.DataFrame, cell: str) -> pd.DataFrame:
    found = table[table["cell_id"] == cell]
    if found.empty:
        expected = f"one of {', '.join(table['cell_id'])}{nearest(cell, table['cell_id'])}"
        raise InputError("--cell", [Problem("", cell, expected)])
    return found


def _of_candidate(folder: Path, candidate: int) -> pd.DataFrame:
    import pandas as pd

    from screening.files import CANDIDATES
    from screening.job import BY_GAIN

    path = folder / "screen" / CANDIDATES
    if not path.is_file():
        raise InputError(path, [Problem("", "no such file", "the latest screen; run lirap screen first")])
    ranked = pd.read_parquet(path)
    ranked = ranked[ranked["list"] == BY_GAIN]
    found = ranked[ranked["rank"] == candidate]
    if found.empty:
        raise InputError("--candidate", [Problem("", candidate, f"a rank from 1 to {len(ranked)} in {path}")])
    return found


def effects_table(explanation: Explanation, title: str, unit: str) -> Table:
    """Write what moves a target: by the model's own curve, and by the error on recipes left out."""
    columns = [Column("variable"), Column(f"moves by ({unit})", True), Column(f"error grows by ({unit})", True)]
    known = explanation.importance.set_index("variable")
    rows = [
        [
            row["variable"],
            _plus_minus(row["spread"], row["spread_std"]),
            _plus_minus(*known.loc[row["variable"], ["increase", "error"]]) if row["variable"] in known.index else "",
        ]
        for _, row in explanation.effects.iterrows()
    ]
    caption = (
        "Moves by: largest less smallest effect over the space, as the model believes. Error grows by: how much worse "
        "recipes left out are predicted when the variable is taken from another recipe; blank where the cells do not "
        "vary in it."
    )
    return Table(title, caption, columns, rows)


def _plus_minus(value: float, error: float) -> str:
    shown = [0.0 if abs(number) < _NOTHING else number for number in (value, error)]
    return f"{shown[0]:.2g} ± {shown[1]:.2g}"


def why_table(explanation: Explanation, unit: str) -> Table:
    """Write the measured recipes that pull the prediction of the recipe asked for."""
    if explanation.why is None:
        raise ValueError("Got an explanation of no recipe, expected one with `why`")
    columns = [
        Column("cell"),
        Column("alike", True),
        Column(f"measured ({unit})", True),
        Column(f"pulls by ({unit})", True),
    ]
    rows = [
        [row["cell"], f"{row['alike']:.2f}", f"{row['value']:.4g}", f"{row['pull']:+.2g}"]
        for _, row in explanation.why.cells.head(_MOST_CELLS).iterrows()
    ]
    return Table(f"Why: {explanation.label}", "Alike: correlation in the model, 0 to 1.", columns, rows)
