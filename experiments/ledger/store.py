"""How is a campaign written down, so that nothing is lost, doubled or overwritten?"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Table, delete, func, insert, select

from datasets.errors import InputError, Problem
from datasets.recipe import RECIPE_COLUMNS, Recipe
from experiments.ledger.database import Database
from experiments.ledger.entries import Addition, Entry, Named, expected_id, parse_id, plan, typed_values
from experiments.ledger.nouns import (
    Event,
    LedgerRecipe,
    Proposal,
    Recorded,
    Round,
    recipe_id,
)
from experiments.ledger.reading import read_cells, read_history, read_recipes, read_rounds
from experiments.ledger.tables import (
    CELLS,
    MEASUREMENTS,
    PASSED_ON,
    PROPOSALS,
    RECIPES,
    REJECTIONS,
    RETRACTIONS,
    ROUNDS,
    RUNS,
)
from screening.goals import DEFAULT_GOALS

if TYPE_CHECKING:
    import pandas as pd

DEFAULT_TARGETS = tuple(goal.target for goal in DEFAULT_GOALS)


def open_ledger(home: str | Path, name: str, database: str | None = None) -> Ledger:
    """Open the ledger of a campaign; the first round creates it.

    Parameters
    ----------
    home : path
        Folder of the SQLite file ``campaign.db``.
    name : str
        Of the campaign.
    database : str, optional
        Address of a PostgreSQL database to use instead.

    Returns
    -------
    Ledger

    Raises
    ------
    datasets.errors.InputError
        When the address is none.
    """
    return Ledger(Database(Path(home), name, database))


class Ledger:
    """What was proposed, made, measured, corrected and given up in one campaign.

    Rows are added and never changed. Each method is one transaction: done as a whole, or not at all. Any number of
    processes may use one ledger at once. Every method raises `datasets.errors.InputError` for a database that holds
    anything else, and OSError where it cannot be read or written.

    Parameters
    ----------
    database : Database
    """

    def __init__(self, database: Database) -> None:
        self.database = database

    def turn_to_propose(self) -> Any:
        """Wait for one's turn to choose recipes: two that choose at once would choose the same.

        Returns
        -------
        context manager
            Recording goes on while it is held.
        """
        return self.database.turn("propose")

    def add_round(
        self,
        proposals: Sequence[Proposal],
        *,
        options: Mapping[str, Any],
        summary: Mapping[str, Any],
        cells_digest: str,
        space: Mapping[str, Any],
    ) -> Round:
        """Write down all proposals of a round or none, and number their recipes.

        Parameters
        ----------
        proposals : sequence of Proposal
            At least one.
        options, summary, space : mapping
            What the round was asked, what it found and what it chose from, as JSON can hold them; NaN becomes null.
        cells_digest : str
            Digest of the cells that it learned from.

        Returns
        -------
        Round

        Raises
        ------
        ValueError
            When there is no proposal, or one that is no replicate was proposed before.
        """
        if not proposals:
            raise ValueError("Got no proposal, expected at least one")
        with self.database.writing() as connection:
            number = _next_number(connection, ROUNDS)
            row = {"options": options, "summary": summary, "space": space}
            plain = {name: _plain(content) for name, content in row.items()}
            connection.execute(
                insert(ROUNDS).values(number=number, at=datetime.now(UTC), cells_digest=cells_digest, **plain)
            )
            for position, proposal in enumerate(proposals, 1):
                _propose(connection, number, position, proposal)
            return read_rounds(connection)[-1]

    def attach_run(self, round_number: int, run_id: str) -> None:
        """Note the MLflow run of a round; noting it again changes nothing.

        Parameters
        ----------
        round_number : int
        run_id : str
        """
        with self.database.writing() as connection:
            known = select(RUNS).where(RUNS.c.round == round_number, RUNS.c.run_id == run_id)
            if connection.execute(known).first() is None:
                connection.execute(insert(RUNS).values(round=round_number, run_id=run_id, at=datetime.now(UTC)))

    def rounds(self) -> list[Round]:
        """Give every round, in order."""
        with self.database.reading() as connection:
            return [] if connection is None else read_rounds(connection)

    def recipes(self, targets: Sequence[str] = DEFAULT_TARGETS) -> list[LedgerRecipe]:
        """Give every recipe with its cells and its state, in order.

        Parameters
        ----------
        targets : sequence of str
            A recipe is measured when its usable cells have a value of each of them.
        """
        with self.database.reading() as connection:
            return [] if connection is None else read_recipes(connection, targets)

    def cells(self, source: str) -> pd.DataFrame:
        """Give the cell table of what was measured: corrected values, and no cell that was taken back.

        Parameters
        ----------
        source : str
            What stands in the column ``source``: cells of one source share their offset.

        Returns
        -------
        pandas.DataFrame
            A row for each usable cell, the columns of ``datasets.columns.CELL_COLUMNS``.
        """
        import pandas as pd

        from datasets.cells import typed_cells

        rows = [
            {
                "cell_id": cell.id,
                "source": source,
                "evidence": "measured",
                **{name: getattr(recipe.recipe, name) for name in RECIPE_COLUMNS},
                **cell.values,
            }
            for recipe in self.recipes()
            for cell in recipe.usable
            if cell.values
        ]
        return typed_cells(pd.DataFrame(rows, dtype=object))

    def history(self) -> list[Event]:
        """Tell everything that happened, in the order in which it did."""
        with self.database.reading() as connection:
            return [] if connection is None else read_history(connection)

    def record(
        self,
        which: str,
        values: Mapping[str, object],
        *,
        correct: bool = False,
        because: str = "",
        new_cell: bool = False,
    ) -> Recorded:
        """Write down what one cell measured, partly or whole.

        Parameters
        ----------
        which : str
            Id of a recipe (R7), for a new cell unless one has exactly these values already, or of a cell (R7-1).
        values : mapping of str to object
            Columns of the cell table, as numbers or as they were typed.
        correct : bool
            Replace values that differ from those recorded.
        because : str
            Why they are corrected.
        new_cell : bool
            Make a new cell even where one has the same values.

        Returns
        -------
        Recorded

        Raises
        ------
        datasets.errors.InputError
            With everything that is wrong; nothing was written.
        """
        entries = [Entry(which, values)]
        return self.record_many(entries, source=which, correct=correct, because=because, new_cell=new_cell)[0]

    def record_many(
        self,
        entries: Sequence[Entry],
        *,
        source: str = "cells",
        correct: bool = False,
        because: str = "",
        new_cell: bool = False,
    ) -> list[Recorded]:
        """Write down what several cells measured, all or nothing.

        Parameters
        ----------
        entries : sequence of Entry
        source : str
            Where they come from, for what is said of them.
        correct, because, new_cell
            See `record`.

        Returns
        -------
        list of Recorded
            One for each entry.

        Raises
        ------
        datasets.errors.InputError
            With everything that is wrong; nothing was written.
        """
        values, wrong = typed_values(entries)
        # Planned twice, since the ledger may change before it is its turn to write; nothing is created for a mistake.
        problems = wrong + plan(self.recipes(), entries, values, correct=correct, new_cell=new_cell).problems
        if problems:
            raise InputError(source, problems)
        with self.database.writing() as connection:
            planned = plan(read_recipes(connection, ()), entries, values, correct=correct, new_cell=new_cell)
            if planned.problems:
                raise InputError(source, planned.problems)
            _write(connection, planned.additions, because)
        return planned.recorded

    def retract(self, cell: str, because: str, *, undo: bool = False) -> bool:
        """Take a cell back, or restore it; nothing is deleted.

        Parameters
        ----------
        cell : str
            Id of the cell.
        because : str
            Why.
        undo : bool
            Restore a cell that was taken back.

        Returns
        -------
        bool
            Whether that changed anything.

        Raises
        ------
        datasets.errors.InputError
            When there is no such cell, or no reason is given.
        """
        named = self._known(cell, because, undo, wants_cell=True)
        with self.database.writing() as connection:
            one = read_cells(connection)[named.recipe][(named.cell or 0) - 1]
            return _turn_over(connection, RETRACTIONS, named, one.retracted, undo, because)

    def reject(self, recipe: str, because: str, *, undo: bool = False) -> bool:
        """Decline a proposal, or take that back; of a recipe that was made, decline to make it again.

        Parameters
        ----------
        recipe : str
            Id of the recipe.
        because : str
            Why.
        undo : bool
            Take it back.

        Returns
        -------
        bool
            Whether that changed anything.

        Raises
        ------
        datasets.errors.InputError
            When there is no such recipe, it was measured, or no reason is given.
        """
        named = self._known(recipe, because, undo, wants_cell=False)
        with self.database.writing() as connection:
            one = read_recipes(connection, ())[named.recipe - 1]
            if one.usable and not undo and not one.awaits_replicate:
                cells = ", ".join(cell.id for cell in one.usable)
                expected = f"a recipe that was not made; {one.id} has the cells {cells}: retract those that are wrong"
                raise InputError(recipe, [Problem("", recipe, expected)])
            declines = {"only_replicate": bool(one.usable)}
            return _turn_over(connection, REJECTIONS, named, bool(one.because), undo, because, declines)

    def _known(self, which: str, because: str, undo: bool, *, wants_cell: bool) -> Named:
        problems = [] if because.strip() or undo else [Problem("because", None, "the reason, in words")]
        named, recipes = parse_id(which), self.recipes()
        own = next((one for one in recipes if named and one.id == recipe_id(named.recipe)), None)
        if named is None or own is None or (wants_cell and not 0 < (named.cell or 0) <= len(own.cells)):
            problems.insert(0, Problem("", which, expected_id(which, recipes)))
        elif not wants_cell and named.cell:
            problems.insert(0, Problem("", which, f"a recipe; did you mean `lirap retract {which}`?"))
        if problems or named is None:
            raise InputError(which, problems)
        return named


def passed_on(connection: Connection, what: str) -> str | None:
    """Give the digest of what a projection was last told, None where it was told nothing."""
    return connection.execute(select(PASSED_ON.c.digest).where(PASSED_ON.c.what == what)).scalar()


def note_passed_on(connection: Connection, what: str, digest: str) -> None:
    """Remember what a projection was told, so that it is told no more until that changes.

    Parameters
    ----------
    connection : sqlalchemy.Connection
        That may write.
    what : str
        The projection.
    digest : str
        Of what it was told.
    """
    connection.execute(delete(PASSED_ON).where(PASSED_ON.c.what == what))
    connection.execute(insert(PASSED_ON).values(what=what, digest=digest))


def _propose(connection: Connection, number: int, position: int, proposal: Proposal) -> None:
    key = _key(proposal.recipe)
    recipe = connection.execute(select(RECIPES.c.number).where(RECIPES.c.key == key)).scalar()
    if recipe is not None and not proposal.is_replicate:
        expected = f"a recipe that was not proposed before; it is {recipe_id(recipe)}, to be made again as a replicate"
        raise ValueError(f"Got {proposal.recipe.label}, expected {expected}")
    if recipe is None:
        recipe = _next_number(connection, RECIPES)
        own = {name: getattr(proposal.recipe, name) for name in RECIPE_COLUMNS}
        connection.execute(insert(RECIPES).values(number=recipe, key=key, **own))
    row = {
        "round": number,
        "position": position,
        "recipe": recipe,
        "is_replicate": proposal.is_replicate,
        "prediction": _plain(proposal.prediction),
        "reason": proposal.reason,
        "nearest": _plain(proposal.nearest),
    }
    connection.execute(insert(PROPOSALS).values(row))


def _write(connection: Connection, additions: Sequence[Addition], because: str) -> None:
    now = datetime.now(UTC)
    known = {tuple(row) for row in connection.execute(select(CELLS.c.recipe, CELLS.c.number))}
    for recipe, cell in dict.fromkeys((each.recipe, each.cell) for each in additions):
        if (recipe, cell) not in known:
            connection.execute(insert(CELLS).values(recipe=recipe, number=cell, at=now))
    for each in additions:
        own = (
            MEASUREMENTS.c.recipe == each.recipe,
            MEASUREMENTS.c.cell == each.cell,
            MEASUREMENTS.c.column == each.column,
        )
        row = {
            "recipe": each.recipe,
            "cell": each.cell,
            "column": each.column,
            "revision": connection.execute(select(func.count()).select_from(MEASUREMENTS).where(*own)).scalar_one(),
            "at": now,
            "because": because if each.is_correction else "",
            "text" if isinstance(each.value, str) else "number": each.value,
        }
        connection.execute(insert(MEASUREMENTS).values(row))


def _turn_over(
    connection: Connection,
    table: Table,
    named: Named,
    holds: bool,
    undo: bool,
    because: str,
    further: Mapping[str, Any] = MappingProxyType({}),
) -> bool:
    """Add a row that says the contrary of the last one, unless that says it already."""
    if holds != undo:
        return False
    own: dict[str, Any] = {"recipe": named.recipe, **({"cell": named.cell} if "cell" in table.c else {})}
    count = select(func.count()).select_from(table).where(*(table.c[name] == value for name, value in own.items()))
    revision = connection.execute(count).scalar_one()
    row = {**own, "revision": revision, "holds": not undo, "at": datetime.now(UTC), "because": because.strip()}
    row |= further
    connection.execute(insert(table).values(row))
    return True


def _key(recipe: Recipe) -> str:
    return json.dumps([getattr(recipe, name) for name in RECIPE_COLUMNS])


def _next_number(connection: Connection, table: Table) -> int:
    return (connection.execute(select(func.max(table.c.number))).scalar() or 0) + 1


def _plain(content: Any) -> Any:
    """Turn content into what JSON can hold and every database takes: no NumPy numbers, and null for NaN."""
    if isinstance(content, Mapping):
        return {str(name): _plain(value) for name, value in content.items()}
    if isinstance(content, (list, tuple)):
        return [_plain(value) for value in content]
    if hasattr(content, "tolist"):
        return _plain(content.tolist())
    return None if isinstance(content, float) and not math.isfinite(content) else content
