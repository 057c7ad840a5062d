"""What was written down is there, once, and nothing else is."""

import math

import numpy as np
import pandas as pd
import pytest

from datasets.columns import CELL_COLUMNS
from datasets.errors import InputError
from datasets.recipe import Recipe
from experiments.ledger import Proposal, open_ledger
from experiments.ledger.entries import Entry

FIRST = {"q_discharge_first_mAh_g": 198.2, "ce_first_pct": 86}
LATER = {"retention_pct": "81.5", "n_cycles": 100}


def states(ledger):
    return {recipe.id: recipe.state for recipe in ledger.recipes()}


def words(error):
    return str(error.value)


def test_an_empty_ledger_is_read_and_creates_nothing(tmp_path):
    ledger = open_ledger(tmp_path / "home", "tests")
    assert (ledger.rounds(), ledger.recipes(), ledger.history()) == ([], [], [])
    assert list(ledger.cells("own")) == list(CELL_COLUMNS)
    with pytest.raises(InputError, match="lirap propose"):
        ledger.record("R1", FIRST)
    with pytest.raises(InputError, match="lirap propose"):
        ledger.reject("R1", "why")
    assert not (tmp_path / "home").exists()


def test_a_round_comes_back_as_it_was_given(ledger, recipes):
    prediction = {"mean": np.float64(190.5), "interval": np.array([180.0, math.nan]), "n": (1, 2)}
    proposals = [Proposal(recipes[3], False, prediction, "best expected gain", [{"cell": "LHC"}])]
    given = {"options": {"n": 4}, "summary": {"front": [[1, 2]]}, "cells_digest": "abc", "space": {"oxides": ["none"]}}
    done = ledger.add_round(proposals, **given)
    assert ledger.rounds() == [done]
    assert (done.number, done.recipes, done.run_id) == (1, ["R1"], None)
    assert (done.options, done.summary, done.cells_digest, done.space) == tuple(given.values())
    (one,) = ledger.recipes()
    assert (one.id, one.recipe, one.round, one.state, one.cells) == ("R1", recipes[3], 1, "proposed", [])
    assert one.prediction == {"mean": 190.5, "interval": [180.0, None], "n": [1, 2]}
    assert (one.reason, one.nearest, one.proposed_at) == ("best expected gain", [{"cell": "LHC"}], done.at)
    assert done.at.utcoffset().total_seconds() == 0


def test_recipes_are_numbered_through_and_proposed_once(ledger, propose, recipes):
    assert propose(0, 1).recipes == ["R1", "R2"]
    assert propose(2).recipes == ["R3"]
    again = [Proposal(recipes[5], False, {}, ""), Proposal(recipes[1], False, {}, "")]
    with pytest.raises(ValueError, match="it is R2, to be made again as a replicate"):
        ledger.add_round(again, options={}, summary={}, cells_digest="", space={})
    assert list(states(ledger)) == ["R1", "R2", "R3"], "all of a round or nothing"
    with pytest.raises(ValueError, match="at least one"):
        ledger.add_round([], options={}, summary={}, cells_digest="", space={})


def test_a_replicate_is_the_recipe_again(ledger, propose):
    propose(0)
    ledger.record("R1", FIRST | LATER)
    assert propose(0, 1).recipes == ["R1", "R2"]
    one = ledger.recipes()[0]
    assert (one.round, one.state, one.awaits_replicate) == (1, "measured", True)
    ledger.record("R1", {"q_discharge_first_mAh_g": 199})
    assert not ledger.recipes()[0].awaits_replicate


def test_a_replicate_can_be_declined(ledger, propose):
    propose(0)
    ledger.record("R1", FIRST | LATER)
    propose(0)
    assert ledger.reject("R1", "no time")
    one = ledger.recipes()[0]
    assert (one.state, one.awaits_replicate) == ("measured", False)
    propose(0)
    assert ledger.recipes()[0].awaits_replicate


def test_the_last_run_of_a_round_counts(ledger, propose):
    propose(0)
    for run in ("a", "a", "b"):
        ledger.attach_run(1, run)
    assert ledger.rounds()[0].run_id == "b"


def test_results_come_in_bit_by_bit(ledger, propose):
    propose(0, 1)
    first = ledger.record("R1", FIRST)
    assert (first.cell, first.is_new, first.added) == ("R1-1", True, FIRST)
    assert states(ledger) == {"R1": "running", "R2": "proposed"}
    ledger.record("r1-1", LATER)
    assert states(ledger)["R1"] == "measured"
    ledger.record("R1", {"retention_pct": 79.5, "note": "second cell"})
    one = ledger.recipes()[0]
    assert [cell.id for cell in one.cells] == ["R1-1", "R1-2"]
    assert one.means(["q_discharge_first_mAh_g", "retention_pct"]) == pytest.approx(
        {"q_discharge_first_mAh_g": 198.2, "retention_pct": 80.5}
    )


