"""What stands in the file of a table, row by row as a spreadsheet shows it?"""

from __future__ import annotations

import csv
import re
import warnings
import zipfile
from collections.abc import Callable, Iterable, Sequence
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from datasets.errors import InputError, Problem

_TEXT_ADVICE = "text in UTF-8; in Excel: save as 'CSV UTF-8 (comma delimited)'"

_UNDECODED = re.compile("[\udc80-\udcff]")
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f]")


class Finding(NamedTuple):
    """Something wrong in one field of a table.

    Attributes
    ----------
    row : int
        The row that a spreadsheet shows; the header is row 1.
    column : str
        Name of the column; empty for the row as a whole.
    got : object
        The value there, None when blank.
    expected : str
        What would have been right.
    """

    row: int
    column: str
    got: object
    expected: str

    @property
    def problem(self) -> Problem:
        """The finding as it is shown to the user."""
        where = f"row {self.row}, column {self.column}" if self.column else f"row {self.row}"
        return Problem(where, self.got, self.expected)


class RawTable(NamedTuple):
    """A table as it stands in its file.

    Attributes
    ----------
    header : list of str
        Names of the columns without surrounding blanks; may be doubled, unknown or empty.
    header_row : int
        The row of the header.
    fields : pandas.DataFrame
        One column per name, by position; index: the row that a spreadsheet shows. Blank rows are left out.
    findings : list of Finding
        What was wrong with single rows and fields.
    """

    header: list[str]
    header_row: int
    fields: pd.DataFrame
    findings: list[Finding]


def read_raw(path: Path) -> RawTable:
    """Read a table by the suffix of its file, without judging what it says.

    Parameters
    ----------
    path : Path
        A file .csv, .tsv, .xlsx, .xlsm (the sheet named cells, else the first) or .parquet. It is only read.

    Raises
    ------
    InputError
        When there is no such file, or it is empty or not what its suffix says.
    """
    data = _bytes(path)
    try:
        reader = _READERS[path.suffix.lower()]
    except KeyError:
        known = ", ".join(_READERS)
        raise InputError(path, [Problem("", f"a file {path.suffix or 'without suffix'}", f"one of {known}")]) from None
    try:
        if not data:
            raise _empty()
        return reader(data)
    except _NotATableError as error:
        raise InputError(path, [Problem(error.where, error.got, error.expected)]) from error


class _NotATableError(ValueError):
    def __init__(self, got: object, expected: str, where: str = "") -> None:
        super().__init__(got, expected)
        self.got, self.expected, self.where = got, expected, where


def _empty() -> _NotATableError:
    return _NotATableError("an empty file", "a table with a header and at least one row")


def _bytes(path: Path) -> bytes:
    if path.is_dir():
        raise InputError(path, [Problem("", "a folder", "a file")])
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise InputError(path, [Problem("", "no such file", "a table of cells")]) from error
    except OSError as error:
        raise InputError(path, [Problem("", error.strerror or str(error), "a file that can be read")]) from error


def _read_csv(data: bytes) -> RawTable:
    text = _decoded(data)
    first_line = next((line for line in text.splitlines() if line.strip()), "")
    return _read_delimited(text, max(",;\t", key=first_line.count))


def _read_tsv(data: bytes) -> RawTable:
    return _read_delimited(_decoded(data), "\t")


def _decoded(data: bytes) -> str:
    fewer, more = sorted((data[::2].count(0), data[1::2].count(0)))
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or (more > len(data) / 4 and fewer == 0):
        raise _NotATableError("text in UTF-16", _TEXT_ADVICE)
    if _CONTROL.search(data):
        raise _NotATableError(f"a binary file, which begins {data[:8]!r}", "text, as the suffix says")
    # Bytes that are no UTF-8 become lone surrogates, so that each can be shown with its row and column.
    return data.decode("utf-8-sig", errors="surrogateescape")


def _read_delimited(text: str, delimiter: str) -> RawTable:
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        table = _raw_table(list(reader))
    except csv.Error as error:
        raise _NotATableError(str(error), "quotes that open and close a field", f"line {reader.line_num}") from error
    return table if _UNDECODED.search(text) is None else _with_encoding_findings(table)


def _with_encoding_findings(table: RawTable) -> RawTable:
    header = [_as_latin1(name) for name in table.header]
    found = [Finding(table.header_row, "", _as_latin1(name), _TEXT_ADVICE) for name in _undecoded(table.header)]
    for name, (_, column) in zip(header, table.fields.items(), strict=True):
        bad = column[column.isin(_undecoded(column))]
        rows = zip(bad.index.tolist(), bad.tolist(), strict=True)
        found += [Finding(row, name, _as_latin1(value), _TEXT_ADVICE) for row, value in rows]
    return RawTable(header, table.header_row, table.fields.map(_as_latin1), table.findings + found)


