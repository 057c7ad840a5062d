"""How far may a target's predictions be trusted, and is that more than luck?"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.stats import spearmanr

from models.baselines import predictors
from models.crossing import HeldOut, Integers, Measured, leave_out, predict_held_out
from models.design import Design, combine_replicates, single_rows
from models.first_cycle import LATER, first_cycle_known, later_sentence
from models.latent import Priors
from models.metrics import coverage, crps_student
from models.process import MEAN_VARIANCE, matern
from models.surrogate import Surrogate

Array = NDArray[np.float64]

HEADLINE = "recipe"
"""The split whose scores are quoted: what is asked of the model is a recipe that was never made."""

FLATTERING = "random (flattering)"
"""Random folds put replicates and sister recipes on both sides; shown for comparison, never quoted."""

_LEAST_FOR_MONOTONE = 8
_LEAST_FOR_LINE = 4


class Shuffle(NamedTuple):
    """Skill of a quickly fitted model on the true labels, and on shuffled ones.

    Attributes
    ----------
    skill : float
        Share of the mean's leave-one-out CRPS that the model saves.
    shuffled : ndarray of shape (shuffles,)
        The same with the values dealt out anew.
    """

    skill: float
    shuffled: Array

    @property
    def p_value(self) -> float:
        """Share of the shuffles that do at least as well, the true labels counted among them."""
        return float((1 + np.sum(self.shuffled >= self.skill)) / (1 + len(self.shuffled)))


class Validation(NamedTuple):
    """What is known of the errors of one target's predictions.

    Attributes
    ----------
    scores : DataFrame
        Indexed by split and model: ``rmse``, ``mae``, ``crps``, ``coverage`` and ``width`` of the 90 % interval,
        ``skill`` over the mean with ``skill_low`` and ``skill_high`` of its 90 % bootstrap interval.
    held_out : dict of (split, model) to HeldOut
        The predictions behind the scores.
    shuffle : Shuffle or None
        The label-shuffle test; None with too few recipes.
    warnings : list of str
        Leakage found, and splits that could not be made.
    sentence : str
        What to make of it.
    later : str
        The same once the first cycle of a cell is known; empty for a target that does not come late.
    """

    scores: pd.DataFrame
    held_out: dict[tuple[str, str], HeldOut]
    shuffle: Shuffle | None
    warnings: list[str]
    sentence: str
    later: str = ""


def validate(
    cells: Measured,
    surrogate: Surrogate | None = None,
    *,
    label: str = "the target",
    unit: str = "",
    feature_names: list[str] | None = None,
    early: Array | None = None,
    n_shuffles: int = 999,
    random_state: int = 0,
) -> Validation:
    """Score the surrogate beside simpler models, on cells that none of them has seen.

    Parameters
    ----------
    cells : Measured
    surrogate : Surrogate, optional
        Its settings are used, each fit is made anew.
    label, unit : str
        Of the target, for the sentence.
    feature_names : list of str, optional
        For the warnings.
    early : ndarray of shape (n, 3), optional
        What the first cycles gave, from ``models.later.early_results``, for a target that comes late.
    n_shuffles : int
        Number of label shuffles.
    random_state : int
        Seed of folds, shuffles and bootstrap.

    Returns
    -------
    Validation
    """
    surrogate = surrogate or Surrogate(random_state=random_state)
    blocks = {"recipe": cells.recipe, "source": _codes(cells.source), FLATTERING: np.arange(len(cells.y))}
    held: dict[tuple[str, str], HeldOut] = {}
    for split, block in blocks.items():
        if split == FLATTERING and np.array_equal(block, cells.recipe):
            # Where no recipe is repeated, leaving out cells is leaving out recipes.
            held |= {(split, name): one for (other, name), one in held.items() if other == HEADLINE and name != LATER}
            continue
        parts = leave_out(block, random_state=random_state)
        judged = cells.recipe if split == FLATTERING else block
        for name, predictor in predictors(surrogate).items() if parts else ():
            held[split, name] = predict_held_out(cells, parts, predictor, judged)
        if split == HEADLINE and parts and early is not None:
            held[split, LATER] = first_cycle_known(cells, early, surrogate, parts)
    scores = _score_table(held)
    shuffle = shuffle_test(cells, n_shuffles=n_shuffles, random_state=random_state)
    sentence = f"{label}: {_sentence(cells, scores, shuffle, unit)}"
    later = ""
    if early is not None:
        compared = (held.get((HEADLINE, name)) for name in (LATER, "surrogate", "mean"))
        later = f"{label}, once the first cycle is known: {later_sentence(cells, early, surrogate, compared, unit)}"
    return Validation(scores, held, shuffle, leaks(cells, feature_names), sentence, later)


def _codes(values: NDArray[np.str_]) -> Integers:
    return np.unique(values, return_inverse=True)[1].astype(np.int64)


def _score_table(held: dict[tuple[str, str], HeldOut]) -> pd.DataFrame:
    rows = {key: one.scores() | one.skill_over(held[key[0], "mean"]) for key, one in held.items()}
    if not rows:
        return pd.DataFrame()
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis(["split", "model"])


def shuffle_test(cells: Measured, *, n_shuffles: int = 999, random_state: int = 0) -> Shuffle | None:
    """Ask how often labels dealt out at random are predicted as well as the true ones.

    For each dealing, a Gaussian process is chosen from a small grid by its marginal likelihood and scored by
    leave-one-out in closed form (Rasmussen and Williams 2006, eqs. 5.10-5.12), so that a thousand fits take a second.
    Values are dealt out among the recipes of one source, after the source's mean is taken away.

    Parameters
    ----------
    cells : Measured
    n_shuffles : int
    random_state : int
        Seed of the shuffles.

    Returns
    -------
    Shuffle or None
        None with fewer than four recipes, or with values that do not differ.
    """
    features = Design.of(cells.X).transform(cells.X)
    rows, _ = combine_replicates(single_rows(features, _codes(cells.source), cells.y, cells.noise))
    values = rows.y - np.array([rows.y[rows.source == source].mean() for source in rows.source])
    if len(values) < _LEAST_FOR_LINE or np.ptp(values) == 0:
        return None
    rng = np.random.default_rng(random_state)
    dealt = np.tile(values[:, None], n_shuffles + 1)
    for source in np.unique(rows.source):
        member = np.flatnonzero(rows.source == source)
        dealt[member, 1:] = rng.permuted(dealt[member, 1:], axis=0)
    skills = _grid_skills(rows.features, dealt / values.std(ddof=1))
    return Shuffle(float(skills[0]), skills[1:])


def _grid_skills(features: Array, values: Array) -> Array:
    count, priors = len(values), Priors()
    best = np.full(values.shape[1], -np.inf)
    scores = np.empty_like(best)
    for length in (0.5, 1.0, 2.0, 4.0):
        scaled = features / (priors.length * length * features.shape[1] ** 0.5)
        correlation = priors.signal * matern(scaled, scaled)[0]
        for noise in (0.1, 0.3, 1.0):
            factor = cho_factor(MEAN_VARIANCE + correlation + noise * np.eye(count), lower=True)
            precision = np.diag(cho_solve(factor, np.eye(count)))[:, None]
            weights = cho_solve(factor, values)
            evidence = -0.5 * np.sum(values * weights, axis=0) - np.log(np.diag(factor[0])).sum()
            better = evidence > best
            best[better] = evidence[better]
            chosen = values[:, better]
            mean = chosen - weights[:, better] / precision
            scores[better] = crps_student(chosen, mean, precision**-0.5, count - 1).mean(axis=0)
    return 1.0 - scores / _mean_scores(values[:, :1])


def _mean_scores(values: Array) -> float:
    count = len(values)
    left = (values.sum() - values) / (count - 1)
    squares = (values**2).sum() - values**2 - (count - 1) * left**2
    scale = np.sqrt(squares / (count - 2) * count / (count - 1))
    return float(crps_student(values, left, np.maximum(scale, 1e-9), count - 2).mean())


def leaks(cells: Measured, feature_names: list[str] | None = None) -> list[str]:
    """Find what would make a validation look better than it is.

    Parameters
    ----------
    cells : Measured
    feature_names : list of str, optional

    Returns
    -------
    list of str
        A sentence for each finding; empty when there is none.
    """
    names = feature_names or [f"feature {number}" for number in range(cells.X.shape[1])]
    return [*_repeated(cells), *_functions_of_target(cells, names), *_thin_sources(cells)]


def _repeated(cells: Measured) -> list[str]:
    found = []
    repeats = len(cells.y) - len(np.unique(cells.recipe))
    if repeats:
        who = "1 cell repeats" if repeats == 1 else f"{repeats} cells repeat"
        found.append(f"{who} a recipe: random folds see it on both sides, leave-one-recipe-out does not.")
    shared = sum(len(set(cells.source[cells.recipe == recipe])) > 1 for recipe in np.unique(cells.recipe))
    if shared:
        what = "1 recipe was" if shared == 1 else f"{shared} recipes were"
        found.append(f"{what} made in several sources: leave-one-source-out sees them on both sides.")
    return found


def _functions_of_target(cells: Measured, names: list[str]) -> list[str]:
    return [
        f"{name} is a function of the target on all {len(cells.y)} cells: was it computed from the result?"
        for name, column in zip(names, cells.X.T, strict=True)
        if _is_function(column, cells.y)
    ]


def _is_function(column: Array, y: Array) -> bool:
    known = ~np.isnan(column)
    column, y = column[known], y[known]
    distinct = min(len(np.unique(column)), len(np.unique(y)))
    if distinct < _LEAST_FOR_LINE:
        return False
    straight = abs(np.corrcoef(column, y)[0, 1]) > 1 - 1e-6
    return bool(straight or (distinct >= _LEAST_FOR_MONOTONE and abs(spearmanr(column, y).statistic) > 1 - 1e-9))


def _thin_sources(cells: Measured) -> list[str]:
    names = np.unique(cells.source)
    if len(names) == 1:
        return ["All cells are of one source: what another lab would find is untested."]
    thin = [str(name) for name in names if len(np.unique(cells.recipe[cells.source == name])) == 1]
    return [f"{name} has one recipe: its offset cannot be told from that recipe's effect." for name in thin]


def _sentence(cells: Measured, scores: pd.DataFrame, shuffle: Shuffle | None, unit: str) -> str:
    recipes = len(np.unique(cells.recipe))
    if scores.empty or shuffle is None:
        return f"cannot tell: {recipes} recipe{'s' * (recipes != 1)} with a value are too few to test a model on."
    mean, ours = (scores.loc[[(HEADLINE, model)]].iloc[0] for model in ("mean", "surrogate"))
    missed = f"a recipe left out is missed by {ours['rmse']:.3g} {unit}, by the mean alone by {mean['rmse']:.3g}"
    luck = f"{shuffle.p_value:.0%} of shuffled labels do as well"
    if ours["skill"] <= 0 or shuffle.p_value > 0.1:
        return f"no skill yet on {recipes} recipes: {missed}, and {luck}. {_advice(cells)}"
    return f"skill {ours['skill']:.0%} over the mean on {recipes} recipes: {missed}, and {luck}. {_held(ours)}"


def _held(ours: pd.Series) -> str:
    return f"The 90 % interval held {ours['coverage']:.0%} of the cells."


def _advice(cells: Measured) -> str:
    spare = len(cells.y) - len(np.unique(cells.recipe))
    if not spare:
        return "No recipe was repeated, so the scatter between cells is unknown: repeat one."
    within, between = scatter(cells)
    if within > between:
        return (
            f"Cells of one recipe differ by {within:.3g}, recipes by {between:.3g}: repeat cells before adding recipes."
        )
    return f"Cells of one recipe differ by {within:.3g}, recipes by {between:.3g}: add recipes."


def scatter(cells: Measured) -> tuple[float, float]:
    """Tell apart how cells of one recipe differ and how recipes differ.

    Parameters
    ----------
    cells : Measured
        With at least one repeated recipe.

    Returns
    -------
    within, between : float
        Pooled standard deviation within recipes, and that of the recipes' means.
    """
    codes = cells.recipe
    counts = np.bincount(codes)
    means = np.bincount(codes, cells.y) / counts
    squares = float(np.sum((cells.y - means[codes]) ** 2))
    spare = len(cells.y) - len(counts)
    return (squares / spare) ** 0.5, float(np.std(means, ddof=1)) if len(means) > 1 else 0.0


def calibration_curve(held: HeldOut, levels: Array | None = None) -> pd.DataFrame:
    """Compare the probability that an interval promises with the share of cells it held.

    Parameters
    ----------
    held : HeldOut
    levels : ndarray, optional
        Probabilities; 0.1 to 0.95 by default.

    Returns
    -------
    DataFrame
        Columns ``promised`` and ``held``, from 0 to 1.
    """
    levels = np.append(np.arange(0.1, 0.95, 0.1), 0.95) if levels is None else levels
    shares = [coverage(held.y, *held.interval(float(level))) for level in levels]
    return pd.DataFrame({"promised": levels, "held": shares})


def learning_curve(cells: Measured, surrogate: Surrogate, *, repeats: int = 3, random_state: int = 0) -> pd.DataFrame:
    """Score the surrogate and the mean after fewer recipes than there are.

    Parameters
    ----------
    cells : Measured
    surrogate : Surrogate
    repeats : int
        Random choices of each number of recipes.
    random_state : int
        Seed of the choices.

    Returns
    -------
    DataFrame
        Columns ``recipes``, ``model``, ``rmse``, ``crps`` and ``width``, the mean over the repeats; empty below six
        recipes. The cells scored are those of recipes not chosen.
    """
    rng = np.random.default_rng(random_state)
    codes, models = cells.recipe, predictors(surrogate)
    total = int(codes.max()) + 1
    sizes = np.unique(np.geomspace(3, total * 0.8, 5).astype(int)) if total >= 6 else np.empty(0, int)
    records = []
    for size in sizes:
        for chosen in (rng.permutation(total)[:size] for _ in range(repeats)):
            inside = np.isin(codes, chosen)
            splits = [(np.flatnonzero(inside), np.flatnonzero(~inside))]
            for name in ("mean", "surrogate"):
                scores = predict_held_out(cells, splits, models[name]).scores()
                records.append({"recipes": int(size), "model": name, **scores})
    if not records:
        return pd.DataFrame(columns=["recipes", "model", "rmse", "crps", "width"])
    return pd.DataFrame(records).groupby(["recipes", "model"], as_index=False)[["rmse", "crps", "width"]].mean()
