"""What do all parts of a recipe card have in common?"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """A frozen piece of a card's content: every number finite, nothing but the fields, the same in JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, from_attributes=True)


class Range(Part):
    """A number with the interval in which it lies.

    Attributes
    ----------
    value, low, high : float
    """

    value: float
    low: float
    high: float

    @property
    def off_by(self) -> float:
        """How far from the value the farther end lies."""
        return max(self.high - self.value, self.value - self.low)


class Statement(Part):
    """One sentence of a card, without its full stop, and what it rests on.

    Attributes
    ----------
    text : str
    basis : str
        A DOI or the name of a collection, ``assumption``, ``general knowledge``, ``set`` (in the options), or nothing
        where it only repeats the recipe.
    """

    text: str
    basis: str = ""


Step = tuple[Statement, ...]
"""What to do, and what is known about it."""
