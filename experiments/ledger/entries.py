"""Which cell is meant by what was typed, what is new about it, and what is wrong with it?"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from datasets.errors import Problem, nearest
from experiments.ledger.nouns import (
    RECORDED_COLUMNS,
    LedgerCell,
    LedgerRecipe,
    Recorded,
    Value,
    cell_id,
    recipe_id,
    shown,
)

_ID = re.compile(r"r(?P<recipe>[1-9]\d{0,8})(-(?P<cell>[1-9]\d{0,8}))?", re.IGNORECASE)


class Named(NamedTuple):
    """What an id names.

    Attributes
    ----------
    recipe : int
    cell : int or None
        None where the id names a recipe.
    """

    recipe: int
    cell: int | None


class Entry(NamedTuple):
    """Values to record of one cell.

    Attributes
    ----------
    which : str
        Id of a recipe, for a new cell, or of a cell.
    values : mapping of str to object
        By column, as they were typed.
    where : str
        Their place in a file, for what is said of them.
    """

    which: str
    values: Mapping[str, object]
    where: str = ""


class Addition(NamedTuple):
    """A row to add to the measurements.

    Attributes
    ----------
    recipe, cell : int
    column : str
    value : float or str
    is_correction : bool
    """

    recipe: int
    cell: int
    column: str
    value: Value
    is_correction: bool


class Plan(NamedTuple):
    """What recording some entries would do.

    Attributes
    ----------
    recorded : list of Recorded
        One for each entry, in their order.
    additions : list of Addition
    problems : list of Problem
        When there are any, nothing may be written.
    """

    recorded: list[Recorded]
    additions: list[Addition]
    problems: list[Problem]


def parse_id(text: str) -> Named | None:
    """Read an id, or give None for what is none.

    Examples
    --------
    >>> parse_id("R7"), parse_id("r7-1"), parse_id("7")
    (Named(recipe=7, cell=None), Named(recipe=7, cell=1), None)
    """
    match = _ID.fullmatch(str(text).strip())
    return match and Named(int(match["recipe"]), int(match["cell"]) if match["cell"] else None)


def typed_values(entries: Sequence[Entry]) -> tuple[list[dict[str, Value]], list[Problem]]:
    """Turn what was typed into numbers and words, and find what is wrong with each of them by itself.

    Parameters
    ----------
    entries : sequence of Entry

    Returns
    -------
    values : list of dict
        One for each entry, without what is blank or wrong.
    problems : list of Problem
    """
    import pandas as pd

    from datasets.cell_checks import checked_values
    from datasets.cell_files import RawTable

    names = list(dict.fromkeys(name for entry in entries for name in entry.values))
    problems = [
        Problem("", name, f"a column that is recorded of a cell{nearest(name, RECORDED_COLUMNS)}")
        for name in names
        if name not in RECORDED_COLUMNS
    ]
    known = [name for name in names if name in RECORDED_COLUMNS]
    fields = pd.DataFrame(
        {place: [entry.values.get(name) for entry in entries] for place, name in enumerate(known)}, dtype=object
    )
    cells, findings = checked_values(RawTable(known, 0, fields, []))
    for finding in sorted(findings, key=lambda one: (one.row, known.index(one.column))):
        problems.append(Problem(_place(entries[finding.row].where, finding.column), finding.got, finding.expected))
    wrong = {(finding.row, finding.column) for finding in findings}
    rows = cells.astype(object).to_dict("records") if known else [{} for _ in entries]
    values = [
        {str(name): value for name, value in row.items() if not pd.isna(value) and (number, name) not in wrong}
        for number, row in enumerate(rows)
    ]
    if not problems:
        problems += [
            Problem(entry.where, "no value", f"a value of at least one of {', '.join(RECORDED_COLUMNS)}")
            for entry, own in zip(entries, values, strict=True)
            if not own
        ]
    return values, problems


def plan(
    recipes: Sequence[LedgerRecipe],
    entries: Sequence[Entry],
    values: Sequence[Mapping[str, Value]],
    *,
    correct: bool = False,
    new_cell: bool = False,
) -> Plan:
    """Work out what recording does, without writing.

    Parameters
    ----------
    recipes : sequence of LedgerRecipe
        As they stand.
    entries : sequence of Entry
    values : sequence of mapping
        Of each entry, checked.
    correct : bool
        Replace values that differ, which is a problem otherwise.
    new_cell : bool
        Make a new cell for an id of a recipe even where one has the same values.

    Returns
    -------
    Plan
    """
    planner = _Planner(recipes, correct, new_cell)

    def urgency(place: int) -> tuple[float, int]:
        # Cells that are named come first, in rising order; then entries of more values, which fewer cells can be.
        named = parse_id(entries[place].which)
        return (named.cell if named and named.cell else math.inf, -len(values[place]))

    for place in sorted(range(len(entries)), key=urgency):
        planner.take(place, entries[place], values[place])
    in_order = [planner.problems[place] for place in sorted(planner.problems)]
    return Plan(
        [planner.recorded[place] for place in sorted(planner.recorded)],
        planner.additions,
        [problem for problems in in_order for problem in problems],
    )


class _Planner:
    def __init__(self, recipes: Sequence[LedgerRecipe], correct: bool, new_cell: bool) -> None:
        self.recipes = {recipe.id: recipe for recipe in recipes}
        self.cells = {recipe.id: list(recipe.cells) for recipe in recipes}
        self.correct = correct
        self.new_cell = new_cell
        self.taken: dict[tuple[str, int], str] = {}
        self.said: dict[tuple[str, frozenset[tuple[str, Value]]], str] = {}
        self.recorded: dict[int, Recorded] = {}
        self.additions: list[Addition] = []
        self.problems: dict[int, list[Problem]] = {}

    def take(self, place: int, entry: Entry, values: Mapping[str, Value]) -> None:
        named = parse_id(entry.which)
        wrong = self._not_recordable(entry, named)
        if wrong is None and named is not None:
            cell = named.cell or self._cell_meant(named.recipe, values)
            wrong = self._doubled(entry, named, cell, values)
            if wrong is None:
                self.problems[place] = self._add(place, named.recipe, cell, entry, values)
                return
        self.problems[place] = [wrong] if wrong else []

    def _not_recordable(self, entry: Entry, named: Named | None) -> Problem | None:
        place = _place(entry.where, "" if not entry.where else "id")
        if named is None or recipe_id(named.recipe) not in self.recipes:
            return Problem(place, entry.which, expected_id(entry.which, list(self.recipes.values())))
        recipe = self.recipes[recipe_id(named.recipe)]
        if recipe.because:
            expected = (
                f"a recipe that was not rejected; {recipe.id} was, because {recipe.because}: "
                f"`lirap reject {recipe.id} --undo` takes that back"
            )
            return Problem(place, entry.which, expected)
        cells = self.cells[recipe.id]
        if named.cell is None:
            return None
        if named.cell > len(cells) + 1:
            return Problem(
                place, entry.which, f"{cell_id(named.recipe, len(cells) + 1)} for the next cell of {recipe.id}"
            )
        if named.cell <= len(cells) and cells[named.cell - 1].retracted:
            cell = cells[named.cell - 1]
            expected = (
                f"a cell that was not taken back; {cell.id} was, because {cell.because}: "
                f"`lirap retract {cell.id} --undo` restores it, and `lirap record {recipe.id}` makes a new cell"
            )
            return Problem(place, entry.which, expected)
        return None

    def _cell_meant(self, recipe: int, values: Mapping[str, Value]) -> int:
        """Find the cell that has these values already, the one with the fewest others first, or the next new one."""
        cells = self.cells[recipe_id(recipe)]
        same = [
            (len(cell.values), number)
            for number, cell in enumerate(cells, 1)
            if not cell.retracted
            and (recipe_id(recipe), number) not in self.taken
            and values.items() <= cell.values.items()
        ]
        return min(same)[1] if same and not self.new_cell else len(cells) + 1

    def _doubled(self, entry: Entry, named: Named, cell: int, values: Mapping[str, Value]) -> Problem | None:
        """Ask which cells are meant when two rows of a file may be one."""
        recipe = recipe_id(named.recipe)
        earlier = self.taken.get((recipe, cell))
        if earlier is not None:
            return Problem(entry.where, entry.which, f"each cell in one row; {earlier} has it too")
        self.taken[recipe, cell] = entry.where
        said = (recipe, frozenset(values.items()))
        if named.cell is None and values and said in self.said:
            twins = f"{cell_id(named.recipe, 1)} and {cell_id(named.recipe, 2)}"
            expected = f"other values than in {self.said[said]}; two cells that are alike are named, as in {twins}"
            return Problem(entry.where, f"the values of {self.said[said]}", expected)
        if named.cell is None:
            self.said[said] = entry.where
        return None

    def _add(self, place: int, recipe: int, cell: int, entry: Entry, values: Mapping[str, Value]) -> list[Problem]:
        cells = self.cells[recipe_id(recipe)]
        is_new = cell > len(cells)
        before = {} if is_new else cells[cell - 1].values
        added = {name: value for name, value in values.items() if name not in before}
        differing = {name: value for name, value in values.items() if name in before and before[name] != value}
        if is_new:
            cells.append(LedgerCell(cell_id(recipe, cell), {}, datetime.now(UTC)))
        problems = [] if self.correct else [_conflict(entry, cells[cell - 1], *one) for one in differing.items()]
        cells[cell - 1] = cells[cell - 1]._replace(values={**before, **values})
        problems += _inefficient(entry, cells[cell - 1].values, values)
        self.recorded[place] = Recorded(
            cell_id(recipe, cell),
            is_new,
            added,
            {name: (before[name], value) for name, value in differing.items()},
            {name: value for name, value in values.items() if before.get(name) == value},
        )
        self.additions += [
            Addition(recipe, cell, name, value, name in differing) for name, value in {**added, **differing}.items()
        ]
        return problems


def expected_id(which: str, recipes: Sequence[LedgerRecipe]) -> str:
    """Say which ids there are, and which was meant.

    Parameters
    ----------
    which : str
        What was typed.
    recipes : sequence of LedgerRecipe
        Those of the campaign.
    """
    if not recipes:
        return "a recipe that was proposed; there is none yet: run `lirap propose`"
    named = parse_id(which)
    own = [recipe for recipe in recipes if named and recipe.id == recipe_id(named.recipe)]
    if own and own[0].cells:
        ids = [cell.id for cell in own[0].cells]
        return f"one of the cells {', '.join(ids)}{nearest(which, ids)}"
    if own:
        return f"a cell that was recorded; of {own[0].id} there is none yet"
    ids = [recipe.id for recipe in recipes]
    span = ids[0] if len(ids) == 1 else f"one of {ids[0]} to {ids[-1]}"
    return f"{span}, or a cell such as {ids[0]}-1{nearest(which, ids)}"


def _conflict(entry: Entry, cell: LedgerCell, name: str, value: Value) -> Problem:
    expected = (
        f"{shown(name, cell.values[name])}, which {cell.id} has already; to replace it, add --correct, "
        f"and for another cell, record {cell.id.partition('-')[0]}"
    )
    return Problem(_place(entry.where, name), value, expected)


def _inefficient(entry: Entry, whole: Mapping[str, Value], values: Mapping[str, Value]) -> list[Problem]:
    """Compare the efficiency of a cell with its capacities, also those recorded earlier."""
    from datasets.cell_checks import EFFICIENCY_COLUMNS, efficiency_finding

    if not set(values) & set(EFFICIENCY_COLUMNS):
        return []
    finding = efficiency_finding(0, *(float(whole.get(name, math.nan)) for name in EFFICIENCY_COLUMNS))
    return [Problem(_place(entry.where, finding.column), finding.got, finding.expected)] if finding else []


def _place(where: str, column: str) -> str:
    return ", column ".join(part for part in (where, column) if part) if where else column
