import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datasets.cells import henkel2025, normalise_recipes, read_cells, recipe_table, recipes
from datasets.columns import CELL_COLUMNS, TARGETS
from datasets.recipe import RECIPE_COLUMNS, Recipe
from tests.datasets.test_recipe import valid_recipes

MINIMAL = """cell_id,halide_cl,antiperovskite_wt_pct,oxide,oxide_wt_pct,melt_temperature_C,cooling,retention_pct
bare,,0,,,,,66
coated,0.5,1.0,LiNbO3,0.5,350,quench,
"""


def write(frame: pd.DataFrame, path):
    {".csv": frame.to_csv, ".xlsx": frame.to_excel, ".parquet": frame.to_parquet}[path.suffix](path, index=False)
    return path


def test_henkel2025_holds_what_the_paper_prints():
    cells = henkel2025()
    assert list(cells) == list(CELL_COLUMNS)
    assert list(cells["q_discharge_first_mAh_g"]) == [191, 205, 194, 167, 182, 182]
    assert list(cells["q_discharge_end_mAh_g"]) == [114, 128, 139, 89, 140, 88]
    np.testing.assert_equal(cells["retention_pct"].to_numpy(), [66, 69, 80, np.nan, 86, 59])
    assert [recipe.label for recipe in recipes(cells)][4] == "0.5 % Li2OHCl0.5Br0.5 + 0.5 % LiNbO3, 350 C, quench"


def test_end_capacity_and_retention_of_henkel2025_give_the_ninth_cycle():
    cells = henkel2025()
    ninth = (100 * cells["q_discharge_end_mAh_g"] / cells["retention_pct"]).round()
    np.testing.assert_equal(ninth.to_numpy(), [173, 186, 174, np.nan, 163, 149])


@pytest.mark.parametrize("suffix", [".csv", ".xlsx", ".parquet"])
def test_table_comes_back_from_each_format(tmp_path, suffix):
    path = write(henkel2025(), tmp_path / f"cells{suffix}")
    before = path.read_bytes()
    pd.testing.assert_frame_equal(read_cells(path), henkel2025(), check_exact=True)
    assert path.read_bytes() == before


def test_minimal_table_is_enough(tmp_path):
    path = tmp_path / "my lab.csv"
    path.write_text(MINIMAL)
    cells = read_cells(str(path))
    assert list(cells) == list(CELL_COLUMNS)
    assert list(cells["source"]) == ["my lab", "my lab"]
    assert recipes(cells)[0] == Recipe(antiperovskite_wt_pct=0)
    assert cells["q_discharge_first_mAh_g"].isna().all()
    assert {cells[name].dtype for name, column in CELL_COLUMNS.items() if column.is_number} == {np.dtype(float)}
    assert {cells[name].dtype for name, column in CELL_COLUMNS.items() if not column.is_number} == {np.dtype(object)}


def test_equal_recipes_become_equal_rows(tmp_path):
    path = tmp_path / "cells.csv"
    rows = ["a,0.3,1,ZrO2,0,350,slow,80", f"b,{0.1 * 3!r},1.0000000001,none,,350.0,slow,81"]
    path.write_text("\n".join([MINIMAL.splitlines()[0], *rows]))
    first, second = recipes(read_cells(path))
    assert first == second


def test_ten_thousand_rows_take_about_a_second(tmp_path):
    cells = pd.concat([henkel2025()] * 1667, ignore_index=True)
    cells["cell_id"] = [f"cell {number}" for number in range(len(cells))]
    path = write(cells, tmp_path / "cells.parquet")
    start = time.process_time()
    assert len(read_cells(path)) == 10_002
    assert time.process_time() - start < 5  # a second, on a machine that does other things too


@settings(deadline=None)
@given(st.lists(valid_recipes))
def test_table_and_recipes_are_two_spellings(values):
    made = [Recipe(**each) for each in values]
    table = recipe_table(made)
    assert recipes(table) == made
    pd.testing.assert_frame_equal(normalise_recipes(table), table, check_exact=True)


@settings(deadline=None)
@given(st.lists(valid_recipes, min_size=1), st.booleans())
def test_normal_form_of_a_table_is_that_of_each_recipe(values, categorical):
    table = pd.DataFrame(values, columns=list(RECIPE_COLUMNS), index=range(7, 7 + len(values)))
    words = {"oxide": "category", "cooling": "category"}
    normal = normalise_recipes(table.astype(words) if categorical else table)
    assert list(normal.index) == list(table.index)
    assert (normal["oxide"].dtype == "category") == categorical
    expected = recipe_table(Recipe(**each) for each in values)
    plain = normal.astype(dict.fromkeys(words, object)).reset_index(drop=True)
    pd.testing.assert_frame_equal(plain, expected, check_exact=True)


def test_normalising_keeps_other_columns_and_the_table_given():
    cells = henkel2025()
    changed = cells.assign(oxide="ZrO2")
    normal = normalise_recipes(changed)
    assert set(changed["oxide"]) == {"ZrO2"}
    pd.testing.assert_frame_equal(normal[list(TARGETS)], cells[list(TARGETS)])
