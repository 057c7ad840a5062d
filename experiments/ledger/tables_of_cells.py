"""Which cells does a table record?"""

from __future__ import annotations

from pathlib import Path

from datasets.cell_files import RawTable, read_raw
from datasets.errors import InputError, Problem, nearest
from experiments.ledger.entries import Entry
from experiments.ledger.nouns import RECORDED_COLUMNS

ID_COLUMNS = ("cell_id", "recipe_id")


def read_entries(path: Path) -> list[Entry]:
    """Read the entries of a table, a row each.

    Parameters
    ----------
    path : pathlib.Path
        A file .csv, .tsv, .xlsx, .xlsm or .parquet.

    Returns
    -------
    list of Entry

    Raises
    ------
    datasets.errors.InputError
        When the header or the form of the table is wrong. Values are judged when they are recorded.
    """
    raw = read_raw(path)
    problems = [*_header_problems(raw), *(finding.problem for finding in raw.findings)]
    if problems:
        raise InputError(path, problems)
    entries = []
    for row, fields in zip(raw.fields.index, raw.fields.itertuples(index=False, name=None), strict=True):
        own = dict(zip(raw.header, fields, strict=True))
        which = next(own.pop(name) for name in ID_COLUMNS if name in own)
        entries.append(Entry("" if which is None else str(which).strip(), own, f"row {row}"))
    return entries


def _header_problems(raw: RawTable) -> list[Problem]:
    where = f"row {raw.header_row}"
    known = (*ID_COLUMNS, *RECORDED_COLUMNS)
    problems = []
    for place, name in enumerate(raw.header, 1):
        if name in raw.header[: place - 1]:
            problems.append(Problem(f"{where}, column {place}", name, "each column once"))
        elif name not in known:
            advice = f"a column that is recorded of a cell{nearest(name, known)}" if name else "a name above the values"
            problems.append(Problem(f"{where}, column {place}", name or None, advice))
    if sum(name in raw.header for name in ID_COLUMNS) != 1:
        problems.append(Problem(where, None, f"a column {' or '.join(ID_COLUMNS)}, with ids such as R7 or R7-1"))
    if not problems and raw.fields.empty:
        problems.append(Problem("", "a header and nothing below", "at least one row"))
    return problems
