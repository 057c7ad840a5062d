"""Which cells were made and measured, and with which recipe?"""

from __future__ import annotations

from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd

from datasets.columns import CELL_COLUMNS
from datasets.errors import InputError
from datasets.materials import NO_OXIDE
from datasets.recipe import RECIPE_COLUMNS, STEPS_PER_UNIT, Recipe

_NUMBERS = tuple(name for name in RECIPE_COLUMNS if CELL_COLUMNS[name].is_number)


def henkel2025() -> pd.DataFrame:
    """Give the six measured cells of Henkel et al. 2025, the default data of every job.

    Returns
    -------
    pandas.DataFrame
        Six rows, the columns of ``datasets.columns.CELL_COLUMNS``; values as printed, plus or minus one in the last
        digit.

    References
    ----------
    https://doi.org/10.1002/celc.202500286

    Examples
    --------
    >>> henkel2025()[["cell_id", "q_discharge_first_mAh_g", "retention_pct"]].head(2)
                   cell_id  q_discharge_first_mAh_g  retention_pct
    0  henkel2025-uncoated                    191.0           66.0
    1       henkel2025-LHC                    205.0           69.0
    """
    return typed_cells(bundled_words("henkel2025_cells.csv"))


def bundled_words(name: str) -> pd.DataFrame:
    """Read a bundled table, every value a word and NaN where there is none."""
    with files("datasets").joinpath("tables", name).open(encoding="utf-8") as lines:
        return pd.read_csv(lines, dtype=str, keep_default_na=False, na_values=[""])


def typed_cells(words: pd.DataFrame) -> pd.DataFrame:
    """Turn a table of words, known to be right, into a cell table.

    Parameters
    ----------
    words : pandas.DataFrame
        With the columns of a recipe; others of ``CELL_COLUMNS`` may be missing, and all others are dropped.
    """
    words = words.reindex(columns=list(CELL_COLUMNS))
    return normalise_recipes(pd.DataFrame({c.name: _typed(words[c.name], c.is_number) for c in CELL_COLUMNS.values()}))


def _typed(values: pd.Series, is_number: bool) -> pd.Series:
    return values.astype(np.float64) if is_number else _where(values, values.notna())


def _where(words: pd.Series, keep: pd.Series) -> pd.Series:
    if isinstance(words.dtype, pd.CategoricalDtype):
        return words.where(keep)
    values = words.to_numpy(object, copy=True)
    values[~keep.to_numpy(bool)] = None
    return pd.Series(values, index=words.index)


def read_cells(path: str | Path) -> pd.DataFrame:
    """Read a table of cells and check all of it.

    Needed are ``cell_id``, the columns of a recipe and one target with a value; every other column of
    ``datasets.columns.CELL_COLUMNS`` may be left out.

    Parameters
    ----------
    path : str or Path
        A file .csv, .tsv, .xlsx, .xlsm (the sheet named cells, else the first) or .parquet. It is only read.

    Returns
    -------
    pandas.DataFrame
        One row per cell, all columns of ``CELL_COLUMNS`` in their order; numbers float64 and NaN where missing, words
        str and None. Recipes are in normal form. A missing ``source`` is the file's name without suffix.

    Raises
    ------
    InputError
        With every problem of the table: row (as a spreadsheet counts, the header is row 1), column, value, and what
        was expected.
    """
    from datasets.cell_checks import checked_cells
    from datasets.cell_files import read_raw

    path = Path(path)
    cells, problems = checked_cells(read_raw(path))
    if problems:
        raise InputError(path, problems)
    cells["source"] = cells["source"].where(cells["source"].notna(), path.stem)
    return normalise_recipes(cells.reset_index(drop=True))


def recipe_table(recipes: Iterable[Recipe]) -> pd.DataFrame:
    """Write recipes as a recipe table.

    Parameters
    ----------
    recipes : iterable of Recipe
        Any number, also none.

    Returns
    -------
    pandas.DataFrame
        A row for each recipe; numbers float64 and NaN where they do not apply, words as str and None.

    Examples
    --------
    >>> recipe_table([Recipe(antiperovskite_wt_pct=0)]).loc[0, "oxide"]
    'none'
    """
    rows = [[getattr(recipe, name) for name in RECIPE_COLUMNS] for recipe in recipes]
    table = pd.DataFrame(rows, columns=list(RECIPE_COLUMNS), dtype=object)
    return table.astype(dict.fromkeys(_NUMBERS, np.float64))


def recipes(table: pd.DataFrame) -> list[Recipe]:
    """Read the rows of a recipe table as recipes.

    Parameters
    ----------
    table : pandas.DataFrame
        At least the columns of a recipe.

    Raises
    ------
    pydantic.ValidationError
        When a row is no recipe.
    """
    columns = [table[name].astype(object) for name in RECIPE_COLUMNS]
    rows = zip(*(_where(column, column.notna()) for column in columns), strict=True)
    return [Recipe(**dict(zip(RECIPE_COLUMNS, row, strict=True))) for row in rows]


def normalise_recipes(table: pd.DataFrame) -> pd.DataFrame:
    """Bring all recipes of a table to the normal form of `Recipe`, so that equal recipes have equal rows.

    Parameters
    ----------
    table : pandas.DataFrame
        At least the columns of a recipe, with valid values. A missing oxide is none.

    Returns
    -------
    pandas.DataFrame
        A copy, other columns as they were. Categorical columns stay categorical.

    Examples
    --------
    >>> two = recipe_table([Recipe(antiperovskite_wt_pct=0)] * 2).assign(oxide=["ZrO2", "none"])
    >>> list(normalise_recipes(two)["oxide"])
    ['none', 'none']
    """
    numbers = {name: _to_six_decimals(table[name]) for name in _NUMBERS}
    has_oxide = table["oxide"].notna() & (table["oxide"] != NO_OXIDE) & (numbers["oxide_wt_pct"] > 0)
    melted = numbers["antiperovskite_wt_pct"] > 0
    return table.assign(
        halide_cl=numbers["halide_cl"].where(melted),
        antiperovskite_wt_pct=numbers["antiperovskite_wt_pct"],
        oxide=_with_word(table["oxide"], NO_OXIDE).where(has_oxide, NO_OXIDE),
        oxide_wt_pct=numbers["oxide_wt_pct"].where(has_oxide, 0.0),
        melt_temperature_C=numbers["melt_temperature_C"].where(melted),
        cooling=_where(table["cooling"], melted & table["cooling"].notna()),
    )


def _to_six_decimals(values: pd.Series) -> pd.Series:
    scaled = values.to_numpy(np.float64) * STEPS_PER_UNIT
    return pd.Series(np.rint(scaled) / STEPS_PER_UNIT + 0.0, index=values.index)


def _with_word(words: pd.Series, word: str) -> pd.Series:
    if not isinstance(words.dtype, pd.CategoricalDtype) or word in words.cat.categories:
        return words
    return words.cat.add_categories(word)
