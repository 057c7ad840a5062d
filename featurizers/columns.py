"""What does a recipe table say, as plain arrays that were checked?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from datasets.errors import nearest
from datasets.materials import NO_OXIDE, co_coatings
from datasets.recipe import COOLINGS, RECIPE_COLUMNS

STEPS_PER_X = 10_000
"""The chlorine fraction is rounded to four decimals, so that distinct materials stay few."""

ABSENT = -1
"""The code of a material, or of a cooling, that is not there; as an index it finds the last entry of a table."""

_ABSENT = np.int16(ABSENT)
_MOST_SHOWN = 5


@dataclass(frozen=True, slots=True)
class RecipeColumns:
    """The columns of a recipe table of n rows, words turned into codes.

    Attributes
    ----------
    antiperovskite_wt_pct, oxide_wt_pct : array of float, shape (n,)
        Amounts in percent of the mass of cathode active material.
    antiperovskite_step : array of int, shape (n,)
        x in units of 1 / `STEPS_PER_X`, `ABSENT` at 0 wt%.
    oxide : array of int, shape (n,)
        Position in `datasets.materials.co_coatings`, `ABSENT` at 0 wt%.
    melt_temperature_C : array of float, shape (n,)
        NaN at 0 wt% antiperovskite.
    cooling : array of int, shape (n,)
        Position in `datasets.recipe.COOLINGS`, `ABSENT` at 0 wt% antiperovskite.
    """

    antiperovskite_wt_pct: NDArray[np.float64]
    oxide_wt_pct: NDArray[np.float64]
    antiperovskite_step: NDArray[np.int16]
    oxide: NDArray[np.int16]
    melt_temperature_C: NDArray[np.float64]
    cooling: NDArray[np.int16]

    @classmethod
    def read(cls, table: pd.DataFrame) -> RecipeColumns:
        """Read and check a recipe table; columns that belong to no recipe are ignored.

        Parameters
        ----------
        table : pandas.DataFrame
            A recipe table.

        Raises
        ------
        TypeError
            When it is not a DataFrame.
        ValueError
            With everything that is wrong: columns that are missing, amounts that are negative or missing, and for what
            is present a halide fraction outside 0 to 1, no melt temperature, or an unknown oxide or cooling.
        """
        if not isinstance(table, pd.DataFrame):
            raise TypeError(f"Got {type(table).__name__}, expected a DataFrame with {', '.join(RECIPE_COLUMNS)}")
        missing = [name for name in RECIPE_COLUMNS if name not in table.columns]
        if missing:
            raise ValueError(
                f"Got a table without {', '.join(missing)}, expected the columns {', '.join(RECIPE_COLUMNS)}"
            )
        melted, mixed = _numbers(table, "antiperovskite_wt_pct"), _numbers(table, "oxide_wt_pct")
        halide, melt = _numbers(table, "halide_cl"), _numbers(table, "melt_temperature_C")
        has_melt, has_oxide = melted > 0, mixed > 0
        oxide = np.where(has_oxide, _codes(table["oxide"], co_coatings()), _ABSENT)
        cooling = np.where(has_melt, _codes(table["cooling"], COOLINGS), _ABSENT)
        wrong = {
            "antiperovskite_wt_pct": ~(melted >= 0) | np.isinf(melted),
            "oxide_wt_pct": ~(mixed >= 0) | np.isinf(mixed),
            "halide_cl": has_melt & ~((halide >= 0) & (halide <= 1)),
            "melt_temperature_C": has_melt & ~np.isfinite(melt),
            "oxide": has_oxide & (oxide == ABSENT),
            "cooling": has_melt & (cooling == ABSENT),
        }
        problems = [text for name, rows in wrong.items() if rows.any() for text in _problems(table[name], rows)]
        if problems:
            raise ValueError("The recipe table is wrong.\n" + "\n".join(problems))
        step = np.rint(np.where(has_melt, halide, ABSENT / STEPS_PER_X) * STEPS_PER_X).astype(np.int16)
        return cls(melted, mixed, step, oxide, melt, cooling)

    def __len__(self) -> int:
        return len(self.antiperovskite_wt_pct)

    def rows(self, start: int, stop: int) -> RecipeColumns:
        """Take some of the rows, without copying."""
        return RecipeColumns(*(getattr(self, field.name)[start:stop] for field in fields(self)))


_EXPECTED = {
    "antiperovskite_wt_pct": "0 or more percent",
    "oxide_wt_pct": "0 or more percent",
    "halide_cl": "0 to 1 where there is antiperovskite",
    "melt_temperature_C": "degrees Celsius where there is antiperovskite",
    "oxide": f"a known co-coating where oxide_wt_pct is not 0, never {NO_OXIDE!r}",
    "cooling": f"one of {', '.join(COOLINGS)} where there is antiperovskite",
}


def _numbers(table: pd.DataFrame, name: str) -> NDArray[np.float64]:
    try:
        return table[name].to_numpy(dtype=float, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise ValueError(f"Got a column {name} of {table[name].dtype}, expected numbers: {error}") from error


def _codes(column: pd.Series, known: Sequence[str]) -> NDArray[np.int16]:
    # By category, not by row: a chunk of the screen has a few words in tens of thousands of rows.
    categorical = column if isinstance(column.dtype, pd.CategoricalDtype) else column.astype("category")
    position = {word: code for code, word in enumerate(known)}
    by_category = [position.get(word, ABSENT) for word in categorical.cat.categories]
    return np.array([*by_category, ABSENT], dtype=np.int16)[categorical.cat.codes.to_numpy()]


def _problems(column: pd.Series, rows: NDArray[np.bool_]) -> Iterator[str]:
    positions = np.flatnonzero(rows)
    for position in positions[:_MOST_SHOWN]:
        value = column.iloc[position]
        known: Iterable[str] = {"oxide": co_coatings(), "cooling": COOLINGS}.get(str(column.name), ())
        hint = nearest(value, known) if isinstance(value, str) else ""
        yield f"  row {position}, column {column.name}: Got {value!r}, expected {_EXPECTED[str(column.name)]}{hint}"
    if len(positions) > _MOST_SHOWN:
        yield f"  and {len(positions) - _MOST_SHOWN} more rows of {column.name}"
