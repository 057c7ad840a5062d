import datetime
from contextlib import suppress
from decimal import Decimal
from zipfile import ZipFile

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datasets.cell_checks import choices
from datasets.cells import henkel2025, read_cells, recipes
from datasets.errors import InputError

CELL = {
    "cell_id": "a",
    "halide_cl": "0.5",
    "antiperovskite_wt_pct": "1",
    "oxide": "LiNbO3",
    "oxide_wt_pct": "0.5",
    "melt_temperature_C": "350",
    "cooling": "quench",
    "q_charge_first_mAh_g": "233",
    "q_discharge_first_mAh_g": "194",
    "ce_first_pct": "83",
    "n_cycles": "100",
    "retention_pct": "80",
}


def problems(tmp_path, *rows, drop=()):
    """What is said of a CSV with these rows, each a change to a good cell."""
    frame = pd.DataFrame([CELL | row for row in rows]).drop(columns=list(drop))
    path = tmp_path / "cells.csv"
    frame.to_csv(path, index=False)
    with pytest.raises(InputError, match=r"cells\.csv: \d+ problem") as caught:
        read_cells(path)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"retention_pct": "0.8"}, "column retention_pct: got 0.8, expected 2 to 110 %, in percent: 80, not 0.8"),
        ({"retention_pct": "111"}, "column retention_pct: got 111.0, expected 2 to 110 %, in percent: 80, not 0.8"),
        ({"retention_pct": "inf"}, "column retention_pct: got inf, expected 2 to 110 %, in percent: 80, not 0.8"),
        ({"retention_pct": "0,8"}, "column retention_pct: got '0,8', expected a decimal point, not a comma: 0.8"),
        ({"halide_cl": "1.5"}, "column halide_cl: got 1.5, expected 0 to 1"),
        ({"halide_cl": "-0.1"}, "column halide_cl: got -0.1, expected 0 to 1"),
        ({"cell_id": ""}, "column cell_id: got nothing, expected a name"),
        ({"n_cycles": "99.5"}, "column n_cycles: got 99.5, expected a whole number"),
        ({"cooling": "quick"}, "column cooling: got 'quick', expected one of quench, ambient, slow"),
        ({"cooling": ""}, "column cooling: got nothing, expected one of quench, ambient, slow, since antipe"),
        ({"halide_cl": ""}, "column halide_cl: got nothing, expected 0 to 1, since antiperovskite_wt_pct is 1"),
        (
            {"oxide": ""},
            f"column oxide: got nothing, expected one of {', '.join(choices('oxide'))}, since oxide_wt_pct",
        ),
        ({"oxide_wt_pct": ""}, "column oxide_wt_pct: got nothing, expected 0 to 20 %, in percent of the mass of cath"),
        ({"antiperovskite_wt_pct": "-1"}, "column antiperovskite_wt_pct: got -1.0, expected 0 to 20 %, in percent of"),
        ({"antiperovskite_wt_pct": ""}, "column antiperovskite_wt_pct: got nothing, expected 0 to 20 %, in percent"),
        ({"melt_temperature_C": "hot"}, "column melt_temperature_C: got 'hot', expected a number, 100 to 900 C, with"),
        (
            {"melt_temperature_C": "Mar 50"},
            "column melt_temperature_C: got 'Mar 50', expected a number, 100 to 900 C; ",
        ),
        (
            {"melt_temperature_C": "1. Mai"},
            "column melt_temperature_C: got '1. Mai', expected a number, 100 to 900 C; ",
        ),
        (
            {"melt_temperature_C": "may be"},
            "column melt_temperature_C: got 'may be', expected a number, 100 to 900 C, ",
        ),
        ({"melt_temperature_C": "01.05.2025"}, "column melt_temperature_C: got '01.05.2025', expected a number, 100 t"),
        ({"q_discharge_first_mAh_g": "1.94"}, "column q_discharge_first_mAh_g: got 1.94, expected 20 to 350 mAh/g, p"),
        ({"q_discharge_first_mAh_g": "19400"}, "column q_discharge_first_mAh_g: got 19400.0, expected 20 to 350 mAh/g"),
        ({"q_discharge_first_mAh_g": "194 mAh/g"}, "column q_discharge_first_mAh_g: got '194 mAh/g', expected a numb"),
        ({"ce_first_pct": "90"}, "column ce_first_pct: got 90.0, expected 83.3 % to within 2 points, as 194 mAh/g are"),
        ({"ce_first_pct": "102"}, "column ce_first_pct: got 102.0, expected 2 to 101 %, in percent: 84, not 0.84"),
        (
            {"ce_first_pct": "", "q_charge_first_mAh_g": "180"},
            "column q_discharge_first_mAh_g: got 194.0, expected no m",
        ),
    ],
    ids=lambda value: "-".join(f"{name}={text}" for name, text in value.items()) if isinstance(value, dict) else "",
)
def test_bad_value_is_named_with_its_place(tmp_path, change, expected):
    found = problems(tmp_path, {}, CELL | {"cell_id": "b"} | change)
    assert any(problem.startswith(f"row 3, {expected}") for problem in found), found
    assert all(problem.startswith("row 3, ") for problem in found)


