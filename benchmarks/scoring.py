"""How many recipes per second are scored, beside a plain script and beside the bare arithmetic?

Run ``python -m benchmarks.scoring`` for one JSON object; ``python -m benchmarks.screen`` prints it as a table.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import joblib
import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.arithmetic import BareArithmetic, TunedArithmetic
from benchmarks.plain_script import TARGETS, PlainScript, four_descriptors, magpie
from datasets.cells import henkel2025
from featurizers.featurizer import RecipeFeaturizer
from models.acquisition import expected_hypervolume_improvement, pareto_mask
from models.recipe_model import RecipeModel
from screening.gates import Gates
from screening.goals import DEFAULT_GOALS, reference, signs
from screening.scoring import CHUNK, Scorer, score_space
from screening.space import RecipeSpace

SCRIPTS: dict[str, tuple[Callable[[], Any], bool, int]] = {
    "plain script": (magpie, False, 100),
    "plain script, four descriptors": (four_descriptors, False, 1_000),
    "plain script, four descriptors, each material once": (four_descriptors, True, 200_000),
}
"""The descriptors, whether each material is described once, and how many recipes are tried."""


def default_scorer(space: RecipeSpace | None = None) -> tuple[Scorer, list[BareArithmetic]]:
    """Build what `lirap screen` scores by, and its bare arithmetic, plain and tuned, from the six measured cells."""
    cells = henkel2025()
    model = RecipeModel(TARGETS, featurizer=RecipeFeaturizer()).fit(cells)
    features = model.featurizer_.transform(cells)
    reached = model.posterior(features)[0]
    front, floor = reached[pareto_mask(reached)], reference(DEFAULT_GOALS, reached)
    scorer = Scorer(
        space or RecipeSpace(),
        Gates(),
        model.featurizer_,
        list(model.featurizer_.get_feature_names_out()).index("thickness_nm"),
        model,
        signs(DEFAULT_GOALS),
        lambda mean, std: expected_hypervolume_improvement(mean, std, front, floor),
    )
    bare = [
        kind([model.surrogates_[target] for target in TARGETS], front, floor)
        for kind in (BareArithmetic, TunedArithmetic)
    ]
    gain = scorer.gain(*model.posterior(features))
    assert all(np.allclose(arithmetic(features), gain) for arithmetic in bare), "the arithmetic is not the same"
    return scorer, bare


def ready_features(scorer: Scorer) -> list[np.ndarray]:
    """Featurize the recipes that pass the gates, chunk by chunk."""
    chunks = []
    for start in range(0, len(scorer.space), CHUNK):
        table = scorer.space[start : start + CHUNK]
        features = scorer.featurizer.transform(table)
        masks = scorer.gates.rejections(table) | scorer.gates.too_thick(features[:, scorer.thickness_column])
        rejected = np.any(list(masks.values()), axis=0)
        chunks.append(features.T.compress(~rejected, axis=1).T)
    return chunks


def score_bare(arithmetic: BareArithmetic, chunks: list[np.ndarray]) -> None:
    """Run the bare arithmetic on the same cores, one BLAS thread on each."""
    with threadpool_limits(limits=1, user_api="blas"):
        gains = joblib.Parallel(n_jobs=-1, prefer="threads", return_as="generator")(
            joblib.delayed(arithmetic)(chunk) for chunk in chunks
        )
        for _ in gains:
            pass


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def measure(rounds: int) -> dict[str, Any]:
    """Time scoring and bare arithmetic in turn, then the plain scripts."""
    scorer, (plain, tuned) = default_scorer()
    chunks = ready_features(scorer)
    recipes = len(scorer.space)
    works = (lambda: score_space(scorer), lambda: score_bare(plain, chunks), lambda: score_bare(tuned, chunks))
    # In turn, so that whatever else the machine does falls on all of them.
    rows = [[seconds(work) for work in works] for _ in range(rounds + 1)][1:]
    scoring = median(row[0] for row in rows)
    scripts = {name: script_seconds(scorer.space, *how, rounds) for name, how in SCRIPTS.items()}
    return {
        "recipes": recipes,
        "passed": sum(len(chunk) for chunk in chunks),
        "seconds": rows,
        "recipes_per_s": recipes / scoring,
        "share_of_plain_arithmetic": median(row[1] / row[0] for row in rows),
        "share_of_tuned_arithmetic": median(row[2] / row[0] for row in rows),
        "scripts": {
            name: {"tried": SCRIPTS[name][2], "s_per_recipe": each, "ratio": each * recipes / scoring}
            for name, each in scripts.items()
        },
    }


def script_seconds(
    space: RecipeSpace, descriptors: Callable[[], Any], each_material_once: bool, tried: int, rounds: int
) -> float:
    """Time a plain script on a sample of the recipes; the median, for one recipe.

    It runs on one core and is credited with all of them, as if it lost nothing by sharing its work.
    """
    script = PlainScript(descriptors(), each_material_once=each_material_once).fit(henkel2025())
    sample = space.sample(tried)
    return median(seconds(lambda: script.predict(sample)) for _ in range(rounds)) / tried / joblib.cpu_count()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    print(json.dumps(measure(parser.parse_args().rounds)))


if __name__ == "__main__":
    main()
