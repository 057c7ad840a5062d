"""Which recipes may be made at all: the grid of decision variables, counted and decoded without ever being held."""

from __future__ import annotations

import math
import operator
from functools import lru_cache
from typing import TYPE_CHECKING, Self, TypeVar

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError, field_validator, model_validator

from datasets.columns import LARGEST_WT_PCT, MELT_TEMPERATURE_RANGE_C
from datasets.errors import nearest
from datasets.materials import NO_OXIDE, co_coatings
from datasets.recipe import COOLINGS, RECIPE_COLUMNS, Cooling, Recipe

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

DEFAULT_OXIDES = (
    NO_OXIDE,
    "LiNbO3",
    "LiTaO3",
    "Li2ZrO3",
    "Li3PO4",
    "Li4Ti5O12",
    "LiAlO2",
    "Li2SiO3",
    "Li2WO4",
    "Al2O3",
    "ZrO2",
    "HfO2",
    "TiO2",
    "Nb2O5",
    "WO3",
)
"""No co-coating, and the fourteen that are screened by default."""

_T = TypeVar("_T")
_DECIMALS = 6
_STEP_TOLERANCE = 1e-6


class Steps(BaseModel):
    """The values a balance or a furnace can be set to: `low` to `high`, both included, by `step`.

    Attributes
    ----------
    low, high, step : float
        In the unit of the variable; `step` may be any positive number when `low` equals `high`.

    Examples
    --------
    >>> Steps(low=0, high=0.3, step=0.1).levels
    array([0. , 0.1, 0.2, 0.3])
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, strict=True)

    low: float
    high: float
    step: float

    @model_validator(mode="after")
    def _whole_steps(self) -> Self:
        if self.step <= 0:
            raise ValueError(f"Got step = {self.step:g}, expected more than 0")
        if self.high < self.low:
            raise ValueError(f"Got high = {self.high:g} below low = {self.low:g}, expected low <= high")
        steps = (self.high - self.low) / self.step
        if abs(steps - round(steps)) > _STEP_TOLERANCE * max(1.0, steps):
            raise ValueError(
                f"Got {self.low:g} to {self.high:g} by {self.step:g}, expected a whole number of steps: "
                f"set high to {self.low + math.floor(steps) * self.step:g}"
            )
        return self

    def __len__(self) -> int:
        return round((self.high - self.low) / self.step) + 1

    @property
    def levels(self) -> NDArray[np.float64]:
        """All values in rising order, rounded as `Recipe` rounds them."""
        return np.round(self.low + np.arange(len(self)) * self.step, _DECIMALS) + 0.0

    def position(self, value: float) -> int | None:
        """Tell the position of `value` among the values, or None when it lies between two of them."""
        index = round((value - self.low) / self.step)
        matches = 0 <= index < len(self) and abs(self.low + index * self.step - value) < 10**-_DECIMALS
        return index if matches else None


class RecipeSpace(BaseModel):
    """Every distinct recipe of a grid, in a fixed order, decoded on demand.

    Recipes that are the same in the furnace are counted once: there is one recipe without antiperovskite for each
    oxide and content, whatever halide, temperature and cooling, and one without oxide whatever its name.

    Attributes
    ----------
    halide_cl : Steps
        x in Li2OHCl_xBr_1-x.
    antiperovskite_wt_pct, oxide_wt_pct : Steps
        Contents in percent of the mass of cathode active material.
    oxides : tuple of str
        The co-coatings allowed; ``none`` allows recipes without one.
    melt_temperature_C : Steps
        Furnace temperatures.
    coolings : tuple of str
        The ways of cooling allowed.

    Examples
    --------
    >>> space = RecipeSpace()
    >>> len(space)
    3540881
    >>> Recipe(antiperovskite_wt_pct=1, halide_cl=0.5, melt_temperature_C=350, cooling="quench") in space
    True
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    halide_cl: Steps = Steps(low=0, high=1, step=0.05)
    antiperovskite_wt_pct: Steps = Steps(low=0, high=2, step=0.1)
    oxides: tuple[str, ...] = DEFAULT_OXIDES
    oxide_wt_pct: Steps = Steps(low=0, high=2, step=0.1)
    melt_temperature_C: Steps = Steps(low=310, high=400, step=10)
    coolings: tuple[Cooling, ...] = COOLINGS

    @field_validator("halide_cl", "antiperovskite_wt_pct", "oxide_wt_pct", "melt_temperature_C")
    @classmethod
    def _in_range(cls, steps: Steps, info: object) -> Steps:
        name = info.field_name  # type: ignore[attr-defined]
        low, high = {"halide_cl": (0.0, 1.0), "melt_temperature_C": MELT_TEMPERATURE_RANGE_C}.get(
            name, (0.0, LARGEST_WT_PCT)
        )
        if steps.low < low or steps.high > high:
            raise ValueError(f"Got {steps.low:g} to {steps.high:g}, expected values within {low:g} and {high:g}")
        return steps

    @field_validator("oxides")
    @classmethod
    def _known_oxides(cls, oxides: tuple[str, ...]) -> tuple[str, ...]:
        known = (NO_OXIDE, *co_coatings())
        wrong = [oxide for oxide in oxides if oxide not in known]
        if wrong:
            meant = "".join(nearest(oxide, known) for oxide in wrong)
            raise ValueError(f"Got {', '.join(wrong)}; expected names among {', '.join(known)}{meant}")
        return _each_once("oxides", oxides)

    @field_validator("coolings")
    @classmethod
    def _distinct_coolings(cls, coolings: tuple[Cooling, ...]) -> tuple[Cooling, ...]:
        return _each_once("coolings", coolings)

    @model_validator(mode="after")
    def _countable(self) -> Self:
        if self.n_recipes == 0:
            raise ValueError("Got a space with no recipe, expected at least one oxide (or none) with its content")
        if self.n_recipes > np.iinfo(np.int64).max:
            raise ValueError(f"Got {self.n_recipes:.1e} recipes, expected fewer than 9.2e18: take larger steps")
        return self

    @property
    def n_recipes(self) -> int:
        """The number of distinct recipes, which may exceed what `len` can return."""
        return self._n_without_antiperovskite + math.prod(self._radices)

    def __len__(self) -> int:
        return self.n_recipes

    # The order of the recipes: first those without antiperovskite, one an oxide state; then, with antiperovskite, a
    # mixed-radix number with the digits (antiperovskite, halide, oxide state, cooling, temperature), the last fastest.

    @property
    def _oxide_states(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        return _oxide_states(self.oxides, self.oxide_wt_pct)

    @property
    def _oxide_names(self) -> tuple[str, ...]:
        return (NO_OXIDE, *(oxide for oxide in self.oxides if oxide != NO_OXIDE))

    @property
    def _antiperovskite_contents(self) -> NDArray[np.float64]:
        contents = self.antiperovskite_wt_pct.levels
        return contents[contents > 0]

    @property
    def _n_without_antiperovskite(self) -> int:
        return len(self._oxide_states[0]) if self.antiperovskite_wt_pct.low == 0 else 0

    @property
    def _radices(self) -> tuple[int, int, int, int, int]:
        return (
            len(self._antiperovskite_contents),
            len(self.halide_cl),
            len(self._oxide_states[0]),
            len(self.coolings),
            len(self.melt_temperature_C),
        )

    def __getitem__(self, where: slice | int) -> pd.DataFrame:
        """Decode a contiguous slice of the space, or one recipe, to a recipe table of as many rows."""
        if isinstance(where, slice):
            start, stop, step = where.indices(self.n_recipes)
            return self.table(np.arange(start, stop, step, dtype=np.int64))
        index = operator.index(where)
        return self.table(np.array([index + self.n_recipes if index < 0 else index]))

    def table(self, indices: NDArray[np.int64]) -> pd.DataFrame:
        """Decode positions in the space to a recipe table.

        Parameters
        ----------
        indices : array of int, shape (n,)
            Positions, each in ``range(len(space))``.

        Returns
        -------
        pandas.DataFrame
            n rows with the columns `datasets.recipe.RECIPE_COLUMNS`, in normal form, indexed by position; `oxide` and
            `cooling` are categorical.

        Raises
        ------
        IndexError
            When a position lies outside the space.
        """
        import pandas as pd

        indices = np.asarray(indices, dtype=np.int64)
        if indices.size and not (indices.min() >= 0 and indices.max() < self.n_recipes):
            raise IndexError(f"Got positions up to {indices.max()}, expected 0 to {self.n_recipes - 1}")
        content, halide, oxide_state, cooling, temperature = self._digits(indices)
        oxide_codes, oxide_contents = self._oxide_states
        missing = content < 0
        columns = {
            "halide_cl": _take(self.halide_cl.levels, halide, missing),
            "antiperovskite_wt_pct": np.where(missing, 0.0, self._antiperovskite_contents.take(content, mode="clip"))
            if self._antiperovskite_contents.size
            else np.zeros(indices.shape),
            "oxide": _words(oxide_codes.take(oxide_state), self._oxide_names),
            "oxide_wt_pct": oxide_contents.take(oxide_state),
            "melt_temperature_C": _take(self.melt_temperature_C.levels, temperature, missing),
            "cooling": _words(np.where(missing, -1, cooling), self.coolings),
        }
        return pd.DataFrame(columns, index=pd.Index(indices, name="position"), columns=list(RECIPE_COLUMNS), copy=False)

    def _digits(self, indices: NDArray[np.int64]) -> tuple[NDArray[np.int64], ...]:
        """Split positions into digits; the content digit is -1 where there is no antiperovskite."""
        bare = indices < self._n_without_antiperovskite
        rest = indices - self._n_without_antiperovskite
        digits: list[NDArray[np.int64]] = []
        for radix in reversed(self._radices[1:]):
            quotient = rest // max(radix, 1)
            digits.append(rest - quotient * max(radix, 1))
            rest = quotient
        temperature, cooling, oxide_state, halide = digits
        if bare.any():
            oxide_state = np.where(bare, indices, oxide_state)
            rest = np.where(bare, -1, rest)
        return rest, halide, oxide_state, cooling, temperature

    def position(self, recipe: Recipe) -> int | None:
        """Tell the position of a recipe, or None when the space does not hold it."""
        oxide_state = self._oxide_state(recipe)
        if oxide_state is None:
            return None
        if recipe.antiperovskite_wt_pct == 0:
            return oxide_state if self._n_without_antiperovskite else None
        if recipe.halide_cl is None or recipe.melt_temperature_C is None or recipe.cooling is None:  # a type guard
            return None
        content = self.antiperovskite_wt_pct.position(recipe.antiperovskite_wt_pct)
        halide = self.halide_cl.position(recipe.halide_cl)
        temperature = self.melt_temperature_C.position(recipe.melt_temperature_C)
        if content is None or halide is None or temperature is None or recipe.cooling not in self.coolings:
            return None
        content -= len(self.antiperovskite_wt_pct) - len(self._antiperovskite_contents)
        position = 0
        digits = (content, halide, oxide_state, self.coolings.index(recipe.cooling), temperature)
        for radix, digit in zip(self._radices, digits, strict=True):
            position = position * radix + digit
        return position + self._n_without_antiperovskite

    def neighbours(self, recipe: Recipe) -> NDArray[np.int64]:
        """Find the recipes one change away: a step in one number, another oxide, none or a first one, another cooling.

        Parameters
        ----------
        recipe : Recipe
            Need not be in the space.

        Returns
        -------
        array of int
            Their positions in rising order; those outside of the space are left out.
        """
        content = recipe.model_dump()
        changes: list[dict[str, object]] = [{"cooling": cooling} for cooling in self.coolings]
        for name in ("halide_cl", "antiperovskite_wt_pct", "oxide_wt_pct", "melt_temperature_C"):
            if content[name] is not None:
                changes += [{name: content[name] + sign * getattr(self, name).step} for sign in (-1, 1)]
        least = self.oxide_wt_pct.levels[self.oxide_wt_pct.levels > 0][:1]
        amount = {"oxide_wt_pct": recipe.oxide_wt_pct or least[0]} if len(least) else {}
        changes += [{"oxide": oxide, **amount} for oxide in self.oxides if oxide != NO_OXIDE]
        changes.append({"oxide": NO_OXIDE, "oxide_wt_pct": 0.0})
        found = {self._position_of({**content, **change}) for change in changes} - {None, self.position(recipe)}
        return np.array(sorted(position for position in found if position is not None), dtype=np.int64)

    def _position_of(self, content: dict[str, object]) -> int | None:
        try:
            return self.position(Recipe.model_validate(content))
        except ValidationError:  # less than nothing of something
            return None

    def _oxide_state(self, recipe: Recipe) -> int | None:
        if recipe.oxide not in self._oxide_names:
            return None
        codes, contents = self._oxide_states
        match = (codes == self._oxide_names.index(recipe.oxide)) & np.isclose(contents, recipe.oxide_wt_pct, atol=1e-6)
        return int(np.argmax(match)) if match.any() else None

    def __contains__(self, recipe: object) -> bool:
        return isinstance(recipe, Recipe) and self.position(recipe) is not None

    def sample(self, n: int, random_state: int = 0) -> pd.DataFrame:
        """Draw n distinct recipes with equal chances.

        Parameters
        ----------
        n : int
            How many, at most the size of the space.
        random_state : int
            Equal seeds give equal samples.

        Returns
        -------
        pandas.DataFrame
            A recipe table of n rows in random order, indexed by position.

        Raises
        ------
        ValueError
            When more recipes are asked for than there are.
        """
        if not 0 <= n <= self.n_recipes:
            raise ValueError(f"Got n = {n}, expected 0 to {self.n_recipes}, the size of the space")
        rng = np.random.default_rng(random_state)
        return self.table(rng.choice(self.n_recipes, size=n, replace=False))


@lru_cache
def _oxide_states(oxides: tuple[str, ...], steps: Steps) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Codes (0 for none, then the named oxides in order) and contents of the distinct additions, none first."""
    positive = steps.levels[steps.levels > 0]
    named = [oxide for oxide in oxides if oxide != NO_OXIDE]
    codes = np.repeat(np.arange(1, len(named) + 1), len(positive))
    amounts = np.tile(positive, len(named))
    if NO_OXIDE in oxides or steps.low == 0:
        codes, amounts = np.append(0, codes), np.append(0.0, amounts)
    return codes, amounts


def _take(values: NDArray[np.float64], digits: NDArray[np.int64], missing: NDArray[np.bool_]) -> NDArray[np.float64]:
    taken = values.take(digits, mode="clip")
    taken[missing] = np.nan
    return taken


def _words(codes: NDArray[np.int64], words: tuple[str, ...]) -> pd.Categorical:
    import pandas as pd

    return pd.Categorical.from_codes(codes, pd.Index(words))  # type: ignore[arg-type]  # the stubs know no arrays


def _each_once(name: str, values: tuple[_T, ...]) -> tuple[_T, ...]:
    if not values:
        raise ValueError(f"Got no {name}, expected at least one")
    twice = {value for value in values if values.count(value) > 1}
    if twice:
        raise ValueError(f"Got {', '.join(map(str, twice))} more than once, expected each of the {name} once")
    return values
