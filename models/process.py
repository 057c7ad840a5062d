"""How is one latent response read out of noisy cells from several labs?"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_solve, cholesky
from scipy.spatial.distance import cdist
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import Hyperparameter, Kernel

Array = NDArray[np.float64]

MEAN_VARIANCE = 1.0
"""Prior variance of the unknown mean, in units of the variance of the training values."""

LOG_BOUNDS = (1e-5, 1e5)


def matern(scaled: Array, other: Array) -> tuple[Array, Array]:
    """Evaluate the Matern 5/2 correlation and its derivative factor.

    Parameters
    ----------
    scaled, other : ndarray of shape (n, d), (m, d)
        Features divided by their length scales.

    Returns
    -------
    value : ndarray of shape (n, m)
        The correlation, eq. 4.17 of Rasmussen and Williams, Gaussian Processes for Machine Learning (2006).
    slope : ndarray of shape (n, m)
        What the squared difference along one scaled feature is multiplied with to give the derivative by the
        logarithm of that feature's length scale.
    """
    five = 5.0 * cdist(scaled, other, "sqeuclidean")
    root = np.sqrt(five)
    decay = np.exp(-root)
    return (1.0 + root + five / 3.0) * decay, (5.0 / 3.0) * (1.0 + root) * decay


class CellKernel(Kernel):
    """Covariance of measured cells: an unknown mean, the recipe's response, the source's offset and the cell's noise.

    It reads rows of ``[features..., source, noise share]``. Rows of equal source (an integer; negative never equals)
    share an offset. The noise share is what the noise variance of one cell is multiplied with: 1 for one cell, 1/m
    for the mean of m replicates, 0 for the latent response.

    Parameters
    ----------
    length_scale : ndarray of shape (d,)
        One length scale per feature.
    signal_variance, noise_variance, source_variance : float
        Variances of response, cell and source offset.
    source_bounds : tuple of float or "fixed"
        Bounds of ``source_variance``; ``"fixed"`` where there is only one source.
    """

    def __init__(
        self,
        length_scale: Array,
        signal_variance: float = 1.0,
        noise_variance: float = 0.1,
        source_variance: float = 0.0,
        source_bounds: tuple[float, float] | str = "fixed",
    ) -> None:
        self.length_scale = length_scale
        self.signal_variance = signal_variance
        self.noise_variance = noise_variance
        self.source_variance = source_variance
        self.source_bounds = source_bounds

    @property
    def hyperparameter_length_scale(self) -> Any:
        """The length scales, as scikit-learn optimises them."""
        return Hyperparameter("length_scale", "numeric", LOG_BOUNDS, np.size(self.length_scale))

    @property
    def hyperparameter_noise_variance(self) -> Any:
        """The variance of one cell about its recipe."""
        return Hyperparameter("noise_variance", "numeric", LOG_BOUNDS)

    @property
    def hyperparameter_signal_variance(self) -> Any:
        """The variance of the response over recipes."""
        return Hyperparameter("signal_variance", "numeric", LOG_BOUNDS)

    @property
    def hyperparameter_source_variance(self) -> Any:
        """The variance of the offsets between sources."""
        return Hyperparameter("source_variance", "numeric", self.source_bounds)

    def parts(self, X: Array) -> dict[str, NDArray[Any]]:
        """Split the covariance of training rows into its named terms, with the slope of the response's."""
        scaled = X[:, :-2] / self.length_scale
        value, slope = matern(scaled, scaled)
        return {
            "signal": self.signal_variance * value,
            "slope": self.signal_variance * slope,
            "source": self.source_variance * _same_source(X, X),
            "noise": self.noise_variance * X[:, -1],
            "scaled": scaled,
        }

    def __call__(self, X: Array, Y: Array | None = None, eval_gradient: bool = False) -> Array:
        """Return the covariance of rows, with their noise when only one set of them is given."""
        if eval_gradient:
            raise NotImplementedError("CellProcess.log_marginal_likelihood holds the gradient")
        if Y is None:
            parts = self.parts(X)
            return MEAN_VARIANCE + parts["signal"] + parts["source"] + np.diag(parts["noise"])
        value, _ = matern(X[:, :-2] / self.length_scale, Y[:, :-2] / self.length_scale)
        return MEAN_VARIANCE + self.signal_variance * value + self.source_variance * _same_source(X, Y)

    def diag(self, X: Array) -> Array:
        """Return the variance of each row, its share of the noise included."""
        return self.latent_variance + self.noise_variance * X[:, -1]

    @property
    def latent_variance(self) -> float:
        """Prior variance of the response in one lab, without the noise of a cell."""
        return MEAN_VARIANCE + self.signal_variance + self.source_variance

    def is_stationary(self) -> bool:
        """Return False: the noise differs by row."""
        return False

    def __repr__(self) -> str:
        return (
            f"CellKernel({np.size(self.length_scale)} features, signal {self.signal_variance:.3g}, "
            f"noise {self.noise_variance:.3g}, source {self.source_variance:.3g})"
        )


