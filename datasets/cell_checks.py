"""What is wrong with a table of cells, all of it at once?"""

from __future__ import annotations

import datetime
import re
import warnings
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any

import numpy as np
import pandas as pd
from pydantic import ValidationError

from datasets.cell_files import Finding, RawTable
from datasets.columns import CELL_COLUMNS, EVIDENCE, TARGETS, Column
from datasets.errors import Problem, nearest
from datasets.materials import NO_OXIDE, co_coatings
from datasets.recipe import COOLINGS, RECIPE_COLUMNS, Recipe
from datasets.spreadsheets import from_text

LARGEST_EFFICIENCY_GAP = 2.0
"""Points by which a printed efficiency may differ from discharge over charge: both are rounded."""

_STAND_INS: dict[str, Any] = {
    "halide_cl": 0.5,
    "oxide": "LiNbO3",
    "oxide_wt_pct": 1.0,
    "melt_temperature_C": 350.0,
    "cooling": "quench",
}
EFFICIENCY_COLUMNS = ("q_charge_first_mAh_g", "q_discharge_first_mAh_g", "ce_first_pct")
"""What must agree: efficiency is discharge over charge."""

_LARGEST_PCT = 101.0
_NEVER_BLANK = ("cell_id", "antiperovskite_wt_pct")
_MISSING = frozenset({"", "na", "n/a", "nan", "#n/a", "null"})
_DATES = (datetime.date, datetime.time, datetime.timedelta)
_NO_NUMBERS = (bool, np.bool_, *_DATES)
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+")
_MONTH = r"jan|feb|mar|mrz|apr|mai|may|jun|jul|aug|sep|okt|oct|nov|dez|dec"
_DATE = re.compile(
    rf"\d+[./-]\d+[./-]\d+.*|\d+:\d\d.*|\d+[./ -]*({_MONTH})[a-z]*\b.*|({_MONTH})[a-z]*[./ -]*\d+.*", re.IGNORECASE
)


def checked_cells(raw: RawTable) -> tuple[pd.DataFrame, list[Problem]]:
    """Turn the fields of a table into numbers and words, and find everything that is wrong with them.

    Parameters
    ----------
    raw : RawTable
        The table as it stands in its file.

    Returns
    -------
    cells : pandas.DataFrame
        All columns of ``CELL_COLUMNS`` in their order, a row for each row of the file; missing is NaN or None.
    problems : list of Problem
        Of the header first, then in the order of the rows. When there are any, ``cells`` is of no use.
    """
    problems = _header_problems(raw)
    cells, findings = checked_values(raw)
    findings += _efficiency_findings(_unjudged(cells, findings, EFFICIENCY_COLUMNS))
    if set(RECIPE_COLUMNS) <= set(cells):
        findings += _recipe_findings(_supposed_right(cells, findings))
    if not problems and not findings and not cells.reindex(columns=list(TARGETS)).notna().any(axis=None):
        problems.append(Problem("", "no result at all", f"a value in at least one of {', '.join(TARGETS)}"))
    return _completed(cells), problems + _in_order(findings, raw)


def checked_values(raw: RawTable) -> tuple[pd.DataFrame, list[Finding]]:
    """Turn fields into numbers and words, and find what is wrong with each by itself.

    Parameters
    ----------
    raw : RawTable
        Any columns; unknown ones are left out.

    Returns
    -------
    cells : pandas.DataFrame
        The known columns that the table has.
    findings : list of Finding
        Also those that reading the table left.
    """
    findings = list(raw.findings)
    given = {name: raw.fields[raw.header.index(name)] for name in CELL_COLUMNS if name in raw.header}
    cells = pd.DataFrame({name: _values(values, CELL_COLUMNS[name], findings) for name, values in given.items()})
    return cells, findings + _value_findings(cells)


def _in_order(findings: list[Finding], raw: RawTable) -> list[Problem]:
    position = {name: place for place, name in reversed(list(enumerate(raw.header)))}
    first = {(finding.row, finding.column): finding for finding in reversed(findings)}
    order = sorted(first.values(), key=lambda finding: (finding.row, position.get(finding.column, -1)))
    return [finding.problem for finding in order]


def _completed(cells: pd.DataFrame) -> pd.DataFrame:
    full = {
        name: cells[name] if name in cells else pd.Series(np.nan if column.is_number else None, index=cells.index)
        for name, column in CELL_COLUMNS.items()
    }
    types = {name: np.float64 if column.is_number else object for name, column in CELL_COLUMNS.items()}
    return pd.DataFrame(full).astype(types)


