"""What will a new cell measure, and how sure is that?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtrit
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.utils.validation import check_array, check_is_fitted, column_or_1d, validate_data
from threadpoolctl import threadpool_limits

from models.borrowing import borrowed, choose_borrow
from models.design import Design, Rows, combine_replicates, single_rows
from models.forest import LEAST_FOR_FOREST, Forest, grow, pool
from models.latent import LARGEST_EXACT, Priors, learn, solve
from models.process import CellKernel
from models.robust import find_trust
from models.selection import Selection, select_groups
from models.weighing import choose_forest, choose_weight, fold, for_unseen_lab, mean_prediction, mix

Array = NDArray[np.float64]


class Report(NamedTuple):
    """What is said of new cells: Student t distributions.

    Attributes
    ----------
    mean, scale : ndarray of shape (n,)
        Centre and scale, in the unit of the target.
    freedom : float or ndarray of shape (n,)
        Degrees of freedom.
    """

    mean: Array
    scale: Array
    freedom: Any

    @property
    def std(self) -> Array:
        """Standard deviation; where there is none (two degrees of freedom or less), half the central 68.27 %."""
        freedom = np.asarray(self.freedom, dtype=float)
        root = np.sqrt(freedom / np.where(freedom > 2, freedom - 2, np.nan))
        return self.scale * np.where(freedom > 2, root, stdtrit(freedom, 0.841345))

    def interval(self, coverage: float = 0.9) -> tuple[Array, Array]:
        """Return the lower and upper end of the central interval with that probability."""
        if not 0 < coverage < 1:
            raise ValueError(f"Got coverage={coverage}, expected a number between 0 and 1, such as 0.9")
        reach = self.scale * stdtrit(self.freedom, 0.5 + coverage / 2)
        return self.mean - reach, self.mean + reach


class Surrogate(RegressorMixin, BaseEstimator):
    """Gaussian process of one target over a feature table, weighed against the mean before it is reported.

    Parameters
    ----------
    random_state : int
        Seed; the fit is deterministic.
    own_source : object, optional
        The source, as in ``groups``, that predictions are for. By default the only source, or, where there are
        several, a lab that has no cells yet.
    weigh : bool
        Whether ``predict`` is weighed against the mean by grouped cross-validation; otherwise it is the model alone.
    robust : bool
        Whether cells far from the rest count less; ``outliers_`` then names them.
    borrow : float or "choose"
        What a cell of another source counts beside an own one, 0 to 1. ``"choose"`` takes what predicts the own
        recipes best when they are left out, and 0 where that does not help.
    feature_groups : mapping of str to sequence of int, optional
        Columns of ``X`` that belong together: groups without which left-out recipes are predicted better are dropped.
        By default all columns are kept.
    priors : Priors, optional
        Priors of the hyperparameters.

    Attributes
    ----------
    weight_ : float
        Share of the model in what is reported; 0 says that it has shown no skill.
    forest_share_ : float
        Share of a forest in the model, from a hundred rows on.
    borrow_ : float
        What cells of other sources count.
    selection_ : Selection or None
        Which groups of features were kept and why, with ``feature_groups``.
    outliers_ : ndarray of int
        Rows of ``X`` that count little, with ``robust``.
    rows_ : Rows
        The recipes learned from, replicates combined, and ``first_``, the first row of ``X`` behind each.
    baseline_ : Mean
        The prediction by the mean.
    process_ : CellProcess
        The Gaussian process as scikit-learn fitted it, in standardised units.
    latent_ : Latent
        The same, ready for fast evaluation in the unit of the target.
    sources_ : ndarray
        The sources among the rows with a value.
    n_features_in_ : int
        Number of columns of ``X``.

    Examples
    --------
    >>> X = [[0.0], [1.0], [2.0], [3.0], [4.0]]
    >>> model = Surrogate().fit(X, [1.0, 2.1, 2.9, 4.2, float("nan")])
    >>> model.predict([[4.0]]).shape
    (1,)
    """

    def __init__(
        self,
        random_state: int = 0,
        *,
        own_source: object = None,
        weigh: bool = True,
        robust: bool = False,
        borrow: float | str = 1.0,
        feature_groups: Mapping[str, Sequence[int]] | None = None,
        priors: Priors | None = None,
    ) -> None:
        self.random_state = random_state
        self.own_source = own_source
        self.weigh = weigh
        self.robust = robust
        self.borrow = borrow
        self.feature_groups = feature_groups
        self.priors = priors

    def fit(self, X: ArrayLike, y: ArrayLike, groups: ArrayLike | None = None, noise: ArrayLike | None = None) -> Self:
        """Learn from measured cells.

        Parameters
        ----------
        X : array-like of shape (n, columns)
            Features; NaN where unknown. Rows of equal features, source and noise are replicates.
        y : array-like of shape (n,)
            Target; rows where it is NaN are passed over.
        groups : array-like of shape (n,), optional
            Source of each cell (lab, paper, series), whose offset is not read as chemistry.
        noise : array-like of shape (n,) or float, optional
            Known standard deviation of each value, in the unit of ``y``.

        Returns
        -------
        Surrogate

        Raises
        ------
        ValueError
            When nothing is measured, a value is infinite, or lengths differ.
        """
        features: Array = validate_data(self, X, dtype=np.float64, ensure_all_finite="allow-nan")
        values = check_target(y, len(features), type(self).__name__)
        names = np.zeros(len(values), dtype=int) if groups is None else _check_length("groups", groups, len(values))
        known = _check_noise(noise, len(values))
        measured = np.flatnonzero(~np.isnan(values))
        self.sources_, source = np.unique(names[measured], return_inverse=True)
        self.own_ = self._own()
        # Own cells first, so that their folds are the same whatever is borrowed.
        order = np.argsort(source != self.own_, kind="stable")
        position = measured[order]
        cells = single_rows(features[position], source[order], values[position], known[position])
        # BLAS threads cost more than they give at these sizes.
        with threadpool_limits(limits=1, user_api="blas"):
            self.design_ = self._design(cells)
            self._learn(cells._replace(features=self.design_.transform(cells.features)), position)
        return self

    def _design(self, cells: Rows) -> Design:
        if self.feature_groups is None:
            self.selection_: Selection | None = None
            return Design.of(cells.features)
        self.selection_ = select_groups(
            cells.features,
            cells,
            self.feature_groups,
            self.priors or Priors(),
            own=self.own_,
            random_state=self.random_state,
        )
        kept = [column for name in self.selection_.kept for column in self.feature_groups[name]]
        return Design.of(cells.features, kept)

    def _own(self) -> int:
        if len(self.sources_) == 1 and self.own_source is None:
            return 0
        found = np.flatnonzero(self.sources_ == self.own_source)
        return int(found[0]) if len(found) else -1

    def _learn(self, cells: Rows, position: NDArray[np.int64]) -> None:
        priors, seed = self.priors or Priors(), self.random_state
        self.borrow_ = self._borrow(cells, priors)
        cells, position = borrowed(cells, position, self.own_, self.borrow_)
        trust = find_trust(cells, priors, random_state=seed) if self.robust else None
        self.outliers_ = np.sort(position[trust.outliers]) if trust else np.empty(0, dtype=np.int64)
        self.rows_, self.first_ = cells, position
        if trust:
            self.rows_ = cells._replace(share=cells.share / trust.weight)
        else:
            self.rows_, first = combine_replicates(cells)
            self.first_ = position[first]
        self.process_ = learn(self.rows_, priors, random_state=seed)
        self._solve()
        self.weight_, self.forest_share_ = 1.0, 0.0
        self.forest_: Forest | None = None
        if self.weigh:
            self._weigh(priors)

    def _borrow(self, cells: Rows, priors: Priors) -> float:
        if self.borrow == "choose":
            return choose_borrow(cells, priors, own=self.own_, random_state=self.random_state)
        if isinstance(self.borrow, str) or not 0 <= self.borrow <= 1:
            raise ValueError(f"Got borrow={self.borrow!r}, expected a number from 0 to 1, or 'choose'")
        return float(self.borrow)

    def _weigh(self, priors: Priors) -> None:
        with_forest = LEAST_FOR_FOREST <= len(self.rows_.y) <= LARGEST_EXACT
        start = self.process_.kernel_.theta
        folded = fold(self.rows_, start, priors, own=self.own_, with_forest=with_forest, random_state=self.random_state)
        if folded and with_forest:
            self.forest_share_ = choose_forest(folded)
            self.forest_ = grow(self.rows_, self.random_state) if self.forest_share_ else None
            self.forest_error_ = folded.forest_error
        self.weight_ = choose_weight(folded, self.forest_share_)

    def _solve(self) -> None:
        offset = (self.priors or Priors()).source
        self.latent_ = solve(self.rows_, self._kernel(), own=self.own_, random_state=self.random_state)
        self.baseline_ = for_unseen_lab(mean_prediction(self.rows_, self.own_), self.rows_, self.own_, offset)

    def _kernel(self) -> CellKernel:
        kernel = self.process_.kernel_
        if self.own_ < 0 and kernel.source_bounds == "fixed":
            # One other source cannot say how labs differ: the prior's centre does.
            return clone(kernel).set_params(source_variance=(self.priors or Priors()).source)
        return kernel

    def seen_from(self, source: object) -> Self:
        """Predict for another lab, with what was learned and the weight as they are.

        Parameters
        ----------
        source : object
            A source as in ``groups``; one without cells is a new lab.

        Returns
        -------
        Surrogate
            A fitted copy.
        """
        check_is_fitted(self)
        other = copy(self)
        other.own_source = source
        found = np.flatnonzero(self.sources_ == source)
        other.own_ = int(found[0]) if len(found) else -1
        other._solve()
        return other

    def conditioned(self, X: ArrayLike) -> Self:
        """Believe that cells of the own lab, still pending, will come in as expected.

        What is expected stays as it is, and less is open near the pending cells: so a batch asked one after the other
        spreads. Hyperparameters, weight and baseline stay; only ``latent_`` and ``posterior`` change.

        Parameters
        ----------
        X : array-like of shape (p, columns)
            Features of the pending cells; p may be 0.

        Returns
        -------
        Surrogate
            A fitted copy.
        """
        table = np.asarray(X, dtype=np.float64).reshape(-1, self.n_features_in_)
        if not len(table):
            return self
        other = copy(self)
        kernel = self._kernel()
        if self.own_ < 0:
            other.own_ = int(self.rows_.source.max()) + 1
        features = self.design_.transform(table)
        count = len(features)
        noise = self.latent_.scale * max(self.latent_.noise_variance - kernel.noise_variance, 0.0) ** 0.5
        pending = single_rows(features, np.full(count, other.own_), self.posterior(table)[0], np.full(count, noise))
        other.rows_ = Rows(*(np.concatenate(pair) for pair in zip(self.rows_, pending, strict=True)))
        other.latent_ = solve(
            other.rows_,
            kernel,
            own=other.own_,
            random_state=self.random_state,
            standards=(self.latent_.center, self.latent_.scale),
        )
        return other

    def posterior(self, X: ArrayLike) -> tuple[Array, Array]:
        """Evaluate the latent response in the own lab, which exploration uses.

        Parameters
        ----------
        X : array-like of shape (n, columns)
            An array of float64 is used as it is; its values are not searched for infinities.

        Returns
        -------
        mean, std : ndarray of shape (n,)
            In the unit of the target, without the noise of a cell and whatever the weight is.
        """
        # A chunk of the screen is as the featurizer made it: checking it would cost as much as predicting it.
        if not _is_ready(X, self.n_features_in_):
            X = self._checked(X)
        return self.latent_(np.asarray(X), self.design_)

    def joint_posterior(self, X: ArrayLike) -> tuple[Array, Array]:
        """Evaluate the latent responses in the own lab together.

        Parameters
        ----------
        X : array-like of shape (n, columns)

        Returns
        -------
        mean : ndarray of shape (n,)
        covariance : ndarray of shape (n, n)
        """
        checked = self._checked(X)
        return self.latent_.averages(self.design_.transform(checked), len(checked))

    def _checked(self, X: ArrayLike) -> Array:
        check_is_fitted(self)
        checked: Array = validate_data(self, X, dtype=np.float64, ensure_all_finite="allow-nan", reset=False)
        return checked

    def report(self, mean: Array, std: Array, X: Array | None = None) -> Report:
        """Turn the latent posterior into what is reported of new cells.

        Parameters
        ----------
        mean, std : ndarray of shape (n,)
            From ``posterior``.
        X : ndarray of shape (n, columns), optional
            The features, needed only where a forest shares the work (``forest_share_``).

        Returns
        -------
        Report
        """
        std = np.sqrt(std**2 + self.latent_.noise_std**2)
        if self.forest_ is not None:
            if X is None:
                raise ValueError("Got no X, expected the features, because a forest shares this prediction")
            forest = self.forest_.predict(self.design_.transform(X), self.own_)
            mean, std = pool(mean, std, forest, self.forest_error_, self.forest_share_)
        center, scale = mix(mean, std, self.baseline_.center, self.baseline_.scale, self.weight_)
        return Report(center, scale, self.baseline_.freedom)

    def predict_report(self, X: ArrayLike) -> Report:
        """Predict new cells in the own lab as Student t distributions.

        Parameters
        ----------
        X : array-like of shape (n, columns)

        Returns
        -------
        Report
        """
        checked = self._checked(X)
        return self.report(*self.posterior(checked), checked)

    def predict(self, X: ArrayLike, return_std: bool = False) -> Any:
        """Predict a new cell in the own lab.

        Parameters
        ----------
        X : array-like of shape (n, columns)
        return_std : bool
            Whether to return the standard deviation too, the noise of a cell included.

        Returns
        -------
        mean : ndarray of shape (n,)
        std : ndarray of shape (n,)
            Only with ``return_std``.
        """
        report = self.predict_report(X)
        return (report.mean, report.std) if return_std else report.mean

    def predict_interval(self, X: ArrayLike, coverage: float = 0.9) -> tuple[Array, Array]:
        """Bound a new cell in the own lab.

        Parameters
        ----------
        X : array-like of shape (n, columns)
        coverage : float
            Probability that the value lies inside, between 0 and 1.

        Returns
        -------
        low, high : ndarray of shape (n,)
        """
        return self.predict_report(X).interval(coverage)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


def _is_ready(X: object, columns: int) -> bool:
    return type(X) is np.ndarray and X.dtype == np.float64 and X.ndim == 2 and X.shape[1] == columns


def check_target(y: ArrayLike, rows: int, estimator: str) -> Array:
    """Check the values of a target, of which some may be NaN but not all.

    Parameters
    ----------
    y : array-like of shape (rows,)
    rows : int
    estimator : str
        Who asks, for the message.

    Returns
    -------
    ndarray of shape (rows,)
    """
    if y is None:
        raise ValueError(f"{estimator} requires y to be passed, but the target y is None")
    checked = check_array(y, ensure_2d=False, dtype=np.float64, ensure_all_finite="allow-nan", input_name="y")
    values: Array = _check_length("y", column_or_1d(checked, warn=True), rows)
    if np.isnan(values).all():
        raise ValueError(f"Got no value in y among {rows} rows, expected at least one")
    return values


def _check_length(name: str, values: ArrayLike, rows: int) -> NDArray[Any]:
    values = np.asarray(values)
    if values.shape != (rows,):
        raise ValueError(f"Got {name} of shape {values.shape}, expected ({rows},), one for each row of X")
    return values


def _check_noise(noise: ArrayLike | None, rows: int) -> Array:
    values = np.asarray(0.0 if noise is None else noise, dtype=float)
    if values.shape not in ((), (rows,)) or not (np.isfinite(values) & (values >= 0)).all():
        raise ValueError(f"Got noise {noise!r}, expected a standard deviation, or one for each of {rows} rows")
    return np.broadcast_to(values, (rows,)).copy()
