"""What does the bare arithmetic of a screen cost in NumPy, with nothing around it?"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

from models.surrogate import Surrogate

BLOCK = 8192
"""Rows at once: of 1024 to 65,536, what was quickest."""


class BareArithmetic:
    """Posterior of two targets and exact expected hypervolume improvement of ready features, a row a recipe.

    Parameters
    ----------
    surrogates : sequence of Surrogate, length 2
        Fitted, both to be maximised; only their arrays are read.
    front : ndarray of shape (m, 2)
        To be improved on: undominated, above the reference.
    reference : ndarray of shape (2,)
    """

    def __init__(self, surrogates: list[Surrogate], front: np.ndarray, reference: np.ndarray) -> None:
        self.surrogates = surrogates
        ordered = front[np.argsort(front[:, 0])]
        self.edges = np.append(reference[0], ordered[:, 0])
        self.heights = np.append(ordered[:, 1], reference[1])

    def __call__(self, features: np.ndarray) -> np.ndarray:
        """Give the expected gain of each row of features of shape (n, d)."""
        return np.concatenate([self._block(features[at : at + BLOCK]) for at in range(0, len(features), BLOCK)])

    def _block(self, features: np.ndarray) -> np.ndarray:
        (mean, std), (other_mean, other_std) = (self._posterior(features, surrogate) for surrogate in self.surrogates)
        right_of = improvement(mean[:, None], std[:, None], self.edges)
        above = improvement(other_mean[:, None], other_std[:, None], self.heights)
        right_of[:, :-1] -= right_of[:, 1:]
        return (right_of * above).sum(axis=1)

    def _posterior(self, features: np.ndarray, surrogate: Surrogate) -> tuple[np.ndarray, np.ndarray]:
        latent, design = surrogate.latent_, surrogate.design_
        scaled = (features[:, design.kept] - design.center) / design.scale
        scaled[np.isnan(scaled)] = 0.0
        scaled *= latent.factor
        squared = (scaled * scaled).sum(axis=1)[:, None] + (latent.points**2).sum(axis=1) - 2 * scaled @ latent.points.T
        answer = matern(squared) @ latent.readout + latent.offset
        variance = latent.prior_variance - (answer[:, 1:] ** 2).sum(axis=1)
        return latent.center + latent.scale * answer[:, 0], latent.scale * np.sqrt(np.maximum(variance, 1e-12))


class TunedArithmetic(BareArithmetic):
    """The same, tuned by hand: a column a recipe, so that NumPy's inner loops are long."""

    def _block(self, features: np.ndarray) -> np.ndarray:
        (mean, std), (other_mean, other_std) = (self._posterior(features, surrogate) for surrogate in self.surrogates)
        right_of = improvement(mean, std, self.edges[:, None])
        above = improvement(other_mean, other_std, self.heights[:, None])
        right_of[:-1] -= right_of[1:]
        return np.einsum("sn,sn->n", right_of, above)

    def _posterior(self, features: np.ndarray, surrogate: Surrogate) -> tuple[np.ndarray, np.ndarray]:
        latent, design = surrogate.latent_, surrogate.design_
        scaled = features.T[design.kept]
        scaled -= design.center[:, None]
        scaled *= (latent.factor / design.scale)[:, None]
        scaled[np.isnan(scaled)] = 0.0
        squared = (-2 * latent.points) @ scaled
        squared += np.einsum("dn,dn->n", scaled, scaled)
        squared += (latent.points**2).sum(axis=1)[:, None]
        answer = latent.readout.T @ matern(squared) + latent.offset[:, None]
        variance = latent.prior_variance - np.einsum("rn,rn->n", answer[1:], answer[1:])
        return latent.center + latent.scale * answer[0], latent.scale * np.sqrt(np.maximum(variance, 1e-12))


def matern(squared: np.ndarray) -> np.ndarray:
    """Give the Matern 5/2 correlation of five times squared distances."""
    squared = np.maximum(squared, 0.0)
    root = np.sqrt(squared)
    return (1 + root + squared / 3) * np.exp(-root)


def improvement(mean: np.ndarray, std: np.ndarray, bound: np.ndarray) -> np.ndarray:
    """Give the expected improvement of normal values over bounds."""
    score = (mean - bound) / std
    return std * (score * ndtr(score) + 0.3989422804014327 * np.exp(-0.5 * score * score))
