"""What would a campaign look like in a world built quite differently? Simulated, against tuning to one simulator."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator, default_rng
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from experiments.sampling.encoding import Space

BASE = np.array([185.0, 72.0])
RELATIVE_SPREAD = np.array([0.045, 0.09])


class SmoothWorld:
    """Two results over four numbers and two categories: main effects of three shapes, categories, interactions.

    A main effect saturates, has its optimum inside, or is straight; one category shifts a result and moves the optimum
    of an amount; pairs interact. One measurement scatters by 2 to 4 % of the base value.

    Parameters
    ----------
    seed : int
        Of the truth. Measurements take a generator of their own.
    """

    def __init__(self, seed: int) -> None:
        rng = default_rng([seed, 77])
        kinds = int(rng.integers(4, 9))
        self.distributions: dict[str, BaseDistribution] = {
            "x1": FloatDistribution(0, 1),
            "x2": FloatDistribution(0, 3),
            "additive": CategoricalDistribution([f"additive {number}" for number in range(kinds)]),
            "amount": FloatDistribution(0, 2),
            "temperature": IntDistribution(300, 400),
            "cooling": CategoricalDistribution(["a", "b", "c"]),
        }
        self.space = Space.of(self.distributions)
        self.parts = [_draw(rng, kinds) for _ in BASE]
        raw = self._raw(self.space.sample(12, default_rng(seed)))
        self.center, self.spread = raw.mean(axis=0), raw.std(axis=0)
        self.amplitude = BASE * RELATIVE_SPREAD * rng.uniform(0.7, 1.4, 2)
        self.noise = BASE * rng.uniform(0.02, 0.04, 2)

    def truth(self, params: list[dict]) -> np.ndarray:
        """Give the mean of endless measurements of each of n parameter sets, shape (n, 2)."""
        return BASE + self.amplitude * (self._raw(self.space.locate(params)) - self.center) / self.spread

    def measure(self, params: list[dict], rng: Generator) -> np.ndarray:
        """Measure each of n parameter sets once, shape (n, 2)."""
        truth = self.truth(params)
        return truth + self.noise * rng.normal(size=truth.shape)

    def _raw(self, points: np.ndarray) -> np.ndarray:
        return np.column_stack([_response(points, part) for part in self.parts])


def _draw(rng: Generator, kinds: int) -> dict[str, np.ndarray]:
    return {
        "shape": rng.integers(0, 3, 4),
        "optimum": rng.uniform(0.1, 0.9, 4),
        "width": rng.uniform(0.2, 0.5, 4),
        "half": rng.uniform(0.05, 0.3, 4),
        "sign": np.where(rng.random(4) < 0.7, 1, -1),
        "weight": rng.exponential(1, 4),
        "additive": rng.normal(0, 0.7, kinds),
        "cooling": rng.normal(0, 0.5, 3),
        "pair": rng.normal(0, 0.7, 6),
        "best_amount": rng.uniform(0.2, 0.8, kinds),
    }


def _response(points: np.ndarray, part: dict[str, np.ndarray]) -> np.ndarray:
    numbers, additive, cooling = points[:, [0, 1, 3, 4]], points[:, 2].astype(int), points[:, 5].astype(int)
    effects = [_effect(numbers[:, column], part, column) for column in range(4)]
    amount = numbers[:, 2]
    total = sum(weight * effect for weight, effect in zip(part["weight"], effects, strict=True))
    dosed = (1 - np.exp(-amount / 0.2)) * (1 - (amount - part["best_amount"][additive]) ** 2)
    total += part["additive"][additive] * dosed + part["cooling"][cooling]
    pairs = [(0, 1), (1, 2), (0, 3), (2, 3)]
    total += sum(part["pair"][row] * effects[one] * effects[other] for row, (one, other) in enumerate(pairs))
    return total + part["pair"][4] * (cooling == 0) * effects[0] + part["pair"][5] * (additive == 0) * effects[1]


def _effect(x: np.ndarray, part: dict[str, np.ndarray], column: int) -> np.ndarray:
    if part["shape"][column] == 1:
        return 2 * np.exp(-0.5 * ((x - part["optimum"][column]) / part["width"][column]) ** 2) - 1
    half = part["half"][column]
    saturating = 2 * (1 - np.exp(-x / half)) / (1 - np.exp(-1 / half)) - 1
    return part["sign"][column] * (saturating if part["shape"][column] == 0 else 2 * x - 1)