def _header_problems(raw: RawTable) -> list[Problem]:
    where = f"row {raw.header_row}"
    problems = []
    for place, name in enumerate(raw.header):
        if name in raw.header[:place]:
            problems.append(Problem(f"{where}, column {name}", name, "each column once"))
        elif name not in CELL_COLUMNS:
            advice = f"a known column{nearest(name, CELL_COLUMNS)}" if name else "a name above the values"
            problems.append(Problem(f"{where}, column {place + 1}", name or None, advice))
    for name, column in CELL_COLUMNS.items():
        if column.required and name not in raw.header:
            problems.append(Problem(where, None, f"a column {name}: {column.meaning}"))
    if not any(name in raw.header for name in TARGETS):
        problems.append(Problem(where, None, f"at least one of the columns {', '.join(TARGETS)}"))
    if raw.fields.empty and not raw.findings:
        problems.append(Problem("", "a header and nothing below", "at least one row"))
    return problems


def _values(values: pd.Series, column: Column, findings: list[Finding]) -> pd.Series:
    if column.is_number and pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        return values.astype(np.float64)
    clean = pd.Series(list(map(_stripped, values.astype(object))), index=values.index, dtype=object)
    return _numbers(clean, column, findings) if column.is_number else _words(clean, column, findings)


def _stripped(value: Any) -> Any:
    if not pd.api.types.is_scalar(value):
        return str(value)
    if not isinstance(value, str):
        return None if pd.isna(value) else value
    value = value.strip()
    return None if value.lower() in _MISSING else value


def _by_row(values: pd.Series) -> Iterator[tuple[int, Any]]:
    return zip(values.index.tolist(), values.tolist(), strict=True)


def _numbers(values: pd.Series, column: Column, findings: list[Finding]) -> pd.Series:
    plain: list[Any] = [None if isinstance(value, _NO_NUMBERS) else value for value in values]
    judged = pd.to_numeric(pd.Series(plain, index=values.index, dtype=object), errors="coerce")
    bad = values[judged.isna() & values.notna()]
    findings += [Finding(row, column.name, value, _wanted_number(value, column)) for row, value in _by_row(bad)]
    # float() is right to the last bit, where to_numeric may be off by it.
    numbers = [np.nan if np.isnan(number) else float(value) for number, value in zip(judged, plain, strict=True)]
    return pd.Series(numbers, index=values.index, dtype=np.float64)


def _wanted_number(value: object, column: Column) -> str:
    text = str(value)
    if isinstance(value, _DATES) or _DATE.fullmatch(text):
        return f"a number, {column.span}; a spreadsheet made a date of it: format the column as a number, type it again"
    if _DECIMAL_COMMA.fullmatch(text):
        return f"a decimal point, not a comma: {text.replace(',', '.')}"
    if text.startswith("="):
        return "a number; the formula was never computed: open the file in a spreadsheet program and save it"
    return f"a number, {column.span}, without unit, and blank where nothing was measured"


def _words(values: pd.Series, column: Column, findings: list[Finding]) -> pd.Series:
    bad = values[values.map(lambda value: isinstance(value, _DATES))]
    expected = "text; a spreadsheet made a date of it: format the column as text, type it again"
    findings += [Finding(row, column.name, str(value), expected) for row, value in _by_row(bad)]
    return values.map(_word).astype(object)


def _word(value: object) -> str | None:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return None if value is None else from_text(str(value))


def _value_findings(cells: pd.DataFrame) -> list[Finding]:
    from pandera.errors import SchemaErrors
    from pandera.pandas import DataFrameSchema

    schema = DataFrameSchema({str(name): _pandera_column(CELL_COLUMNS[str(name)]) for name in cells})
    try:
        with warnings.catch_warnings():
            # pandera joins its reports in a way that pandas will read differently one day; types only, not values.
            warnings.simplefilter("ignore", FutureWarning)
            schema.validate(cells, lazy=True)
    except SchemaErrors as error:
        cases = error.failure_cases
        first_rows = _first_rows(cells)
        rows = zip(cases["index"], cases["column"], cases["check"], strict=True)
        return [_finding(row, CELL_COLUMNS[name], cells.loc[row, name], check, first_rows) for row, name, check in rows]
    return []


def _pandera_column(column: Column) -> Any:
    import pandera.pandas as pa

    checks = [pa.Check.isin(choices(column.name))] if column.kind == "choice" else []
    if column.is_number:
        checks.append(pa.Check.in_range(column.low, column.high))
    if column.kind == "count":
        checks.append(pa.Check(lambda values: values % 1 == 0, name="whole"))
    return pa.Column(
        checks=checks,
        nullable=column.name not in _NEVER_BLANK,
        unique=column.name == "cell_id",
        report_duplicates="exclude_first",
    )


