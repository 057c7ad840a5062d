"""How fast is a screen, in everything that a user waits for? The numbers of docs/benchmarks.md.

Run ``python -m benchmarks.screen`` (five rounds, about five minutes on two cores); ``--rounds 1`` is a quick look.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.processes import COMMANDS, wait_for

# Nothing heavy is imported here: a child process starts its count of memory with what its parent has.

LEAST_SHARE_OF_ARITHMETIC = 0.6
MOST_ABOVE_IMPORTS_MB = 1000
LONGEST_S = {"lirap --help": 0.5, "lirap xrd, warm": 3.0, "lirap screen, warm": 60.0}


def child(*arguments: str) -> dict[str, Any]:
    """Run a module of the benchmarks in a process of its own and read its answer."""
    done = subprocess.run([sys.executable, "-m", *arguments], stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)


def line(what: str, value: str, promise: str = "", kept: bool = True) -> None:
    print(f"{what:<62}{value:>9}   {promise}{'' if kept else '  NOT KEPT'}".rstrip(), flush=True)


def machine() -> Iterator[str]:
    """Say what the numbers were measured on, and how busy it was."""
    cores, busy = os.cpu_count(), ", ".join(f"{load:.1f}" for load in os.getloadavg())
    yield f"{cores} cores ({processor()}), load of the last 1, 5, 15 minutes: {busy}"
    yield f"Python {platform.python_version()}, " + ", ".join(f"{name} {version(name)}" for name in ("numpy", "pandas"))


def processor() -> str:
    """Name the processor, as far as the system tells."""
    info = Path("/proc/cpuinfo")
    names = [row for row in info.read_text().splitlines() if row.startswith("model name")] if info.exists() else []
    return names[0].split(":")[1].strip() if names else platform.processor() or platform.machine()


def scoring(rounds: int) -> None:
    found = child("benchmarks.scoring", "--rounds", str(rounds))
    plain, tuned = found["share_of_plain_arithmetic"], found["share_of_tuned_arithmetic"]
    line(f"Scoring {found['recipes']:,} recipes", f"{found['recipes_per_s'] / 1e6:.2f} M/s")
    line(
        "  of the speed of the bare arithmetic, plain NumPy",
        f"{plain:.2f}",
        f"at least {LEAST_SHARE_OF_ARITHMETIC}",
        plain >= LEAST_SHARE_OF_ARITHMETIC,
    )
    line("  of the same, tuned by hand", f"{tuned:.2f}")
    for name, script in found["scripts"].items():
        line(f"  times the {name}", f"{script['ratio']:,.0f}", f"{1e6 * script['s_per_recipe']:,.1f} us a recipe")


def memory() -> None:
    for recipes in (1_000_000, 10_000_000):
        found = child("benchmarks.memory", str(recipes))
        above, promise = found["above_MB"], f"under {MOST_ABOVE_IMPORTS_MB} MB above the imports"
        kept = above < MOST_ABOVE_IMPORTS_MB
        line(f"Memory of scoring {recipes:,}", f"{above:.0f} MB", f"{promise} ({found['imports_MB']:.0f} MB)", kept)


def commands(rounds: int) -> None:
    with tempfile.TemporaryDirectory() as home:
        for name, arguments in COMMANDS.items():
            waited = wait_for(arguments, Path(home), rounds)
            promise = f"under {LONGEST_S[name]:g} s ({waited.share_of_imports:.0%} of it imports)"
            line(name, f"{waited.seconds:.2f} s", promise, waited.seconds < LONGEST_S[name])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="of which the median is printed")
    rounds = parser.parse_args().rounds
    print(*machine(), f"Medians of {rounds}; the memory of one run.\n", sep="\n", flush=True)
    scoring(rounds)
    memory()
    commands(rounds)
    print("", *machine(), sep="\n")


if __name__ == "__main__":
    main()
