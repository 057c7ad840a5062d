"""The batch job: from measured cells to a ranked list of recipes."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from datasets.errors import InputError, Problem
from screening.gates import Gates
from screening.goals import DEFAULT_GOALS, MOST_GOALS, Goal, reference, signs
from screening.model_options import ModelOptions
from screening.neighbourhood import nearest_measured, one_per_neighbourhood
from screening.scoring import Scorer, Scores, score_space
from screening.space import RecipeSpace

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd
    from numpy.typing import NDArray

    from models.recipe_model import RecipeModel
    from screening.explanation import Explanation
    from screening.scoring import Gain, Progress

N_EXPLAINED = 2
"""Best recipes whose predictions are explained."""

BY_GAIN = "expected gain"
"""How the list of recipes by expected gain is named in `ScreenResult.candidates`."""


@dataclass(frozen=True)
class ScreenResult:
    """What a screen found, and what it rests on.

    Attributes
    ----------
    candidates : pandas.DataFrame
        The best recipes, one per neighbourhood: a list by expected gain, then one by each target (column ``list``),
        each ranked from 1. For each target ``_mean``, ``_std``, ``_low`` and ``_high`` are what is predicted of a new
        cell, weighed by the skill that was shown; ``_model_mean`` and ``_model_std`` are what the model alone
        believes of the recipe, by which it is ranked.
    front : pandas.DataFrame
        The Pareto front of the model's means, from the best first target on, with the same columns.
    stopped : pandas.DataFrame
        The best recipes by expected gain that a gate turned away, with the same columns but ``list`` and ``rank``, and
        ``gate``, the reason; of a large space, the best of a sample.
    cells : pandas.DataFrame
        The cells that were learned from.
    predictions : pandas.DataFrame
        What the model predicts for the recipes of the cells, row by row.
    validation : pandas.DataFrame
        Leave-one-out scores of each target beside those of the mean.
    verdicts : dict of str to str
        By target: what the scores mean, in a sentence.
    explanations : list of Explanation
        For each target, what moves it, and what pulls the predictions of the best recipes.
    space, gates, goals
        What was screened.
    model : RecipeModel
        What it was scored by.
    n_recipes, n_passed : int
        Recipes scored, and those of them that no gate turned away.
    rejected : dict of str to int
        How many each gate turned away, by its reason; a recipe is counted at the first gate that it fails.
    reference : array of float, shape (t,)
        The point from which gains are counted, in the targets' own units and directions.
    random_state : int
        The seed.
    seconds : dict of str to float
        By step of the job.
    """

    candidates: pd.DataFrame
    front: pd.DataFrame
    stopped: pd.DataFrame
    cells: pd.DataFrame
    predictions: pd.DataFrame
    validation: pd.DataFrame
    verdicts: dict[str, str]
    explanations: list[Explanation]
    space: RecipeSpace
    gates: Gates
    goals: tuple[Goal, ...]
    model: RecipeModel
    n_recipes: int
    n_passed: int
    rejected: dict[str, int]
    reference: NDArray[np.float64]
    random_state: int = 0
    seconds: dict[str, float] = field(default_factory=dict)

    def best(self, criterion: str = BY_GAIN) -> pd.DataFrame:
        """Give one of the ranked lists: by expected gain, or by a target of that name."""
        return self.candidates[self.candidates["list"] == criterion].reset_index(drop=True)

    @property
    def lists(self) -> list[str]:
        """The criteria by which the candidates are ranked."""
        return criteria(self.goals)

    @property
    def sentence(self) -> str:
        """Say in one sentence what was screened and what came out first."""
        first = self.best()
        found = f"the best expected gain is {first['label'].iloc[0]}" if len(first) else "no recipe passed the gates"
        return (
            f"{self.n_recipes:,} recipes were scored on {len(self.cells)} measured cells; {self.n_passed:,} passed the "
            f"gates, {len(self.front):,} lie on the front of what the model believes, and {found}."
        )


def screen(
    cells: pd.DataFrame | None = None,
    space: RecipeSpace | None = None,
    *,
    gates: Gates | None = None,
    goals: Sequence[Goal] = DEFAULT_GOALS,
    options: ModelOptions | None = None,
    n_best: int = 10,
    random_state: int = 0,
    n_jobs: int = -1,
    cache_dir: str | Path | None = None,
    progress: Progress | None = None,
) -> ScreenResult:
    """Learn from measured cells, score every recipe of a space and rank what passes the gates.

    Parameters
    ----------
    cells : pandas.DataFrame, optional
        A cell table as `datasets.cells.read_cells` gives it; the six cells of Henkel et al. 2025 when left out.
    space : RecipeSpace, optional
        Which recipes may be made; the default space of 3.5 million when left out.
    gates : Gates, optional
        Which of them are turned away.
    goals : sequence of Goal
        One or two targets.
    options : ModelOptions, optional
        How recipes are modelled.
    n_best : int
        Recipes in each ranked list.
    random_state : int
        Equal seeds give equal results.
    n_jobs : int
        Cores, as joblib counts them.
    cache_dir : path, optional
        Where descriptors are kept between runs.
    progress : callable, optional
        Called with the number of recipes done and of all.

    Returns
    -------
    ScreenResult

    Raises
    ------
    datasets.errors.InputError
        When the cells hold no value of a target.

    Examples
    --------
    >>> from screening import RecipeSpace, screen
    >>> small = RecipeSpace(oxides=("none", "LiNbO3"), coolings=("quench",))
    >>> result = screen(space=small, n_best=3)  # doctest: +SKIP
    >>> result.candidates  # doctest: +SKIP
    """
    from datasets.cells import henkel2025
    from screening.explanation import explained

    clock = _Clock()
    cells = henkel2025() if cells is None else cells
    space, gates, goals = space or RecipeSpace(), gates or Gates(), tuple(goals)
    check_targets(cells, goals)
    model = fitted_model(cells, goals, options, random_state, cache_dir)
    clock.lap("learn")
    validation, verdicts = model.leave_one_out(), model.verdicts()
    clock.lap("validate")
    predictions = model.predict(cells)
    # The front to beat is what the model thinks of the measured recipes, not the luckiest cell.
    reached = model.posterior(model.featurizer_.transform(cells))[0] * signs(goals)
    floor = reference(goals, reached)
    thickness_column = list(model.featurizer_.get_feature_names_out()).index("thickness_nm")
    scorer = Scorer(space, gates, model.featurizer_, thickness_column, model, signs(goals), _gain(reached, floor))
    scores = score_space(scorer, n_jobs=n_jobs, progress=progress)
    clock.lap("score")
    candidates = _candidates(scores, scorer, goals, cells, n_best)
    front = _front(scores, scorer, goals, cells)
    stopped = _stopped(scores, scorer, goals, cells, random_state)
    clock.lap("rank")
    leading = candidates[candidates["list"] == BY_GAIN].head(N_EXPLAINED)
    explanations = [explained(model, goal, cells, space, leading, random_state) for goal in goals]
    clock.lap("explain")
    return ScreenResult(
        candidates=candidates,
        front=front,
        stopped=stopped,
        cells=cells,
        predictions=predictions,
        validation=validation,
        verdicts=verdicts,
        explanations=explanations,
        space=space,
        gates=gates,
        goals=goals,
        model=model,
        n_recipes=scores.n_scored,
        n_passed=scores.n_passed,
        rejected={gate.reason: scores.rejected[gate.name] for gate in gates.in_force},
        reference=floor * signs(goals),
        random_state=random_state,
        seconds=clock.laps,
    )


def check_targets(cells: pd.DataFrame, goals: Sequence[Goal], source: str = "the cell table") -> None:
    """Refuse goals that cannot be learned from a cell table.

    Parameters
    ----------
    cells : pandas.DataFrame
    goals : sequence of Goal
    source : str
        How the table is called in the error.

    Raises
    ------
    datasets.errors.InputError
        When there are not one or two goals, or a target has no value in the table.
    """
    if not 1 <= len(goals) <= MOST_GOALS:
        raise InputError("targets", [Problem("", len(goals), "one or two targets to rank recipes by")])
    empty = [goal.target for goal in goals if not cells[goal.target].notna().any()]
    if empty:
        expected = "at least one measured value of a target; targets are named in the campaign file"
        raise InputError(source, [Problem(f"column {name}", "no value", expected) for name in empty])


def criteria(goals: Sequence[Goal]) -> list[str]:
    """Name what recipes are ranked by, in the order in which `screening.scoring` scores it."""
    return [BY_GAIN, *(goal.target for goal in goals)]


class _Clock:
    """Times the steps of a job, one after the other."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.laps[name] = now - self._last
        self._last = now


