import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from datasets.materials import co_coatings
from datasets.recipe import COOLINGS, Recipe, antiperovskite_formula

wt_pct = st.floats(0, 20) | st.sampled_from([0.0, -0.0, 5e-7, 1.5e-6, 3.5e-6, 0.1 * 3])
valid_recipes = st.fixed_dictionaries(
    {
        "halide_cl": st.floats(0, 1),
        "antiperovskite_wt_pct": wt_pct,
        "oxide": st.sampled_from(co_coatings()),
        "oxide_wt_pct": wt_pct,
        "melt_temperature_C": st.floats(100, 900),
        "cooling": st.sampled_from(COOLINGS),
    }
)
MELT = {"halide_cl": 0.5, "melt_temperature_C": 350, "cooling": "quench"}


@settings(deadline=None)
@given(valid_recipes)
def test_normal_form_is_reached_in_one_step(values):
    recipe = Recipe(**values)
    again = Recipe(**recipe.model_dump())
    assert again == recipe
    assert hash(again) == hash(recipe)


@settings(deadline=None)
@given(valid_recipes, valid_recipes)
def test_what_cannot_matter_does_not(values, others):
    melt = {name: others[name] for name in MELT}
    without_antiperovskite = {**values, "antiperovskite_wt_pct": 0}
    assert Recipe(**without_antiperovskite) == Recipe(**without_antiperovskite | melt)
    without_oxide = {**values, "oxide_wt_pct": 0}
    assert len({Recipe(**without_oxide), Recipe(**without_oxide | {"oxide": "none"})}) == 1


def test_numbers_are_equal_to_six_decimals():
    assert Recipe(antiperovskite_wt_pct=0.1 * 3, **MELT) == Recipe(antiperovskite_wt_pct=0.3, **MELT)
    assert Recipe(antiperovskite_wt_pct=0.30001, **MELT) != Recipe(antiperovskite_wt_pct=0.3, **MELT)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"antiperovskite_wt_pct": 1, "halide_cl": 0.5}, "melt_temperature_C, cooling must be given, since"),
        ({"antiperovskite_wt_pct": 0, "oxide_wt_pct": 1}, "oxide must be given, since oxide_wt_pct is 1"),
        ({"antiperovskite_wt_pct": -1}, "greater than or equal to 0"),
        ({"antiperovskite_wt_pct": float("inf")}, "less than or equal to 20"),
        ({"antiperovskite_wt_pct": 0, "oxide": "LiNbO2", "oxide_wt_pct": 1}, "did you mean LiNbO3"),
        ({"antiperovskite_wt_pct": 1, **MELT, "halide_cl": 1.01}, "less than or equal to 1"),
        ({"antiperovskite_wt_pct": 1, **MELT, "cooling": "quick"}, "'quench', 'ambient' or 'slow'"),
        ({"antiperovskite_wt_pct": 0, "oxyde": "ZrO2"}, "Extra inputs"),
    ],
)
def test_impossible_recipe_is_refused(values, message):
    with pytest.raises(ValidationError, match=message):
        Recipe(**values)


def test_recipe_is_frozen():
    with pytest.raises(ValidationError, match="frozen"):
        Recipe(antiperovskite_wt_pct=0).oxide = "ZrO2"


def test_label_says_what_is_made():
    assert Recipe(antiperovskite_wt_pct=0).label == "uncoated"
    assert Recipe(antiperovskite_wt_pct=0, oxide="ZrO2", oxide_wt_pct=0.5).label == "0.5 % ZrO2"
    both = Recipe(antiperovskite_wt_pct=0.5, oxide="LiNbO3", oxide_wt_pct=0.5, **MELT)
    assert both.label == "0.5 % Li2OHCl0.5Br0.5 + 0.5 % LiNbO3, 350 C, quench"


@settings(deadline=None)
@given(st.floats(0, 1))
def test_formula_has_one_halide_in_all(halide_cl):
    from pymatgen.core import Composition

    amounts = Composition(antiperovskite_formula(halide_cl))
    assert amounts["Cl"] + amounts["Br"] == pytest.approx(1, abs=2e-6)
    assert (amounts["Li"], amounts["O"], amounts["H"]) == (2, 1, 1)
