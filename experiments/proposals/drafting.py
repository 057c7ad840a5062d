"""From measured cells and what is being made to the proposals of one round."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from datasets.cells import recipe_table, recipes
from datasets.errors import InputError, Problem
from datasets.recipe import RECIPE_COLUMNS, Recipe
from experiments.ledger.nouns import LedgerRecipe, Proposal
from experiments.proposals.beliefs import RecipeBeliefs
from experiments.proposals.choosing import Known, Pick, pick
from experiments.proposals.pool import Finder, Pool
from experiments.proposals.prospects import MOST_REMAINING, Prospects, prospects
from experiments.proposals.reasons import Rival, gain_reason, replicate_reason, unknown_reason, untried
from experiments.tracking.models import skills
from models.acquisition import pareto_mask
from models.proposing import Outlook
from screening.goals import reference, signs, with_least
from screening.job import fitted_model
from screening.neighbourhood import distances

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from experiments.campaign_file import Campaign
    from experiments.proposals.options import ProposalOptions
    from models.recipe_model import RecipeModel
    from screening.goals import Goal
    from screening.model_options import ModelOptions

Array = NDArray[np.float64]

NEAREST_SHOWN = 3


class Drafted(NamedTuple):
    """One recipe of a round that is not written down yet.

    Attributes
    ----------
    proposal : Proposal
        Its ``prediction`` has for each target ``mean``, ``std``, ``low`` and ``high`` of a new cell, weighed by the
        skill that was shown, and ``model_mean`` and ``model_std``, what the model alone believes of the recipe. Its
        ``nearest`` has measured cells: ``cell``, its ``recipe`` and ``results`` in words, and ``distance`` in steps.
    gain : float
        Expected gain, in the product of the targets' units.
    """

    proposal: Proposal
    gain: float


class Standing(NamedTuple):
    """What a campaign knows, as its model sees it.

    Attributes
    ----------
    model : RecipeModel
    beliefs : RecipeBeliefs
        With the results on their way counted in at their expected values.
    known : Known
        The recipes measured or being made.
    names : list of str
        Of the known recipes: R7, or the first cell of a recipe that no round proposed.
    rounds : ndarray of int, shape (m,)
        In which round each known recipe was proposed, 0 for none.
    reference : ndarray of shape (t,)
        From which the volume that was reached is counted; all maximised.
    corner : ndarray of shape (t,)
        From which the gain of a new recipe is counted: farther out, so that the best in either target counts, and not
        only what lies between the ends of the front; the least acceptable values where they are given.
    """

    model: RecipeModel
    beliefs: RecipeBeliefs
    known: Known
    names: list[str]
    rounds: NDArray[np.int64]
    reference: Array
    corner: Array

    @property
    def measured(self) -> NDArray[np.int64]:
        """Rows of the known recipes that have a result."""
        return np.flatnonzero(~self.known.awaited)

    @property
    def outlook(self) -> Outlook:
        """What could be gained from here."""
        awaited = self.known.features[self.known.awaited]
        return Outlook.of(self.beliefs, self.known.features[self.measured], awaited, self.corner)


def standing(
    campaign: Campaign,
    cells: pd.DataFrame,
    options: ModelOptions,
    earlier: Sequence[LedgerRecipe],
    cache_dir: Path | None = None,
) -> Standing:
    """Learn from the cells of a campaign and count in what is being made.

    Parameters
    ----------
    campaign : Campaign
    cells : pandas.DataFrame
        Cell table with a value of each target.
    options : ModelOptions
    earlier : sequence of LedgerRecipe
        What was proposed before.
    cache_dir : path, optional

    Returns
    -------
    Standing
    """
    goals = campaign.targets
    model = fitted_model(cells, goals, options, campaign.random_state, cache_dir)
    table, names, rounds, missing = _known(cells, goals, earlier)
    features = np.asarray(model.featurizer_.transform(table), dtype=float)
    awaited: NDArray[np.bool_] = np.all(missing, axis=1)
    # What has some results is measured; only the target that it lacks, or another cell, is still on its way.
    opened = {one.recipe: one.awaits_replicate for one in earlier if is_open(one)}
    repeated = np.array([opened.get(recipe, False) for recipe in recipes(table)], dtype=bool)
    running = np.array([recipe in opened for recipe in recipes(table)], dtype=bool) & ~awaited
    partly = {goal.target: features[(missing[:, column] | repeated) & running] for column, goal in enumerate(goals)}
    beliefs = RecipeBeliefs.of(model, goals, partly)
    reached = beliefs.posterior(features[~awaited])[0]
    corner = with_least(goals, Outlook.of(beliefs, features[~awaited], features[awaited]).reference)
    known = Known(table, features, awaited)
    return Standing(model, beliefs, known, names, rounds, reference(goals, reached), corner)


def _known(
    cells: pd.DataFrame, goals: Sequence[Goal], earlier: Sequence[LedgerRecipe]
) -> tuple[pd.DataFrame, list[str], NDArray[np.int64], NDArray[np.bool_]]:
    """List the recipes measured or being made, with their names, rounds and the targets they lack."""
    targets = [goal.target for goal in goals]
    values = cells[targets].notna().to_numpy()
    found: dict[Recipe, tuple[str, int]] = {}
    lacking: dict[Recipe, NDArray[np.bool_]] = {}
    for recipe, cell, has in zip(recipes(cells), cells["cell_id"], values, strict=True):
        if has.any():
            found.setdefault(recipe, (str(cell), 0))
            lacking[recipe] = lacking.get(recipe, np.ones(len(targets), dtype=bool)) & ~has
    for one in earlier:
        if is_open(one) or one.recipe in found:
            found[one.recipe] = (one.id, one.round)
            lacking.setdefault(one.recipe, np.ones(len(targets), dtype=bool))
    missing = np.array([lacking[recipe] for recipe in found], dtype=bool).reshape(len(found), len(targets))
    rounds = np.array([number for _, number in found.values()], dtype=np.int64)
    return recipe_table(found), [name for name, _ in found.values()], rounds, missing


def is_open(one: LedgerRecipe) -> bool:
    """Tell whether results are still expected of a recipe."""
    return one.state in ("proposed", "running") or one.awaits_replicate


def searched(campaign: Campaign, now: Standing, earlier: Sequence[LedgerRecipe], seed: int) -> Pool:
    """Find the recipes that may be proposed, around the best of them more densely."""
    space = campaign.space
    positions = [space.position(one.recipe) for one in earlier]
    positions += [space.position(recipe) for recipe in recipes(now.known.table)]
    taken = {position for position in positions if position is not None}
    finder = Finder(space, campaign.gates, campaign.proposals, now.model.featurizer_, taken)
    pool = finder.sample(seed)
    return finder.refined(pool, now.outlook.bold_gain) if len(pool.table) else pool


def looked_ahead(now: Standing, pool: Pool, goals: Sequence[Goal], seed: int) -> Prospects:
    """Ask what was reached round by round, and whether anything that is left can beat it."""
    skill = skills(now.model.leave_one_out())
    unproven = [goal.column.label for goal in goals if not skill.get(goal.target, 0.0) > 0]
    gain = now.outlook.gain(pool.features) if len(pool.table) else np.empty(0)
    rows = now.measured
    return prospects(
        now.beliefs,
        now.known.features[rows],
        now.rounds[rows],
        pool.features[np.argsort(-gain)[:MOST_REMAINING]],
        now.reference,
        unproven=unproven,
        seed=seed,
    )


def draft(
    now: Standing, pool: Pool, cells: pd.DataFrame, goals: Sequence[Goal], n: int, options: ProposalOptions, seed: int
) -> list[Drafted]:
    """Pick the recipes of a round and say why.

    Parameters
    ----------
    now : Standing
    pool : Pool
    cells : pandas.DataFrame
        The measured cells, to name the nearest.
    goals : sequence of Goal
    n : int
    options : ProposalOptions
    seed : int

    Returns
    -------
    list of Drafted

    Raises
    ------
    datasets.errors.InputError
        When there are fewer recipes left than asked for.
    """
    picks = pick(
        now.beliefs,
        pool,
        now.known,
        n,
        reference=now.corner,
        furnace_runs=options.furnace_runs,
        replicates=options.replicates,
        seed=seed,
    )
    if len(picks) < n:
        expected = f"at most {len(picks)}: no more recipes of the space pass the gates, are new and can be made"
        raise InputError("--n", [Problem("", n, expected)])
    return [_described(one, now, pool, cells, goals) for one in picks]


def _described(one: Pick, now: Standing, pool: Pool, cells: pd.DataFrame, goals: Sequence[Goal]) -> Drafted:
    table, features = (now.known.table, now.known.features) if one.is_replicate else pool
    row, feature = table.iloc[[one.row]], features[[one.row]]
    recipe = recipes(row)[0]
    mean, std = now.beliefs.posterior(feature)
    nearest = _nearest(row, cells, goals)
    measured = now.known.table.iloc[now.measured]
    if one.is_replicate:
        reason = replicate_reason(now.names[one.row])
    elif one.kind == "gain":
        tried = untried(recipe, measured)
        reason = gain_reason(goals, mean[0], std[0], _front(now)) + (f"; {tried} yet" if tried else "")
    else:
        reason = unknown_reason(recipe, measured, nearest[0]["cell"], nearest[0]["distance"])
    prediction = _prediction(now, feature, goals, mean, std)
    return Drafted(Proposal(recipe, one.is_replicate, prediction, reason, nearest), one.gain)


def _prediction(
    now: Standing, feature: Array, goals: Sequence[Goal], mean: Array, std: Array
) -> dict[str, dict[str, float]]:
    reported = now.model.predict_features(feature).iloc[0]
    believed = mean[0] * signs(goals)
    return {
        goal.target: {
            **{part: float(reported[f"{goal.target}_{part}"]) for part in ("mean", "std", "low", "high")},
            "model_mean": float(believed[column]),
            "model_std": float(std[0, column]),
        }
        for column, goal in enumerate(goals)
    }


def _nearest(row: pd.DataFrame, cells: pd.DataFrame, goals: Sequence[Goal]) -> list[dict[str, Any]]:
    measured = cells[cells[[goal.target for goal in goals]].notna().any(axis=1)]
    apart = distances(row[list(RECIPE_COLUMNS)], measured)[0]
    closest = np.argsort(apart, kind="stable")[:NEAREST_SHOWN]
    made = recipes(measured.iloc[closest])
    return [
        {
            "cell": str(measured["cell_id"].iloc[place]),
            "recipe": recipe.label,
            "results": results_text(measured.iloc[place], goals),
            "distance": float(apart[place]),
        }
        for place, recipe in zip(closest, made, strict=True)
    ]


def results_text(cell: Mapping[str, Any] | pd.Series, goals: Sequence[Goal]) -> str:
    """Write what a cell measured of the targets.

    Examples
    --------
    >>> from screening.goals import DEFAULT_GOALS
    >>> results_text({"q_discharge_first_mAh_g": 194.0, "retention_pct": float("nan")}, DEFAULT_GOALS)
    '194 mAh/g'
    """
    values = [(cell[goal.target], goal.column.unit) for goal in goals]
    return ", ".join(f"{value:g} {unit}" for value, unit in values if value == value)


def front_rows(now: Standing) -> NDArray[np.int64]:
    """Select the known recipes on the front of what the model believes of those measured."""
    mean = now.beliefs.posterior(now.known.features[now.measured])[0]
    return now.measured[pareto_mask(mean)]


def _front(now: Standing) -> list[Rival]:
    rows = front_rows(now)
    mean, std = now.beliefs.posterior(now.known.features[rows])
    return [Rival(now.names[row], *pair) for row, *pair in zip(rows, mean, std, strict=True)]
