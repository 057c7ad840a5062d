"""What moves a target, by how much and how surely, and why does a recipe get its prediction?"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from datasets.cells import normalise_recipes
from datasets.columns import TARGETS
from datasets.errors import InputError, Problem, nearest
from datasets.materials import NO_OXIDE
from datasets.recipe import COOLINGS, RECIPE_COLUMNS
from models.crossing import leave_out
from models.recipe_model import RecipeModel
from models.surrogate import Surrogate

Array = NDArray[np.float64]

_NINETY = 1.6448536269514722
_MOST_BACKGROUND = 100


class Effect(NamedTuple):
    """How a target moves with one variable of the recipe.

    Attributes
    ----------
    curve : DataFrame
        One row a value: the variable, and ``effect`` with ``low`` and ``high`` of its 90 % interval, in the unit of
        the target, relative to the average over the values.
    spread : float
        Largest less smallest effect.
    spread_std : float
        Standard deviation of that difference.
    sentence : str
        What it comes to.
    """

    curve: pd.DataFrame
    spread: float
    spread_std: float
    sentence: str


class Why(NamedTuple):
    """Why a recipe gets its prediction.

    Attributes
    ----------
    cells : DataFrame
        The measured recipes, the most alike first: ``cell``, ``alike`` (correlation, 0 to 1), ``value``, and ``pull``,
        by how much it moves the model's mean away from the average, in the unit of the target.
    average, mean : float
        Where the pulls start, and where all of them together lead.
    sentence : str
        What it comes to.
    """

    cells: pd.DataFrame
    average: float
    mean: float
    sentence: str


def _surrogate(model: RecipeModel, target: str) -> Surrogate:
    if target not in model.surrogates_:
        expected = f"one of {', '.join(model.surrogates_)}{nearest(target, model.surrogates_)}"
        raise InputError("target", [Problem("", target, expected)])
    return model.surrogates_[target]


def _cannot_tell(model: RecipeModel, target: str) -> str:
    recipes = len(model.surrogates_[target].rows_.y)
    if model.surrogates_[target].weight_:
        return ""
    return (
        f"Cannot tell: the model has no skill yet on {recipes} recipe{'s' * (recipes != 1)} with a value; "
        "what follows is what it supposes. "
    )


def effect_of(
    model: RecipeModel, target: str, variable: str, background: pd.DataFrame, values: list[Any] | None = None
) -> Effect:
    """Average the response over recipes, with one variable set to each of its values in turn.

    The interval is that of the difference from the average over the values, from the joint posterior, so that what is
    unsure of all of them alike does not count.

    Parameters
    ----------
    model : RecipeModel
        Fitted.
    target : str
    variable : str
        A column of the recipe table.
    background : DataFrame
        Recipe table to average over, such as a sample of the space; the first hundred rows are used.
    values : list, optional
        Values of the variable; by default those of the background, at most eleven.

    Returns
    -------
    Effect

    Raises
    ------
    datasets.errors.InputError
        When target or variable are unknown.
    """
    surrogate = _surrogate(model, target)
    if variable not in RECIPE_COLUMNS:
        expected = f"one of {', '.join(RECIPE_COLUMNS)}{nearest(variable, RECIPE_COLUMNS)}"
        raise InputError("variable", [Problem("", variable, expected)])
    background = _background(background, variable)
    values = _values(background[variable]) if values is None else values
    if not values:
        raise InputError("background", [Problem(variable, "no recipe with this part", "at least one")])
    tables = [normalise_recipes(background.assign(**{variable: value})) for value in values]
    features = np.concatenate([_features(model, table) for table in tables])
    mean, covariance = surrogate.latent_.averages(surrogate.design_.transform(features), len(values))
    center = np.eye(len(values)) - 1 / len(values)
    effect, covariance = center @ mean, center @ covariance @ center
    reach = _NINETY * np.sqrt(np.maximum(np.diag(covariance), 0.0))
    curve = pd.DataFrame({variable: values, "effect": effect, "low": effect - reach, "high": effect + reach})
    high, low = int(np.argmax(effect)), int(np.argmin(effect))
    variance = covariance[high, high] + covariance[low, low] - 2 * covariance[high, low]
    spread, std = float(effect[high] - effect[low]), float(np.sqrt(max(variance, 0.0)))
    sentence = _cannot_tell(model, target) + _effect_sentence(target, variable, values, high, low, spread, std)
    return Effect(curve, spread, std, sentence)


def _values(column: pd.Series) -> list[Any]:
    if not pd.api.types.is_numeric_dtype(column):
        known = [cooling for cooling in COOLINGS if cooling in set(column)]
        return [*known] or sorted(column.dropna().astype(str).unique())
    distinct = np.unique(column.dropna().to_numpy(dtype=float))
    return list(distinct if len(distinct) <= 11 else np.linspace(distinct[0], distinct[-1], 11))


def _background(table: pd.DataFrame, variable: str) -> pd.DataFrame:
    # Where there is no oxide, its name cannot matter; only recipes that have the part say what it does.
    part = "oxide_wt_pct" if variable.startswith("oxide") else "antiperovskite_wt_pct"
    return _plain(table[table[part] > 0]).head(_MOST_BACKGROUND)


def _plain(table: pd.DataFrame) -> pd.DataFrame:
    return table[list(RECIPE_COLUMNS)].astype({"oxide": object, "cooling": object})


def _features(model: RecipeModel, table: pd.DataFrame) -> Array:
    return np.asarray(model.featurizer_.transform(table), dtype=float)


def _effect_sentence(
    target: str, variable: str, values: list[Any], high: int, low: int, spread: float, std: float
) -> str:
    label, unit = TARGETS[target].label, TARGETS[target].unit
    if spread < _NINETY * std or not spread:
        return f"{variable} moves {label} by {spread:.2g} +- {std:.2g} {unit}: not told from nothing."
    return (
        f"{variable} moves {label} by {spread:.2g} +- {std:.2g} {unit}: most at {values[high]}, least at {values[low]}."
    )


def effects(model: RecipeModel, target: str, background: pd.DataFrame) -> dict[str, Effect]:
    """Rank the variables of the recipe by how much they move a target.

    Parameters
    ----------
    model : RecipeModel
    target : str
    background : DataFrame
        As in ``effect_of``.

    Returns
    -------
    dict of str to Effect
        By variable, the largest spread first; a variable that does not vary is left out.
    """
    varying = [name for name in RECIPE_COLUMNS if len(_values(_background(background, name)[name])) > 1]
    found = {variable: effect_of(model, target, variable, background) for variable in varying}
    return dict(sorted(found.items(), key=lambda item: -item[1].spread))


def permutation_importance(
    model: RecipeModel, cells: pd.DataFrame, target: str, *, draws: int = 10, random_state: int = 0
) -> pd.DataFrame:
    """Measure how much worse recipes left out are predicted when one variable is taken from another recipe.

    Parameters
    ----------
    model : RecipeModel
        Its settings are used; the models that predict are fitted anew, without the recipes they predict.
    cells : DataFrame
        The cell table it was fitted to.
    target : str
    draws : int
        How often a value is taken from another cell.
    random_state : int
        Seed.

    Returns
    -------
    DataFrame
        ``variable``, ``increase`` in root mean squared error (unit of the target) and its standard error over the
        parts left out, the largest first; empty with fewer than four recipes.
    """
    from sklearn.base import clone

    _surrogate(model, target)
    rng = np.random.default_rng(random_state)
    table = cells[cells[target].notna()].reset_index(drop=True)
    data = model.cells_[target]
    if len(np.unique(data.recipe)) < 4:
        return pd.DataFrame(columns=["variable", "increase", "error"])
    varying = [name for name in RECIPE_COLUMNS if len(table[name].unique()) > 1]
    increases = []
    for train, test in leave_out(data.recipe, random_state=random_state):
        known = data.take(train)
        fitted = clone(model.surrogates_[target]).set_params(weigh=False)
        fitted.fit(known.X, known.y, groups=known.source, noise=known.noise)
        mixed = {name: _mixed(table, test, name, draws, rng) for name in varying}
        squares = {name: _squared_error(model, fitted, mixed[name], data.y[test]) for name in varying}
        truth = _squared_error(model, fitted, table.loc[test], data.y[test])
        increases.append([squares[name] - truth for name in varying] + [truth])
    return _increase_table(varying, np.array(increases))


def _mixed(
    table: pd.DataFrame, test: NDArray[np.int64], name: str, draws: int, rng: np.random.Generator
) -> pd.DataFrame:
    repeated = _plain(table.loc[np.tile(test, draws)]).reset_index(drop=True)
    other = _plain(table.loc[rng.integers(len(table), size=len(repeated))]).reset_index(drop=True)
    mixed = repeated.assign(**{name: other[name].where(other[name].notna(), repeated[name])})
    # A coating that the recipe did not have comes with the other recipe's melt or oxide.
    melt = ["halide_cl", "melt_temperature_C", "cooling"]
    mixed[melt] = mixed[melt].where(mixed[melt].notna(), other[melt])
    mixed["oxide"] = mixed["oxide"].where(mixed["oxide"] != NO_OXIDE, other["oxide"])
    return normalise_recipes(mixed)


def _squared_error(model: RecipeModel, fitted: Surrogate, table: pd.DataFrame, y: Array) -> float:
    mean = fitted.predict(_features(model, table)).reshape(-1, len(y))
    return float(np.mean((mean - y) ** 2))


def _increase_table(names: list[str], squares: Array) -> pd.DataFrame:
    truth = squares[:, -1].mean()
    gained = squares[:, :-1].mean(axis=0)
    error = squares[:, :-1].std(axis=0, ddof=1) / len(squares) ** 0.5
    root = np.sqrt(np.maximum(truth + gained, 0.0))
    table = pd.DataFrame(
        {"variable": names, "increase": root - truth**0.5, "error": error / np.maximum(2 * root, 1e-12)}
    )
    return table.sort_values("increase", ascending=False, ignore_index=True)


def why(model: RecipeModel, target: str, recipe: pd.DataFrame) -> Why:
    """Say which measured cells pull the prediction of one recipe, and where to.

    Parameters
    ----------
    model : RecipeModel
    target : str
    recipe : DataFrame
        A recipe table of one row.

    Returns
    -------
    Why
        Pulls of the model's own mean, before it is weighed against the average.

    Raises
    ------
    ValueError
        When there is not one recipe, or more rows than are solved exactly.
    """
    surrogate = _surrogate(model, target)
    if len(recipe) != 1 or len(surrogate.latent_.points) != len(surrogate.rows_.y):
        raise ValueError(
            f"Got {len(recipe)} recipes and {len(surrogate.rows_.y)} rows, expected one recipe and at most 1000"
        )
    features = surrogate.design_.transform(_features(model, recipe))
    latent, rows = surrogate.latent_, surrogate.rows_
    pull = latent.pulls(features)[0] * (rows.y - latent.center)
    alike = latent.correlation(features)[0]
    table = pd.DataFrame(
        {"cell": model.names_[target][surrogate.first_], "alike": alike, "value": rows.y, "pull": pull}
    ).sort_values("alike", ascending=False, ignore_index=True)
    mean = latent.center + float(pull.sum())
    return Why(
        table, latent.center, mean, _cannot_tell(model, target) + _why_sentence(table, latent.center, mean, target)
    )


def _why_sentence(table: pd.DataFrame, average: float, mean: float, target: str) -> str:
    unit = TARGETS[target].unit
    strongest = table.loc[table["pull"].abs().nlargest(2).index]
    pulls = " and ".join(f"{row.cell} ({row.value:.4g}) by {row.pull:+.2g}" for row in strongest.itertuples())
    return f"From the average {average:.4g} {unit}, the model goes to {mean:.4g}, pulled most by {pulls}."
