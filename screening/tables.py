"""What is a table for people, before it is a page or a terminal?"""

from __future__ import annotations

from typing import NamedTuple


class Table(NamedTuple):
    """One table for people, every cell a word.

    Attributes
    ----------
    title, caption : str
    columns : list of Column
    rows : list of list of str
    """

    title: str
    caption: str
    columns: list[Column]
    rows: list[list[str]]


class Column(NamedTuple):
    """One column of a table for people.

    Attributes
    ----------
    name : str
    number : bool
        Whether its values are aligned as numbers.
    """

    name: str
    number: bool = False
