"""How many experiments does the sampler save? Simulated campaigns and tables of measurements, beside Optuna's samplers.

Run ``python -m benchmarks.proposals`` (some minutes), or with ``--full`` for the numbers of docs/sampler.md. With the
package ``olymp`` installed (``pip install --no-deps olymp``), its ten tables of real experiments take part.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

import numpy as np
import optuna
import pandas as pd
from numpy.random import Generator, default_rng
from optuna.distributions import CategoricalDistribution, FloatDistribution

from benchmarks.simulator import BASE, TARGETS, TEST_SEEDS, TUNE_SEEDS, World, draw_recipes
from benchmarks.smooth_worlds import SmoothWorld
from datasets.cells import normalise_recipes
from experiments.sampler import SurrogateSampler
from experiments.sampling.encoding import Space
from featurizers.featurizer import RecipeFeaturizer
from models.acquisition import hypervolume, pareto_mask

STARTING_CELLS, PROPOSALS, SHOWN = 6, 20, (0, 5, 10, 20)
REFERENCE_STD = 7.0
"""How many standard deviations of the space below its mean the corner lies: far, so that a start is not nothing."""

OXIDES = ("none", "LiNbO3", "LiTaO3", "Li2ZrO3", "Al2O3", "ZrO2", "Nb2O5", "WO3", "Li2WO4")
TOP = 0.01
MOST_EXPERIMENTS = 80

SMALL, FULL = 3, 20


class CoatingWorld:
    """A world of ``benchmarks.simulator``, over the six recipe variables as an Optuna space."""

    distributions: ClassVar = {
        "halide_cl": FloatDistribution(0, 1, step=0.05),
        "antiperovskite_wt_pct": FloatDistribution(0, 2, step=0.1),
        "oxide": CategoricalDistribution(OXIDES),
        "oxide_wt_pct": FloatDistribution(0, 2, step=0.1),
        "melt_temperature_C": FloatDistribution(310, 400, step=10),
        "cooling": CategoricalDistribution(("quench", "ambient", "slow")),
    }

    def __init__(self, seed: int) -> None:
        self.world, self.space = World(seed), Space.of(self.distributions)
        reference = draw_recipes(400, default_rng([seed, 2]))
        self.standards = {target: self._moments(reference, target) for target in TARGETS}

    def _moments(self, recipes: pd.DataFrame, target: str) -> tuple[float, float]:
        raw = self.world.response(recipes, target)
        return raw.mean(), raw.std()

    def truth(self, params: list[dict]) -> np.ndarray:
        """Give the mean of endless cells of each of n recipes, shape (n, 2)."""
        recipes = normalise_recipes(pd.DataFrame(params))
        columns = []
        for target, (center, spread) in self.standards.items():
            raw = (self.world.response(recipes, target) - center) / spread
            columns.append(BASE[target] + self.world.strength[target] * raw)
        return np.column_stack(columns)

    def measure(self, params: list[dict], rng: Generator) -> np.ndarray:
        """Measure one cell of each recipe, of which three in a hundred fall short, shape (n, 2)."""
        truth = self.truth(params)
        short = np.where(rng.random((len(truth), 1)) < 0.03, rng.uniform(3, 8, (len(truth), 1)), 0.0)
        return truth + [self.world.noise[target] for target in TARGETS] * (rng.normal(size=truth.shape) - short)


def seeds_of(family: type, count: int, seeds: range) -> list[int]:
    """Take the first worlds, passing over those in which a target does not depend on the recipe at all."""
    if family is SmoothWorld:
        return list(seeds[:count])
    return [seed for seed in seeds if min(World(seed).strength.values()) > 0][:count]


class Goal:
    """What can be attained in a world: the best front found by search in the truth, and its hypervolume."""

    def __init__(self, world: CoatingWorld | SmoothWorld, seed: int) -> None:
        rng, space = default_rng([seed, 11]), world.space
        points = space.sample(13, rng)
        values = world.truth(space.values(points))
        self.reference = values.mean(axis=0) - REFERENCE_STD * values.std(axis=0)
        for _ in range(12):
            kept = pareto_mask(values)
            front, values = points[kept], values[kept]
            some = front[rng.permutation(len(front))[:60]]
            near = space.neighbours(some, 20, rng)
            points = np.vstack([front, near])
            values = np.vstack([values, world.truth(space.values(near))])
        kept = pareto_mask(values)
        self.front, self.values = space.values(points[kept]), values[kept]
        self.volume = hypervolume(self.values, self.reference)

    def share(self, reached: list[np.ndarray]) -> float:
        """Give the hypervolume of what was reached, as a share of the best."""
        return hypervolume(np.array(reached), self.reference) / self.volume


def run_campaign(
    world: CoatingWorld | SmoothWorld, goal: Goal, sampler: optuna.samplers.BaseSampler, seed: int
) -> list:
    """Start from six random cells, then propose, measure with noise, and count the noise-free outcome."""
    rng = default_rng([seed, 5])
    unit = rng.random((STARTING_CELLS, len(world.space.axes)))
    points = np.column_stack([axis.draw(column) for axis, column in zip(world.space.axes, unit.T, strict=True)])
    study = optuna.create_study(directions=["maximize", "maximize"], sampler=sampler)
    reached, shares = [], []
    for params in world.space.values(points):
        values = world.measure([params], rng)[0].tolist()
        study.add_trial(optuna.create_trial(params=params, distributions=world.distributions, values=values))
        reached.append(world.truth([params])[0])
    shares.append(goal.share(reached))
    for _ in range(PROPOSALS):
        trial = study.ask(world.distributions)
        study.tell(trial, world.measure([trial.params], rng)[0].tolist())
        reached.append(world.truth([trial.params])[0])
        shares.append(goal.share(reached))
    return shares


def run_oracle(world: CoatingWorld | SmoothWorld, goal: Goal, seed: int) -> list[float]:
    """Know the truth: take each time what adds most."""
    shares = run_campaign(world, goal, optuna.samplers.RandomSampler(seed=0), seed)[:1]
    rng = default_rng([seed, 5])
    unit = rng.random((STARTING_CELLS, len(world.space.axes)))
    points = np.column_stack([axis.draw(column) for axis, column in zip(world.space.axes, unit.T, strict=True)])
    reached = list(world.truth(world.space.values(points)))
    for _ in range(PROPOSALS):
        reached.append(max(goal.values, key=lambda values: goal.share([*reached, values])))
        shares.append(goal.share(reached))
    return shares


def featurize(table: pd.DataFrame) -> np.ndarray:
    recipes = normalise_recipes(table)
    return np.asarray(RecipeFeaturizer().fit(recipes).transform(recipes))


def samplers(family: type) -> dict[str, Callable[[int], optuna.samplers.BaseSampler]]:
    found: dict[str, Callable[[int], optuna.samplers.BaseSampler]] = {
        "random": lambda seed: optuna.samplers.RandomSampler(seed=seed),
        "NSGA-II": lambda seed: optuna.samplers.NSGAIISampler(seed=seed, population_size=10),
        "TPE": lambda seed: optuna.samplers.TPESampler(seed=seed),
        "SurrogateSampler": lambda seed: SurrogateSampler(seed=seed),
    }
    if family is CoatingWorld:
        found["SurrogateSampler(featurize=)"] = lambda seed: SurrogateSampler(seed=seed, featurize=featurize)
    if find_spec("torch"):
        found["GPSampler"] = lambda seed: optuna.samplers.GPSampler(seed=seed)
    return found


def campaigns(family: type, worlds: int, seeds: range) -> pd.DataFrame:
    """Compare samplers on simulated campaigns: share of the best hypervolume after so many proposals."""
    shares: dict[str, list[list[float]]] = {}
    for seed in seeds_of(family, worlds, seeds):
        print(f"{family.__name__} {seed} ...", file=sys.stderr, flush=True)
        world = family(seed)
        goal = Goal(world, seed)
        for name, make in samplers(family).items():
            shares.setdefault(name, []).append(run_campaign(world, goal, make(seed), seed))
        shares.setdefault("oracle", []).append(run_oracle(world, goal, seed))
    return pd.DataFrame([{"sampler": name} | _shown(np.array(runs)) for name, runs in shares.items()])


def _shown(runs: np.ndarray) -> dict[str, str]:
    reach = 1.96 * runs.std(axis=0, ddof=1) / len(runs) ** 0.5
    return {f"after {n}": f"{runs[:, n].mean():.3f} ± {reach[n]:.3f}" for n in SHOWN}


def tables() -> dict[str, tuple[str, pd.DataFrame, np.ndarray]]:
    """Collect tables to search, each with what it is: measured, or simulated."""
    from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine

    diabetes, wine = load_diabetes(as_frame=True, scaled=False), load_wine(as_frame=True).data
    nuclei = load_breast_cancer(as_frame=True).data
    shape = ["mean radius", "mean texture", "mean smoothness", "mean symmetry", "mean fractal dimension"]
    found = {
        "diabetes": ("measured", diabetes.data, diabetes.target.to_numpy(float)),
        "wine": ("measured", wine.drop(columns="color_intensity"), wine["color_intensity"].to_numpy()),
        "cell nuclei": ("measured", nuclei[shape], nuclei["mean concave points"].to_numpy()),
    }
    for seed, sizes in enumerate([(12, 8, 4, 3), (15, 10, 6, 2), (6, 5, 4)]):
        found[f"yields {seed + 1}"] = ("simulated", *simulated_yields(seed, sizes))
    for seed, (rows, elements) in enumerate([(600, 4), (2000, 5)]):
        found[f"alloys {seed + 1}"] = ("simulated", *simulated_alloys(seed, rows, elements))
    for seed, rows in enumerate([120, 400, 1500, 5000]):
        found[f"process {seed + 1}"] = ("simulated", *simulated_process(seed, rows))
    return found | olympus_tables()


def simulated_yields(seed: int, sizes: tuple[int, ...]) -> tuple[pd.DataFrame, np.ndarray]:
    """Simulate yields of all combinations of reagents: additive, with pairs, cut off at 0 and 100 %, noisy."""
    rng = default_rng([seed, 21])
    codes = np.array(np.meshgrid(*[range(size) for size in sizes], indexing="ij")).reshape(len(sizes), -1).T
    total = sum(rng.normal(0, 1, size)[codes[:, column]] for column, size in enumerate(sizes))
    total = total + rng.normal(0, 0.8, sizes[:2])[codes[:, 0], codes[:, 1]]
    values = np.clip(20 + 22 * total + rng.normal(0, 3, len(codes)), 0, 100)
    names = [f"reagent {column}" for column in range(len(sizes))]
    return pd.DataFrame({name: [f"r{code}" for code in codes[:, at]] for at, name in enumerate(names)}), values


def simulated_alloys(seed: int, rows: int, elements: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Simulate strengths of alloys, whose contents sum to 1, in clusters as labs make them."""
    rng = default_rng([seed, 22])
    centers = rng.dirichlet(np.ones(elements), 12)
    contents = np.array([rng.dirichlet(30 * centers[row] + 0.5) for row in rng.integers(12, size=rows)])
    pairs = rng.normal(size=(elements, elements))
    values = contents @ rng.normal(size=elements) + 4 * np.einsum("ni,ij,nj->n", contents, pairs, contents)
    values += 0.05 * values.std() * rng.normal(size=rows)
    return pd.DataFrame(contents, columns=[f"element {one}" for one in range(elements)]), values


