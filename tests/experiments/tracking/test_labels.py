"""What a list of runs shows of each."""

import pandas as pd
import pytest

from datasets.cells import henkel2025
from experiments.tracking.labels import measured_metrics, verdict_tags
from screening.goals import DEFAULT_GOALS, Goal


def test_verdicts_are_short():
    said = {
        "a": "a: no cell has a value, so nothing",
        "b": "b: perhaps some skill, not yet told from luck",
        "c": "c: skill 20%",
    }
    assert list(verdict_tags(said).values()) == ["not measured", "perhaps some skill", "skill"]


def test_the_measured_front_of_one_recipe_is_a_rectangle():
    cells = henkel2025().iloc[[1]]
    both = cells[["q_discharge_first_mAh_g", "retention_pct"]].iloc[0]
    assert measured_metrics(cells, DEFAULT_GOALS)["front_hypervolume"] == pytest.approx(both.prod())


def test_replicates_count_by_their_mean_and_half_measured_recipes_not_at_all():
    cells = henkel2025().dropna(subset="retention_pct")
    worse = cells.assign(
        cell_id=lambda table: table["cell_id"] + "-2", retention_pct=lambda table: table["retention_pct"] - 10
    )
    unfinished = cells.iloc[[1]].assign(halide_cl=0.123, retention_pct=float("nan"), q_discharge_first_mAh_g=999.0)
    alone = measured_metrics(cells.assign(retention_pct=cells["retention_pct"] - 5), DEFAULT_GOALS)
    found = measured_metrics(pd.concat([cells, worse, unfinished]), DEFAULT_GOALS)
    assert found["front_hypervolume"] == pytest.approx(alone["front_hypervolume"])
    assert found["retention_pct.best_measured"] == pytest.approx(alone["retention_pct.best_measured"])
    assert found["q_discharge_first_mAh_g.best_measured"] == 999


def test_a_target_that_is_to_be_small_needs_a_least_acceptable_value():
    goal = Goal(target="interfacial_resistance_ohm")
    cells = henkel2025().assign(interfacial_resistance_ohm=[50.0, 40.0, 30.0, 20.0, 60.0, 70.0])
    assert measured_metrics(cells, [goal]) == {"interfacial_resistance_ohm.best_measured": 20.0}
    bounded = goal.model_copy(update={"least_acceptable": 100.0})
    assert measured_metrics(cells, [bounded])["front_hypervolume"] == pytest.approx(80.0)