def fitted_model(
    cells: pd.DataFrame,
    goals: Sequence[Goal],
    options: ModelOptions | None = None,
    random_state: int = 0,
    cache_dir: str | Path | None = None,
) -> RecipeModel:
    """Fit the model that recipes are scored by.

    Parameters
    ----------
    cells : pandas.DataFrame
    goals : sequence of Goal
    options : ModelOptions, optional
    random_state : int
    cache_dir : path, optional
        Where descriptors are kept between runs.

    Returns
    -------
    RecipeModel
    """
    from featurizers.featurizer import RecipeFeaturizer
    from models.recipe_model import RecipeModel

    model = RecipeModel(
        [goal.target for goal in goals],
        featurizer=RecipeFeaturizer(cache_dir=cache_dir),
        random_state=random_state,
        **(options or ModelOptions()).model_dump(),
    )
    return model.fit(cells)


def _gain(observed: NDArray[np.float64], floor: NDArray[np.float64]) -> Gain:
    from models.acquisition import expected_hypervolume_improvement, expected_improvement, pareto_mask

    if observed.shape[1] == 1:
        best = max(observed.max(), floor[0])
        return lambda mean, std: expected_improvement(mean[:, 0], std[:, 0], best)
    front = observed[pareto_mask(observed)]
    return lambda mean, std: expected_hypervolume_improvement(mean, std, front, floor)


