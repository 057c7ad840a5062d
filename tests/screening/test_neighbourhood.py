"""Distances and neighbourhoods against what a chemist would say of pairs of recipes."""

import numpy as np
import pytest

from datasets.cells import henkel2025, recipe_table
from datasets.recipe import Recipe
from screening.neighbourhood import CoarseGrid, distances, nearest_measured, one_per_neighbourhood
from screening.space import RecipeSpace

LHCB = Recipe(antiperovskite_wt_pct=1, halide_cl=0.5, melt_temperature_C=350, cooling="quench")


def changed(**change):
    return Recipe(**{**LHCB.model_dump(), **change})


def steps(one, other):
    return distances(recipe_table([one]), recipe_table([other])).item()


@pytest.mark.parametrize(
    ("change", "distance"),
    [
        ({}, 0),
        ({"antiperovskite_wt_pct": 2}, 1),
        ({"halide_cl": 1}, 1),
        ({"melt_temperature_C": 400}, 1),
        ({"cooling": "slow"}, 1),
        ({"cooling": "ambient"}, 0.5),
        ({"oxide": "ZrO2", "oxide_wt_pct": 1}, 1),
        ({"halide_cl": 1, "cooling": "slow"}, 2**0.5),
        ({"antiperovskite_wt_pct": 0}, 1),
    ],
)
def test_one_change_is_one_step(change, distance):
    assert steps(LHCB, changed(**change)) == pytest.approx(distance)


def test_another_oxide_is_a_step_and_a_trace_of_it_is_none():
    def mixed(oxide, content):
        return changed(oxide=oxide, oxide_wt_pct=content)

    assert steps(mixed("ZrO2", 1), mixed("LiNbO3", 1)) == pytest.approx(1)
    assert steps(mixed("ZrO2", 0.001), mixed("LiNbO3", 0.001)) < 0.01


def test_distances_are_symmetric_and_vanish_on_the_same_recipe():
    table = RecipeSpace().sample(60)
    apart = distances(table, table)
    assert np.allclose(apart, apart.T)
    assert np.all(np.diag(apart) == 0)
    assert np.isfinite(apart).all()


def test_measured_recipes_are_their_own_nearest():
    cells = henkel2025()
    nearest = nearest_measured(cells, cells)
    assert nearest.row.tolist() == list(range(len(cells)))
    assert set(nearest.novelty) == {"inside"}


def test_far_away_is_said():
    nearest = nearest_measured(recipe_table([changed(oxide="WO3", oxide_wt_pct=2)]), henkel2025())
    assert nearest.novelty == ["far"]


def test_picks_are_not_neighbours_and_keep_the_order():
    trace = changed(oxide="ZrO2", oxide_wt_pct=0.1)
    twins = [changed(melt_temperature_C=t) for t in (350, 360, 370)]
    table = recipe_table([*twins, trace, changed(halide_cl=1), changed(oxide="ZrO2", oxide_wt_pct=1)])
    assert one_per_neighbourhood(table, 10) == [0, 4, 5]
    assert one_per_neighbourhood(table, 2) == [0, 4]


def test_cells_tell_compositions_apart_and_not_processes():
    space = RecipeSpace()
    table = space.sample(5000)
    grid = CoarseGrid(space)
    cells = grid.cells(table)
    assert cells.min() >= 0
    assert cells.max() < grid.n_cells
    position = space.position(LHCB)
    processes = space.table(position + np.arange(10))
    assert len(set(grid.cells(processes))) == 1
