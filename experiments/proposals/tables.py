"""What is printed of a round of proposals?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from screening.tables import Column, Table

if TYPE_CHECKING:
    from experiments.proposals.drafting import Drafted
    from screening.goals import Goal


def interval_text(prediction: Mapping[str, float]) -> str:
    """Write a prediction with its 90 % interval.

    Examples
    --------
    >>> interval_text({"mean": 201.3, "low": 188.4, "high": 214.2})
    '201 (188 to 214)'
    """
    return f"{prediction['mean']:.0f} ({prediction['low']:.0f} to {prediction['high']:.0f})"


def proposals_table(title: str, ids: Sequence[str], proposed: Sequence[Drafted], goals: Sequence[Goal]) -> Table:
    """Write the recipes of a round, what is predicted of a new cell of each, and the nearest measured cell."""
    columns = [Column("recipe"), Column("what it is")]
    columns += [Column(f"{goal.column.label} ({goal.column.unit})", True) for goal in goals]
    columns += [Column("nearest measured cell")]
    rows = [
        [
            name,
            one.recipe.label,
            *(interval_text(one.prediction[goal.target]) for goal in goals),
            f"{one.nearest[0]['cell']}, {one.nearest[0]['distance']:.1f} steps",
        ]
        for name, (one, _) in zip(ids, proposed, strict=True)
    ]
    caption = (
        "Predicted: mean and 90 % interval of a new cell, weighed by the skill that was shown. A step is one "
        "deliberate change, such as 1 wt% or another oxide."
    )
    return Table(title, caption, columns, rows)
