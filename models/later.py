"""What will a cell have kept after a hundred cycles, once its first one is known?"""

from __future__ import annotations

from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from models.crossing import leave_out
from models.design import recipe_codes
from models.metrics import crps_student
from models.surrogate import Report, Surrogate, check_target
from models.weighing import LEAST_RECIPES, SHARES, pick

Array = NDArray[np.float64]


class Line(NamedTuple):
    """A straight line through an early and a late result.

    Attributes
    ----------
    early, spread : float
        Mean and standard deviation of the early result.
    late : float
        Mean of the late one.
    slope : float
        Late by early.
    slope_std : float
        Its standard error.
    """

    early: float
    spread: float
    late: float
    slope: float
    slope_std: float

    @classmethod
    def through(cls, early: Array, late: Array) -> Self:
        """Fit by least squares; flat where the early results do not differ."""
        away = early - early.mean()
        squares = float(away @ away)
        if squares <= 1e-12 * max(float(early @ early), 1e-300):
            return cls(float(early.mean()), 0.0, float(late.mean()), 0.0, 0.0)
        slope = float(away @ late) / squares
        left = late - late.mean() - slope * away
        error = (float(left @ left) / max(len(early) - 2, 1) / squares) ** 0.5
        return cls(float(early.mean()), float(early.std()), float(late.mean()), slope, error)

    def lift(self, early: Array) -> Array:
        """By how much the line moves the late result away from its mean; by nothing where the early one is unknown."""
        return np.where(np.isnan(early), 0.0, self.slope * (early - self.early))

    def lift_std(self, early: Array) -> Array:
        """How unsure that is."""
        known = self.slope_std * np.abs(early - self.early)
        return np.where(np.isnan(early), abs(self.slope) * self.spread, known)


class LaterSurrogate(RegressorMixin, BaseEstimator):
    """Predict a late result from an early one by a line, and what the line leaves by a surrogate over the features.

    The line comes first because it is what pays: on 168 doped cathodes a line in the first capacity predicts the
    fiftieth, descriptors alone do not, and added to it they help only when strongly shrunk. Line and surrogate each
    have to earn their share by grouped cross-validation.

    Parameters
    ----------
    random_state : int
        Seed.
    own_source : object, optional
        The source that predictions are for, as in ``Surrogate``.
    weigh : bool
        Whether the surrogate has to earn its share, as in ``Surrogate``.

    Attributes
    ----------
    line_ : Line
    line_weight_ : float
        Share of the line, 0 to 1.
    residual_ : Surrogate
        Of what the line leaves.
    n_features_in_ : int
        Number of columns of ``X``.
    """

    def __init__(self, random_state: int = 0, *, own_source: object = None, weigh: bool = True) -> None:
        self.random_state = random_state
        self.own_source = own_source
        self.weigh = weigh

    def fit(self, X: ArrayLike, y: ArrayLike, groups: ArrayLike | None = None, noise: ArrayLike | None = None) -> Self:
        """Learn from cells that have run.

        Parameters
        ----------
        X : array-like of shape (n, 1 + columns)
            The early result first, then the features; NaN where unknown.
        y : array-like of shape (n,)
            The late result; rows where it is NaN are passed over.
        groups, noise : array-like of shape (n,), optional
            Source of each cell and known standard deviation of ``y``.

        Returns
        -------
        LaterSurrogate
        """
        table: Array = validate_data(self, X, dtype=np.float64, ensure_all_finite="allow-nan")
        late = check_target(y, len(table), type(self).__name__)
        early, features = table[:, 0], _features(table)
        both = np.flatnonzero(~np.isnan(early) & ~np.isnan(late))
        self.line_ = Line.through(early[both], late[both]) if len(both) > 2 else Line(0.0, 0.0, 0.0, 0.0, 0.0)
        self.line_weight_ = _line_weight(early[both], late[both], recipe_codes(_comparable(features[both])))
        lift = self.line_weight_ * self.line_.lift(early)
        self.residual_ = Surrogate(self.random_state, own_source=self.own_source, weigh=self.weigh)
        self.residual_.fit(features, late - lift, groups=groups, noise=noise)
        return self

    def predict_report(self, X: ArrayLike) -> Report:
        """Predict the late result of cells whose early one may be known.

        Parameters
        ----------
        X : array-like of shape (n, 1 + columns)

        Returns
        -------
        Report
        """
        check_is_fitted(self)
        table: Array = validate_data(self, X, dtype=np.float64, ensure_all_finite="allow-nan", reset=False)
        left = self.residual_.predict_report(_features(table))
        lift, unsure = self.line_.lift(table[:, 0]), self.line_.lift_std(table[:, 0])
        scale = np.sqrt(left.scale**2 + (self.line_weight_ * unsure) ** 2)
        return Report(left.mean + self.line_weight_ * lift, scale, left.freedom)

    def predict(self, X: ArrayLike, return_std: bool = False) -> Any:
        """Predict the late result; with ``return_std`` its standard deviation too.

        Parameters
        ----------
        X : array-like of shape (n, 1 + columns)
        return_std : bool

        Returns
        -------
        mean, std : ndarray of shape (n,)
        """
        report = self.predict_report(X)
        return (report.mean, report.std) if return_std else report.mean

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


def _features(table: Array) -> Array:
    return table[:, 1:] if table.shape[1] > 1 else np.zeros((len(table), 1))


def _comparable(features: Array) -> Array:
    return np.nan_to_num(features, nan=1e300)


def _line_weight(early: Array, late: Array, recipe: NDArray[np.int64]) -> float:
    if len(np.unique(recipe)) < LEAST_RECIPES or np.ptp(late) == 0:
        return 0.0
    splits = [(train, test) for train, test in leave_out(recipe) if len(train) > 2]
    scores = np.concatenate([_line_scores(early, late, train, test, SHARES) for train, test in splits])
    return float(SHARES[pick(scores.T)])


def _line_scores(early: Array, late: Array, train: NDArray[np.int64], test: NDArray[np.int64], weights: Array) -> Array:
    line = Line.through(early[train], late[train])
    shrunk = weights * line.slope
    mean = line.late + shrunk * (early[test, None] - line.early)
    left = late[train, None] - line.late - shrunk * (early[train, None] - line.early)
    scale = np.sqrt(np.sum(left**2, axis=0) / max(len(train) - 2, 1) * (1 + 1 / len(train)))
    return crps_student(late[test, None], mean, np.maximum(scale, 1e-9), max(len(train) - 2, 1))
