"""What will a coating recipe give, target by target, and has that been earned?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone
from sklearn.utils.validation import check_is_fitted

from datasets.columns import EVIDENCE, TARGETS
from datasets.errors import InputError, Problem, nearest
from featurizers.featurizer import RecipeFeaturizer
from featurizers.registry import FEATURES
from models.baselines import by_mean, by_surrogate
from models.crossing import HeldOut, Integers, Measured, leave_out, predict_held_out
from models.later import EARLY, LATE, LaterSurrogate, early_results
from models.surrogate import Surrogate

Array = NDArray[np.float64]

_PARTS = ("mean", "std", "low", "high")


class RecipeModel(BaseEstimator):
    """One surrogate per target over the features of recipes.

    Parameters
    ----------
    targets : sequence of str
        Columns of the cell table, from ``datasets.columns.TARGETS``.
    featurizer : RecipeFeaturizer, optional
        Turns recipes into features.
    random_state : int
        Seed.
    own_source : str, optional
        The source that predictions are for; by default the only one, or a new lab where there are several.
    robust : bool
        Whether cells far from the rest count less; the verdicts name them.
    borrow : float or "choose"
        What a cell of another source counts beside an own one, as in ``Surrogate``.
    select_groups : bool
        Whether groups of features without which recipes left out are predicted better for sure are dropped, from
        twenty recipes on; the verdicts tell.

    Attributes
    ----------
    featurizer_ : RecipeFeaturizer
    cells_ : dict of str to Measured
        What each target was learned from.
    names_ : dict of str to ndarray of str
        The names of those cells.
    early_ : dict of str to ndarray
        What their first cycles gave, as in ``models.later.early_results``.
    surrogates_ : dict of str to Surrogate
        One for each target that has a value.
    """

    def __init__(
        self,
        targets: Sequence[str] = ("q_discharge_first_mAh_g", "retention_pct"),
        featurizer: RecipeFeaturizer | None = None,
        random_state: int = 0,
        own_source: str | None = None,
        robust: bool = False,
        borrow: float | str = 1.0,
        select_groups: bool = True,
    ) -> None:
        self.targets = targets
        self.featurizer = featurizer
        self.random_state = random_state
        self.own_source = own_source
        self.robust = robust
        self.borrow = borrow
        self.select_groups = select_groups

    def fit(self, cells: pd.DataFrame) -> Self:
        """Learn from a cell table; a row that lacks one target still trains the others.

        Parameters
        ----------
        cells : DataFrame
            A recipe table with the targets, and ``source`` and ``evidence`` where known.

        Returns
        -------
        RecipeModel

        Raises
        ------
        datasets.errors.InputError
            When a target is unknown, or no target has a value.
        """
        self._check(cells)
        self.featurizer_ = RecipeFeaturizer() if self.featurizer is None else clone(self.featurizer)
        features = np.asarray(self.featurizer_.fit(cells).transform(cells), dtype=float)
        self.cells_ = {
            target: measured(cells, features, target) for target in self.targets if cells[target].notna().any()
        }
        early = early_results(cells)
        self.early_ = {target: early[cells[target].notna().to_numpy()] for target in self.cells_}
        self.names_ = {target: _names(cells)[cells[target].notna().to_numpy()] for target in self.cells_}
        self.surrogates_ = {target: self._surrogate().fit(*data) for target, data in self.cells_.items()}
        return self

    def _check(self, cells: pd.DataFrame) -> None:
        problems = [
            Problem("targets", target, f"one of {', '.join(TARGETS)}{nearest(target, TARGETS)}")
            for target in self.targets
            if target not in TARGETS
        ]
        known = [target for target in self.targets if target in TARGETS]
        problems += [
            Problem(target, "no such column", "a column of the cell table") for target in known if target not in cells
        ]
        if not problems and not cells[list(self.targets)].notna().any(axis=None):
            problems = [Problem("", f"{len(cells)} cells without a value", f"a value of {' or '.join(self.targets)}")]
        if problems:
            raise InputError("cell table", problems)

    def _surrogate(self) -> Surrogate:
        return Surrogate(
            self.random_state,
            own_source=self.own_source,
            robust=self.robust,
            borrow=self.borrow,
            feature_groups=feature_groups(self.featurizer_) if self.select_groups else None,
        )

    def posterior(self, features: Array) -> tuple[Array, Array]:
        """Evaluate the latent responses, which exploration uses.

        Parameters
        ----------
        features : ndarray of shape (n, d)
            From ``featurizer_.transform``.

        Returns
        -------
        mean, std : ndarray of shape (n, t)
            In the order of ``targets``; NaN for a target without a value.
        """
        check_is_fitted(self)
        mean, std = np.full((2, len(features), len(self.targets)), np.nan)
        for column, target in enumerate(self.targets):
            if target in self.surrogates_:
                mean[:, column], std[:, column] = self.surrogates_[target].posterior(features)
        return mean, std

    def predict(self, recipe_table: pd.DataFrame) -> pd.DataFrame:
        """Predict a new cell of each recipe in the own lab.

        Parameters
        ----------
        recipe_table : DataFrame
            Of n recipes.

        Returns
        -------
        DataFrame
            With the index of ``recipe_table`` and, for each target, ``<target>_mean``, ``_std``, and ``_low`` and
            ``_high`` of the 90 % interval.
        """
        check_is_fitted(self)
        features = np.asarray(self.featurizer_.transform(recipe_table), dtype=float)
        return self.predict_features(features).set_index(recipe_table.index)

    def predict_features(self, features: Array) -> pd.DataFrame:
        """Predict like ``predict``, from features that are ready, of shape (n, d); n may be 0."""
        check_is_fitted(self)
        columns: dict[str, Any] = {}
        for target in self.targets:
            values = [np.full(len(features), np.nan)] * 4
            if target in self.surrogates_ and len(features):
                surrogate = self.surrogates_[target]
                report = surrogate.predict_report(features)
                values = [report.mean, report.std, *report.interval()]
            names = (f"{target}_{part}" for part in _PARTS)
            columns |= dict(zip(names, values, strict=True))
        return pd.DataFrame(columns)

    def predict_later(self, cells: pd.DataFrame) -> pd.DataFrame:
        """Predict the late results of cells that are still running, from their recipes and first cycles.

        Parameters
        ----------
        cells : DataFrame
            A recipe table with those of the columns ``models.later.EARLY`` that are known, blank where they are not.

        Returns
        -------
        DataFrame
            Like ``predict``, for those of the targets that come late: retention and end capacity.
        """
        check_is_fitted(self)
        features = np.asarray(self.featurizer_.transform(cells), dtype=float)
        table = np.column_stack([early_results(cells), features])
        reports = {target: later.predict_report(table) for target, later in self.later().items()}
        columns = {
            f"{target}_{part}": values
            for target, report in reports.items()
            for part, values in zip(_PARTS, (report.mean, report.std, *report.interval()), strict=True)
        }
        return pd.DataFrame(columns, index=cells.index)

    def later(self) -> dict[str, LaterSurrogate]:
        """Learn for each target that comes late how it follows from the first cycle."""
        check_is_fitted(self)
        return {target: self._later(target) for target in self.surrogates_ if target in LATE}

    def _later(self, target: str) -> LaterSurrogate:
        data = self.cells_[target]
        later = LaterSurrogate(self.random_state, n_early=len(EARLY), own_source=self.own_source)
        return later.fit(np.column_stack([self.early_[target], data.X]), data.y, data.source, data.noise)

    def leave_one_out(self) -> pd.DataFrame:
        """Score each target by leaving out one recipe at a time (one of ten parts where there are more).

        Returns
        -------
        DataFrame
            Indexed by target: ``cells``, ``recipes``, ``weight``, ``tested`` (cells held out), then ``rmse``, ``mae``,
            ``crps`` with the mean's beside them, ``coverage`` and ``width`` of the 90 % interval, and ``skill`` with
            its bootstrap interval.
        """
        return pd.DataFrame({target: self._scores(target) for target in self.surrogates_}).T.rename_axis("target")

    def _scores(self, target: str) -> dict[str, float]:
        cells = self.cells_[target]
        row = {
            "cells": float(len(cells.y)),
            "recipes": float(len(np.unique(cells.recipe))),
            "weight": self.surrogates_[target].weight_,
        }
        held = self._held_out(target)
        if held is None:
            return row
        row["tested"] = float(len(held[0].y))
        ours, theirs = (one.scores() for one in held)
        for name in ("rmse", "mae", "crps"):
            row |= {name: ours[name], f"{name}_mean": theirs[name]}
        return row | {name: ours[name] for name in ("coverage", "width")} | held[0].skill_over(held[1])

    def _held_out(self, target: str) -> tuple[HeldOut, HeldOut] | None:
        if not hasattr(self, "held_out_"):
            self.held_out_: dict[str, tuple[HeldOut, HeldOut]] = {}
        cells = self.cells_[target]
        splits = self._splits(cells)
        if not splits:
            return None
        if target not in self.held_out_:
            ours = predict_held_out(cells, splits, by_surrogate(self._surrogate()))
            self.held_out_[target] = ours, predict_held_out(cells, splits, by_mean)
        return self.held_out_[target]

    def _splits(self, cells: Measured) -> list[tuple[Integers, Integers]]:
        # What is asked is a new recipe in the own lab, so others' cells only teach.
        splits = leave_out(cells.recipe, random_state=self.random_state)
        own = cells.source == self.own_source
        if len(np.unique(cells.recipe[own])) < 2:
            return splits
        return [(train, test[own[test]]) for train, test in splits if own[test].any()]

    def verdicts(self) -> dict[str, str]:
        """Say for each target in one sentence how far its predictions can be trusted."""
        scores = self.leave_one_out()
        return {target: self._verdict(target, scores) for target in self.targets}

    def _verdict(self, target: str, scores: pd.DataFrame) -> str:
        label = TARGETS[target].label
        if target not in scores.index:
            return f"{label}: no cell has a value, so nothing is predicted."
        said = [verdict(scores.loc[target].to_dict(), TARGETS[target].unit), self._borrowed(target)]
        selection = self.surrogates_[target].selection_
        said += [self._outliers(target), selection.sentence if selection else ""]
        return f"{label}: {' '.join(sentence for sentence in said if sentence)}"

    def _borrowed(self, target: str) -> str:
        if self.borrow == 1 or len(self.surrogates_[target].sources_) == 1:
            return ""
        share = self.surrogates_[target].borrow_
        if not share:
            return "Nothing is borrowed from other sources: it does not help to predict the own recipes."
        return f"A cell of another source counts {share:.0%} of an own one."

    def _outliers(self, target: str) -> str:
        count = len(self.surrogates_[target].outliers_)
        if not count:
            return ""
        return f"{count} cell{'s' * (count > 1)} far from the rest count{'s' * (count == 1)} little."


def feature_groups(featurizer: RecipeFeaturizer) -> dict[str, list[int]]:
    """Name the columns of each group of features of a fitted featurizer."""
    groups: dict[str, list[int]] = {}
    for column, name in enumerate(featurizer.get_feature_names_out()):
        groups.setdefault(FEATURES[name].group, []).append(column)
    return groups


def _names(cells: pd.DataFrame) -> NDArray[np.str_]:
    return (cells["cell_id"] if "cell_id" in cells else cells.index.to_series()).to_numpy().astype(str)


def verdict(scores: Mapping[Any, float], unit: str) -> str:
    """Say in words what scores under leave-one-recipe-out mean.

    Parameters
    ----------
    scores : dict
        A row of ``RecipeModel.leave_one_out``.
    unit : str
        Unit of the target.

    Returns
    -------
    str
    """
    recipes = int(scores["recipes"])
    if "crps" not in scores or np.isnan(scores["crps"]):
        return f"no skill yet: {recipes} recipe{'s' * (recipes != 1)} cannot be tested against each other."
    compared = (
        f"recipes left out are missed by {scores['rmse']:.3g} {unit} (the mean alone: {scores['rmse_mean']:.3g}), "
        f"and 90 % intervals held {scores['coverage']:.0%} of {int(scores['tested'])} cells."
    )
    if not scores["weight"]:
        return f"no skill yet on {recipes} recipes, so the mean is what is predicted; {compared}"
    if scores["skill"] <= 0:
        share = f"the model has a share of {scores['weight']:.0%} beside the mean in what is predicted"
        return f"no skill yet on {recipes} recipes; {share}; {compared}"
    if not scores["skill_low"] > 0:
        return f"perhaps some skill, not yet told from luck ({recipes} recipes); {compared}"
    return f"skill {scores['skill']:.0%} over the mean ({recipes} recipes); {compared}"


def measured(cells: pd.DataFrame, features: Array, target: str) -> Measured:
    """Select the cells with a value of a target, with their sources and what is known of their errors.

    Parameters
    ----------
    cells : DataFrame
        Cell table of n rows.
    features : ndarray of shape (n, d)
        Their features.
    target : str

    Returns
    -------
    Measured
        Sources are one where the table names none. The noise is the reading error of the evidence grade, at least
        the target's resolution.
    """
    index = np.flatnonzero(cells[target].notna())
    source = cells["source"].fillna("").astype(str) if "source" in cells else pd.Series("", index=cells.index)
    grade = cells["evidence"] if "evidence" in cells else pd.Series("measured", index=cells.index)
    errors = {name: evidence.reading_error for name, evidence in EVIDENCE.items()}
    reading = grade.map(errors).astype(float).fillna(0.0).to_numpy()
    noise = TARGETS[target].resolution * np.maximum(reading, 1.0)
    values = cells[target].to_numpy(dtype=float)
    return Measured(features[index], values[index], source.to_numpy(dtype=str)[index], noise[index])
