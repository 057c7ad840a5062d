"""What would a campaign look like whose truth is known? Simulated cells, measured by nobody."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.random import Generator, default_rng

from datasets.cells import normalise_recipes
from datasets.materials import co_coatings
from datasets.recipe import COOLINGS

TARGETS = ("q_discharge_first_mAh_g", "retention_pct")
BASE = {"q_discharge_first_mAh_g": 188.0, "retention_pct": 72.0}
RANGE = {"q_discharge_first_mAh_g": (25.0, 260.0), "retention_pct": (3.0, 105.0)}

TUNE_SEEDS = range(100_000, 101_000)
"""Worlds that settings may be chosen on."""

TEST_SEEDS = range(1_000)
"""Worlds that numbers are reported on, never chosen on."""

_OXIDES = ("LiNbO3", "LiTaO3", "Li2ZrO3", "Al2O3", "ZrO2", "Nb2O5", "WO3", "Li2WO4")


@dataclass(frozen=True)
class World:
    """One truth: how two results depend on the recipe, how cells scatter, how labs differ.

    The response is put together from saturating, stepped and quadratic terms with random weights, in the units of the
    recipe and not of the model's features; no Gaussian process is drawn from. In one of five worlds a target does not
    depend on the recipe at all.

    Parameters
    ----------
    seed : int
        Of the truth. Recipes and measurements take a generator of their own.
    """

    seed: int
    weights: dict[str, dict[str, float]] = field(init=False)
    strength: dict[str, float] = field(init=False)
    noise: dict[str, float] = field(init=False)

    def __post_init__(self) -> None:
        rng = default_rng([self.seed, 1])
        noise = {target: float(rng.uniform(2.5, 6.0)) for target in TARGETS}
        ratio = {target: 0.0 if rng.random() < 0.2 else float(np.exp(rng.uniform(-0.4, 1.2))) for target in TARGETS}
        object.__setattr__(self, "noise", noise)
        object.__setattr__(self, "weights", {target: _weights(rng) for target in TARGETS})
        object.__setattr__(self, "strength", {target: ratio[target] * noise[target] for target in TARGETS})

    def truth(self, recipes: pd.DataFrame, target: str) -> np.ndarray:
        """Give the mean of endless cells of each recipe in a lab without offset."""
        raw = self.response(draw_recipes(400, default_rng([self.seed, 2])), target)
        standard = (self.response(recipes, target) - raw.mean()) / raw.std()
        return BASE[target] + self.strength[target] * standard

    def response(self, recipes: pd.DataFrame, target: str) -> np.ndarray:
        """Give the response of a target, not standardised."""
        return _response(recipes, self.weights[target])

    def measure(
        self, recipes: pd.DataFrame, rng: Generator, source: str = "own", *, outliers: float = 0.03
    ) -> pd.DataFrame:
        """Build and cycle one cell of each recipe of a table.

        Parameters
        ----------
        recipes : DataFrame
            A recipe table; equal rows are replicates.
        rng : Generator
        source : str
            The lab: its offset belongs to the world, "own" has one like any other.
        outliers : float
            Share of cells that fall short for reasons outside the recipe.

        Returns
        -------
        DataFrame
            A cell table with both targets.
        """
        count = len(recipes)
        short = np.where(rng.random(count) < outliers, rng.uniform(3, 8, count), 0.0)
        cells = recipes.reset_index(drop=True).assign(source=source, evidence="simulated")
        for target in TARGETS:
            scatter = self.noise[target] * (rng.normal(size=count) - short)
            values = self.truth(recipes, target) + self.offset(source, target) + scatter
            cells[target] = np.clip(values, *RANGE[target])
        return cells.assign(cell_id=[f"{source}-{number}" for number in range(count)])

    def offset(self, source: str, target: str) -> float:
        """Give what a lab reads too high."""
        key = [self.seed, 3, TARGETS.index(target), *source.encode()]
        return float(default_rng(key).normal(0.0, 1.5 * self.noise[target]))


def campaign(world: World, cells: int, rng: Generator, *, labs: int = 1, replicates: float = 0.2) -> pd.DataFrame:
    """Simulate the cell table of a campaign.

    Parameters
    ----------
    world : World
    cells : int
        Number of cells in all labs.
    rng : Generator
    labs : int
        With more than one, half of the cells come from the own lab and half from others.
    replicates : float
        Share of the cells that repeat a recipe.

    Returns
    -------
    DataFrame
    """
    others = rng.choice([f"lab{number}" for number in range(1, labs)], cells // 2) if labs > 1 else np.empty(0, str)
    names = np.concatenate([np.full(cells - len(others), "own"), others])
    tables = []
    for name in dict.fromkeys(names):
        count = int(np.sum(names == name))
        fresh = draw_recipes(count, rng)
        repeated = np.where(rng.random(count) < replicates, rng.integers(count, size=count), np.arange(count))
        tables.append(world.measure(fresh.iloc[repeated], rng, str(name)))
    return pd.concat(tables, ignore_index=True)


def draw_recipes(count: int, rng: Generator) -> pd.DataFrame:
    """Draw recipes the way a lab varies them: some bare, many single coatings, on the grid of its balance."""
    bare = rng.random(count) < 0.08
    oxide = np.where(rng.random(count) < 0.5, "none", rng.choice(list(_OXIDES), count))
    table = pd.DataFrame(
        {
            "halide_cl": rng.choice([0.0, 0.25, 0.5, 0.75, 1.0], count),
            "antiperovskite_wt_pct": np.where(bare | (rng.random(count) < 0.1), 0.0, rng.integers(2, 21, count) / 10),
            "oxide": np.where(bare, "none", oxide),
            "oxide_wt_pct": np.where(bare | (oxide == "none"), 0.0, rng.integers(1, 16, count) / 10),
            "melt_temperature_C": rng.choice([320.0, 335.0, 350.0, 365.0, 380.0], count),
            "cooling": rng.choice(list(COOLINGS), count),
        }
    )
    return normalise_recipes(table)


def _weights(rng: Generator) -> dict[str, float]:
    terms = ("cover", "thick", "mixed", "chloride", "slow", "ambient", "hot", "segregated", "oxide_dose")
    # Few terms matter in one world, and which ones differs: the weights have heavy tails.
    weights = {term: float(rng.normal() * rng.exponential()) for term in terms}
    weights |= {f"oxide {name}": float(0.7 * rng.normal()) for name in co_coatings()}
    return weights | {"half_nm": float(rng.uniform(3, 15)), "hot_from_C": float(rng.uniform(330, 375))}


def _response(recipes: pd.DataFrame, weights: dict[str, float]) -> np.ndarray:
    salt = recipes["antiperovskite_wt_pct"].to_numpy(float)
    oxide = recipes["oxide_wt_pct"].to_numpy(float)
    chloride = recipes["halide_cl"].fillna(0.5).to_numpy(float)
    temperature = recipes["melt_temperature_C"].fillna(300.0).to_numpy(float)
    cooling = recipes["cooling"].astype(object).fillna("none").to_numpy(str)
    thickness = 14.0 * salt + 7.0 * oxide
    present = 1 - np.exp(-salt / 0.4)
    dosed = 1 - np.exp(-oxide / 0.4)
    by_oxide = np.array([weights.get(f"oxide {name}", 0.0) for name in recipes["oxide"].astype(str)])
    return (
        weights["cover"] * 2 * (1 - np.exp(-thickness / weights["half_nm"]))
        - weights["thick"] * (thickness / 25.0) ** 2
        + weights["mixed"] * present * 4 * chloride * (1 - chloride)
        + weights["chloride"] * present * (2 * chloride - 1)
        + weights["slow"] * present * (cooling == "slow")
        + weights["ambient"] * present * (cooling == "ambient")
        + weights["hot"] * present * (temperature > weights["hot_from_C"])
        + weights["segregated"] * present * (cooling == "slow") * (chloride < 0.6) * 1.5
        + dosed * (weights["oxide_dose"] * np.minimum(oxide, 0.8) + by_oxide)
    )
