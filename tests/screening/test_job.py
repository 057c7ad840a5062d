"""The batch job against the parts it is made of, called by hand on every recipe."""

import numpy as np
import pytest

from datasets.cells import henkel2025, recipes
from datasets.errors import InputError
from models.acquisition import expected_hypervolume_improvement, pareto_mask
from screening import Gates, Goal, screen
from screening.job import BY_GAIN
from screening.neighbourhood import distances


@pytest.fixture(scope="module")
def by_hand(result):
    """Every recipe of the space that passes, with the model's means and the gain, all at once."""
    table = result.space[:]
    features = result.model.featurizer_.transform(table)
    thickness = features[:, list(result.model.featurizer_.get_feature_names_out()).index("thickness_nm")]
    passed = ~np.any(list((result.gates.rejections(table) | result.gates.too_thick(thickness)).values()), axis=0)
    mean, std = result.model.posterior(features[passed])
    reached, _ = result.model.posterior(result.model.featurizer_.transform(result.cells))
    gain = expected_hypervolume_improvement(mean, std, reached, result.reference)
    return table[passed], mean, gain


def test_best_of_all_by_each_criterion(result, by_hand):
    table, mean, gain = by_hand
    for criterion, score in zip(result.lists, (gain, *mean.T), strict=True):
        first = result.best(criterion).iloc[0]
        assert first["position"] == table.index[np.argmax(score)]
    assert result.best()["expected_gain"].iloc[0] == pytest.approx(gain.max())


def test_front_is_the_front_of_all(result, by_hand):
    table, mean, _ = by_hand
    assert set(result.front["position"]) == set(table.index[pareto_mask(mean)])
    first = result.front["q_discharge_first_mAh_g_model_mean"]
    assert first.is_monotonic_decreasing


def test_counts(result, by_hand, small_space):
    assert result.n_recipes == len(small_space)
    assert result.n_passed == len(by_hand[0])
    assert result.rejected["nothing to coat"] == 1


def test_lists_are_ranked_and_hold_no_neighbours(result):
    assert result.lists == [BY_GAIN, "q_discharge_first_mAh_g", "retention_pct"]
    scored = ("expected_gain", "q_discharge_first_mAh_g_model_mean", "retention_pct_model_mean")
    for criterion, column in zip(result.lists, scored, strict=True):
        ranked = result.best(criterion)
        assert ranked["rank"].tolist() == list(range(1, len(ranked) + 1))
        assert ranked[column].is_monotonic_decreasing
        same_process = ranked.assign(melt_temperature_C=350.0, cooling="quench")
        apart = distances(same_process, same_process)
        assert (apart[np.triu_indices(len(apart), 1)] >= 0.5).all()


def test_candidates_are_recipes_of_the_space_that_pass(result):
    for recipe in recipes(result.candidates):
        assert recipe in result.space
        assert recipe.antiperovskite_wt_pct + recipe.oxide_wt_pct <= 3


def test_nearest_cell_is_the_nearest(result):
    apart = distances(result.candidates, result.cells)
    assert result.candidates["distance"].to_numpy() == pytest.approx(apart.min(axis=1))
    named = result.cells.set_index("cell_id").index.get_indexer(result.candidates["nearest_cell"])
    assert apart[np.arange(len(apart)), named] == pytest.approx(apart.min(axis=1))


def test_repeats_exactly_and_on_any_number_of_cores(result, small_space, cache_dir):
    again = screen(space=small_space, cache_dir=cache_dir, n_jobs=2, n_best=5)
    assert again.candidates.equals(result.candidates)
    assert again.front.equals(result.front)


def test_verdicts_say_that_there_is_no_skill_on_six_cells(result):
    assert all("no skill yet" in verdict for verdict in result.verdicts.values())
    assert set(result.verdicts) == {"q_discharge_first_mAh_g", "retention_pct"}


def test_one_target_to_minimise(single_goal):
    ranked = single_goal.best("interfacial_resistance_ohm")
    assert ranked["interfacial_resistance_ohm_model_mean"].is_monotonic_increasing
    assert len(single_goal.front) >= 1
    assert single_goal.reference == pytest.approx([60])


def test_least_acceptable_value_is_where_gains_are_counted_from(small_space, cache_dir):
    goals = (Goal(target="q_discharge_first_mAh_g", least_acceptable=195), Goal(target="retention_pct"))
    strict = screen(space=small_space, goals=goals, cache_dir=cache_dir, n_jobs=1)
    assert strict.reference[0] == 195
    # Nothing measured is believed to reach that much, so every gain is counted from the corner.
    assert strict.best()["expected_gain"].iloc[0] > 0


def test_no_recipe_passes(small_space, cache_dir):
    nothing = screen(space=small_space, gates=Gates(largest_total_wt_pct=0.1), cache_dir=cache_dir, n_jobs=1)
    assert len(nothing.candidates) == len(nothing.front) == nothing.n_passed == 0
    assert "no recipe passed the gates" in nothing.sentence


def test_a_target_without_a_value_is_refused(small_space):
    cells = henkel2025().assign(retention_pct=np.nan)
    with pytest.raises(InputError, match="column retention_pct: got"):
        screen(cells, small_space)


def test_three_targets_are_refused():
    goals = [Goal(target=name) for name in ("q_discharge_first_mAh_g", "retention_pct", "ce_first_pct")]
    with pytest.raises(InputError, match="one or two targets"):
        screen(goals=goals)
