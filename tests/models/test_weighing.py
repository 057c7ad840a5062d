import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm
from scipy.stats import t as student

from models.design import combine_replicates, single_rows
from models.weighing import held_out, mean_prediction, mix, pick


def rows_of(y, source=None, features=None):
    y = np.asarray(y, float)
    source = np.zeros(len(y), dtype=np.int64) if source is None else np.asarray(source)
    features = np.arange(len(y), dtype=float)[:, None] if features is None else np.asarray(features, float)
    return combine_replicates(single_rows(features, source, y, np.zeros(len(y))))[0]


def test_the_mean_s_interval_is_student_s_prediction_interval():
    y = np.array([191.0, 205, 194, 167, 182, 182])
    center, scale, freedom = mean_prediction(rows_of(y), 0)
    expected = student(5, y.mean(), y.std(ddof=1) * (1 + 1 / 6) ** 0.5)
    assert student(freedom, center, scale).interval(0.9) == pytest.approx(expected.interval(0.9))


def test_replicates_do_not_narrow_the_interval_of_a_new_cell():
    rng = np.random.default_rng(0)
    recipe = np.repeat(np.arange(500.0), 4)[:, None]
    y = 3 * rng.normal(size=500).repeat(4) + 4 * rng.normal(size=2000)
    assert mean_prediction(rows_of(y, features=recipe), 0).scale == pytest.approx(5.0, rel=0.05)


def test_three_own_recipes_speak_for_the_own_lab():
    rows = rows_of([1.0, 2, 3, 11, 12, 13], [0, 0, 0, 1, 1, 1])
    assert mean_prediction(rows, 0).center == 2.0
    assert mean_prediction(rows, -1).center == 7.0


@given(st.floats(0, 1))
def test_mixing_gives_the_moments_of_the_mixture(weight):
    center, scale = mix(np.array([3.0]), np.array([2.0]), 1.0, 0.5, weight)
    draws = [norm(3, 2), norm(1, 0.5)]
    moments = [weight * draws[0].moment(k) + (1 - weight) * draws[1].moment(k) for k in (1, 2)]
    assert center[0] == pytest.approx(moments[0])
    assert scale[0] ** 2 == pytest.approx(moments[1] - moments[0] ** 2)


def test_the_best_option_is_picked_unless_it_may_be_luck():
    sure, luck = (
        np.array([[2.0, 2.1, 2.0, 2.2], [1.0, 1.1, 1.0, 1.2]]),
        np.array([[2.0, 2, 2, 2], [0.0, 2.5, 2.5, 2.5]]),
    )
    assert pick(sure) == 1
    assert pick(luck) == 0
    assert pick(sure[:1]) == 0


def test_no_recipe_is_on_both_sides_and_only_own_cells_are_asked_for():
    features = np.tile(np.arange(8.0), 2)[:, None]
    rows = rows_of(np.arange(16.0), np.repeat([0, 1], 8), features)
    for train, test in held_out(rows, 0):
        assert not set(rows.features[train, 0]) & set(rows.features[test, 0])
        assert (rows.source[test] == 0).all()


def test_a_lab_without_cells_is_asked_for_by_leaving_out_labs():
    rows = rows_of(np.arange(20.0), np.repeat(np.arange(5), 4))
    assert all(not set(rows.source[train]) & set(rows.source[test]) for train, test in held_out(rows, -1))