@pytest.mark.parametrize(
    ("printed", "fits"),
    [("81.3", True), ("81.2", False), ("85.2", True), ("85.3", False)],
    ids=str,
)
def test_efficiency_may_differ_by_two_points(tmp_path, printed, fits):
    path = tmp_path / "cells.csv"
    pd.DataFrame([CELL | {"ce_first_pct": printed}]).to_csv(path, index=False)
    if fits:
        assert read_cells(path)["ce_first_pct"][0] == float(printed)
    else:
        with pytest.raises(InputError, match=r"expected 83\.3 % to within 2 points"):
            read_cells(path)


def test_nearest_oxide_is_named(tmp_path):
    (found,) = problems(tmp_path, {"oxide": "LiNbO2"})
    assert found.endswith("; did you mean LiNbO3?")


def test_doubled_cell_is_named_with_its_first_row(tmp_path):
    found = problems(tmp_path, {}, {"cell_id": "b"}, {})
    assert found == ["row 4, column cell_id: got 'a', expected each cell_id once; row 2 has it too"]


def test_all_problems_come_at_once_in_the_order_of_the_table(tmp_path):
    rows = [
        {"retention_pct": "0.8", "halide_cl": "2"},
        {"cell_id": "", "oxide": "rust", "n_cycles": "x", "weight": "1"},
    ]
    places = [problem.split(":")[0] for problem in problems(tmp_path, *rows, drop=["cooling"])]
    assert places == [
        "row 1, column 12",
        "row 1",
        "row 2, column halide_cl",
        "row 2, column retention_pct",
        "row 3, column cell_id",
        "row 3, column oxide",
        "row 3, column n_cycles",
    ]


def test_unknown_column_is_answered_with_the_nearest(tmp_path):
    found = problems(tmp_path, {"Retention": "80"})
    assert found == ["row 1, column 13: got 'Retention', expected a known column; did you mean retention_pct?"]


def test_missing_columns_are_named_with_their_meaning(tmp_path):
    found = problems(tmp_path, {}, drop=["oxide", "q_discharge_first_mAh_g", "retention_pct", "ce_first_pct"])
    assert found[0].startswith("row 1: got nothing, expected a column oxide: Name of the co-coating")
    assert found[1].startswith("row 1: got nothing, expected at least one of the columns q_discharge_first_mAh_g, ")


def test_table_without_a_result_is_refused(tmp_path):
    results = ["q_discharge_first_mAh_g", "ce_first_pct", "retention_pct"]
    (found,) = problems(tmp_path, dict.fromkeys(results, ""))
    assert found.startswith("got no result at all, expected a value in at least one of ")


@pytest.mark.parametrize("name", ["cell_id", "retention_pct"])
def test_doubled_column_is_refused(tmp_path, name):
    path = tmp_path / "cells.csv"
    path.write_text(f"{','.join(CELL)},{name}\n{','.join(CELL.values())},1\n")
    with pytest.raises(InputError, match=f"row 1, column {name}: got '{name}', expected each column once"):
        read_cells(path)