def _undecoded(texts: Iterable[str]) -> list[str]:
    return [text for text in texts if _UNDECODED.search(text)]


def _as_latin1(text: str) -> str:
    return _UNDECODED.sub(lambda byte: chr(ord(byte[0]) - 0xDC00), text)


def _read_excel(data: bytes) -> RawTable:
    try:
        values = [[cell.value for cell in row] for row in _sheet(data)]
        if _has_formulas(data):
            values = [
                list(map(_value, *rows)) for rows in zip(_sheet(data), _sheet(data, data_only=False), strict=True)
            ]
    except Exception as error:  # openpyxl raises whatever it stumbles over in a damaged file
        raise _NotATableError(f"a file that openpyxl cannot read ({error})", "an unencrypted Excel workbook") from error
    return _raw_table(values)


def _sheet(data: bytes, *, values_only: bool = False, data_only: bool = True) -> list[list[Any]]:
    from openpyxl import load_workbook  # type: ignore[import-untyped]  # it publishes no types

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # styles and drop-down lists that openpyxl leaves out; values are not concerned
        book = load_workbook(BytesIO(data), read_only=True, data_only=data_only)
        sheet = next((sheet for sheet in book.worksheets if sheet.title.lower() == "cells"), book.worksheets[0])
        sheet.reset_dimensions()  # some programs write wrong ones
        return [list(row) for row in sheet.iter_rows(values_only=values_only)]


def _has_formulas(data: bytes) -> bool:
    with zipfile.ZipFile(BytesIO(data)) as archive:
        sheets = [name for name in archive.namelist() if name.startswith("xl/worksheets/sheet")]
        return any(b"<f" in archive.read(name) for name in sheets)


def _with_formulas(data: bytes) -> list[list[object]]:
    both = zip(_sheet(data), _sheet(data, data_only=False), strict=True)
    return [list(map(_value, computed, written)) for computed, written in both]


def _value(computed: Any, written: Any) -> object:
    # A formula that no spreadsheet program has computed yet has no value at all, and must not pass for "not measured";
    # one that was computed to a blank has the type "str".
    return computed.value if computed.data_type == "str" or computed.value is not None else written.value


def _read_parquet(data: bytes) -> RawTable:
    try:
        frame = pd.read_parquet(BytesIO(data))
        if any(name is not None for name in frame.index.names):
            frame = frame.reset_index()
    except Exception as error:  # Arrow and pandas raise a dozen types for a damaged file
        reason = str(error).partition("\n")[0]
        raise _NotATableError(f"a file that Arrow cannot read ({reason})", "a Parquet file") from error
    header = [str(name).strip() for name in frame.columns]
    values = frame.set_axis(range(len(header)), axis="columns").set_axis(range(2, len(frame) + 2), axis="index")
    return RawTable(header, 1, values[values.notna().any(axis="columns")], [])


def _raw_table(records: Sequence[Sequence[object]]) -> RawTable:
    numbered = ((number, _without_blank_end(record)) for number, record in enumerate(records, 1))
    rows = {number: record for number, record in numbered if record}
    if not rows:
        raise _empty()
    header_row = min(rows)
    header = ["" if name is None else str(name).strip() for name in rows.pop(header_row)]
    findings = [_too_long(number, len(row), len(header)) for number, row in rows.items() if len(row) > len(header)]
    full = {number: row + [""] * (len(header) - len(row)) for number, row in rows.items() if len(row) <= len(header)}
    fields = pd.DataFrame.from_dict(full, orient="index", columns=list(range(len(header))), dtype=object)
    return RawTable(header, header_row, fields, findings)


def _is_blank(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _without_blank_end(record: Sequence[object]) -> list[object]:
    filled = [position for position, value in enumerate(record, 1) if not _is_blank(value)]
    return list(record[: max(filled, default=0)])


def _too_long(row: int, got: int, expected: int) -> Finding:
    advice = f"{expected} values as in the header; write decimals with a point, and quote text that holds the separator"
    return Finding(row, "", got, advice)


_READERS: dict[str, Callable[[bytes], RawTable]] = {
    ".csv": _read_csv,
    ".tsv": _read_tsv,
    ".xlsx": _read_excel,
    ".xlsm": _read_excel,
    ".parquet": _read_parquet,
}
