import numpy as np

from datasets.cells import henkel2025
from datasets.recipe import Recipe
from experiments.proposals.reasons import Rival, gain_reason, unknown_reason
from screening.goals import Goal

COATED = Recipe(antiperovskite_wt_pct=1, halide_cl=0.5, melt_temperature_C=350, cooling="quench")


def test_less_is_better_where_the_goal_is_minimised():
    goals = (Goal(target="interfacial_resistance_ohm"),)
    said = gain_reason(goals, np.array([-50.0]), np.array([3.0]), [Rival("R1", np.array([-80.0]), np.array([3.0]))])
    assert said == "best expected gain: likely less interfacial resistance than R1"


def test_a_gain_that_rests_on_doubt_says_so():
    goals = (Goal(target="retention_pct"),)
    said = gain_reason(goals, np.array([80.0]), np.array([9.0]), [Rival("R1", np.array([81.0]), np.array([1.0]))])
    assert said == ("best expected gain, by what is not known: expected to be about equal to R1, but unsure (±9 %)")
    worse = gain_reason(goals, np.array([70.0]), np.array([9.0]), [Rival("R1", np.array([81.0]), np.array([1.0]))])
    assert "expected to be worse in capacity retention than R1" in worse


def test_the_nearest_of_the_front_is_named():
    front = [Rival("far", np.array([0.0, 200.0]), np.ones(2)), Rival("near", np.array([100.0, 70.0]), np.ones(2))]
    goals = (Goal(target="q_discharge_first_mAh_g"), Goal(target="retention_pct"))
    assert "than near" in gain_reason(goals, np.array([110.0, 70.0]), np.ones(2), front)


def test_what_is_new_is_named():
    measured = henkel2025()
    other = COATED.model_copy(update={"oxide": "ZrO2", "oxide_wt_pct": 0.5})
    assert "no cell with an oxide other than LiNbO3" in unknown_reason(other, measured, "x", 1.0)
    hot = COATED.model_copy(update={"melt_temperature_C": 390.0, "cooling": "ambient"})
    said = unknown_reason(hot, measured, "x", 1.0)
    assert "no cell with a melt above 350 C" in said
    assert "no cell cooled this way (ambient)" in said


def test_where_nothing_is_new_the_distance_is_told():
    assert unknown_reason(COATED, henkel2025(), "henkel2025-LHCb", 1.25) == (
        "least known region: 1.2 steps from henkel2025-LHCb, the nearest measured cell"
    )
