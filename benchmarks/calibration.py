"""Do the intervals hold what they promise, and does the model beat the mean? On simulated campaigns of known truth.

Run ``python -m benchmarks.calibration`` (about a minute), or with ``--full`` for the numbers of docs/trust.md.
"""

from __future__ import annotations

import argparse
import sys
import time

import numpy as np
import pandas as pd
from numpy.random import default_rng

from benchmarks.simulator import TARGETS, TEST_SEEDS, TUNE_SEEDS, World, campaign, draw_recipes
from featurizers.featurizer import RecipeFeaturizer
from models.baselines import by_mean
from models.crossing import HeldOut, Measured
from models.recipe_model import measured
from models.surrogate import Report, Surrogate

SMALL = {6: 24, 20: 16, 60: 8, 200: 2}
FULL = {6: 200, 20: 100, 60: 60, 200: 50}
NEW_CELLS = 60

PROMISED_COVERAGE = (0.85, 0.95)
LARGEST_LOSS_AT_SIX = 0.02


def simulate(seed: int, cells: int) -> list[tuple[Measured, Measured]]:
    """Simulate the cells of a campaign and new cells of new recipes in the own lab, for each target.

    From 20 cells on, every other world has three labs.
    """
    world, rng = World(seed), default_rng([seed, 5, cells])
    labs = 3 if cells >= 20 and seed % 2 else 1
    known = campaign(world, cells, rng, labs=labs)
    new = world.measure(draw_recipes(NEW_CELLS, rng), rng)
    return pairs(known, new)


def pairs(known: pd.DataFrame, new: pd.DataFrame) -> list[tuple[Measured, Measured]]:
    """Featurize two cell tables and take them apart by target."""
    featurizer = RecipeFeaturizer().fit(known)
    features = [np.asarray(featurizer.transform(table)) for table in (known, new)]
    return [(measured(known, features[0], target), measured(new, features[1], target)) for target in TARGETS]


def run(cells: int, seeds: range) -> pd.DataFrame:
    """Learn from many campaigns; score what is said of new cells, one row for each world and target."""
    rows = []
    for seed in seeds:
        for known, new in simulate(seed, cells):
            start = time.perf_counter()
            model = Surrogate(own_source="own").fit(known.X, known.y, groups=known.source, noise=known.noise)
            seconds = time.perf_counter() - start
            reports = {"reported": model.predict_report(new.X), "mean": by_mean(known, new)}
            scores = {f"{name} {key}": value for name, one in reports.items() for key, value in score(new, one).items()}
            rows.append({"seed": seed, "weight": model.weight_, "seconds": seconds} | scores)
    table = pd.DataFrame(rows)
    return table.assign(skill=1 - table["reported crps"] / table["mean crps"])


def score(new: Measured, report: Report) -> dict[str, float]:
    """Score one report of new cells."""
    freedom = np.broadcast_to(report.freedom, len(new.y))
    return HeldOut(np.arange(len(new.y)), new.y, report.mean, report.scale, freedom, new.recipe).scores()


def line(cells: int, table: pd.DataFrame) -> dict[str, object]:
    """Summarise one number of cells, and say whether it is as promised."""
    mean = table.mean()
    error = table.groupby("seed")["skill"].mean().sem()
    covered = PROMISED_COVERAGE[0] <= mean["reported coverage"] <= PROMISED_COVERAGE[1]
    enough = mean["skill"] > (-LARGEST_LOSS_AT_SIX if cells < 20 else 0.0)
    return {
        "cells": cells,
        "worlds": table["seed"].nunique(),
        "coverage": f"{mean['reported coverage']:.1%}",
        "mean's": f"{mean['mean coverage']:.1%}",
        "skill in CRPS": f"{mean['skill']:+.1%} +- {error:.1%}",
        "worst tenth": f"{table['skill'].quantile(0.1):+.1%}",
        "width / mean's": f"{(table['reported width'] / table['mean width']).mean():.2f}",
        "weight": f"{mean['weight']:.2f}",
        "s / fit": f"{table['seconds'].median():.2f}",
        "as promised": "yes" if covered and enough else "NO",
    }


def crps_of(model: Surrogate, known: Measured, new: Measured) -> float:
    """Fit and score one model."""
    fitted = model.fit(known.X, known.y, groups=known.source, noise=known.noise)
    return score(new, fitted.predict_report(new.X))["crps"]


def borrowing(seeds: range, *, alike: bool) -> dict[str, object]:
    """Add 30 cells of another lab, of the same truth or of another, to 10 own ones."""
    rows = []
    for seed in seeds:
        world, rng = World(seed), default_rng([seed, 9])
        other = world if alike else World(seed + 5000)
        own, new = (world.measure(draw_recipes(count, rng), rng) for count in (10, NEW_CELLS))
        known = pd.concat([own, other.measure(draw_recipes(30, rng), rng, "paper")], ignore_index=True)
        for pair in pairs(known, new):
            models = [Surrogate(own_source="own", borrow=borrow) for borrow in (0.0, 1.0, "choose")]
            scores = [crps_of(model, *pair) for model in models]
            rows.append([1 - scores[1] / scores[0], 1 - scores[2] / scores[0], models[2].borrow_])
    full, chosen, weight = np.mean(rows, axis=0)
    name = "the same truth" if alike else "another truth"
    return {"other lab": name, "in full": f"{full:+.1%}", "chosen": f"{chosen:+.1%}", "weight": f"{weight:.2f}"}


def robustness(seeds: range, outliers: float) -> dict[str, object]:
    """Learn from 30 cells of which some are bad, with and without the robust option; the new cells are good."""
    rows = []
    for seed in seeds:
        world, rng = World(seed), default_rng([seed, 11])
        known = world.measure(draw_recipes(30, rng), rng, outliers=outliers)
        new = world.measure(draw_recipes(NEW_CELLS, rng), rng, outliers=0.0)
        for pair in pairs(known, new):
            plain, robust = (crps_of(Surrogate(robust=choice), *pair) for choice in (False, True))
            rows.append(1 - robust / plain)
    return {"bad cells": f"{outliers:.0%}", "robust against plain": f"{np.mean(rows):+.1%}"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="at least 50 worlds for each number of cells")
    parser.add_argument("--tune", action="store_true", help="worlds that settings may be chosen on")
    arguments = parser.parse_args()
    seeds = TUNE_SEEDS if arguments.tune else TEST_SEEDS
    counts = FULL if arguments.full else SMALL
    lines = []
    for cells, worlds in counts.items():
        print(f"{worlds} worlds of {cells} cells ...", file=sys.stderr, flush=True)
        lines.append(line(cells, run(cells, seeds[:worlds])))
    print(f"Simulated campaigns, two targets each; {NEW_CELLS} new cells in the own lab; 90 % intervals.")
    print(pd.DataFrame(lines).to_string(index=False))
    if arguments.full:
        few = seeds[:25]
        print("\nSkill over borrowing nothing, 10 own cells and 30 of another lab:")
        print(pd.DataFrame([borrowing(few, alike=alike) for alike in (True, False)]).to_string(index=False))
        print("\nSkill of the robust option, 30 cells:")
        print(pd.DataFrame([robustness(few, share) for share in (0.0, 0.1)]).to_string(index=False))


if __name__ == "__main__":
    main()