def _first_rows(cells: pd.DataFrame) -> dict[object, int]:
    return {cell_id: row for row, cell_id in reversed(list(_by_row(cells["cell_id"])))} if "cell_id" in cells else {}


def _finding(row: int, column: Column, got: Any, check: str, first_rows: dict[object, int]) -> Finding:
    if check == "field_uniqueness":
        return Finding(row, column.name, got, f"each {column.name} once; row {first_rows[got]} has it too")
    if check == "whole":
        return Finding(row, column.name, got, "a whole number")
    return Finding(row, column.name, None if pd.isna(got) else got, _wanted(column, got))


def _wanted(column: Column, got: Any = None) -> str:
    if column.kind == "choice":
        return _one_of(column.name, "" if got is None or pd.isna(got) else str(got))
    if column.is_number:
        return f"{column.span}, {column.hint}".removesuffix(", ")
    return "a name"


@lru_cache(maxsize=1000)
def _one_of(name: str, got: str) -> str:
    words = choices(name)
    return f"one of {', '.join(words)}{nearest(got, words)}"


@cache
def choices(name: str) -> tuple[str, ...]:
    """Name the words that may stand in a column of kind ``choice``.

    Examples
    --------
    >>> choices("cooling")
    ('quench', 'ambient', 'slow')
    """
    return {"oxide": (NO_OXIDE, *co_coatings()), "cooling": COOLINGS, "evidence": tuple(EVIDENCE)}[name]


def _unjudged(cells: pd.DataFrame, findings: list[Finding], columns: tuple[str, ...]) -> pd.DataFrame:
    # A value that is wrong by itself would be wrong beside the others too: it is said once.
    judged = {finding.row for finding in findings if finding.column in columns}
    return cells.loc[~cells.index.isin(judged)].reindex(columns=list(columns))


def _supposed_right(cells: pd.DataFrame, findings: list[Finding]) -> pd.DataFrame:
    """Put a valid value in the place of each wrong one, so that a row's other faults are found beside it."""
    unknown = {finding.row for finding in findings if finding.column == "antiperovskite_wt_pct"}
    known = cells.loc[~cells.index.isin(unknown), list(RECIPE_COLUMNS)]
    for finding in findings:
        if finding.column in _STAND_INS and finding.row not in unknown:
            known.loc[finding.row, finding.column] = _STAND_INS[finding.column]
    return known


def _efficiency_findings(cells: pd.DataFrame) -> list[Finding]:
    rows = zip(cells.index.tolist(), cells.astype(np.float64).itertuples(index=False, name=None), strict=True)
    return [finding for row, values in rows if (finding := efficiency_finding(row, *values))]


def efficiency_finding(row: int, charge: float, discharge: float, printed: float) -> Finding | None:
    """Compare a first-cycle efficiency with discharge over charge.

    Parameters
    ----------
    row : int
        Of the cell, for the finding.
    charge, discharge : float
        First capacities in mAh/g, NaN where missing.
    printed : float
        Efficiency in percent, NaN where missing.

    Returns
    -------
    Finding or None
        None where they agree, or where too little is known to tell.
    """
    implied = 100 * discharge / charge
    if abs(implied - printed) > LARGEST_EFFICIENCY_GAP:
        because = f"{discharge:g} mAh/g are discharged of {charge:g} charged"
        return Finding(row, "ce_first_pct", printed, f"{implied:.1f} % to within 2 points, as {because}")
    if np.isnan(printed) and implied > _LARGEST_PCT:
        return Finding(row, "q_discharge_first_mAh_g", discharge, f"no more than the {charge:g} mAh/g charged")
    return None


def _recipe_findings(recipes: pd.DataFrame) -> list[Finding]:
    rows = zip(recipes.index.tolist(), recipes.itertuples(index=False, name=None), strict=True)
    return [Finding(row, *complaint) for row, values in rows for complaint in _recipe_complaints(values)]


def _recipe_complaints(values: tuple[Any, ...]) -> Iterator[tuple[str, object, str]]:
    recipe = {name: value for name, value in zip(RECIPE_COLUMNS, values, strict=True) if not pd.isna(value)}
    if recipe.get("oxide", NO_OXIDE) != NO_OXIDE and "oxide_wt_pct" not in recipe:
        yield "oxide_wt_pct", None, f"{_wanted(CELL_COLUMNS['oxide_wt_pct'])}, since oxide is {recipe['oxide']}"
    try:
        Recipe.model_validate(recipe)
    except ValidationError as error:
        # Ranges and words are judged before: what is left is what a recipe lacks.
        for detail in error.errors():
            for name in detail["ctx"]["columns"].split(", "):
                yield name, None, f"{_wanted(CELL_COLUMNS[name])}, since {detail['ctx']['reason']}"
