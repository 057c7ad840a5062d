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


class Statement(Part):
    """One sentence of a card, and what it rests on.

    Attributes
    ----------
    text : str
    basis : str
        A DOI, ``assumption``, ``general knowledge``, ``set`` (in the campaign's options), or nothing where it only
        repeats the recipe.
    """

    text: str
    basis: str = ""
