"""How quick is what one would write today: matminer for every recipe, then scikit-learn, and no LiRAP?"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
from matminer.featurizers.base import MultipleFeaturizer
from matminer.featurizers.composition import ElementProperty, IonProperty, OxidationStates
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from datasets.recipe import COOLINGS, antiperovskite_formula
from featurizers.structures import charged_composition

TARGETS = ("q_discharge_first_mAh_g", "retention_pct")


def magpie() -> Any:
    """Give the descriptors that most scripts start with: 132 numbers of a composition."""
    return ElementProperty.from_preset("magpie", impute_nan=True)


def four_descriptors() -> Any:
    """Give only the four that LiRAP takes from matminer, by the same classes and with charges given, not guessed."""
    few = ElementProperty("magpie", ["CovalentRadius", "NdUnfilled"], ["mean"], impute_nan=True)
    return MultipleFeaturizer([IonProperty(impute_nan=False), OxidationStates(stats=["maximum"]), few])


class PlainScript:
    """Learn from cells, then featurize and predict recipes, on one core.

    Parameters
    ----------
    descriptors : matminer featurizer
    each_material_once : bool
        Whether equal formulas are described once instead of once a recipe.
    """

    def __init__(self, descriptors: Any, *, each_material_once: bool = False) -> None:
        self.descriptors = descriptors
        self.each_material_once = each_material_once
        self.models: dict[str, Any] = {}

    def fit(self, cells: pd.DataFrame) -> PlainScript:
        """Learn both targets from a cell table."""
        X = self.features(cells)
        for target in TARGETS:
            known = cells[target].notna().to_numpy()
            kernel = ConstantKernel() * Matern(nu=2.5) + WhiteKernel()
            model = make_pipeline(StandardScaler(), GaussianProcessRegressor(kernel, normalize_y=True))
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # six cells are too few for its optimiser, which says so
                self.models[target] = model.fit(X[known], cells.loc[known, target])
        return self

    def predict(self, recipes: pd.DataFrame) -> np.ndarray:
        """Give means and standard deviations of both targets, shape (n, 4)."""
        X = self.features(recipes)
        return np.column_stack([part for model in self.models.values() for part in model.predict(X, return_std=True)])

    def features(self, recipes: pd.DataFrame) -> np.ndarray:
        """Give recipe columns, then the descriptors of salt and oxide; zeros for what is not there."""
        numbers = recipes[["halide_cl", "antiperovskite_wt_pct", "oxide_wt_pct", "melt_temperature_C"]].fillna(0.0)
        cooling = recipes["cooling"].astype(object).map({name: rank for rank, name in enumerate(COOLINGS)}).fillna(-1)
        salts = ["" if np.isnan(x) else antiperovskite_formula(x) for x in recipes["halide_cl"]]
        oxides = ["" if oxide == "none" else oxide for oxide in recipes["oxide"]]
        return np.column_stack([numbers, cooling.astype(float), self._described(salts), self._described(oxides)])

    def _described(self, formulas: list[str]) -> np.ndarray:
        names, codes = np.unique(formulas, return_inverse=True)
        wanted = list(names) if self.each_material_once else formulas
        present = [place for place, formula in enumerate(wanted) if formula]
        described = np.zeros((len(wanted), len(self.descriptors.feature_labels())))
        # matminer's own pool of processes was slower than one process at every size tried.
        self.descriptors.set_n_jobs(1)
        compositions = [charged_composition(wanted[place]) for place in present]
        described[present] = self.descriptors.featurize_many(compositions, pbar=False)
        return described[codes] if self.each_material_once else described
