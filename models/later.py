"""What will a cell have kept after a hundred cycles, once its first one is known?"""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from models.crossing import leave_out
from models.design import Design, Integers, recipe_codes, single_rows
from models.latent import LARGEST_EXACT, Priors
from models.metrics import crps_student
from models.selection import left_out_scores
from models.surrogate import Report, Surrogate, check_target
from models.weighing import SHARES, pick, saving

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]

EARLY = {
    "q_discharge_first_mAh_g": "first discharge capacity",
    "ce_first_pct": "first-cycle efficiency",
    "q_charge_first_mAh_g": "first charge capacity",
}
"""What is known of a cell a day after it was built: columns of the cell table, and how they are called."""

LATE = ("retention_pct", "q_discharge_end_mAh_g")
"""What is known of it a month later."""


def early_results(cells: pd.DataFrame) -> Array:
    """Read what the first cycle gave; of discharge, efficiency and charge, one is computed where two are known.

    Parameters
    ----------
    cells : DataFrame
        Cell table of n rows; columns may be missing.

    Returns
    -------
    ndarray of shape (n, 3)
        In the order of ``EARLY``; NaN where unknown.
    """
    discharge, efficiency, charge = cells.reindex(columns=list(EARLY)).to_numpy(dtype=float).T
    found = (efficiency * charge / 100, 100 * discharge / charge, 100 * discharge / efficiency)
    given = (discharge, efficiency, charge)
    return np.column_stack([np.where(np.isnan(one), other, one) for one, other in zip(given, found, strict=True)])


LEAST_FOR_LINE = 8
"""Fewest recipes with both results from which a line is drawn: with five, an idle one cost 11 % of the CRPS."""

SURE = 1.5
"""Standard errors that an early result has to save: there are several to be lucky with, so more than one."""


def begun(early: Array) -> NDArray[np.bool_]:
    """Tell the cells of which any early result is known, from results of shape (n, m)."""
    return np.isfinite(early).sum(axis=1) > 0


class Ran(NamedTuple):
    """Cells that have run to the end.

    Attributes
    ----------
    early : ndarray of shape (n, m)
        Early results, NaN where unknown.
    late : ndarray of shape (n,)
        The late one.
    recipe, lab : ndarray of int, shape (n,)
        What is left out together, and what shares a mean.
    """

    early: Array
    late: Array
    recipe: Integers
    lab: Integers

    def take(self, index: Integers | NDArray[np.bool_]) -> Ran:
        """Select cells."""
        return Ran(*(column[index] for column in self))  # type: ignore[arg-type]

    def away(self, columns: Integers, asked: Ran) -> tuple[Array, Array]:
        """Give how far the results of other cells, early and late, are from the means of their labs."""
        own = np.column_stack([self.early[:, columns], self.late])
        center = np.tile(own.mean(axis=0), (len(asked.late), 1))
        for name in np.intersect1d(self.lab, asked.lab):
            center[asked.lab == name] = own[self.lab == name].mean(axis=0)
        return asked.early[:, columns] - center[:, :-1], asked.late - center[:, -1]


class Line(NamedTuple):
    """A straight line through early results and a late one, shrunk towards the mean.

    Attributes
    ----------
    columns : ndarray of int, shape (k,)
        Which early results; none for the mean alone.
    center : ndarray of shape (k,)
        Their means.
    slope : ndarray of shape (k,)
        Late by early.
    covariance : ndarray of shape (k, k)
        Of the slopes.
    unknown_std : float
        By how much a line with more early results moves a cell away from this one.
    """

    columns: Integers
    center: Array
    slope: Array
    covariance: Array
    unknown_std: float = 0.0

    @classmethod
    def through(cls, ran: Ran, columns: Integers) -> Self:
        """Fit by least squares within labs; an early result that does not differ has no slope."""
        away, left = ran.away(columns, ran)
        center = ran.early[:, columns].mean(axis=0)
        spread = np.sqrt(np.mean(away**2, axis=0))
        unit = np.where(spread > 1e-6 * np.abs(center), spread, np.inf)
        inverse = np.linalg.pinv((away / unit).T @ (away / unit), rcond=1e-6)
        slope = inverse @ (away / unit).T @ left / unit
        variance = float(np.sum((left - away @ slope) ** 2)) / _freedom(ran, columns)
        return cls(columns, center, slope, variance * inverse / np.outer(unit, unit))

    def shrunk(self, share: float) -> Self:
        """Keep a share of the slopes."""
        return self._replace(slope=share * self.slope, covariance=share**2 * self.covariance)

    def knows(self, early: Array) -> NDArray[np.bool_]:
        """Tell the cells of which all early results of this line are known."""
        return _complete(early, self.columns)

    def lift(self, early: Array) -> Array:
        """By how much the line moves cells away from the mean."""
        return (early[:, self.columns] - self.center) @ self.slope

    def lift_std(self, early: Array) -> Array:
        """How unsure that is, the early results that are not in this line included."""
        return np.hypot(_spread(early[:, self.columns] - self.center, self.covariance), self.unknown_std)


