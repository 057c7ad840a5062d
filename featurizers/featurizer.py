"""Which numbers does a model see of a recipe?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from datasets.recipe import RECIPE_COLUMNS
from featurizers.columns import RecipeColumns
from featurizers.descriptors import matminer_featurizers
from featurizers.layer import SPECIFIC_SURFACE_m2_g
from featurizers.registry import FEATURES, GROUPS, Group
from featurizers.terms import Materials, terms

_ROWS_AT_ONCE = 4096
# Each column of a block is 32 kB: a block stays in the processor's cache, and memory does not grow with the table.


class RecipeFeaturizer(TransformerMixin, BaseEstimator):
    """Turn a recipe table into few, physical, named numbers.

    A property of a material enters as its difference from a reference (x = 0.5, LiNbO3) times the share of the surface
    that the material covers. So it is 0 where there is none, grows smoothly with the amount, and neither the halide
    nor the oxide can matter at 0 wt%. What was never measured is NaN. `featurizers.registry.FEATURES` says what each
    column means.

    Parameters
    ----------
    groups : sequence of {"material", "layer", "process"}
        Which groups of features to give, in the order of the registry.
    cache_dir : path or None
        Folder in which descriptors are kept between processes; None computes them once in each process.
    specific_surface_m2_g : float
        Surface of the cathode active material.

    Attributes
    ----------
    feature_names_in_ : array of str
        The columns read: those of `datasets.recipe.RECIPE_COLUMNS`. Others are ignored.
    n_features_in_ : int
        Their number.

    Examples
    --------
    >>> import pandas as pd
    >>> from datasets.recipe import Recipe
    >>> recipes = [Recipe(antiperovskite_wt_pct=1, halide_cl=0.5, melt_temperature_C=350, cooling="quench"),
    ...            Recipe(antiperovskite_wt_pct=0)]
    >>> table = pd.DataFrame([recipe.model_dump() for recipe in recipes])
    >>> features = RecipeFeaturizer().set_output(transform="pandas").fit_transform(table)
    >>> features[["thickness_nm", "superheat_K"]].round(1).values.tolist()
    [[14.0, 47.0], [0.0, 0.0]]
    """

    def __init__(
        self,
        groups: Sequence[Group] = ("material", "layer", "process"),
        cache_dir: Path | str | None = None,
        specific_surface_m2_g: float = SPECIFIC_SURFACE_m2_g,
    ) -> None:
        self.groups = groups
        self.cache_dir = cache_dir
        self.specific_surface_m2_g = specific_surface_m2_g

    def fit(self, X: pd.DataFrame, y: object = None) -> Self:  # noqa: ARG002 - scikit-learn's signature
        """Check parameters and recipe table; nothing is learned.

        Parameters
        ----------
        X : pandas.DataFrame
            A recipe table.
        y : ignored

        Raises
        ------
        ValueError
            When a parameter or the table is wrong.
        TypeError
            When X is not a DataFrame.
        """
        unknown = [group for group in self.groups if group not in GROUPS]
        if unknown or not len(self.groups):
            raise ValueError(f"Got groups={self.groups!r}, expected some of {', '.join(GROUPS)}")
        if not self.specific_surface_m2_g > 0:
            raise ValueError(f"Got specific_surface_m2_g={self.specific_surface_m2_g}, expected more than 0")
        RecipeColumns.read(X)
        self.feature_names_in_ = np.array(RECIPE_COLUMNS, dtype=object)
        self.n_features_in_ = len(RECIPE_COLUMNS)
        return self

    def transform(self, X: pd.DataFrame) -> NDArray[np.float64]:
        """Featurize recipes, each row by itself.

        Parameters
        ----------
        X : pandas.DataFrame
            A recipe table of n rows.

        Returns
        -------
        array of float, shape (n, d), or pandas.DataFrame
            As `set_output` says. NaN where a property was never measured.

        Raises
        ------
        ValueError
            When the table is wrong, with all that is wrong.
        """
        check_is_fitted(self)
        columns = RecipeColumns.read(X)
        materials = Materials.of(columns, self.cache_dir, self.specific_surface_m2_g)
        names = list(self.get_feature_names_out())
        features = np.empty((len(columns), len(names)), order="F")
        for start in range(0, len(columns), _ROWS_AT_ONCE):
            values = terms(columns.rows(start, start + _ROWS_AT_ONCE), materials)
            for position, name in enumerate(names):
                features[start : start + _ROWS_AT_ONCE, position] = values[name]
        return features

    def get_feature_names_out(self, input_features: object = None) -> NDArray[Any]:  # noqa: ARG002 - as above
        """Name the columns of the output, array of str of shape (d,)."""
        check_is_fitted(self)
        names = [feature.name for feature in FEATURES.values() if feature.group in self.groups]
        return np.array(names, dtype=object)

    def citations(self) -> list[str]:
        """Collect BibTeX entries of the descriptors, as matminer gives them."""
        return list(dict.fromkeys(entry for featurizer in matminer_featurizers() for entry in featurizer.citations()))

    def implementors(self) -> list[str]:
        """Name those who wrote the descriptors, as matminer gives them."""
        return list(dict.fromkeys(name for featurizer in matminer_featurizers() for name in featurizer.implementors()))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.requires_fit = True
        tags.input_tags.allow_nan = True
        tags.input_tags.two_d_array = False
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        return tags
