import re
from operator import itemgetter
from pathlib import Path

import pytest

from datasets.cell_checks import choices
from datasets.cells import henkel2025, read_cells
from datasets.columns import CELL_COLUMNS, EVIDENCE, TARGETS, with_columns
from datasets.errors import InputError
from datasets.recipe import RECIPE_COLUMNS, Recipe

PAGE = Path(__file__).parents[2] / "docs" / "data.md"


def test_page_is_up_to_date():
    page = PAGE.read_text(encoding="utf-8")
    assert with_columns(page) == page, "run `python -m datasets.columns`"


def blocks(kind):
    return re.findall(rf"```{kind}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


def test_example_of_the_page_is_a_good_table(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("my_cells.csv").write_text(blocks("csv")[0], encoding="utf-8")
    assert len(read_cells("my_cells.csv")) == 4


def test_bad_example_of_the_page_is_answered_as_printed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("my_cells.csv").write_text(blocks("csv")[1], encoding="utf-8")
    with pytest.raises(InputError, match="10 problems") as caught:
        read_cells("my_cells.csv")
    assert f"{caught.value}\n" == blocks("text")[0]


def test_six_cells_of_the_page_are_those_of_the_table():
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| henkel2025")]
    names, first, end = zip(*(itemgetter(1, 6, 8)(line.split("|")) for line in lines), strict=True)
    cells = henkel2025()
    assert [name.strip() for name in names] == list(cells["cell_id"])
    assert list(map(float, first)) == list(cells["q_discharge_first_mAh_g"])
    assert list(map(float, end)) == list(cells["q_discharge_end_mAh_g"])


def test_recipe_columns_stand_in_the_order_of_the_recipe():
    assert (
        tuple(name for name in CELL_COLUMNS if name in RECIPE_COLUMNS) == RECIPE_COLUMNS == tuple(Recipe.model_fields)
    )
    assert [name for name, column in CELL_COLUMNS.items() if column.required] == ["cell_id", *RECIPE_COLUMNS]


@pytest.mark.parametrize("column", CELL_COLUMNS.values(), ids=lambda column: column.name)
def test_each_kind_has_what_it_needs(column):
    assert column.is_number == (column.low is not None) == (column.high is not None)
    assert column.meaning.endswith(".")
    if column.kind == "choice":
        assert choices(column.name)


def test_ranges_of_the_columns_are_those_of_the_recipe():
    properties = Recipe.model_json_schema()["properties"]
    for name in ("halide_cl", "antiperovskite_wt_pct", "oxide_wt_pct", "melt_temperature_C"):
        limits = properties[name].get("anyOf", [properties[name]])[0]
        assert (limits["minimum"], limits["maximum"]) == (CELL_COLUMNS[name].low, CELL_COLUMNS[name].high)


def test_targets_are_columns_in_the_same_unit():
    for name, target in TARGETS.items():
        assert CELL_COLUMNS[name].unit == target.unit
        assert target.resolution > 0


def test_grades_of_evidence_go_from_sure_to_unsure():
    errors = [grade.reading_error for grade in EVIDENCE.values() if grade.name != "simulated"]
    assert errors == sorted(errors)
