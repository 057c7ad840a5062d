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
from datasets.cells import henkel2025
from featurizers.featurizer import RecipeFeaturizer
from models.baselines import by_mean
from models.crossing import HeldOut, Measured
from models.first_cycle import with_early
from models.later import EARLY, LaterSurrogate, early_results
from models.recipe_model import feature_groups, measured
from models.surrogate import Report, Surrogate

SMALL = {6: 24, 20: 16, 60: 8, 200: 2}
FULL = {6: 200, 20: 100, 60: 60, 200: 50}
SELECTING = {30: 60, 60: 60}
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
    rows, groups = [], groups_of_features()
    for seed in seeds:
        for known, new in simulate(seed, cells):
            start = time.process_time()
            model = Surrogate(own_source="own", feature_groups=groups).fit(
                known.X, known.y, groups=known.source, noise=known.noise
            )
            seconds = time.process_time() - start
            reports = {"reported": model.predict_report(new.X), "mean": by_mean(known, new)}
            scores = {f"{name} {key}": value for name, one in reports.items() for key, value in score(new, one).items()}
            rows.append({"seed": seed, "weight": model.weight_, "seconds": seconds} | scores)
    table = pd.DataFrame(rows)
    return table.assign(skill=1 - table["reported crps"] / table["mean crps"])


def groups_of_features() -> dict[str, list[int]]:
    """Name the columns of each group of features, which the product chooses among."""
    return feature_groups(RecipeFeaturizer().fit(henkel2025()))


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


def selecting(seeds: range, cells: int) -> dict[str, object]:
    """Learn with all groups of features, and with those that pay."""
    rows, groups = [], groups_of_features()
    for seed in seeds:
        for pair in simulate(seed, cells):
            chosen = Surrogate(own_source="own", feature_groups=groups)
            plain, selected = crps_of(Surrogate(own_source="own"), *pair), crps_of(chosen, *pair)
            rows.append([seed, 1 - selected / plain, len(chosen.selection_.kept) < len(groups)])
    table = pd.DataFrame(rows, columns=["seed", "gain", "dropped"])
    error = table.groupby("seed")["gain"].mean().sem()
    gain = f"{table['gain'].mean():+.1%} +- {error:.1%}"
    return {"cells": cells, "worlds": len(seeds), "choosing": gain, "dropped any": f"{table['dropped'].mean():.0%}"}


FOLLOWS = ("the first discharge capacity", "the efficiency", "nothing of the first cycle")
"""What a late result may follow."""


def ageing(cells: pd.DataFrame, rng: np.random.Generator, follows: str) -> tuple[pd.DataFrame, str]:
    """Give simulated cells an efficiency, and a late result that follows something of the first cycle; name it."""
    efficiency = rng.normal(84.0, 3.0, len(cells))
    cells = cells.assign(ce_first_pct=efficiency)
    if follows == FOLLOWS[0]:
        kept = rng.normal(0.7, 0.01, len(cells))
        return cells.assign(q_discharge_end_mAh_g=cells["q_discharge_first_mAh_g"] * kept), "q_discharge_end_mAh_g"
    slope = 2.0 if follows == FOLLOWS[1] else 0.0
    return cells.assign(retention_pct=cells["retention_pct"] + slope * (efficiency - 84.0)), "retention_pct"


def first_cycle(seeds: range, follows: str, cells: int = 20) -> dict[str, object]:
    """Predict a late result of new cells with and without their first cycle."""
    rows = []
    for seed in seeds:
        world, rng = World(seed), default_rng([seed, 13])
        known, new = (world.measure(draw_recipes(count, rng), rng) for count in (cells, NEW_CELLS))
        (known, target), (new, _) = ageing(known, rng, follows), ageing(new, rng, follows)
        featurizer = RecipeFeaturizer().fit(known)
        learned, asked = (measured(table, np.asarray(featurizer.transform(table)), target) for table in (known, new))
        first = LaterSurrogate(n_early=len(EARLY))
        first.fit(with_early(learned, early_results(known)).X, learned.y, groups=learned.source, noise=learned.noise)
        scores = score(asked, first.predict_report(with_early(asked, early_results(new)).X))
        mean = score(asked, by_mean(learned, asked))["crps"]
        rows.append([1 - crps_of(Surrogate(), learned, asked) / mean, 1 - scores["crps"] / mean, scores["coverage"]])
    plain, known_first, covered = np.mean(rows, axis=0)
    return {
        "late result follows": follows,
        "recipe alone": f"{plain:+.1%}",
        "first cycle too": f"{known_first:+.1%}",
        "coverage": f"{covered:.1%}",
    }


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
        print("\nSkill over the mean for late results of new cells, 20 cells:")
        print(pd.DataFrame([first_cycle(few, follows) for follows in FOLLOWS]).to_string(index=False))
        print("\nSkill of choosing among groups of features over keeping all:")
        print(
            pd.DataFrame([selecting(seeds[:worlds], cells) for cells, worlds in SELECTING.items()]).to_string(
                index=False
            )
        )


if __name__ == "__main__":
    main()
