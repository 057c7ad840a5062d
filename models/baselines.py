"""What would simpler models say of the same cells?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from models.crossing import Measured, Predictor
from models.design import Design, Rows, combine_replicates, single_rows
from models.latent import Priors
from models.later import LaterSurrogate
from models.surrogate import Report, Surrogate
from models.weighing import for_unseen_lab, mean_prediction

if TYPE_CHECKING:
    from collections.abc import Callable

Array = NDArray[np.float64]

LEAST_CELLS = 4
"""Fewest cells from which ridge and forest are fitted; below, they are the mean."""

_TREES = 100


def by_mean(train: Measured, test: Measured) -> Report:
    """Predict each cell by the mean of its lab, or of all labs where the lab has fewer than three recipes."""
    rows, codes = _rows(train)
    report = Report(*np.empty((3, len(test.y))))
    for name in np.unique(test.source):
        own = codes.get(str(name), -1)
        mean = for_unseen_lab(mean_prediction(rows, own), rows, own, Priors().source)
        for column, value in zip(report, mean, strict=True):
            column[test.source == name] = value
    return report


def _rows(cells: Measured) -> tuple[Rows, dict[str, int]]:
    names, source = np.unique(cells.source, return_inverse=True)
    recipe = cells.recipe[:, None].astype(float)
    return combine_replicates(single_rows(recipe, source, cells.y, cells.noise))[0], {
        str(name): code for code, name in enumerate(names)
    }


def by_surrogate(surrogate: Surrogate | LaterSurrogate, *, source_effect: bool = True) -> Predictor:
    """Predict by a surrogate of the same settings, fitted anew and seen from the lab of each cell.

    Parameters
    ----------
    surrogate : Surrogate or LaterSurrogate
    source_effect : bool
        Whether it is told where the cells come from.
    """

    def predictor(train: Measured, test: Measured) -> Report:
        sources = train.source if source_effect else np.zeros(len(train.y), dtype=int)
        # Without sources there is no lab to be named, and none that was never seen.
        model = clone(surrogate) if source_effect else clone(surrogate).set_params(own_source=None)
        fitted = model.fit(train.X, train.y, groups=sources, noise=train.noise)
        if not source_effect:
            return fitted.predict_report(test.X)
        report = Report(*np.empty((3, len(test.y))))
        for name in np.unique(test.source):
            mask, seen = test.source == name, fitted.seen_from(name)
            for column, values in zip(report, seen.predict_report(test.X[mask]), strict=True):
                column[mask] = values
        return report

    return predictor


def by_ridge(train: Measured, test: Measured) -> Report:
    """Predict by ridge regression, its penalty and its error from leave-one-out."""
    from sklearn.linear_model import RidgeCV

    def fit(X: Array, y: Array) -> tuple[Any, Array]:
        ridge = RidgeCV(alphas=np.logspace(-2, 4, 13), store_cv_results=True).fit(X, y)
        errors = ridge.cv_results_[:, int(np.argmin(ridge.cv_results_.mean(axis=0)))]
        return ridge, errors

    return _by_point(fit, train, test)


def by_forest(train: Measured, test: Measured) -> Report:
    """Predict by a random forest, its error from the cells that each tree has not seen."""
    from sklearn.ensemble import RandomForestRegressor

    def fit(X: Array, y: Array) -> tuple[Any, Array]:
        forest = RandomForestRegressor(_TREES, oob_score=True, min_samples_leaf=2, random_state=0).fit(X, y)
        return forest, (forest.oob_prediction_ - y) ** 2

    return _by_point(fit, train, test)


def _by_point(fit: Callable[[Array, Array], tuple[Any, Array]], train: Measured, test: Measured) -> Report:
    if len(train.y) < LEAST_CELLS:
        return by_mean(train, test)
    design = Design.of(train.X)
    model, squared_errors = fit(design.transform(train.X), train.y)
    scale = max(float(np.sqrt(np.mean(squared_errors))), 1e-9)
    mean = model.predict(design.transform(test.X))
    return Report(mean, np.full(len(mean), scale), np.full(len(mean), float(len(train.y) - 1)))


def predictors(surrogate: Surrogate) -> dict[str, Predictor]:
    """Name the models that stand side by side in a validation, the mean first."""
    return {
        "mean": by_mean,
        "ridge": by_ridge,
        "random forest": by_forest,
        "surrogate, sources ignored": by_surrogate(surrogate, source_effect=False),
        "surrogate": by_surrogate(surrogate),
    }
