"""How good is every recipe of a space: scored in chunks, each reduced at once to its best and its front."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from models.acquisition import pareto_mask
from screening.neighbourhood import CoarseGrid

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from screening.gates import Gates
    from screening.space import RecipeSpace

CHUNK = 131_072
"""Recipes scored at once by one core: large enough for NumPy, small enough for the cache and the progress bar."""

_LARGEST_BLOCK = 31 << 20
"""The largest block, in bytes, from which glibc learns (DEFAULT_MMAP_THRESHOLD_MAX is 32 MB)."""

Progress = Callable[[int, int], None]
"""Called with the number of recipes done and the number of all."""

Gain = Callable[["NDArray[np.float64]", "NDArray[np.float64]"], "NDArray[np.float64]"]
"""Expected gain of recipes from their predictive means and standard deviations, both (n, t), all maximised."""


class Featurizer(Protocol):
    """What scoring asks of a featurizer."""

    def transform(self, X: pd.DataFrame) -> NDArray[np.float64]:
        """Features of a recipe table of n rows, shape (n, d)."""


class Model(Protocol):
    """What scoring asks of a model."""

    def posterior(self, features: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Means and standard deviations of what the model alone believes, each of shape (n, t)."""

    def predict_features(self, features: NDArray[np.float64]) -> pd.DataFrame:
        """Give what is predicted of new cells, n rows."""


@dataclass(frozen=True)
class Best:
    """The best recipe of each cell of a coarse grid, by several criteria.

    Attributes
    ----------
    position : array of int, shape (cells, criteria)
        Position in the space, -1 where the cell has no recipe that passed the gates.
    score : array of float, shape (cells, criteria)
        Minus infinity where there is none.
    """

    position: NDArray[np.int64]
    score: NDArray[np.float64]

    def merge(self, other: Best) -> Best:
        """Keep the better of two for each cell and criterion; the earlier recipe where they tie."""
        tied_earlier = (other.score == self.score) & (other.position >= 0) & (other.position < self.position)
        better = (other.score > self.score) | tied_earlier
        return Best(np.where(better, other.position, self.position), np.where(better, other.score, self.score))


@dataclass(frozen=True)
class Scores:
    """What is kept of the scored recipes.

    Attributes
    ----------
    n_scored, n_passed : int
        Recipes scored, and those of them that no gate turned away.
    rejected : dict of str to int
        How many each gate turned away; a recipe is counted at the first gate that it fails.
    best : Best
        By expected gain (first criterion) and by each target.
    front_position : array of int, shape (m,)
        Positions of the recipes whose means no other recipe beats in every target.
    front_mean : array of float, shape (m, t)
        The model's means of them, all maximised.
    """

    n_scored: int
    n_passed: int
    rejected: dict[str, int]
    best: Best
    front_position: NDArray[np.int64]
    front_mean: NDArray[np.float64]

    def merge(self, other: Scores) -> Scores:
        """Join the scores of two disjoint ranges."""
        position = np.concatenate([self.front_position, other.front_position])
        mean = np.concatenate([self.front_mean, other.front_mean])
        kept = pareto_mask(mean)
        return Scores(
            self.n_scored + other.n_scored,
            self.n_passed + other.n_passed,
            {name: count + other.rejected[name] for name, count in self.rejected.items()},
            self.best.merge(other.best),
            position[kept],
            mean[kept],
        )


@dataclass(frozen=True)
class Scorer:
    """Scores any range of a space; stateless, so that ranges may be scored anywhere and in any order.

    Attributes
    ----------
    space : RecipeSpace
    gates : Gates
    featurizer : Featurizer
    thickness_column : int
        The column of its features that is the nominal thickness in nm.
    model : Model
    signs : array of float, shape (t,)
        +1 for a target to maximise, -1 for one to minimise.
    gain : callable
        Expected gain from means and standard deviations.
    """

    space: RecipeSpace
    gates: Gates
    featurizer: Featurizer
    thickness_column: int
    model: Model
    signs: NDArray[np.float64]
    gain: Gain

    def range(self, start: int, stop: int) -> Scores:
        """Score the recipes from `start` up to `stop`."""
        table = self.space[start:stop]
        positions = np.arange(start, stop)
        # What is turned away by its recipe alone is not featurized.
        rejected, passed = turned_away(self.gates.rejections(table), len(table))
        if len(passed) < len(table):
            table, positions = table.take(passed), positions[passed]
        features = self.featurizer.transform(table)
        grid = CoarseGrid(self.space)
        cells = grid.cells(table)
        too_thick, passed = turned_away(self.gates.too_thick(features[:, self.thickness_column]), len(table))
        if len(passed) < len(table):
            # Column by column, as the features lie in memory.
            features, cells, positions = features.T.take(passed, axis=1).T, cells[passed], positions[passed]
        mean, std = self.model.posterior(features)
        # From here on column by column too: whatever follows reads one target at a time.
        mean = np.multiply(mean.T, self.signs[:, None], order="C").T
        front = near_front(mean)
        front = front[pareto_mask(mean[front])]
        criteria = np.stack([self.gain(mean, std), *mean.T]).T
        return Scores(
            n_scored=stop - start,
            n_passed=len(positions),
            rejected=rejected | too_thick,
            best=best_of_cells(cells, grid.n_cells, criteria, positions),
            front_position=positions[front],
            front_mean=mean[front],
        )


