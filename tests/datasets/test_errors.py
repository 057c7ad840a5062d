from datasets.errors import InputError, Problem, nearest


def test_every_problem_is_shown_with_place_value_and_expectation():
    problems = [Problem("row 2, column halide_cl", 1.5, "0 to 1"), Problem("row 3, column oxide", None, "a name")]
    assert str(InputError("cells.csv", problems)).splitlines() == [
        "cells.csv: 2 problems",
        "  row 2, column halide_cl: got 1.5, expected 0 to 1",
        "  row 3, column oxide: got nothing, expected a name",
    ]


def test_text_is_quoted_where_it_is_a_value_and_not_where_it_describes():
    assert str(Problem("row 2", " 1", "a number")) == "row 2: got ' 1', expected a number"
    assert str(Problem("", "no such file", "a table")) == "got no such file, expected a table"


def test_long_values_and_lists_are_cut():
    assert len(str(Problem("", "x" * 1000, "less"))) < 110
    text = str(InputError("cells.csv", [Problem("row 2", 0, "1")] * 1000))
    assert text.splitlines()[0] == "cells.csv: 1000 problems"
    assert text.splitlines()[-1] == "  and 950 more"


def test_nearest_ignores_case():
    assert nearest("linbo3", ["ZrO2", "LiNbO3"]) == "; did you mean LiNbO3?"
    assert nearest("x", []) == ""