def simulated_process(seed: int, rows: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Simulate a smooth world's first result for random process recipes, numbers and words mixed, noisy."""
    world, rng = SmoothWorld(1000 + seed), default_rng([seed, 23])
    unit = rng.random((rows, len(world.space.axes)))
    points = np.column_stack([axis.draw(column) for axis, column in zip(world.space.axes, unit.T, strict=True)])
    params = world.space.values(points)
    return pd.DataFrame(params), world.measure(params, rng)[:, 0]


def olympus_tables() -> dict[str, tuple[str, pd.DataFrame, np.ndarray]]:
    """Read the experiment tables of the package ``olymp`` (10.1088/2632-2153/abedc8), where it is installed."""
    spec = find_spec("olympus")
    found = {}
    for folder in sorted(Path((spec.submodule_search_locations or [""])[0]).glob("datasets/dataset_*")) if spec else []:
        facts = json.loads((folder / "config.json").read_text())
        names = [parameter["name"] for parameter in facts["parameters"]]
        table = pd.read_csv(folder / "data.csv", header=None, names=[*names, "result"])
        table = table.groupby(names, sort=False, as_index=False)["result"].mean()
        sign = -1.0 if facts["default_goal"].startswith("min") else 1.0
        name = folder.name.removeprefix("dataset_")
        found[name] = ("measured", table[names], sign * table["result"].to_numpy(float))
    return found


def experiments_to_top(table: pd.DataFrame, values: np.ndarray, choose_next: Callable, seed: int) -> int:
    """Count the experiments until a row of the top 1 % is found, from none; the order of the rows is drawn anew."""
    order = default_rng([seed, 31]).permutation(len(values))
    table, values = table.iloc[order].reset_index(drop=True), values[order]
    good = values >= np.sort(values)[-_top(values)]
    next_row = choose_next(table, seed)
    for count in range(1, min(len(values), MOST_EXPERIMENTS) + 1):
        row, told = next_row()
        if good[row]:
            return count
        told(float(values[row]))
    # Not found: what is left is searched at random.
    return MOST_EXPERIMENTS + round((len(values) - MOST_EXPERIMENTS + 1) / (_top(values) + 1))


def _top(values: np.ndarray) -> int:
    return max(1, int(np.ceil(TOP * len(values))))


def by_surrogate(table: pd.DataFrame, seed: int) -> Callable:
    sampler = SurrogateSampler(candidates=table, seed=seed)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    rows = {tuple(row): position for position, row in enumerate(table.itertuples(index=False, name=None))}

    def next_row() -> tuple[int, Callable[[float], object]]:
        trial = study.ask(sampler.distributions)
        row = rows[tuple(trial.params[name] for name in table)]
        return row, lambda value: study.tell(trial, value)

    return next_row


def by_tpe(table: pd.DataFrame, seed: int) -> Callable:
    """Ask TPE, and make the nearest row that is left."""
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed))
    sampler = SurrogateSampler(candidates=table)
    space = Space.of(sampler.distributions)
    params = [sampler._table.row(row) for row in range(len(table))]  # type: ignore[union-attr]
    columns, left = space.columns(space.locate(params)), np.ones(len(table), dtype=bool)

    def next_row() -> tuple[int, Callable[[float], object]]:
        asked = study.ask(sampler.distributions).params
        apart = np.square(columns - space.columns(space.locate([asked]))).sum(axis=1)
        row = int(np.argmin(np.where(left, apart, np.inf)))
        left[row] = False
        made = params[row]
        return row, lambda value: study.add_trial(
            optuna.create_trial(params=made, distributions=sampler.distributions, value=value)
        )

    return next_row


