"""How much is made at once, on which balance, and for how long is it heated?"""

from __future__ import annotations

from typing import Any, Self

from pydantic import Field, ValidationError

from datasets.errors import InputError, Problem, nearest
from experiments.cards.parts import Part


class CardOptions(Part):
    """What a recipe card depends on besides the recipe.

    Attributes
    ----------
    stock_g : float
        Antiperovskite made at once, in gram. 5: a melt of a few grams loses little of itself to the crucible, leaves
        enough for a diffraction pattern, and coats hundreds of batches.
    batch_g : float
        Cathode powder coated at once, in gram. 2: the balance then shows 1 wt% of coating to 0.5 %, and three pellet
        cells take less than a tenth of it.
    balance_mg : float
        What the last digit of the balance stands for, in milligram. 0.1: the ordinary analytical balance.
    cells : int
        Cells built of the batch. 3: the fewest that show their scatter.
    stock_temperature_C : float
        At which the stock is melted. 350: above the melting range of the family, below the 400 C under which Li2OHCl
        was made (10.1021/jacs.5b11851); an assumption within that.
    stock_hold_h, melt_hold_h : float
        Hours for which the stock and the coated powder are kept hot: assumptions, no source at hand gives them.
    """

    stock_g: float = Field(default=5.0, ge=0.1, le=100)
    batch_g: float = Field(default=2.0, ge=0.1, le=1000)
    balance_mg: float = Field(default=0.1, ge=0.001, le=1)
    cells: int = Field(default=3, ge=1, le=6)
    stock_temperature_C: float = Field(default=350.0, ge=250, le=600)
    stock_hold_h: float = Field(default=2.0, gt=0, le=100)
    melt_hold_h: float = Field(default=1.0, gt=0, le=100)

    @classmethod
    def checked(cls, source: str = "recipe card", **given: Any) -> Self:
        """Make options of what a user typed.

        Parameters
        ----------
        source : str
            What to blame: a file, or the options of a command.
        **given
            Some of the fields.

        Raises
        ------
        datasets.errors.InputError
            With everything that is unknown or out of range.

        Examples
        --------
        >>> CardOptions.checked(batch_g=-2)
        Traceback (most recent call last):
        ...
        datasets.errors.InputError: recipe card: 1 problem
          batch_g: got -2, expected 0.1 to 1000
        """
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            raise InputError(source, [_problem(detail) for detail in error.errors(include_url=False)]) from error

    def basis(self, option: str) -> str:
        """Say whether the user set an option, or it was assumed."""
        return "set" if option in self.model_fields_set else "assumption"


def _problem(detail: Any) -> Problem:
    option = str(detail["loc"][0])
    if option not in CardOptions.model_fields:
        known = list(CardOptions.model_fields)
        return Problem(option, option, f"one of {', '.join(known)}{nearest(option, known)}")
    bounds = {
        name: getattr(each, name) for each in _limits(option) for name in ("ge", "gt", "le") if hasattr(each, name)
    }
    low = f"{bounds['ge']:g}" if "ge" in bounds else f"more than {bounds['gt']:g}"
    whole = ", a whole number" if option == "cells" else ""
    return Problem(option, detail["input"], f"{low} to {bounds['le']:g}{whole}")


def _limits(option: str) -> list[Any]:
    return CardOptions.model_fields[option].metadata
