"""How much memory does scoring take, above what the imports take?

Run ``python -m benchmarks.memory 10_000_000`` in a process of its own: what is printed is the peak of its whole life.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys

from benchmarks.scoring import default_scorer
from screening.scoring import score_space
from screening.space import RecipeSpace, Steps

FINE = RecipeSpace(halide_cl=Steps(low=0, high=1, step=0.01))
"""The default space with x in steps of 0.01: 17 million recipes."""


def peak_MB() -> float:
    """Give the largest resident memory that this process ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipes", type=int, help="of the 17 million of the finer space, how many to score")
    recipes = parser.parse_args().recipes
    imports = peak_MB()
    scored = score_space(default_scorer(FINE)[0], stop=recipes).n_scored
    print(json.dumps({"recipes": scored, "imports_MB": imports, "above_MB": peak_MB() - imports}))


if __name__ == "__main__":
    main()
