"""What is said when an input is wrong: every problem at once, each with its place, value and expectation."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import NamedTuple

_MOST_SHOWN = 50
_LONGEST_VALUE = 80


class Problem(NamedTuple):
    """One thing wrong with an input.

    Attributes
    ----------
    where : str
        The place inside the input, for example ``"row 4, column retention_pct"``; empty for the input as a whole.
    got : object
        The value found there, None where there is none; words, for the input as a whole.
    expected : str
        What would have been right, and what to do.
    """

    where: str
    got: object
    expected: str

    def __str__(self) -> str:
        got = repr(self.got) if isinstance(self.got, str) and self.where else str(self.got)
        got = "nothing" if self.got is None else got
        if len(got) > _LONGEST_VALUE:
            got = got[: _LONGEST_VALUE - 3] + "..."
        text = f"got {got}, expected {self.expected}"
        return f"{self.where}: {text}" if self.where else text


@dataclass
class InputError(ValueError):
    """The input is wrong, and nothing was done with it.

    Attributes
    ----------
    source : str
        The file, option or argument that is wrong.
    problems : tuple of Problem
        Everything that is wrong with it, in the order of the input.
    """

    source: str
    problems: tuple[Problem, ...]

    def __init__(self, source: object, problems: Iterable[Problem]) -> None:
        self.source = str(source)
        self.problems = tuple(problems)
        super().__init__(self.source, self.problems)

    def __str__(self) -> str:
        count = len(self.problems)
        lines = [f"{self.source}: {count} problem{'s' if count != 1 else ''}"]
        lines += [f"  {problem}" for problem in self.problems[:_MOST_SHOWN]]
        if count > _MOST_SHOWN:
            lines.append(f"  and {count - _MOST_SHOWN} more")
        return "\n".join(lines)


def nearest(word: str, known: Iterable[str]) -> str:
    """Name the known word nearest to a mistyped one, as the end of a sentence.

    Examples
    --------
    >>> nearest("LiNbO2", ["LiNbO3", "ZrO2"])
    '; did you mean LiNbO3?'
    >>> nearest("butter", ["LiNbO3", "ZrO2"])
    ''
    """
    words = list(known)
    by_lower = {candidate.lower(): candidate for candidate in words}
    matches = get_close_matches(str(word).lower(), list(by_lower), n=1, cutoff=0.6)
    return f"; did you mean {by_lower[matches[0]]}?" if matches else ""
