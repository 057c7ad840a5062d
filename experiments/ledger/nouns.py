"""What goes into a ledger, and what comes out of it?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple

from datasets.columns import CELL_COLUMNS
from datasets.recipe import RECIPE_COLUMNS, Recipe

State = Literal["proposed", "running", "measured", "rejected"]
"""proposed: no usable cell yet; running: some targets measured; measured: all of them; rejected: declined."""

Value = float | str

RECORDED_COLUMNS = tuple(
    name for name in CELL_COLUMNS if name not in ("cell_id", "source", "evidence", *RECIPE_COLUMNS)
)
"""The columns of a cell table that are recorded of a cell: its conditions and its results."""


def recipe_id(recipe: int) -> str:
    """Name a recipe by its number.

    Examples
    --------
    >>> recipe_id(7)
    'R7'
    """
    return f"R{recipe}"


def cell_id(recipe: int, cell: int) -> str:
    """Name a cell by the numbers of its recipe and its own.

    Examples
    --------
    >>> cell_id(7, 1)
    'R7-1'
    """
    return f"R{recipe}-{cell}"


class Proposal(NamedTuple):
    """A recipe to be made next.

    Attributes
    ----------
    recipe : Recipe
    is_replicate : bool
        Whether it is to be made again.
    prediction : mapping
        What is expected of it, as JSON can hold it.
    reason : str
        Why it was chosen, in words.
    nearest : sequence
        The measured cells nearest to it, as JSON can hold them.
    """

    recipe: Recipe
    is_replicate: bool
    prediction: Mapping[str, Any]
    reason: str
    nearest: Sequence[Any] = ()


class Proposed(NamedTuple):
    """A proposal as a round keeps it.

    Attributes
    ----------
    recipe : str
        Id of the recipe.
    is_replicate : bool
    prediction : dict
    reason : str
    nearest : list
        See `Proposal`.
    """

    recipe: str
    is_replicate: bool
    prediction: dict[str, Any]
    reason: str
    nearest: list[Any]


class Round(NamedTuple):
    """One time that recipes were proposed.

    Attributes
    ----------
    number : int
        From 1 on.
    at : datetime.datetime
        In UTC.
    proposals : list of Proposed
        In the order in which they were given.
    options, summary, space : dict
        What the round was asked, what it found and what it chose from, as given to `Ledger.add_round`.
    cells_digest : str
        Digest of the cells that it learned from.
    run_id : str or None
        Its MLflow run.
    """

    number: int
    at: datetime
    proposals: list[Proposed]
    options: dict[str, Any]
    summary: dict[str, Any]
    cells_digest: str
    space: dict[str, Any]
    run_id: str | None = None

    @property
    def recipes(self) -> list[str]:
        """Ids of the recipes proposed, in order."""
        return [proposal.recipe for proposal in self.proposals]


class LedgerCell(NamedTuple):
    """One cell of a recipe.

    Attributes
    ----------
    id : str
        Such as R7-1.
    values : dict of str to float or str
        What was recorded of it, corrected, by column.
    at : datetime.datetime
        When it was recorded first, in UTC.
    retracted : bool
        Whether it was taken back.
    because : str
        Why; empty for a usable cell.
    """

    id: str
    values: dict[str, Value]
    at: datetime
    retracted: bool = False
    because: str = ""


class LedgerRecipe(NamedTuple):
    """One recipe of a campaign and what became of it.

    Attributes
    ----------
    id : str
        Such as R7.
    recipe : Recipe
    round : int
        The round that proposed it first.
    state : {"proposed", "running", "measured", "rejected"}
    cells : list of LedgerCell
        Also those taken back.
    prediction, reason, nearest
        Of the proposal that came first.
    proposed_at : datetime.datetime
        When it was proposed first, in UTC.
    awaits_replicate : bool
        Whether it was proposed to make it again and no cell was recorded since.
    because : str
        Why it was rejected; empty otherwise.
    """

    id: str
    recipe: Recipe
    round: int
    state: State
    cells: list[LedgerCell]
    prediction: dict[str, Any]
    reason: str
    nearest: list[Any]
    proposed_at: datetime
    awaits_replicate: bool = False
    because: str = ""

    @property
    def usable(self) -> list[LedgerCell]:
        """The cells that were not taken back."""
        return [cell for cell in self.cells if not cell.retracted]

    def means(self, targets: Sequence[str]) -> dict[str, float]:
        """Average each target over the usable cells that have it; targets that none has are left out."""
        found = {
            target: [float(cell.values[target]) for cell in self.usable if target in cell.values] for target in targets
        }
        return {target: sum(values) / len(values) for target, values in found.items() if values}


class Recorded(NamedTuple):
    """What became of values that were to be recorded of one cell.

    Attributes
    ----------
    cell : str
        Id of the cell.
    is_new : bool
        Whether the ledger did not know the cell before.
    added : dict of str to float or str
        Values that are new, by column.
    corrected : dict of str to tuple
        Values that were replaced: before and after.
    unchanged : dict of str to float or str
        Values that were there already.
    """

    cell: str
    is_new: bool
    added: dict[str, Value]
    corrected: dict[str, tuple[Value, Value]]
    unchanged: dict[str, Value]

    @property
    def sentence(self) -> str:
        """Say it in words."""
        parts = [f"{'new cell, ' if self.is_new else ''}recorded {_listed(self.added)}"] if self.added else []
        for name, (before, after) in self.corrected.items():
            parts.append(f"corrected {name} from {shown(name, before)} to {shown(name, after)}")
        if self.unchanged:
            parts.append(f"{_listed(self.unchanged)} {'was' if len(self.unchanged) == 1 else 'were'} there already")
        return f"{self.cell}: {'; '.join(parts)}."


def _listed(values: Mapping[str, Value]) -> str:
    return ", ".join(f"{name} {shown(name, value)}" for name, value in values.items())


def shown(column: str, value: Value) -> str:
    """Write a value with its unit.

    Examples
    --------
    >>> shown("retention_pct", 81.5), shown("n_cycles", 100.0), shown("note", "reused anode")
    ('81.5 %', '100', "'reused anode'")
    """
    if isinstance(value, str):
        return repr(value)
    return f"{value:.10g} {CELL_COLUMNS[column].unit}".rstrip()


class Event(NamedTuple):
    """One thing that happened in a campaign.

    Attributes
    ----------
    at : datetime.datetime
        In UTC.
    what : {"proposed", "recorded", "corrected", "retracted", "restored", "rejected", "reopened"}
    id : str
        The recipe or the cell.
    words : str
        What happened.
    """

    at: datetime
    what: str
    id: str
    words: str