def by_forest(table: pd.DataFrame, seed: int) -> Callable:
    """Expect improvement by a random forest, after five random rows."""
    from sklearn.ensemble import RandomForestRegressor

    from models.acquisition import expected_improvement

    features = pd.get_dummies(table).to_numpy(float)
    rng, rows, values = default_rng([seed, 41]), [], []

    def next_row() -> tuple[int, Callable[[float], object]]:
        left = np.setdiff1d(np.arange(len(table)), rows)
        row = int(rng.choice(left))
        if len(values) >= 5:
            forest = RandomForestRegressor(50, random_state=seed).fit(features[rows], values)
            trees = np.array([tree.predict(features[left]) for tree in forest.estimators_])
            row = int(left[np.argmax(expected_improvement(trees.mean(axis=0), trees.std(axis=0), max(values)))])
        rows.append(row)
        return row, values.append

    return next_row


def pools(repeats: int) -> pd.DataFrame:
    """Compare on tables: how many times fewer experiments than random to a row of the top 1 %."""
    lines = []
    for name, (kind, table, values) in tables().items():
        print(f"{name} ...", file=sys.stderr, flush=True)
        random = (len(values) + 1) / (_top(values) + 1)
        line = {"table": name, "what": kind, "rows": len(values), "random": round(random, 1)}
        for label, choose_next in {"TPE": by_tpe, "forest": by_forest, "SurrogateSampler": by_surrogate}.items():
            counts = [experiments_to_top(table, values, choose_next, seed) for seed in range(repeats)]
            line[label] = random / float(np.mean(counts))
        lines.append(line)
    found = pd.DataFrame(lines)
    means = {label: float(np.exp(np.log(found[label]).mean())) for label in ("TPE", "forest", "SurrogateSampler")}
    return pd.concat([found, pd.DataFrame([{"table": "geometric mean", **means}])], ignore_index=True)


