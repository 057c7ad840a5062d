"""What does the model of a campaign believe of recipes, once results on their way are counted in?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from screening.goals import Goal, signs

if TYPE_CHECKING:
    from models.recipe_model import RecipeModel
    from models.surrogate import Surrogate

Array = NDArray[np.float64]


class RecipeBeliefs:
    """The latent responses of the goals over the features of recipes, all to be maximised.

    Parameters
    ----------
    surrogates : sequence of Surrogate
        Fitted, one for each goal.
    sign : ndarray of shape (t,)
        -1 for a goal that is minimised.
    """

    def __init__(self, surrogates: Sequence[Surrogate], sign: Array) -> None:
        self.surrogates = surrogates
        self.sign = sign

    @classmethod
    def of(cls, model: RecipeModel, goals: Sequence[Goal], awaited: Mapping[str, Array]) -> Self:
        """Take the beliefs of a model, with the results that are on their way at the values expected of them.

        Parameters
        ----------
        model : RecipeModel
        goals : sequence of Goal
        awaited : mapping of str to ndarray of shape (p, d)
            For each target the features of recipes that are being made and have no value of it yet.
        """
        surrogates = []
        for goal in goals:
            surrogate, features = model.surrogates_[goal.target], awaited.get(goal.target)
            surrogates.append(surrogate if features is None else surrogate.conditioned(features))
        return cls(surrogates, signs(goals))

    def posterior(self, features: Array) -> tuple[Array, Array]:
        """Evaluate mean and standard deviation of the responses, each of shape (n, t)."""
        parts = [surrogate.posterior(features) for surrogate in self.surrogates]
        mean, std = (np.column_stack(part) for part in zip(*parts, strict=True))
        return mean * self.sign, std

    def draws(self, features: Array, n: int, seed: int = 0) -> Array:
        """Draw the responses of recipes together, of shape (n, recipes, t)."""
        rng = np.random.default_rng(seed)
        joint = (surrogate.joint_posterior(features) for surrogate in self.surrogates)
        drawn = [
            rng.multivariate_normal(mean, covariance, size=n, method="eigh", check_valid="ignore")
            for mean, covariance in joint
        ]
        return np.stack(drawn, axis=2) * self.sign

    def conditioned(self, features: Array) -> RecipeBeliefs:
        """Count in recipes as if their cells had come in at the expected values; features of shape (p, d)."""
        return RecipeBeliefs([surrogate.conditioned(features) for surrogate in self.surrogates], self.sign)

    @property
    def noise_std(self) -> Array:
        """Standard deviation of a new cell about its recipe, shape (t,)."""
        return np.array([surrogate.latent_.noise_std for surrogate in self.surrogates])