def _candidates(
    scores: Scores, scorer: Scorer, goals: tuple[Goal, ...], measured: pd.DataFrame, n_best: int
) -> pd.DataFrame:
    import pandas as pd

    lists = []
    for criterion, name in enumerate(criteria(goals)):
        positions = scores.best.position[:, criterion]
        held = positions >= 0
        order = np.lexsort((positions[held], -scores.best.score[held, criterion]))
        table = scorer.space.table(positions[held][order])
        table = table.iloc[one_per_neighbourhood(table, n_best)]
        ranked = _described(table, scorer, goals, measured)
        ranked.insert(0, "list", name)
        ranked.insert(1, "rank", np.arange(1, len(ranked) + 1))
        lists.append(ranked)
    return pd.concat(lists, ignore_index=True)


def _front(scores: Scores, scorer: Scorer, goals: tuple[Goal, ...], measured: pd.DataFrame) -> pd.DataFrame:
    order = np.lexsort((scores.front_position, *(-scores.front_mean.T[::-1])))
    return _described(scorer.space.table(scores.front_position[order]), scorer, goals, measured)


def _stopped(
    scores: Scores, scorer: Scorer, goals: tuple[Goal, ...], measured: pd.DataFrame, random_state: int
) -> pd.DataFrame:
    import pandas as pd

    from screening.stopped import best_stopped

    reasons = {gate.name: gate.reason for gate in scorer.gates.in_force}
    empty = _described(scorer.space[:0], scorer, goals, measured).assign(gate="")
    lists = [
        _described(scorer.space.table(positions), scorer, goals, measured).assign(gate=reasons[name])
        for name, positions in best_stopped(scorer, scores.rejected, random_state).items()
    ]
    return pd.concat(lists, ignore_index=True) if lists else empty


def _described(table: pd.DataFrame, scorer: Scorer, goals: tuple[Goal, ...], measured: pd.DataFrame) -> pd.DataFrame:
    """Add to a recipe table what a reader wants to know of each recipe."""
    from datasets.cells import recipes

    features = scorer.featurizer.transform(table)
    mean, std = scorer.model.posterior(features)
    nearest = nearest_measured(table, measured)
    predicted = scorer.model.predict_features(features)
    described = table.reset_index()
    described.insert(0, "label", [recipe.label for recipe in recipes(table)])
    described[["oxide", "cooling"]] = described[["oxide", "cooling"]].astype(object)
    described["expected_gain"] = scorer.gain(mean * signs(goals), std)
    described[list(predicted.columns)] = predicted.to_numpy()
    for column, goal in enumerate(goals):
        described[f"{goal.target}_model_mean"] = mean[:, column]
        described[f"{goal.target}_model_std"] = std[:, column]
    described["thickness_nm"] = features[:, scorer.thickness_column]
    described["nearest_cell"] = measured["cell_id"].to_numpy()[nearest.row]
    described["distance"] = nearest.distance
    described["novelty"] = nearest.novelty
    return described
