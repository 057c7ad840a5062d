import pytest

from datasets.cells import henkel2025
from models.later import EARLY
from models.recipe_model import RecipeModel
from screening.running import running_cells, running_sentence, running_table


@pytest.fixture(scope="module")
def cells():
    return henkel2025()


@pytest.fixture(scope="module")
def model(cells):
    return RecipeModel(("retention_pct",)).fit(cells)


def test_late_results_that_are_missing_are_predicted(model, cells):
    running = running_cells(model, cells)
    assert running["cell_id"].tolist() == ["henkel2025-LHCb-slow"]
    assert running["target"].tolist() == ["retention_pct"]
    assert running.loc[0, "mean"] == model.predict_later(cells)["retention_pct_mean"].iloc[3]
    assert "of henkel2025-LHCb-slow, its first cycle known: 72 %" in running_sentence(running)
    assert running_table(running).rows[0][2] == "72"


def test_a_table_of_recipes_has_no_running_cell(model, cells):
    assert running_cells(model, cells.drop(columns=["cell_id", "retention_pct"])).empty
    assert running_cells(model, cells.drop(columns=list(EARLY))).empty
    assert running_sentence(running_cells(model, cells.iloc[:0])) == ""