def _same_source(X: Array, Y: Array) -> NDArray[np.bool_]:
    return (X[:, -2, None] == Y[None, :, -2]) & (X[:, -2, None] >= 0)


class CellProcess(GaussianProcessRegressor):
    """scikit-learn's Gaussian process with a Gaussian log-prior on its log-hyperparameters and replicates inside.

    Rows are means of replicates; what the replicates say of the noise by their scatter is added to the likelihood, so
    that the result is that of all the single rows (the mean of m normal values and their scatter are sufficient).

    Parameters
    ----------
    kernel : CellKernel
        Covariance and starting point.
    alpha : ndarray of shape (n,)
        Known variance of each row, in the units of y squared.
    prior_mean : ndarray of shape (p,)
        Centre of the prior on the log-hyperparameters, in the order of ``kernel.theta``.
    prior_precision : ndarray of shape (p, p)
        Inverse covariance of that prior.
    counts, squares : ndarray of shape (n,)
        Number of replicates in each row, and their summed squares about the row's mean.
    optimizer : str or None
        As in scikit-learn; ``None`` keeps the kernel as it is.
    """

    def __init__(
        self,
        kernel: CellKernel,
        *,
        alpha: Array | float = 1e-10,
        prior_mean: Array,
        prior_precision: Array,
        counts: Array,
        squares: Array,
        optimizer: str | None = "fmin_l_bfgs_b",
    ) -> None:
        super().__init__(kernel=kernel, alpha=alpha, optimizer=optimizer)
        self.prior_mean = prior_mean
        self.prior_precision = prior_precision
        self.counts = counts
        self.squares = squares

    def log_marginal_likelihood(
        self, theta: Array | None = None, eval_gradient: bool = False, clone_kernel: bool = True
    ) -> Any:
        """Return the log-posterior of the log-hyperparameters, up to a constant.

        Parameters
        ----------
        theta : ndarray of shape (p,), optional
            Log-hyperparameters; the fitted ones where missing.
        eval_gradient : bool
            Whether to return the gradient too.
        clone_kernel : bool
            Whether to leave ``kernel_`` untouched.

        Returns
        -------
        value : float
        gradient : ndarray of shape (p,)
            Only with ``eval_gradient``.
        """
        if theta is None:
            return self.log_marginal_likelihood_value_
        kernel = self.kernel_.clone_with_theta(theta) if clone_kernel else self.kernel_
        kernel.theta = theta
        value, gradient = self._likelihood(kernel)
        away = theta - self.prior_mean
        pull = self.prior_precision @ away
        value -= 0.5 * float(away @ pull)
        return (value, gradient - pull) if eval_gradient else value

    def _likelihood(self, kernel: CellKernel) -> tuple[float, Array]:
        parts = kernel.parts(self.X_train_)
        covariance = MEAN_VARIANCE + parts["signal"] + parts["source"]
        covariance[np.diag_indices_from(covariance)] += parts["noise"] + self.alpha
        try:
            lower = cholesky(covariance, lower=True, check_finite=False)
        except np.linalg.LinAlgError:
            return -np.inf, np.zeros(len(kernel.theta))
        weights = cho_solve((lower, True), self.y_train_, check_finite=False)
        value = -0.5 * self.y_train_ @ weights - np.log(np.diag(lower)).sum() - 0.5 * len(weights) * np.log(2 * np.pi)
        within, within_slope = self._within(kernel)
        inverse = cho_solve((lower, True), np.eye(len(weights)), check_finite=False)
        gradient = _gradient(np.outer(weights, weights) - inverse, parts)
        gradient["noise"] += within_slope
        order = ["length_scale", "noise", "signal"] + ["source"] * (kernel.source_bounds != "fixed")
        return float(value) + within, np.concatenate([np.atleast_1d(gradient[name]) for name in order])

    def _within(self, kernel: CellKernel) -> tuple[float, float]:
        # One replicate's variance is the row's times its count, since a row is a mean.
        noise = kernel.noise_variance * self.X_train_[:, -1] * self.counts
        variance = noise + self.alpha * self.counts
        free = self.counts - 1.0
        value = -0.5 * np.sum(free * np.log(2 * np.pi * variance) + np.log(self.counts) + self.squares / variance)
        slope = 0.5 * np.sum(noise * (self.squares / variance - free) / variance)
        return float(value), float(slope)


def _gradient(pull: Array, parts: dict[str, NDArray[Any]]) -> dict[str, Any]:
    weighted, scaled = pull * parts["slope"], parts["scaled"]
    # sum_ij w_ij (z_i - z_j)^2 for every feature at once, without the n x n x d differences.
    by_length = weighted.sum(axis=1) @ scaled**2 - np.einsum("ik,ik->k", scaled, weighted @ scaled)
    return {
        "length_scale": by_length,
        "noise": 0.5 * float(np.diag(pull) @ parts["noise"]),
        "signal": 0.5 * float(np.sum(pull * parts["signal"])),
        "source": 0.5 * float(np.sum(pull * parts["source"])),
    }
