"""How well were recipes predicted that the model had not seen, as tables and a picture?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from screening.picture import BEST, FRONT, axis_label, cell_names
from screening.tables import Column, Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from models.crossing import HeldOut
    from screening.goals import Goal
    from screening.job import ScreenResult

LEVELS = (0.5, 0.8, 0.9, 0.95)
"""Probabilities at which intervals are checked against what they held."""


def held_out(result: ScreenResult, goal: Goal) -> HeldOut | None:
    """Give the predictions of a target for recipes left out, None where there are too few to leave one out."""
    pair = getattr(result.model, "held_out_", {}).get(goal.target)
    return pair[0] if pair else None


def held_out_table(result: ScreenResult, goal: Goal, held: HeldOut) -> Table:
    """Write each cell beside what was predicted of it by models that had not seen its recipe."""
    measured = result.cells[result.cells[goal.target].notna()]
    names = np.array(cell_names(measured), dtype=object)[held.cell]
    low, high = held.interval()
    rows = [
        [name, f"{y:.0f}", f"{mean:.0f} ({max(bottom, 0.0):.0f} to {top:.0f})", "yes" if bottom <= y <= top else "no"]
        for name, y, mean, bottom, top in zip(names, held.y, held.mean, low, high, strict=True)
    ]
    unit = goal.column.unit
    numbers = (Column(f"measured ({unit})", True), Column(f"predicted ({unit})", True))
    columns = [Column("cell"), *numbers, Column("inside")]
    caption = "Predicted: from the other recipes alone, with its 90 % interval. Inside: whether the interval held it."
    return Table(f"Left out and predicted: {goal.column.label}", caption, columns, rows)


def calibration_table(held: dict[str, HeldOut]) -> Table:
    """Write for each target which share of the cells the intervals held, beside what they promise.

    Parameters
    ----------
    held : dict of str to HeldOut
        By the label of the target.
    """
    from models.validation import calibration_curve

    numbers = [*(f"{100 * level:.0f} % intervals held" for level in LEVELS), "cells"]
    columns = [Column("target"), *(Column(name, True) for name in numbers)]
    rows = [
        [label, *(f"{share:.0%}" for share in calibration_curve(one, np.array(LEVELS))["held"]), str(len(one.y))]
        for label, one in held.items()
    ]
    caption = (
        "An honest interval of 90 % holds nine cells of ten. With few cells the shares are coarse: one cell of six is "
        "17 %."
    )
    return Table("Do the intervals hold what they promise?", caption, columns, rows)


def held_out_picture(goal: Goal, held: HeldOut) -> Figure:
    """Draw what was measured against what was predicted of recipes left out, and what the intervals held.

    Parameters
    ----------
    goal : Goal
    held : HeldOut

    Returns
    -------
    matplotlib.figure.Figure
        Two pictures side by side.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.8), layout="constrained")
    left, right = figure.subplots(1, 2)
    _draw_parity(left, goal, held)
    _draw_calibration(right, held)
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False, fontsize=8, loc="upper left")
    return figure


def _draw_parity(axes: Axes, goal: Goal, held: HeldOut) -> None:
    low, high = held.interval()
    reach = [held.mean - low, high - held.mean]
    axes.errorbar(held.y, held.mean, yerr=reach, fmt="D", ms=5, color=BEST, elinewidth=0.8, capsize=2, label="90 %")
    ends = np.array([min(held.y.min(), low.min()), max(held.y.max(), high.max())])
    axes.plot(ends, ends, color=FRONT, linewidth=1, label="predicted as measured")
    axes.set(xlabel=f"measured {axis_label(goal)}", ylabel="predicted, recipe left out")


def _draw_calibration(axes: Axes, held: HeldOut) -> None:
    from models.validation import calibration_curve

    curve = calibration_curve(held)
    axes.plot([0, 1], [0, 1], color=FRONT, linewidth=1, label="as promised")
    axes.plot(curve["promised"], curve["held"], "D-", ms=5, color=BEST, label="intervals of the model")
    axes.set(xlabel="probability promised", ylabel="share of cells held", xlim=(0, 1), ylim=(0, 1.03))
