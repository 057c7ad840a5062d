"""The space against what enumerating every recipe by hand gives."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from datasets.cells import recipes
from datasets.recipe import COOLINGS, RECIPE_COLUMNS, Recipe
from screening.space import DEFAULT_OXIDES, RecipeSpace, Steps

SMALL = RecipeSpace(
    halide_cl=Steps(low=0, high=1, step=0.5),
    antiperovskite_wt_pct=Steps(low=0, high=1, step=0.5),
    oxides=("none", "LiNbO3", "ZrO2"),
    oxide_wt_pct=Steps(low=0, high=1, step=0.5),
    melt_temperature_C=Steps(low=340, high=360, step=10),
    coolings=("quench", "slow"),
)
EVERY_SMALL = {
    Recipe(
        halide_cl=x,
        antiperovskite_wt_pct=content,
        oxide=oxide,
        oxide_wt_pct=0.0 if oxide == "none" else oxide_content,
        melt_temperature_C=temperature,
        cooling=cooling,
    )
    for x, content, oxide, oxide_content, temperature, cooling in itertools.product(
        (0, 0.5, 1), (0, 0.5, 1), ("none", "LiNbO3", "ZrO2"), (0, 0.5, 1), (340, 350, 360), ("quench", "slow")
    )
}


def test_default_space_has_the_recipes_that_counting_by_hand_gives():
    space = RecipeSpace()
    oxide_states = 1 + 14 * 20
    assert len(space) == oxide_states + 20 * 21 * oxide_states * 3 * 10 == 3_540_881
    assert len(DEFAULT_OXIDES) == 15


@pytest.mark.slow
def test_recipes_of_at_most_three_wt_pct_in_the_default_space():
    space = RecipeSpace()
    totals = (
        space[start : start + 500_000][["antiperovskite_wt_pct", "oxide_wt_pct"]].sum(axis=1).to_numpy()
        for start in range(0, len(space), 500_000)
    )
    assert sum(int((total < 3 + 1e-9).sum()) for total in totals) == 3_055_781


def test_every_recipe_is_there_once():
    decoded = recipes(SMALL[:])
    assert len(decoded) == len(SMALL) == len(EVERY_SMALL)
    assert set(decoded) == EVERY_SMALL


def test_position_undoes_decoding():
    assert [SMALL.position(recipe) for recipe in recipes(SMALL[:])] == list(range(len(SMALL)))


@given(st.integers(0, len(RecipeSpace()) - 1))
def test_position_undoes_decoding_in_the_default_space(index):
    space = RecipeSpace()
    (recipe,) = recipes(space[index])
    assert space.position(recipe) == index


def test_slices_join_to_the_whole():
    whole, first, rest = SMALL[:], SMALL[:17], SMALL[17:]
    assert len(first) + len(rest) == len(whole)
    assert whole.iloc[17:].equals(rest)
    assert SMALL[-1].equals(whole.iloc[[-1]])


@pytest.mark.parametrize(
    ("change", "there"),
    [
        ({}, True),
        ({"halide_cl": 0.51}, False),
        ({"antiperovskite_wt_pct": 1.05}, False),
        ({"oxide": "B2O3"}, False),
        ({"oxide_wt_pct": 2.1}, False),
        ({"melt_temperature_C": 355}, False),
        ({"melt_temperature_C": 410}, False),
    ],
)
def test_membership(change, there):
    measured = {
        "halide_cl": 0.5,
        "antiperovskite_wt_pct": 1,
        "oxide": "LiNbO3",
        "oxide_wt_pct": 1,
        "melt_temperature_C": 350,
        "cooling": "quench",
    }
    assert (Recipe(**{**measured, **change}) in RecipeSpace()) is there
    assert "LiNbO3" not in RecipeSpace()


def test_a_space_too_large_to_enumerate_opens_and_is_sampled():
    fine = Steps(low=0, high=2, step=0.001)
    space = RecipeSpace(halide_cl=Steps(low=0, high=1, step=0.001), antiperovskite_wt_pct=fine, oxide_wt_pct=fine)
    assert len(space) > 10**12
    drawn = space.sample(1000, random_state=1)
    assert drawn.index.is_unique
    assert drawn.equals(space.sample(1000, random_state=1))
    assert not drawn.equals(space.sample(1000, random_state=2))
    assert all(recipe in space for recipe in recipes(drawn.head(20)))


def test_sample_of_all_is_all():
    assert sorted(SMALL.sample(len(SMALL)).index) == list(range(len(SMALL)))


@pytest.mark.parametrize(
    ("space", "n"),
    [
        (RecipeSpace(antiperovskite_wt_pct=Steps(low=0, high=0, step=1)), 281),
        (RecipeSpace(oxides=("none",), antiperovskite_wt_pct=Steps(low=1, high=1, step=1)), 21 * 3 * 10),
        (RecipeSpace(oxides=("ZrO2",), oxide_wt_pct=Steps(low=1, high=1, step=1)), 1 + 20 * 21 * 3 * 10),
    ],
    ids=["oxide only", "antiperovskite only", "always an oxide"],
)
def test_spaces_with_a_part_switched_off(space, n):
    assert len(space) == len(space[:]) == n
    assert len(set(recipes(space[:]))) == n


def test_a_position_outside_is_an_error():
    with pytest.raises(IndexError, match="expected 0 to"):
        SMALL.table(np.array([len(SMALL)]))
    with pytest.raises(ValueError, match="the size of the space"):
        SMALL.sample(len(SMALL) + 1)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"halide_cl": {"low": 0, "high": 1, "step": 0.3}}, "set high to 0.9"),
        ({"halide_cl": {"low": 0, "high": 1.2, "step": 0.1}}, "within 0 and 1"),
        ({"halide_cl": {"low": 1, "high": 0, "step": 0.1}}, "low <= high"),
        ({"halide_cl": {"low": 0, "high": 1, "step": 0}}, "more than 0"),
        ({"oxide_wt_pct": {"low": -1, "high": 1, "step": 1}}, "within 0 and 20"),
        ({"melt_temperature_C": {"low": 0, "high": 100, "step": 10}}, "within 100 and 900"),
        ({"oxides": ("LiNbO2",)}, "did you mean LiNbO3"),
        ({"oxides": ()}, "at least one"),
        ({"oxides": ("ZrO2", "ZrO2")}, "more than once"),
        ({"coolings": ("quench", "quench")}, "more than once"),
        ({"coolings": ("icy",)}, "quench"),
    ],
)
def test_an_impossible_space_is_refused(values, message):
    with pytest.raises(ValidationError, match=message):
        RecipeSpace(**values)


def test_all_coolings_are_screened():
    assert RecipeSpace().coolings == COOLINGS


def test_neighbours_differ_in_one_thing(small_space):
    recipe = recipes(small_space[len(small_space) - 1])[0]
    near = recipes(small_space.table(small_space.neighbours(recipe)))
    assert near
    for other in near:
        differing = {name for name in RECIPE_COLUMNS if getattr(other, name) != getattr(recipe, name)}
        assert len(differing - {"oxide_wt_pct"}) <= 1 or other.antiperovskite_wt_pct == 0
        assert other != recipe


def test_the_bare_recipe_has_neighbours_with_an_oxide():
    bare = Recipe(antiperovskite_wt_pct=0)
    near = recipes(RecipeSpace().table(RecipeSpace().neighbours(bare)))
    assert {recipe.oxide for recipe in near} == set(RecipeSpace().oxides) - {"none"}
    assert {recipe.oxide_wt_pct for recipe in near} == {0.1}
