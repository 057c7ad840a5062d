"""Whatever a table says, recording it again changes nothing."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datasets.recipe import Recipe
from experiments.ledger import LedgerCell, LedgerRecipe
from experiments.ledger.entries import Entry, parse_id, plan

NOW = datetime.now(UTC)
VALUES = st.dictionaries(
    st.sampled_from(["q_discharge_first_mAh_g", "retention_pct", "n_cycles"]), st.sampled_from([80.0, 90.0]), min_size=1
)
ROWS = st.lists(st.tuples(st.sampled_from(["R1", "R1-1", "R1-2", "R2"]), VALUES), min_size=1, max_size=6)


def recipes(*cells_of_each):
    return [
        LedgerRecipe(f"R{number}", Recipe(antiperovskite_wt_pct=0), 1, "proposed", cells, {}, "", [], NOW)
        for number, cells in enumerate(cells_of_each, 1)
    ]


def after(before, planned):
    """Do what was planned, on paper."""
    cells = {cell.id: cell for one in before for cell in one.cells}
    for recorded in planned.recorded:
        cells.setdefault(recorded.cell, LedgerCell(recorded.cell, {}, NOW))
    for each in planned.additions:
        cells[f"R{each.recipe}-{each.cell}"].values[each.column] = each.value
    by_recipe = {one.id: [cell for name, cell in cells.items() if name.startswith(f"{one.id}-")] for one in before}
    return [one._replace(cells=sorted(by_recipe[one.id], key=lambda cell: parse_id(cell.id))) for one in before]


def planned(state, rows):
    entries = [Entry(which, values, f"row {number}") for number, (which, values) in enumerate(rows, 2)]
    return plan(state, entries, [values for _, values in rows])


@settings(deadline=None)  # the first call imports pandas
@given(ROWS)
def test_a_table_that_was_recorded_has_nothing_new(rows):
    state = recipes([], [])
    first = planned(state, rows)
    if not first.problems:
        again = planned(after(state, first), rows)
        assert (again.problems, again.additions) == ([], [])
        assert [one.cell for one in again.recorded] == [one.cell for one in first.recorded]


@settings(deadline=None)
@given(ROWS, ROWS)
def test_cells_are_numbered_without_gaps_and_keep_their_values(rows, more):
    state = recipes([], [])
    for table in (rows, more):
        done = planned(state, table)
        if done.problems:
            continue
        before = {cell.id: dict(cell.values) for one in state for cell in one.cells}
        state = after(state, done)
        now = {cell.id: cell.values for one in state for cell in one.cells}
        assert all(values.items() <= now[name].items() for name, values in before.items())
    for one in state:
        assert [cell.id for cell in one.cells] == [f"{one.id}-{number}" for number in range(1, len(one.cells) + 1)]


@pytest.mark.parametrize("text", ["", "R", "R0", "R01", "R1-", "R1-0", "1", "R1.5", "R1-1-1", "X1", "R1234567890"])
def test_what_is_no_id_names_nothing(text):
    assert parse_id(text) is None
