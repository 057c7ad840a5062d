"""What do the rows of a ledger say?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, Table, select

from datasets.recipe import RECIPE_COLUMNS, Recipe
from experiments.ledger.nouns import (
    Event,
    LedgerCell,
    LedgerRecipe,
    Proposed,
    Round,
    State,
    Value,
    cell_id,
    recipe_id,
    shown,
)
from experiments.ledger.tables import CELLS, MEASUREMENTS, PROPOSALS, RECIPES, REJECTIONS, RETRACTIONS, ROUNDS, RUNS

EVER = datetime.min.replace(tzinfo=UTC)


def read_rounds(connection: Connection) -> list[Round]:
    """Read every round, in order."""
    proposals = defaultdict(list)
    for row in _rows(connection, PROPOSALS):
        proposed = Proposed(recipe_id(row.recipe), row.is_replicate, row.prediction, row.reason, row.nearest)
        proposals[row.round].append(proposed)
    runs = {row.round: row.run_id for row in connection.execute(select(RUNS).order_by(RUNS.c.at))}
    return [
        Round(
            row.number,
            row.at,
            proposals[row.number],
            row.options,
            row.summary,
            row.cells_digest,
            row.space,
            runs.get(row.number),
        )
        for row in _rows(connection, ROUNDS)
    ]


def read_recipes(connection: Connection, targets: Sequence[str]) -> list[LedgerRecipe]:
    """Read every recipe with its cells, in order; those with a value of each target are measured."""
    cells = read_cells(connection)
    rejections = _rows(connection, REJECTIONS)
    rejected = {row.recipe: row.because if row.holds else "" for row in rejections if not row.only_replicate}
    declined = {row.recipe: row.at for row in rejections if row.only_replicate}
    moments = {row.number: row.at for row in _rows(connection, ROUNDS)}
    proposals = defaultdict(list)
    for row in _rows(connection, PROPOSALS):
        proposals[row.recipe].append(row)
    found = []
    for row in _rows(connection, RECIPES):
        first, last = proposals[row.number][0], proposals[row.number][-1]
        own = cells.get(row.number, [])
        since = [cell.at for cell in own if not cell.retracted] + [declined.get(row.number, EVER)]
        one = LedgerRecipe(
            recipe_id(row.number),
            Recipe(**{name: getattr(row, name) for name in RECIPE_COLUMNS}),
            first.round,
            "proposed",
            own,
            first.prediction,
            first.reason,
            first.nearest,
            moments[first.round],
            last.is_replicate and max(since) <= moments[last.round],
            rejected.get(row.number, ""),
        )
        found.append(one._replace(state=_state(one, targets)))
    return found


def _state(recipe: LedgerRecipe, targets: Sequence[str]) -> State:
    if recipe.because:
        return "rejected"
    if not any(cell.values for cell in recipe.usable):
        return "proposed"
    return "measured" if len(recipe.means(targets)) == len(targets) else "running"


def read_cells(connection: Connection) -> dict[int, list[LedgerCell]]:
    """Read every cell by the number of its recipe, with the values that count."""
    values: dict[tuple[int, int], dict[str, Value]] = defaultdict(dict)
    for row in _rows(connection, MEASUREMENTS):  # a later revision replaces the one before
        values[row.recipe, row.cell][row.column] = _value(row)
    retracted = {(row.recipe, row.cell): row.because if row.holds else "" for row in _rows(connection, RETRACTIONS)}
    cells = defaultdict(list)
    for row in _rows(connection, CELLS):
        because = retracted.get((row.recipe, row.number), "")
        own = values[row.recipe, row.number]
        cells[row.recipe].append(LedgerCell(cell_id(row.recipe, row.number), own, row.at, bool(because), because))
    return dict(cells)


def read_history(connection: Connection) -> list[Event]:
    """Tell everything that happened, in the order in which it did."""
    events = [
        *_proposed(connection),
        *_measured(connection),
        *_taken_back(connection, RETRACTIONS, "retracted", "restored"),
        *_taken_back(connection, REJECTIONS, "rejected", "reopened"),
    ]
    return sorted(events, key=lambda event: event.at)


def _proposed(connection: Connection) -> list[Event]:
    moments = {row.number: row.at for row in _rows(connection, ROUNDS)}
    return [
        Event(
            moments[row.round],
            "proposed",
            recipe_id(row.recipe),
            f"round {row.round}{', to be made again' if row.is_replicate else ''}: {row.reason}",
        )
        for row in _rows(connection, PROPOSALS)
    ]


def _measured(connection: Connection) -> list[Event]:
    """Tell what was recorded, all that one command recorded of a cell as one event."""
    recorded: dict[tuple[Any, str], list[str]] = defaultdict(list)
    corrected = []
    before: Any = None
    for row in _rows(connection, MEASUREMENTS):
        name, text = cell_id(row.recipe, row.cell), shown(row.column, _value(row))
        if row.revision == 0:
            recorded[row.at, name].append(f"{row.column} {text}")
        else:
            words = f"{row.column} from {shown(row.column, _value(before))} to {text}{_reason(row)}"
            corrected.append(Event(row.at, "corrected", name, words))
        before = row
    return [Event(at, "recorded", name, ", ".join(parts)) for (at, name), parts in recorded.items()] + corrected


def _taken_back(connection: Connection, table: Table, done: str, undone: str) -> list[Event]:
    return [
        Event(
            row.at,
            done if row.holds else undone,
            cell_id(row.recipe, row.cell) if "cell" in table.c else recipe_id(row.recipe),
            row.because,
        )
        for row in _rows(connection, table)
    ]


def _reason(row: Row[Any]) -> str:
    return f", because {row.because}" if row.because else ""


def _value(row: Row[Any]) -> Value:
    return row.text if row.number is None else row.number


def _rows(connection: Connection, table: Table) -> Sequence[Row[Any]]:
    return connection.execute(select(table).order_by(*table.primary_key.columns)).all()
