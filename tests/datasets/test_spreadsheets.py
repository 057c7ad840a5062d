"""Words that a spreadsheet would run, written so that it does not, and read back."""

import csv
import re
from io import StringIO

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.cells import henkel2025, read_cells, typed_cells
from datasets.spreadsheets import as_text, csv_text, from_text, words_of_csv

HOSTILE = ("=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "-", "'=1", "a;=1", "a\n=1", 'a;"=1', "－1+1")


@pytest.mark.parametrize("value", HOSTILE)
def test_what_a_spreadsheet_would_run_is_marked(value):
    assert as_text(value) != value
    assert from_text(as_text(value)) == value


@pytest.mark.parametrize("value", ["LHC@NCM85", "-5", "+3.5", "-1e-3", "LHCb:LNbO(0.5)@NCM85", "'quoted'", "", "a-b"])
def test_what_is_harmless_stays_as_it_is(value):
    assert as_text(value) == value
    assert from_text(value) == value


@given(st.text(alphabet=st.sampled_from("=+-@;\t\r\n'\"a1 .")))
def test_marks_are_taken_away_again(value):
    assert from_text(as_text(value)) == value


@given(st.text(alphabet=st.sampled_from("=+-@;\t\r\n'\"a1,")))
def test_no_field_begins_a_formula_by_whatever_it_is_separated(value):
    line = csv_text(pd.DataFrame({"first": ["x"], "text": [value], "last": [1.0]})).split("\r\n", 1)[1]
    for delimiter in ",;\t":
        for row in csv.reader(StringIO(line, newline=""), delimiter=delimiter):
            for field in row:
                assert not re.match(r"[=+\-@\t\r]", field) or re.fullmatch(r"[+-]?\d+(\.\d+)?", field)


def test_numbers_stay_numbers():
    table = pd.DataFrame({"number": [-1.5, np.nan], "count": [-2, 3], "word": ["-2", None]})
    assert csv_text(table) == "number,count,word\r\n-1.5,-2,-2\r\n,3,\r\n"


def test_cells_are_read_back_as_they_were(tmp_path):
    cells = henkel2025().assign(sample_label=list(HOSTILE[:6]), note=list(HOSTILE[6:]))
    path = tmp_path / "cells.csv"
    path.write_bytes(csv_text(cells).encode())
    pd.testing.assert_frame_equal(typed_cells(words_of_csv(path)), cells)
    stripped = ["sample_label", "note"]  # read_cells takes blanks around words away
    pd.testing.assert_frame_equal(
        read_cells(path).drop(columns=stripped), cells.drop(columns=stripped), check_dtype=False
    )
    assert read_cells(path)["sample_label"].iloc[0] == "=1+1"
