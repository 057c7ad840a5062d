"""The literature table: which rows are a recipe with a target, counted by hand from the printed table."""

import csv
from pathlib import Path

from datasets.cells import henkel2025, recipes
from datasets.literature import literature

TABLE = Path(__file__).parents[2] / "datasets" / "tables" / "literature_cells.csv"


def test_only_uncoated_controls_map_to_a_recipe():
    cells, _ = literature()
    assert cells["cell_id"].tolist() == ["liu2024-1", "jangid2024-2", "lipil_nmc82-2"]
    assert all(recipe.is_uncoated for recipe in recipes(cells))
    assert cells["q_discharge_first_mAh_g"].tolist()[::2] == [137.4, 163.0]


def test_every_row_is_kept_or_left_out_with_a_reason():
    cells, left_out = literature()
    with TABLE.open(encoding="utf-8", newline="") as lines:
        names = {row["cell_id"] for row in csv.DictReader(lines)}
    assert set(cells["cell_id"]) | set(left_out) == names
    assert not set(cells["cell_id"]) & set(left_out)
    assert left_out["ma2022-1"] == "content of the coating not printed"
    assert left_out["lic_nca_mechanofusion-1"] == "a coating that is none of the co-coatings"


def test_it_is_a_cell_table_like_any_other():
    cells, own = literature().cells, henkel2025()
    assert cells.columns.equals(own.columns)
    assert cells.dtypes.equals(own.dtypes)
