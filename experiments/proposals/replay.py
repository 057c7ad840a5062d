"""How many cells would other ways of choosing have needed for what a lab already knows?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from datasets.cells import normalise_recipes
from datasets.errors import InputError, Problem
from datasets.recipe import RECIPE_COLUMNS
from experiments.proposals.asking import add_measured, study_in_memory
from models.acquisition import hypervolume

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from screening.goals import Goal

Array = NDArray[np.float64]

LEAST_RECIPES = 6
"""Fewer measured recipes leave nothing to choose between."""

SHARE = 0.95
"""Share of the volume of all measured recipes that counts as having got there."""

START = 3
"""Recipes that every way starts from, drawn anew for each repetition."""

REPETITIONS = 20


class Replayed(NamedTuple):
    """How many recipes one way of choosing needed.

    Attributes
    ----------
    way : str
    median, low, high : float
        Of the repetitions: median, and lower and upper quartile; the start is counted.
    """

    way: str
    median: float
    low: float
    high: float


class Replay(NamedTuple):
    """A history chosen again.

    Attributes
    ----------
    recipes : int
        Measured recipes with all targets, the only ones that can be chosen.
    as_made : int
        How many were needed in the order in which they were made.
    ways : list of Replayed
    """

    recipes: int
    as_made: int
    ways: list[Replayed]

    @property
    def sentence(self) -> str:
        """Say what it comes to, and what it cannot tell."""
        told = ", ".join(f"{one.way} {one.median:g} ({one.low:g} to {one.high:g})" for one in self.ways)
        return (
            f"Recipes needed to reach {SHARE:.0%} of the volume of all {self.recipes}, the first {START} drawn by lot: "
            f"{told}; as made, {self.as_made}. A replay can only choose among what was made, so it says less than it "
            "seems."
        )

    def to_dict(self) -> dict[str, Any]:
        """Give what JSON can hold."""
        ways = [one._asdict() for one in self.ways]
        return {"recipes": self.recipes, "as_made": self.as_made, "ways": ways, "sentence": self.sentence}


def replay(
    table: pd.DataFrame,
    features: Array,
    values: Array,
    reference: Array,
    *,
    repetitions: int = REPETITIONS,
    seed: int = 0,
) -> Replay:
    """Choose again among measured recipes at random, by Optuna's TPE and by the surrogate.

    Parameters
    ----------
    table : pandas.DataFrame
        Recipe table of n recipes in the order in which they were made.
    features : ndarray of shape (n, d)
    values : ndarray of shape (n, t)
        Their measured means, all maximised.
    reference : ndarray of shape (t,)
    repetitions, seed : int

    Returns
    -------
    Replay

    Raises
    ------
    datasets.errors.InputError
        When there are too few recipes to choose between.
    """
    if len(values) < LEAST_RECIPES:
        expected = f"at least {LEAST_RECIPES} measured recipes with all targets to replay"
        raise InputError("--simulate", [Problem("", len(values), expected)])
    goal = SHARE * hypervolume(values, reference)
    ways: dict[str, Callable[[int], Sequence[int]]] = {
        "random": lambda one: np.random.default_rng([seed, one]).permutation(len(values)).tolist(),
        "TPE": lambda one: _by_tpe(table, values, _start(len(values), seed, one), seed + one),
        "LiRAP": lambda one: _by_surrogate(features, values, _start(len(values), seed, one), seed + one),
    }
    found = []
    for way, order in ways.items():
        needed = [_needed(order(one), values, reference, goal) for one in range(repetitions)]
        low, median, high = np.quantile(needed, [0.25, 0.5, 0.75])
        found.append(Replayed(way, float(median), float(low), float(high)))
    return Replay(len(values), _needed(range(len(values)), values, reference, goal), found)


def replayed(cells: pd.DataFrame, goals: Sequence[Goal], cache_dir: Path | None = None, seed: int = 0) -> Replay:
    """Replay the recipes of a cell table that have all targets, each with the mean of its cells.

    Parameters
    ----------
    cells : pandas.DataFrame
        In the order in which they were made.
    goals : sequence of Goal
    cache_dir : path, optional
        Where descriptors are kept.
    seed : int

    Returns
    -------
    Replay
    """
    from featurizers.featurizer import RecipeFeaturizer
    from screening.goals import reference, signs

    targets = [goal.target for goal in goals]
    columns = list(RECIPE_COLUMNS)
    known = cells.assign(order=range(len(cells))).dropna(subset=targets)
    means = known.groupby(columns, dropna=False, sort=False, observed=True)[[*targets, "order"]]
    table = means.agg({**dict.fromkeys(targets, "mean"), "order": "min"}).sort_values("order").reset_index()
    values = table[targets].to_numpy(dtype=float) * signs(goals)
    recipes = normalise_recipes(table[columns])
    features = np.asarray(RecipeFeaturizer(cache_dir=cache_dir).fit(recipes).transform(recipes), dtype=float)
    corner = reference(goals, values) if len(values) else np.zeros(len(targets))
    return replay(recipes, features, values, corner, seed=seed)


def _start(n: int, seed: int, repetition: int) -> list[int]:
    return [int(row) for row in np.random.default_rng([seed, repetition]).permutation(n)[:START]]


def _needed(order: Sequence[int], values: Array, reference: Array, goal: float) -> int:
    for count in range(1, len(order) + 1):
        if hypervolume(values[list(order[:count])], reference) >= goal:
            return count
    return len(order)


def _by_surrogate(features: Array, values: Array, start: list[int], seed: int) -> list[int]:
    import pandas as pd
    from optuna.distributions import BaseDistribution, IntDistribution

    from experiments.sampler import SurrogateSampler

    sampler = SurrogateSampler(
        seed=seed,
        candidates=pd.DataFrame({"row": np.arange(len(values))}),
        featurize=lambda rows: features[rows["row"].to_numpy(dtype=np.int64)],
        replicates=False,
    )
    study = study_in_memory(sampler, values.shape[1])
    rows: dict[str, BaseDistribution] = {"row": IntDistribution(0, len(values) - 1)}
    order = list(start)
    for row in start:
        add_measured(study, {"row": row}, rows, values[row])
    while len(order) < len(values):
        trial = study.ask(rows)
        order.append(int(trial.params["row"]))
        study.tell(trial, [float(value) for value in values[order[-1]]])
    return order


def _by_tpe(table: pd.DataFrame, values: Array, start: list[int], seed: int) -> list[int]:
    """Let TPE suggest a recipe of the box, and make the nearest that is left."""
    import optuna

    from screening.neighbourhood import distances

    words = ["oxide", "cooling"]
    numbers = [name for name in RECIPE_COLUMNS if name not in words]
    filled = table.fillna({name: table[name].median() if table[name].notna().any() else 0.0 for name in numbers})
    filled[words] = filled[words].astype(object).fillna("none")
    space: dict[str, optuna.distributions.BaseDistribution] = {
        name: optuna.distributions.FloatDistribution(float(filled[name].min()), float(filled[name].max()))
        for name in numbers
    }
    space |= {name: optuna.distributions.CategoricalDistribution(sorted(set(filled[name]))) for name in words}
    study = study_in_memory(optuna.samplers.TPESampler(seed=seed, n_startup_trials=START), values.shape[1])
    order = list(start)
    for row in start:
        add_measured(study, {name: filled[name].iloc[row] for name in space}, space, values[row])
    while len(order) < len(values):
        trial = study.ask(space)
        left = [row for row in range(len(values)) if row not in order]
        wished = filled.iloc[[0]].assign(**trial.params)
        order.append(left[int(np.argmin(distances(wished, filled.iloc[left])[0]))])
        study.tell(trial, [float(value) for value in values[order[-1]]])
    return order