def turned_away(rejections: dict[str, NDArray[np.bool_]], n: int) -> tuple[dict[str, int], NDArray[np.int64]]:
    """Count what gates turn away, each recipe at the first gate that it fails.

    Parameters
    ----------
    rejections : dict of str to array of bool, shape (n,)
        By the name of the gate, in the order of the gates.
    n : int
        How many recipes there are.

    Returns
    -------
    counts : dict of str to int
    passed : array of int
        Rows that no gate turns away.
    """
    going = np.ones(n, dtype=bool)
    counts = {}
    for name, mask in rejections.items():
        counts[name] = int(np.count_nonzero(mask & going))
        going &= ~mask
    return counts, np.flatnonzero(going)


def best_of_cells(
    cells: NDArray[np.int64], n_cells: int, criteria: NDArray[np.float64], positions: NDArray[np.int64]
) -> Best:
    """Find the best recipe of each cell by each criterion, the first where several tie.

    Parameters
    ----------
    cells : array of int, shape (n,)
        The cell of each recipe.
    n_cells : int
        How many cells there are.
    criteria : array of float, shape (n, c)
        Scores to maximise.
    positions : array of int, shape (n,)
        Positions of the recipes in the space, rising.

    Returns
    -------
    Best
    """
    n_criteria = criteria.shape[1]
    score = np.full((n_cells, n_criteria), -np.inf)
    position = np.full((n_cells, n_criteria), -1, dtype=np.int64)
    for column in range(n_criteria):
        values = np.ascontiguousarray(criteria[:, column])
        highest = score[:, column].copy()
        np.maximum.at(highest, cells, values)
        winners = np.flatnonzero(values == highest[cells])[::-1]
        position[cells[winners], column] = positions[winners]
        score[:, column] = highest
    return Best(position, score)


def near_front(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Drop at once most rows that cannot be on the front, so that the exact test sees few.

    Parameters
    ----------
    values : array of float, shape (n, t)
        All maximised.

    Returns
    -------
    array of int
        Rows that none of a few good rows dominates; the front is among them.
    """
    rows = np.arange(len(values))
    if rows.size == 0:
        return rows
    columns = np.ascontiguousarray(values.T)
    n_targets = len(columns)
    for weights in (*np.eye(n_targets), *(np.ones((n_targets, n_targets)) + 2 * np.eye(n_targets)), np.ones(n_targets)):
        # Every pivot sees only what those before it left over.
        spread = np.ptp(columns, axis=1)
        pivot = columns[:, np.argmax(weights / np.where(spread > 0, spread, 1.0) @ columns), None]
        kept = ~((columns <= pivot).all(axis=0) & (columns < pivot).any(axis=0))
        rows, columns = rows[kept], columns[:, kept]
    return rows


def score_space(
    scorer: Scorer, n_jobs: int = -1, chunk: int = CHUNK, progress: Progress | None = None, stop: int | None = None
) -> Scores:
    """Score the recipes of a space on all cores, in memory that does not grow with the space.

    Parameters
    ----------
    scorer : Scorer
    n_jobs : int
        Cores to use, as joblib counts them; threads, since the work is NumPy's, which leaves the interpreter free.
    chunk : int
        Recipes scored at once by one core.
    progress : callable, optional
        Called after each chunk with the number of recipes done and of all.
    stop : int, optional
        Score only the recipes before this position.

    Returns
    -------
    Scores
        The same, whatever the number of cores.
    """
    total = len(scorer.space) if stop is None else min(stop, len(scorer.space))
    merged: Scores | None = None
    for scores in _chunks(scorer, total, n_jobs, chunk):
        merged = scores if merged is None else merged.merge(scores)
        if progress is not None:
            progress(merged.n_scored, total)
    if merged is None:
        raise ValueError("Got no recipe to score, expected a space of at least one")
    return merged


def _chunks(scorer: Scorer, total: int, n_jobs: int, chunk: int) -> Iterator[Scores]:
    import joblib
    from threadpoolctl import threadpool_limits

    _keep_freed_memory()
    # One BLAS thread for each of our own: their pools would only wait for one another.
    with threadpool_limits(limits=1, user_api="blas"):
        starts = range(0, total, chunk)
        tasks = (joblib.delayed(scorer.range)(start, min(start + chunk, total)) for start in starts)
        yield from joblib.Parallel(n_jobs=n_jobs, prefer="threads", return_as="generator", pre_dispatch="2*n_jobs")(
            tasks
        )


def _keep_freed_memory() -> None:
    # glibc hands memory back, to be faulted in again page by page with the next chunk, once more of it is free than
    # twice the largest block freed so far. A block that is never touched raises that for good: some hundred page faults
    # in the default screen instead of 41,000.
    np.empty(_LARGEST_BLOCK, dtype=np.uint8)