def seconds() -> dict[str, float]:
    """Time an ask with 50 trials and 6 parameters, two objectives, and one over a table of 100,000 rows."""
    world, rng = SmoothWorld(0), default_rng(0)
    study = optuna.create_study(directions=["maximize", "maximize"], sampler=SurrogateSampler(seed=0))
    for params in world.space.values(world.space.sample(6, rng)[:50]):
        values = world.measure([params], rng)[0].tolist()
        study.add_trial(optuna.create_trial(params=params, distributions=world.distributions, values=values))
    table = pd.DataFrame(rng.random((100_000, 6)), columns=list("abcdef"))
    sampler = SurrogateSampler(candidates=table, seed=0)
    pool = optuna.create_study(direction="maximize", sampler=sampler)
    for row in range(50):
        params = table.iloc[row].to_dict()
        value = -float(((table.iloc[row] - 0.4) ** 2).sum())
        pool.add_trial(optuna.create_trial(params=params, distributions=sampler.distributions, value=value))
    pool.ask(sampler.distributions)
    return {
        "50 trials, 6 parameters": _timed(study, world.distributions),
        "100,000 rows": _timed(pool, sampler.distributions),
    }


def _timed(study: optuna.Study, distributions: dict) -> float:
    times = []
    for _ in range(3):
        start = time.perf_counter()
        study.ask(distributions)
        times.append(time.perf_counter() - start)
    return min(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help=f"{FULL} worlds of each family instead of {SMALL}")
    parser.add_argument("--tune", action="store_true", help="worlds that settings may be chosen on")
    parser.add_argument("--only", choices=["campaigns", "tables", "seconds"], help="one part alone")
    arguments = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    seeds = TUNE_SEEDS if arguments.tune else TEST_SEEDS
    worlds = FULL if arguments.full else SMALL
    if arguments.only in (None, "campaigns"):
        for family, text in ((CoatingWorld, "coating campaigns"), (SmoothWorld, "a second, differently built family")):
            print(f"Simulated ({text}), {worlds} worlds: share of the best attainable hypervolume, 95 % intervals.")
            print(campaigns(family, worlds, seeds).to_string(index=False), flush=True)
    if arguments.only in (None, "tables"):
        print("\nTables: how many times fewer experiments than random to a row of the top 1 %.")
        print(pools(5 if arguments.full else 1).round(2).to_string(index=False, na_rep=""), flush=True)
    if arguments.only in (None, "seconds"):
        print("\nSeconds of an ask:")
        print("\n".join(f"{name}: {value:.2f} s" for name, value in seconds().items()))


if __name__ == "__main__":
    main()