@pytest.mark.parametrize("blank", ["", " ", "NA", "nan", "N/A"])
def test_blank_is_missing_however_it_is_written(tmp_path, blank):
    path = tmp_path / "cells.csv"
    pd.DataFrame([CELL | {"n_cycles": blank}]).to_csv(path, index=False)
    assert read_cells(path)["n_cycles"].isna().all()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (datetime.datetime(2025, 5, 1), "a spreadsheet made a date of it"),  # noqa: DTZ001 (a cell has no time zone)
        (datetime.time(8, 30), "a spreadsheet made a date of it"),
        (True, "got True, expected a number"),
        ("#DIV/0!", "got '#DIV/0!', expected a number"),
        ("=100*194/233", "the formula was never computed"),
    ],
    ids=str,
)
def test_what_a_spreadsheet_makes_of_numbers(tmp_path, value, expected):
    path = tmp_path / "cells.xlsx"
    pd.DataFrame([CELL | {"ce_first_pct": value}]).to_excel(path, index=False)
    with pytest.raises(InputError, match=f"row 2, column ce_first_pct: .*{expected}"):
        read_cells(path)


def test_formula_computed_to_a_blank_is_missing(tmp_path):
    plain, path = tmp_path / "plain.xlsx", tmp_path / "cells.xlsx"
    pd.DataFrame([CELL | {"retention_pct": '=IF(A2="","",80)'}]).to_excel(plain, index=False)
    with ZipFile(plain) as old, ZipFile(path, "w") as new:
        for name in old.namelist():
            # What spreadsheet programs write, and openpyxl does not: the computed value, here an empty text.
            new.writestr(name, old.read(name).replace(b'<c r="L2"><f>', b'<c r="L2" t="str"><f>'))
    assert read_cells(path)["retention_pct"].isna().all()
    with pytest.raises(InputError, match=r"row 2, column retention_pct: .* the formula was never computed"):
        read_cells(plain)


def test_a_date_is_no_name_of_a_cell(tmp_path):
    path = tmp_path / "cells.xlsx"
    pd.DataFrame([CELL | {"cell_id": datetime.date(2025, 1, 7)}]).to_excel(path, index=False)
    with pytest.raises(InputError, match="row 2, column cell_id: got '2025-01-07 00:00:00', expected text"):
        read_cells(path)


@pytest.mark.parametrize("value", [80, 80.0, np.float32(80), Decimal(80), "80", " 80 "], ids=repr)
def test_number_of_any_type_is_a_number(tmp_path, value):
    path = tmp_path / "cells.parquet"
    pd.DataFrame([CELL | {"retention_pct": value, "cell_id": 7}]).to_parquet(path)
    cells = read_cells(path)
    assert cells["retention_pct"][0] == 80
    assert cells["cell_id"][0] == "7"


@pytest.mark.parametrize("value", [[80.0, 81.0], {"cycle": 100}, True], ids=repr)
def test_no_number_in_parquet_is_refused(tmp_path, value):
    path = tmp_path / "cells.parquet"
    pd.DataFrame([CELL | {"retention_pct": value}]).to_parquet(path)
    with pytest.raises(InputError, match=r"row 2, column retention_pct: got .*, expected a number"):
        read_cells(path)


odd = st.sampled_from(
    ["", "0", "-0", "1e-9", "0.5", "1e999", "none", "LiNbO3", "slow", "NaN", "0,5", "True", "350", "25"]
)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.dictionaries(st.sampled_from(list(CELL)), odd, max_size=2), min_size=1, max_size=3))
def test_what_is_accepted_is_recipes_and_all_else_an_input_error(tmp_path_factory, changes):
    path = tmp_path_factory.getbasetemp() / "odd.csv"
    pd.DataFrame([CELL | {"cell_id": number} | change for number, change in enumerate(changes)]).to_csv(
        path, index=False
    )
    with suppress(InputError):
        assert len(recipes(read_cells(path))) == len(changes)


def test_many_blanks_where_none_may_be_warn_of_nothing(tmp_path):
    found = problems(tmp_path, *({"cell_id": "", "antiperovskite_wt_pct": "", "halide_cl": "2"} for _ in range(3)))
    assert len(found) == 9


def test_the_measured_cells_are_flawless_by_the_same_checks(tmp_path):
    path = tmp_path / "cells.csv"
    henkel2025().to_csv(path, index=False)
    pd.testing.assert_frame_equal(read_cells(path), henkel2025())


def test_a_wrong_value_hides_no_other_fault_of_its_row(tmp_path):
    said = problems(tmp_path, {"halide_cl": "0,5", "cooling": "", "melt_temperature_C": ""})
    assert [line.split(":")[0] for line in said] == [
        "row 2, column halide_cl",
        "row 2, column melt_temperature_C",
        "row 2, column cooling",
    ]