def test_the_cell_table_holds_what_counts(ledger, propose, recipes):
    propose(0, 1)
    ledger.record("R1", FIRST)
    ledger.record("R1-1", {"ce_first_pct": 87}, correct=True, because="misread")
    ledger.record("R2", FIRST)
    ledger.retract("R2-1", "short circuit")
    ledger.record("R2", {"retention_pct": 70, "note": "=1+1"})
    cells = ledger.cells("my lab")
    assert list(cells) == list(CELL_COLUMNS)
    assert list(cells["cell_id"]) == ["R1-1", "R2-2"]
    assert list(cells["ce_first_pct"].fillna(0)) == [87.0, 0.0]
    assert set(cells["source"]) == {"my lab"}
    assert set(cells["evidence"]) == {"measured"}
    assert list(cells["halide_cl"]) == [recipes[0].halide_cl, recipes[1].halide_cl]
    assert cells["note"][1] == "=1+1"
    assert pd.api.types.is_float_dtype(cells["n_cycles"])


def test_recording_twice_is_recording_once(ledger, propose):
    propose(0)
    ledger.record("R1", FIRST)
    again = ledger.record("R1", FIRST)
    assert (again.cell, again.is_new, again.added, again.unchanged) == ("R1-1", False, {}, FIRST)
    assert ledger.record("R1-1", FIRST).unchanged == FIRST
    assert len(ledger.cells("own")) == 1
    assert ledger.record("R1-2", FIRST).is_new, "a twin is named"
    assert ledger.record("R1", FIRST, new_cell=True).cell == "R1-3"


def test_a_different_value_asks_for_a_correction_and_keeps_what_was(ledger, propose):
    propose(0)
    ledger.record("R1", FIRST | LATER)
    with pytest.raises(InputError, match=r"got 82.0, expected 81.5 %, which R1-1 has already; .*--correct"):
        ledger.record("R1-1", {"retention_pct": 82})
    done = ledger.record("R1-1", {"retention_pct": 82, "n_cycles": 100}, correct=True, because="typing error")
    assert (done.corrected, done.unchanged) == ({"retention_pct": (81.5, 82.0)}, {"n_cycles": 100.0})
    assert ledger.history()[-1].words == "retention_pct from 81.5 % to 82 %, because typing error"
    assert ledger.recipes()[0].cells[0].values["retention_pct"] == 82


