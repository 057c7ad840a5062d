"""Each gate turns away what it names, and nothing else."""

import numpy as np
import pytest

from datasets.cells import recipe_table
from datasets.recipe import Recipe
from screening.gates import Gates

RECIPES = recipe_table(
    [
        Recipe(antiperovskite_wt_pct=1, halide_cl=0.5, melt_temperature_C=350, cooling="quench"),
        Recipe(antiperovskite_wt_pct=1, halide_cl=0.5, melt_temperature_C=280, cooling="quench"),
        Recipe(antiperovskite_wt_pct=1, halide_cl=0.5, melt_temperature_C=450, cooling="quench"),
        Recipe(
            antiperovskite_wt_pct=2, halide_cl=0.5, oxide="ZrO2", oxide_wt_pct=2, melt_temperature_C=350, cooling="slow"
        ),
        Recipe(antiperovskite_wt_pct=0),
        Recipe(antiperovskite_wt_pct=0, oxide="ZrO2", oxide_wt_pct=1),
    ]
)
THICKNESS_NM = np.array([14.0, 14, 14, 80, 0, 6])


def turned_away(gates):
    masks = gates.rejections(RECIPES) | gates.too_thick(THICKNESS_NM)
    assert list(masks) == [gate.name for gate in gates.in_force]
    return {name: np.flatnonzero(mask).tolist() for name, mask in masks.items()}


def test_default_gates():
    assert turned_away(Gates()) == {
        "smallest_superheat_K": [1],
        "furnace_limit_C": [2],
        "largest_total_wt_pct": [3],
        "largest_thickness_nm": [3],
        "coated_only": [4],
    }


def test_a_limit_itself_is_kept():
    gates = Gates(smallest_superheat_K=50, furnace_limit_C=350, largest_total_wt_pct=4, largest_thickness_nm=14)
    assert turned_away(gates)["smallest_superheat_K"] == [1]
    assert turned_away(gates)["furnace_limit_C"] == [2]
    assert turned_away(gates)["largest_total_wt_pct"] == []
    assert turned_away(gates)["largest_thickness_nm"] == [3]


@pytest.mark.parametrize("name", [name for name in Gates.model_fields if name != "coated_only"])
def test_a_lifted_gate_turns_nothing_away(name):
    assert name not in turned_away(Gates(**{name: None}))


def test_no_gate_at_all():
    lifted = dict.fromkeys(Gates.model_fields, None) | {"coated_only": False}
    assert Gates(**lifted).in_force == ()
