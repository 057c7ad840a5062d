import numpy as np
import pytest

from benchmarks.simulator import World, campaign
from models.baselines import by_mean, by_surrogate
from models.crossing import leave_out, predict_held_out
from models.first_cycle import LATER, first_cycle_known, later_sentence
from models.later import early_results
from models.recipe_model import measured
from models.surrogate import Surrogate
from models.validation import HEADLINE, validate

END = "q_discharge_end_mAh_g"


@pytest.fixture(scope="module")
def known():
    """Simulated cells whose end capacity follows from the first by a retention that no recipe moves."""
    rng = np.random.default_rng(0)
    cells = campaign(World(1), 20, rng)
    cells[END] = cells["q_discharge_first_mAh_g"] * rng.normal(0.7, 0.005, len(cells))
    features = cells[["halide_cl", "antiperovskite_wt_pct", "oxide_wt_pct"]].to_numpy(dtype=float)
    return measured(cells, features, END), early_results(cells)


@pytest.fixture(scope="module")
def compared(known):
    cells, early = known
    parts = leave_out(cells.recipe)
    later = first_cycle_known(cells, early, Surrogate(), parts)
    return [later, *(predict_held_out(cells, parts, one) for one in (by_surrogate(Surrogate()), by_mean))]


def test_where_end_follows_first_capacity_the_line_beats_the_features(known, compared):
    later, plain, mean = (one.scores()["rmse"] for one in compared)
    assert later < 0.6 * min(plain, mean)
    said = later_sentence(*known, Surrogate(), compared, "mAh/g")
    assert said.startswith("the first discharge capacity helps on")
    assert f"missed by {later:.3g} mAh/g, without it by {plain:.3g}, by the mean by {mean:.3g}" in said


def test_the_sentence_speaks_of_cells_whose_first_cycle_is_known(known, compared):
    cells, early = known
    few = np.where(np.arange(len(early))[:, None] < 5, early, np.nan)
    said = later_sentence(cells, few, Surrogate(), compared, "mAh/g")
    assert said == f"{len(np.unique(cells.recipe[:5]))} recipes with both results cannot tell, 8 are needed."


def test_a_validation_tells_the_first_cycle_only_of_a_late_target(known):
    cells, early = known[0].take(np.arange(5)), known[1][:5]
    late, plain = (validate(cells, label="end capacity", early=one, n_shuffles=9) for one in (early, None))
    assert (HEADLINE, LATER) in late.scores.index
    assert (HEADLINE, LATER) not in plain.scores.index
    assert late.later.startswith("end capacity, once the first cycle is known:")
    assert plain.later == ""
