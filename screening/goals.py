"""What makes one recipe better than another?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, model_validator

from datasets.columns import TARGETS, Target
from datasets.errors import nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


class Goal(BaseModel):
    """One target, the way in which it is better, and the least that will do.

    Attributes
    ----------
    target : str
        A column of the cell table, one of `datasets.columns.TARGETS`.
    direction : {"maximize", "minimize"}
        The target's own direction when left out.
    least_acceptable : float or None
        Recipes beyond it gain nothing; when left out, the gain is counted from a little below the worst measured.

    Examples
    --------
    >>> Goal(target="interfacial_resistance_ohm").sign
    -1.0
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    target: str
    direction: Literal["maximize", "minimize"] | None = None
    least_acceptable: float | None = None

    @model_validator(mode="after")
    def _known_target(self) -> Self:
        if self.target not in TARGETS:
            raise ValueError(
                f"Got {self.target!r}, expected one of {', '.join(TARGETS)}{nearest(self.target, TARGETS)}"
            )
        return self

    @property
    def column(self) -> Target:
        """What is known of the target."""
        return TARGETS[self.target]

    @property
    def sign(self) -> float:
        """+1 when more is better, -1 when less is."""
        return 1.0 if (self.direction or self.column.direction) == "maximize" else -1.0


MOST_GOALS = 2
"""Recipes are ranked by the expected gain in one target or two."""

DEFAULT_GOALS = (Goal(target="q_discharge_first_mAh_g"), Goal(target="retention_pct"))
"""More first discharge capacity and more retention."""


def signs(goals: Sequence[Goal]) -> NDArray[np.float64]:
    """Give the factors that turn every goal into one to maximise, shape (t,)."""
    return np.array([goal.sign for goal in goals])


def reference(goals: Sequence[Goal], observed: NDArray[np.float64]) -> NDArray[np.float64]:
    """Choose the point from which gains are counted: the least acceptable values, or one from the data.

    Parameters
    ----------
    goals : sequence of Goal, length t
    observed : array of float, shape (n, t)
        What is known to be reached, all maximised.

    Returns
    -------
    array of float, shape (t,)
        All maximised.
    """
    from models.acquisition import reference_point

    return with_least(goals, reference_point(observed))


def with_least(goals: Sequence[Goal], point: NDArray[np.float64]) -> NDArray[np.float64]:
    """Put the least acceptable values, where they are given, in the place of those of a point; all maximised."""
    least = [None if goal.least_acceptable is None else goal.sign * goal.least_acceptable for goal in goals]
    return np.array([value if bound is None else bound for value, bound in zip(point, least, strict=True)])
