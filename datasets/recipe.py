"""What is one coating recipe, and when are two the same?"""

from __future__ import annotations

import math
from typing import Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from datasets.columns import LARGEST_WT_PCT, MELT_TEMPERATURE_RANGE_C
from datasets.errors import nearest
from datasets.materials import NO_OXIDE, co_coatings

Cooling = Literal["quench", "ambient", "slow"]

COOLINGS: tuple[Cooling, ...] = get_args(Cooling)
"""quench: into liquid nitrogen; ambient: out of the furnace under argon; slow: over two hours in the furnace."""

RECIPE_COLUMNS = (
    "halide_cl",
    "antiperovskite_wt_pct",
    "oxide",
    "oxide_wt_pct",
    "melt_temperature_C",
    "cooling",
)
"""The columns of a recipe table, in the order of the fields of `Recipe`."""

STEPS_PER_UNIT = 1e6
"""Numbers of a recipe are kept to six decimals."""


class Recipe(BaseModel):
    """One coating recipe, in the form in which equal recipes compare equal.

    What cannot matter is removed: without an oxide there is no oxide content, and without an antiperovskite there is
    no halide, no melt and no cooling. Numbers are kept to six decimals, so that 0.1 * 3 and 0.3 are one content.

    Attributes
    ----------
    halide_cl : float or None
        x in Li2OHCl_xBr_1-x, 0 to 1.
    antiperovskite_wt_pct : float
        Mass of antiperovskite in percent of the mass of cathode active material.
    oxide : str
        A known co-coating, or ``none``.
    oxide_wt_pct : float
        Mass of the oxide in percent of the mass of cathode active material.
    melt_temperature_C : float or None
        Temperature of melt infiltration in degrees Celsius.
    cooling : {"quench", "ambient", "slow"} or None
        Into liquid nitrogen; out of the furnace under argon; over two hours in the furnace.

    Raises
    ------
    pydantic.ValidationError
        When a value is out of range or a needed one is missing.

    Examples
    --------
    >>> Recipe(antiperovskite_wt_pct=0, halide_cl=0.5) == Recipe(antiperovskite_wt_pct=0)
    True
    >>> Recipe(antiperovskite_wt_pct=1, halide_cl=0.5, melt_temperature_C=350, cooling="quench").label
    '1 % Li2OHCl0.5Br0.5, 350 C, quench'
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    halide_cl: float | None = Field(default=None, ge=0, le=1)
    antiperovskite_wt_pct: float = Field(ge=0, le=LARGEST_WT_PCT)
    oxide: str = NO_OXIDE
    oxide_wt_pct: float = Field(default=0.0, ge=0, le=LARGEST_WT_PCT)
    melt_temperature_C: float | None = Field(
        default=None, ge=MELT_TEMPERATURE_RANGE_C[0], le=MELT_TEMPERATURE_RANGE_C[1]
    )
    cooling: Cooling | None = None

    @field_validator("*", mode="before")
    @classmethod
    def _missing_is_none(cls, value: object) -> object:
        return None if isinstance(value, float) and math.isnan(value) else value

    @field_validator("halide_cl", "antiperovskite_wt_pct", "oxide_wt_pct", "melt_temperature_C")
    @classmethod
    def _to_six_decimals(cls, value: float | None) -> float | None:
        # Scaled as numpy.round does it, so that tables come out alike; round(value, 6) differs at half a step.
        # Adding 0.0 turns -0.0 into 0.0, which hashes and prints alike everywhere.
        return None if value is None else round(value * STEPS_PER_UNIT) / STEPS_PER_UNIT + 0.0

    @field_validator("oxide")
    @classmethod
    def _known_oxide(cls, value: str) -> str:
        if value != NO_OXIDE and value not in co_coatings():
            known = ", ".join((NO_OXIDE, *co_coatings()))
            raise ValueError(f"expected one of {known}{nearest(value, (NO_OXIDE, *co_coatings()))}")
        return value

    @model_validator(mode="after")
    def _normal_form(self) -> Self:
        if self.antiperovskite_wt_pct > 0:
            missing = [name for name in ("halide_cl", "melt_temperature_C", "cooling") if getattr(self, name) is None]
            if missing:
                raise _incomplete(missing, f"antiperovskite_wt_pct is {self.antiperovskite_wt_pct:g}")
        else:
            self.__dict__.update(halide_cl=None, melt_temperature_C=None, cooling=None)
        if self.oxide == NO_OXIDE and self.oxide_wt_pct > 0:
            raise _incomplete(["oxide"], f"oxide_wt_pct is {self.oxide_wt_pct:g}")
        if self.oxide_wt_pct == 0:
            self.__dict__.update(oxide=NO_OXIDE)
        return self

    @property
    def is_uncoated(self) -> bool:
        """Whether nothing is put on the cathode."""
        return self.antiperovskite_wt_pct == 0 and self.oxide_wt_pct == 0

    @property
    def label(self) -> str:
        """Describe the recipe in a few words."""
        if self.is_uncoated:
            return "uncoated"
        parts = []
        if self.antiperovskite_wt_pct:
            parts.append(f"{self.antiperovskite_wt_pct:g} % {antiperovskite_formula(self.halide_cl or 0.0)}")
        if self.oxide_wt_pct:
            parts.append(f"{self.oxide_wt_pct:g} % {self.oxide}")
        coating = " + ".join(parts)
        return f"{coating}, {self.melt_temperature_C:g} C, {self.cooling}" if self.antiperovskite_wt_pct else coating


def _incomplete(columns: list[str], reason: str) -> PydanticCustomError:
    context = {"columns": ", ".join(columns), "reason": reason}
    return PydanticCustomError("incomplete", "{columns} must be given, since {reason}", context)


def antiperovskite_formula(halide_cl: float) -> str:
    """Write the formula of the antiperovskite with chlorine fraction x.

    Examples
    --------
    >>> antiperovskite_formula(0.5), antiperovskite_formula(1), antiperovskite_formula(0)
    ('Li2OHCl0.5Br0.5', 'Li2OHCl', 'Li2OHBr')
    """
    amounts = (("Cl", halide_cl), ("Br", 1 - halide_cl))
    present = [(element, round(amount, 6)) for element, amount in amounts if round(amount, 6) > 0]
    return "Li2OH" + "".join(element if amount == 1 else f"{element}{amount:g}" for element, amount in present)
