"""How is a table written so that a spreadsheet shows what stands in it, and runs none of it?"""

from __future__ import annotations

import re
from io import StringIO
from pathlib import Path

import pandas as pd

# At the start of a field, or where a spreadsheet that separates by semicolons or tabs begins one.
_PLACE = r"(?:^|(?<=[;\t\r\n]))"
_ACTIVE = r"(?=['\"]*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20])"
_BARE = re.compile(_PLACE + _ACTIVE)
_MARKED = re.compile(f"{_PLACE}'{_ACTIVE}")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?")


def as_text(value: str) -> str:
    """Mark text that a spreadsheet would take for a formula by an apostrophe, which it shows as text.

    A formula begins with an equals sign, plus, minus or at, also full width, or with a tab or carriage return before
    it (https://owasp.org/www-community/attacks/CSV_Injection). What is a number stays one.

    Examples
    --------
    >>> as_text("=1+1"), as_text("-5"), as_text("LHC@NCM85"), as_text("a;=1+1")
    ("'=1+1", '-5', 'LHC@NCM85', "a;'=1+1")
    """
    return value if _NUMBER.fullmatch(value) else _BARE.sub("'", value)


def from_text(value: str) -> str:
    """Take the apostrophes of `as_text` away.

    Examples
    --------
    >>> from_text(as_text("=1+1")), from_text("'quoted'")
    ('=1+1', "'quoted'")
    """
    return _MARKED.sub("", value)


def csv_text(table: pd.DataFrame) -> str:
    """Write a table as CSV (RFC 4180) that is safe to open in a spreadsheet.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns of numbers are written as they are, words through `as_text`. The index is left out.

    Returns
    -------
    str
    """
    words = {name: _marked(table[name]) for name in table.columns if table[name].dtype.kind not in "iufb"}
    text: str = table.assign(**words).to_csv(index=False, lineterminator="\r\n")
    return text


def _marked(column: pd.Series) -> pd.Series:
    return column.astype(object).map(lambda value: as_text(value) if isinstance(value, str) else value)


def words_of_csv(path: Path) -> pd.DataFrame:
    """Read a table that `csv_text` wrote, every value a word and NaN where there is none.

    Parameters
    ----------
    path : pathlib.Path
        A file in UTF-8.
    """
    text = path.read_bytes().decode()
    words = pd.read_csv(StringIO(text, newline=""), dtype=str, keep_default_na=False, na_values=[""])
    return words.map(from_text, na_action="ignore")
