import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from models.acquisition import (
    expected_hypervolume_improvement,
    expected_improvement,
    hypervolume,
    pareto_mask,
    reference_point,
)

FRONT = np.array([[1.0, 3.0], [2.0, 2.0], [4.0, 0.5], [1.5, 1.0]])
REFERENCE = np.array([0.0, 0.0])
tables = st.integers(1, 3).flatmap(
    lambda width: arrays(float, st.tuples(st.integers(1, 12), st.just(width)), elements=st.integers(0, 5).map(float))
)


@given(tables)
def test_pareto_mask_is_the_definition(values):
    beaten = [any((other >= row).all() and (other > row).any() for other in values) for row in values]
    assert (pareto_mask(values) == ~np.array(beaten)).all()


def test_a_missing_value_is_never_on_the_front():
    assert pareto_mask([[np.nan, 9.0], [1.0, 1.0]]).tolist() == [False, True]
    assert pareto_mask(np.empty((0, 2))).shape == (0,)


@given(tables)
def test_hypervolume_counts_the_dominated_unit_boxes(values):
    # Whole numbers from a corner at 0: the volume is the number of unit boxes below any point.
    boxes = np.stack(np.meshgrid(*[np.arange(5) + 0.5] * values.shape[1]), axis=-1).reshape(-1, values.shape[1])
    below = (boxes[:, None, :] < values[None]).all(axis=2).any(axis=1)
    assert hypervolume(values, np.zeros(values.shape[1])) == pytest.approx(below.sum())


def test_expected_improvement_against_drawing():
    draws = np.random.default_rng(0).normal(1.0, 2.0, 400_000)
    assert expected_improvement(1.0, 2.0, 1.7) == pytest.approx(np.maximum(draws - 1.7, 0).mean(), rel=0.01)


def test_expected_improvement_without_doubt_is_the_improvement():
    assert expected_improvement([3.0, 1.0], 0.0, 2.0).tolist() == [1.0, 0.0]


@pytest.mark.parametrize("mean", [(2.0, 2.0), (5.0, 0.1), (1.0, 1.0), (0.0, 4.0)])
def test_expected_hypervolume_improvement_against_drawing(mean):
    std = np.array([0.8, 0.6])
    draws = np.random.default_rng(1).normal(mean, std, (4000, 2))
    gains = [hypervolume(np.vstack([FRONT, draw]), REFERENCE) - hypervolume(FRONT, REFERENCE) for draw in draws]
    exact = expected_hypervolume_improvement([mean], [std], FRONT, REFERENCE)[0]
    assert exact == pytest.approx(np.mean(gains), abs=4 * np.std(gains) / len(gains) ** 0.5)


def test_expected_hypervolume_improvement_of_a_sure_point_is_its_improvement():
    point = np.array([3.0, 2.5])
    gain = hypervolume(np.vstack([FRONT, point]), REFERENCE) - hypervolume(FRONT, REFERENCE)
    assert expected_hypervolume_improvement([point], [[0.0, 0.0]], FRONT, REFERENCE)[0] == pytest.approx(gain)


def test_without_a_front_it_is_the_product_of_the_improvements():
    mean, std = np.array([[1.0, 2.0]]), np.array([[0.5, 1.0]])
    product = expected_improvement(mean, std, REFERENCE).prod()
    assert expected_hypervolume_improvement(mean, std, np.empty((0, 2)), REFERENCE)[0] == pytest.approx(product)


def test_many_rows_are_one_row_many_times():
    mean = np.random.default_rng(2).normal(2, 1, (5000, 2))
    std = np.full_like(mean, 0.5)
    whole = expected_hypervolume_improvement(mean, std, FRONT, REFERENCE)
    assert whole[4999] == pytest.approx(expected_hypervolume_improvement(mean[4999:], std[4999:], FRONT, REFERENCE)[0])


def test_mismatched_targets_are_refused():
    with pytest.raises(ValueError, match=r"expected both of shape \(n, 2\)"):
        expected_hypervolume_improvement(np.zeros((1, 3)), np.ones((1, 3)), np.zeros((1, 2)), np.zeros(2))


@pytest.mark.parametrize("mean", [(2.0, 2.0, 1.0), (0.5, 0.5, 3.0), (-1.0, 4.0, 4.0)])
def test_three_targets_against_drawing(mean):
    front = np.array([[1.0, 3.0, 2.0], [2.0, 2.0, 2.0], [3.0, 0.5, 1.0], [0.5, 0.5, 4.0], [1.0, 1.0, 1.0]])
    std = np.array([0.8, 0.6, 1.0])
    draws = np.random.default_rng(1).normal(mean, std, (3000, 3))
    gains = [hypervolume(np.vstack([front, draw]), np.zeros(3)) - hypervolume(front, np.zeros(3)) for draw in draws]
    exact = expected_hypervolume_improvement([mean], [std], front, np.zeros(3))[0]
    assert exact == pytest.approx(np.mean(gains), abs=4 * np.std(gains) / len(gains) ** 0.5)


def test_one_target_is_plain_expected_improvement():
    gain = expected_hypervolume_improvement([[1.0], [2.0]], [[0.5], [0.1]], [[1.2], [0.3]], [0.0])
    np.testing.assert_allclose(gain, expected_improvement([1.0, 2.0], [0.5, 0.1], 1.2))


def test_reference_point_lies_below_the_front_even_of_one_cell():
    assert (reference_point([[200.0, 80.0]]) < [200.0, 80.0]).all()
    assert (reference_point([[200.0, 80.0], [200.0, 80.0], [np.nan, 1.0]]) < [200.0, 80.0]).all()
    with pytest.raises(ValueError, match="no cell with all targets"):
        reference_point([[np.nan, 1.0]])