def _complete(early: Array, columns: Integers) -> NDArray[np.bool_]:
    return np.isnan(early[:, columns]).sum(axis=1) == 0


def _spread(away: Array, covariance: Array) -> Array:
    return np.sqrt(np.einsum("nk,kl,nl->n", away, covariance, away))


def _freedom(ran: Ran, columns: Integers) -> int:
    return max(len(ran.late) - len(np.unique(ran.lab)) - len(columns), 1)


class LaterSurrogate(RegressorMixin, BaseEstimator):
    """Predict a late result from early ones by a line, and what the line leaves by a surrogate over the features.

    The line comes first because it is what pays: on 168 doped cathodes a line in the first capacity predicts the
    fiftieth, descriptors alone do not, and added to it they help only when strongly shrunk. Each early result has to
    earn its place in the line by grouped cross-validation, the line its place before the features, and so has the
    surrogate. A cell is predicted by the longest line of which it has all early results.

    Parameters
    ----------
    random_state : int
        Seed.
    n_early : int
        Number of early results.
    own_source : object, optional
        The source that predictions are for, as in ``Surrogate``. Where it has cells, slopes are those within sources.
    weigh : bool
        Whether the surrogate has to earn its share, as in ``Surrogate``.

    Attributes
    ----------
    lines_ : list of Line
        From the mean alone on, each with one early result more.
    residual_ : Surrogate
        Of what the line leaves.
    n_features_in_ : int
        Number of columns of ``X``.
    """

    def __init__(
        self, random_state: int = 0, *, n_early: int = 1, own_source: object = None, weigh: bool = True
    ) -> None:
        self.random_state = random_state
        self.n_early = n_early
        self.own_source = own_source
        self.weigh = weigh

    @property
    def used(self) -> list[int]:
        """The early results that have earned a place, in the order of what they save."""
        return [int(column) for column in self.lines_[-1].columns]

    def fit(self, X: ArrayLike, y: ArrayLike, groups: ArrayLike | None = None, noise: ArrayLike | None = None) -> Self:
        """Learn from cells that have run.

        Parameters
        ----------
        X : array-like of shape (n, n_early + columns)
            The early results first, then the features; NaN where unknown.
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
        early, features = self._split(table)
        recipe = recipe_codes(np.nan_to_num(features, nan=np.inf))
        ran = Ran(early, late, recipe, self._labs(groups, len(table))).take(~np.isnan(late))
        self.lines_ = earned_lines(ran)
        if not _pays(self.lines_, ran, Design.of(features).transform(features[~np.isnan(late)])):
            self.lines_ = [self.lines_[0]._replace(unknown_std=0.0)]
        lift, unknown = lifted(self.lines_, early)
        # A cell that lacks an early result scatters more about its recipe.
        noise = np.hypot(0.0 if noise is None else np.asarray(noise, dtype=float), unknown)
        self.residual_ = Surrogate(self.random_state, own_source=self.own_source, weigh=self.weigh)
        self.residual_.fit(features, late - lift, groups=groups, noise=noise)
        return self

    def _split(self, table: Array) -> tuple[Array, Array]:
        if not 1 <= self.n_early <= table.shape[1]:
            raise ValueError(f"Got n_early={self.n_early}, expected 1 to {table.shape[1]}, the columns of X")
        features = table[:, self.n_early :]
        return table[:, : self.n_early], features if features.shape[1] else np.zeros((len(table), 1))

    def _labs(self, groups: ArrayLike | None, rows: int) -> Integers:
        names = np.zeros(rows, dtype=int) if groups is None else np.asarray(groups)
        # For a lab without cells, how labs differ is all that can be known of it.
        if not np.any(names == self.own_source):
            return np.zeros(rows, dtype=np.int64)
        return np.unique(names, return_inverse=True)[1].astype(np.int64)

    def _lift_std(self, early: Array) -> Array:
        std = np.empty(len(early))
        for line in self.lines_:
            known = line.knows(early)
            std[known] = line.lift_std(early[known])
        return std

    def predict_report(self, X: ArrayLike) -> Report:
        """Predict the late result of cells whose early ones may be known.

        Parameters
        ----------
        X : array-like of shape (n, n_early + columns)

        Returns
        -------
        Report
        """
        check_is_fitted(self)
        table: Array = validate_data(self, X, dtype=np.float64, ensure_all_finite="allow-nan", reset=False)
        early, features = self._split(table)
        left = self.residual_.predict_report(features)
        return Report(
            left.mean + lifted(self.lines_, early)[0], np.hypot(left.scale, self._lift_std(early)), left.freedom
        )

    def predict(self, X: ArrayLike, return_std: bool = False) -> Any:
        """Predict the late result; with ``return_std`` its standard deviation too.

        Parameters
        ----------
        X : array-like of shape (n, n_early + columns)
        return_std : bool

        Returns
        -------
        mean, std : ndarray of shape (n,)
        """
        report = self.predict_report(X)
        return (report.mean, report.std) if return_std else report.mean

    def seen_from(self, source: object) -> Self:
        """Predict for another lab, with what was learned, as in ``Surrogate``."""
        check_is_fitted(self)
        other = copy(self)
        other.residual_ = self.residual_.seen_from(source)
        return other

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


def lifted(lines: list[Line], early: Array) -> tuple[Array, Array]:
    """By how much cells are moved by the longest lines they have results for, and longer ones might have moved them.

    Parameters
    ----------
    lines : list of Line
        From ``earned_lines``.
    early : ndarray of shape (n, m)

    Returns
    -------
    lift, unknown_std : ndarray of shape (n,)
    """
    lift, unknown = np.empty((2, len(early)))
    for line in lines:
        known = line.knows(early)
        lift[known], unknown[known] = line.lift(early[known]), line.unknown_std
    return lift, unknown


def earned_lines(ran: Ran) -> list[Line]:
    """Lengthen a line by the early result that saves most, as long as the saving is more than luck.

    Parameters
    ----------
    ran : Ran

    Returns
    -------
    list of Line
        From the mean alone on, each with one early result more.
    """
    lines = [Line.through(ran, np.empty(0, dtype=np.int64))]
    now = _held_out_scores(ran, lines[0].columns)[:, 0]
    left = list(range(ran.early.shape[1])) if np.isfinite(now).all() else []
    while left:
        options = [np.append(lines[-1].columns, column) for column in left]
        scores = np.column_stack([now, *(_held_out_scores(ran, columns) for columns in options)])
        scores = np.where(np.isnan(scores), now[:, None], scores)
        best = pick(scores.T, sure=SURE)
        if not best:
            break
        option, share = divmod(best - 1, len(SHARES))
        lines.append(_line(ran, options[option]).shrunk(SHARES[share]))
        now = scores[:, best]
        left.remove(options[option][-1])
    return [line._replace(unknown_std=_apart(lines[-1], line, ran.early)) for line in lines]


def _pays(lines: list[Line], ran: Ran, features: Array) -> bool:
    """Tell whether recipes left out are predicted better by line and features than by features alone, for sure."""
    if len(lines) == 1 or len(ran.late) > LARGEST_EXACT:
        return True
    rows = single_rows(features, ran.lab, ran.late, np.zeros(len(ran.late)))
    lift, _ = lifted(lines, ran.early)
    without, with_it = (left_out_scores(rows._replace(y=y), Priors(), ran.recipe) for y in (ran.late, ran.late - lift))
    gain, error = saving(without, with_it, np.ones(len(ran.late)))
    return gain > error


def _line(ran: Ran, columns: Integers) -> Line:
    return Line.through(ran.take(_complete(ran.early, columns)), columns)


def _apart(longest: Line, line: Line, early: Array) -> float:
    early = early[longest.knows(early)]
    return float(np.std(longest.lift(early) - line.lift(early)))


def _held_out_scores(ran: Ran, columns: Integers) -> Array:
    """Score cells by lines through other recipes, for each share of the slope; NaN where that cannot be done."""
    scores = np.full((len(ran.late), len(SHARES)), np.nan)
    known = np.flatnonzero(_complete(ran.early, columns))
    recipes = ran.recipe[known]
    if len(np.unique(recipes)) >= LEAST_FOR_LINE:
        for train, test in leave_out(recipes):
            scores[known[test]] = _scores(ran.take(known[train]), ran.take(known[test]), columns)
    return scores


def _scores(train: Ran, test: Ran, columns: Integers) -> Array:
    line, count = Line.through(train, columns), len(train.late)
    (away, late), (asked, came) = train.away(columns, train), train.away(columns, test)
    left = late[:, None] - SHARES * (away @ line.slope)[:, None]
    freedom = _freedom(train, columns)
    variance = np.sum(left**2, axis=0) / freedom * (1 + 1 / count)
    unsure = SHARES * _spread(asked, line.covariance)[:, None]
    scale = np.maximum(np.sqrt(variance + unsure**2), 1e-9)
    return crps_student(came[:, None], SHARES * (asked @ line.slope)[:, None], scale, freedom)