@pytest.mark.parametrize(
    ("which", "values", "expected"),
    [
        ("R9", FIRST, "one of R1 to R2"),
        ("R01", FIRST, "did you mean R1?"),
        ("seven", FIRST, "one of R1 to R2, or a cell such as R1-1"),
        ("R1-3", FIRST, "R1-2 for the next cell of R1"),
        ("R1", {"retention_pct": "0.8"}, "2 to 110 %, in percent: 80, not 0.8"),
        ("R1", {"retention_pct": "81,5"}, "a decimal point, not a comma: 81.5"),
        ("R1", {"n_cycles": 99.5}, "a whole number"),
        ("R1", {"retention": 80}, "did you mean retention_pct?"),
        ("R1", {"halide_cl": 0.5}, "a column that is recorded of a cell"),
        ("R1", {"retention_pct": ""}, "a value of at least one of"),
        ("R1-1", {"q_charge_first_mAh_g": 210}, "94.4 % to within 2 points, as 198.2 mAh/g"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_written(ledger, propose, which, values, expected):
    propose(0, 1)
    ledger.record("R1", FIRST)
    before = ledger.history()
    with pytest.raises(InputError) as refused:
        ledger.record(which, values)
    assert expected in words(refused)
    assert ledger.history() == before


def test_all_problems_are_told_at_once(ledger, propose):
    propose(0)
    with pytest.raises(InputError) as refused:
        ledger.record("R4", {"retention_pct": "80%", "q_discharge_first_mAh_g": 2, "colour": "red"})
    assert len(refused.value.problems) == 4


def test_a_cell_is_taken_back_and_restored(ledger, propose):
    propose(0)
    ledger.record("R1", FIRST | LATER)
    with pytest.raises(InputError, match="got nothing, expected the reason"):
        ledger.retract("R1-1", " ")
    assert ledger.retract("R1-1", "short circuit")
    assert not ledger.retract("R1-1", "short circuit")
    assert states(ledger) == {"R1": "proposed"}
    with pytest.raises(InputError, match=r"R1-1 was, because short circuit: .*lirap retract R1-1 --undo"):
        ledger.record("R1-1", {"pressure_MPa": 50})
    assert ledger.record("R1", FIRST).cell == "R1-2", "what was taken back is no twin"
    assert ledger.retract("R1-1", "", undo=True)
    assert [event.what for event in ledger.history()] == ["proposed", "recorded", "retracted", "recorded", "restored"]
    assert len(ledger.cells("own")) == 2


def test_a_proposal_is_declined_and_taken_up_again(ledger, propose):
    propose(0, 1)
    assert ledger.reject("R2", "no LiBr left")
    assert not ledger.reject("R2", "no LiBr left")
    assert states(ledger) == {"R1": "proposed", "R2": "rejected"}
    with pytest.raises(InputError, match="because no LiBr left: `lirap reject R2 --undo`"):
        ledger.record("R2", FIRST)
    assert ledger.reject("R2", "", undo=True)
    ledger.record("R2", FIRST)
    with pytest.raises(InputError, match="R2 has the cells R2-1: retract"):
        ledger.reject("R2", "changed my mind")


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (lambda ledger: ledger.retract("R1-2", "why"), "one of the cells R1-1; did you mean R1-1?"),
        (lambda ledger: ledger.retract("R1", "why"), "one of the cells R1-1; did you mean R1-1?"),
        (lambda ledger: ledger.retract("R2-1", "why"), "of R2 there is none yet"),
        (lambda ledger: ledger.retract("R7-1", "why"), "one of R1 to R2"),
        (lambda ledger: ledger.reject("R1-1", "why"), "did you mean `lirap retract R1-1`?"),
        (lambda ledger: ledger.reject("R3", "why"), "one of R1 to R2"),
        (lambda ledger: ledger.reject("R2", ""), "the reason, in words"),
    ],
)
def test_what_cannot_be_taken_back_is_told(ledger, propose, call, expected):
    propose(0, 1)
    ledger.record("R1", FIRST)
    with pytest.raises(InputError) as refused:
        call(ledger)
    assert expected in words(refused)


def entries(*rows):
    return [Entry(which, values, f"row {number}") for number, (which, values) in enumerate(rows, 2)]


def test_a_table_is_recorded_whole_and_again_without_effect(ledger, propose):
    propose(0, 1)
    table = entries(
        ("R1", {"q_discharge_first_mAh_g": 190.0}),
        ("R1-2", {"q_discharge_first_mAh_g": 191.0}),
        ("R1", {"q_discharge_first_mAh_g": 190.0, "retention_pct": 80.0}),
        ("R1-1", {"q_discharge_first_mAh_g": 189.0}),
        ("R2", {"retention_pct": 70.0}),
    )
    done = ledger.record_many(table)
    assert [one.cell for one in done] == ["R1-4", "R1-2", "R1-3", "R1-1", "R2-1"]
    history = ledger.history()
    again = ledger.record_many(table)
    assert [one.cell for one in again] == [one.cell for one in done]
    assert ledger.history() == history


def test_rows_that_may_be_one_cell_are_asked_about(ledger, propose):
    propose(0)
    table = entries(("R1", FIRST), ("R1", FIRST), ("R1-1", LATER), ("R1-1", LATER), ("R8", FIRST), ("R1-1", {}))
    with pytest.raises(InputError) as refused:
        ledger.record_many(table, source="cells.csv")
    told = words(refused)
    assert told.startswith("cells.csv")
    for part in ("row 3: got 'the values of row 2', expected other values", "each cell in one row; row 4 has it too",
                 "row 6, column id: got 'R8'"):  # fmt: skip
        assert part in told
    assert ledger.recipes()[0].cells == []


def test_history_tells_all_in_words(ledger, propose):
    propose(0)
    ledger.record("R1", FIRST)
    propose(0)
    assert [(event.what, event.id, event.words) for event in ledger.history()] == [
        ("proposed", "R1", "round 1: reason 0"),
        ("recorded", "R1-1", "ce_first_pct 86 %, q_discharge_first_mAh_g 198.2 mAh/g"),
        ("proposed", "R1", "round 2, to be made again: reason 0"),
    ]


def test_an_uncoated_recipe_and_its_normal_form_are_one(ledger):
    bare = Proposal(Recipe(antiperovskite_wt_pct=0, halide_cl=0.3), False, {}, "")
    ledger.add_round([bare], options={}, summary={}, cells_digest="", space={})
    assert ledger.recipes()[0].recipe == Recipe(antiperovskite_wt_pct=0)
    same = bare._replace(recipe=Recipe(antiperovskite_wt_pct=0, halide_cl=0.7))
    with pytest.raises(ValueError, match="it is R1"):
        ledger.add_round([same], options={}, summary={}, cells_digest="", space={})
