"""Streamed scoring against scoring everything at once."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from models.acquisition import pareto_mask
from screening.gates import Gates
from screening.neighbourhood import CoarseGrid
from screening.scoring import Scorer, best_of_cells, near_front, score_space
from screening.space import RecipeSpace, Steps

SPACE = RecipeSpace(
    halide_cl=Steps(low=0, high=1, step=0.25),
    antiperovskite_wt_pct=Steps(low=0, high=2, step=0.5),
    oxides=("none", "LiNbO3", "ZrO2"),
    oxide_wt_pct=Steps(low=0, high=2, step=0.5),
    melt_temperature_C=Steps(low=330, high=410, step=20),
)


class Featurizer:
    def transform(self, X):
        melted = X["melt_temperature_C"].to_numpy()
        thickness = 14 * X["antiperovskite_wt_pct"] + 7 * X["oxide_wt_pct"]
        return np.column_stack([thickness, melted, np.nan_to_num(X["halide_cl"]), X["oxide_wt_pct"]])


class Model:
    """A smooth response with its optimum inside the space."""

    def posterior(self, features):
        thickness, _, x, oxide = features.T
        mean = np.column_stack([200 - (thickness - 15) ** 2 / 10 - 9 * oxide, 60 + 20 * x * (1 - x) + 5 * oxide])
        return mean, np.ones_like(mean)


def scorer(gates=None):
    return Scorer(SPACE, gates or Gates(), Featurizer(), 0, Model(), np.array([1.0, 1.0]), lambda m, s: (m / s).sum(1))


@pytest.fixture(scope="module")
def at_once():
    table = SPACE[:]
    features = Featurizer().transform(table)
    rejected = Gates().rejections(table) | Gates().too_thick(features[:, 0])
    passed = ~np.any(list(rejected.values()), axis=0)
    mean, std = Model().posterior(features)
    criteria = np.column_stack([(mean / std).sum(1), mean])
    return table, rejected, passed, mean, criteria


@pytest.mark.parametrize(("chunk", "n_jobs"), [(10**9, 1), (1000, 1), (97, 2)])
def test_the_same_as_all_at_once(at_once, chunk, n_jobs):
    table, rejected, passed, mean, criteria = at_once
    scores = score_space(scorer(), n_jobs=n_jobs, chunk=chunk)
    assert scores.n_scored == len(SPACE)
    assert scores.n_passed == passed.sum()
    failed = np.array(list(rejected.values()))
    first = np.where(failed.any(axis=0), failed.argmax(axis=0), -1)
    assert scores.rejected == {name: int((first == gate).sum()) for gate, name in enumerate(rejected)}
    assert sum(scores.rejected.values()) == scores.n_scored - scores.n_passed
    positions = np.flatnonzero(passed)
    assert set(scores.front_position) == set(positions[pareto_mask(mean[passed])])
    for cell, group in table[passed].groupby(CoarseGrid(SPACE).cells(table[passed])):
        best = criteria[group.index].max(axis=0)
        assert scores.best.score[cell] == pytest.approx(best)
        first = [group.index[criteria[group.index, column] == best[column]][0] for column in range(3)]
        assert scores.best.position[cell].tolist() == first


def test_progress_counts_to_the_end():
    seen = []
    score_space(scorer(), n_jobs=1, chunk=700, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (len(SPACE), len(SPACE))
    assert [done for done, _ in seen] == sorted({done for done, _ in seen})


def test_nothing_passes():
    scores = score_space(scorer(Gates(largest_total_wt_pct=0.1)), n_jobs=1)
    assert scores.n_passed == 0
    assert len(scores.front_position) == 0
    assert (scores.best.position == -1).all()


@given(arrays(float, st.tuples(st.integers(0, 40), st.integers(1, 3)), elements=st.integers(-3, 3).map(float)))
def test_near_front_keeps_the_whole_front(values):
    kept = near_front(values)
    assert set(np.flatnonzero(pareto_mask(values))) <= set(kept)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3)), min_size=1, max_size=50), st.integers(1, 49))
def test_best_of_cells_joins_from_any_two_parts(rows, cut):
    cells, values = np.array(rows).T
    positions = np.arange(len(rows))
    whole = best_of_cells(cells, 5, values[:, None].astype(float), positions)
    one, other = (
        best_of_cells(cells[part], 5, values[part, None].astype(float), positions[part])
        for part in (slice(None, cut), slice(cut, None))
    )
    for merged in (one.merge(other), other.merge(one)):
        assert np.array_equal(merged.position, whole.position)
        assert np.array_equal(merged.score, whole.score)
