"""How quickly does a reviewer find a run among 300?

Run ``python -m benchmarks.review``: it fills a store with screens that look like real ones, serves it by `lirap
review`, and asks it by its interface for programs and in headless Chromium (``chromium`` must be installed).
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from experiments.commands.common import print_table
from experiments.tracking.labels import NO_SKILL, PERHAPS, SKILL, VERDICT
from screening.tables import Column, Table

TARGETS = ("q_discharge_first_mAh_g", "retention_pct")
SCORES = ("cells", "recipes", "weight", "tested", "rmse", "rmse_mean", "mae", "mae_mean", "crps", "crps_mean",
          "coverage", "width", "skill", "skill_low", "skill_high", "best_measured")  # fmt: skip
STEPS = ("learn", "validate", "score", "rank", "explain")
NUMBERS = ("recipes_scored", "recipes_passed", "cells", "front_size", "front_hypervolume", "best_expected_gain",
           "seconds", *(f"seconds_{step}" for step in STEPS))  # fmt: skip
N_PARAMS = 17
REPEATS = 5
RARE = 30


def fill(home: Path, n_runs: int) -> None:
    """Make a store with as many screens, with the numbers, settings and tags of real ones, but no files."""
    import mlflow
    from mlflow.entities import Metric, Param, RunTag

    from experiments.tracking.store import DIGEST, KIND, open_store

    store = open_store(home, "lirap")
    client = mlflow.MlflowClient(store.uri)
    draw = random.Random(0)
    names = [*NUMBERS, *(f"{target}.{score}" for target in TARGETS for score in SCORES)]
    for number in range(n_runs):
        cells = 6 + number // 10
        tags = {KIND: "screen", DIGEST: f"{cells:016x}", "mlflow.note.content": "**Make next** " + "words " * 200}
        tags |= {f"{VERDICT}.{target}": draw.choice([NO_SKILL, PERHAPS, SKILL]) for target in TARGETS}
        run = client.create_run(store.experiment_id, run_name=f"screen 3.5 M recipes, {cells} cells", tags=tags)
        client.log_batch(
            run.info.run_id,
            [Metric(name, draw.random() * 100, 0, 0) for name in names],
            [Param(f"space.setting_{n}", str(draw.random())) for n in range(N_PARAMS)],
            [RunTag("lirap.rare", "yes")] if number == RARE else [],
        )
        client.set_terminated(run.info.run_id)


@contextmanager
def served(home: Path) -> Iterator[tuple[dict[str, str], float]]:
    """Serve a store by `lirap review`: its addresses, and the seconds until it answered."""
    command = [sys.executable, "-m", "experiments.cli", "review", "--home", str(home), "--no-browser", "--json"]
    started = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        said = ""
        while not said.endswith("}\n"):
            said += process.stdout.readline()
        try:
            yield json.loads(said), time.perf_counter() - started
        finally:
            process.terminate()


def seconds(work: Callable[[], object]) -> float:
    """Time some work: the median of several times."""
    took = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        work()
        took.append(time.perf_counter() - started)
    return sorted(took)[REPEATS // 2]


def asked(address: dict[str, str], n_runs: int) -> dict[str, float]:
    """Ask as a program does: the first page of the list, all runs, one tag, one number."""
    import mlflow

    client = mlflow.MlflowClient(address["server"])
    experiment = [client.get_experiment_by_name("lirap").experiment_id]

    def search(condition: str, expected: int, most: int = 1000) -> Callable[[], None]:
        def ask() -> None:
            found = client.search_runs(experiment, condition, max_results=most)
            assert len(found) == expected, (condition, len(found))

        return ask

    return {
        "the 100 newest": seconds(search("", min(n_runs, 100), 100)),
        "every run": seconds(search("", n_runs)),
        "a tag that one run has": seconds(search("tags.lirap.rare = 'yes'", 1)),
        "a cell table by its digest": seconds(search(f"tags.`lirap.cells_digest` = '{6 + RARE // 10:016x}'", 10)),
    }


def seen(address: dict[str, str]) -> dict[str, float]:
    """Look as a person does: open the list, and search it by a tag."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        times = {"in a browser that was never here": shown(browser.new_page(), address["page"])}
        context = browser.new_context()
        shown(context.new_page(), address["page"])
        page = context.new_page()
        times["in a browser that was here before"] = shown(page, address["page"])
        started = time.perf_counter()
        page.get_by_placeholder(re.compile("metrics")).fill("tags.lirap.rare = 'yes'")
        page.keyboard.press("Enter")
        page.get_by_text(re.compile(r"^\s*1\s+matching run")).wait_for()
        times["search by a tag, in the page"] = time.perf_counter() - started
        browser.close()
    return times


def shown(page: object, address: str) -> float:
    """Open the list of runs, and wait until one can be read."""
    started = time.perf_counter()
    page.goto(address)
    page.get_by_role("link", name=re.compile("^screen 3.5 M")).first.wait_for(timeout=120_000)
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=300, help="screens in the store")
    n_runs = parser.parse_args().runs
    os.environ.pop("MLFLOW_TRACKING_URI", None)
    with tempfile.TemporaryDirectory() as folder:
        fill(Path(folder), n_runs)
        with served(Path(folder)) as (address, ready):
            times = {"lirap review, until it answers": ready, **asked(address, n_runs), **seen(address)}
    rows = [[name, f"{value:.2f}"] for name, value in times.items()]
    columns = [Column("what"), Column("seconds", True)]
    load = ", ".join(f"{load:.1f}" for load in os.getloadavg())
    caption = f"Requests: median of five. {os.cpu_count()} cores, load of the last 1, 5, 15 minutes: {load}."
    print_table(Console(), Table(f"{n_runs} screens in the store", caption, columns, rows))


if __name__ == "__main__":
    main()
