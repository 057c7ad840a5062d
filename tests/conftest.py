"""What tests of several packages share."""

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest

from screening import RecipeSpace, screen


@pytest.fixture(scope="session")
def cache_dir(tmp_path_factory):
    """A cache of descriptors that all tests of one process share, so that matminer is asked once."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def small_space():
    """A space of a few thousand recipes around those of the paper."""
    return RecipeSpace.model_validate(
        {
            "halide_cl": {"low": 0, "high": 1, "step": 0.25},
            "antiperovskite_wt_pct": {"low": 0, "high": 2, "step": 0.5},
            "oxides": ("none", "LiNbO3", "ZrO2"),
            "oxide_wt_pct": {"low": 0, "high": 2, "step": 0.5},
            "melt_temperature_C": {"low": 330, "high": 410, "step": 20},
        }
    )


@pytest.fixture(scope="session")
def result(small_space, cache_dir):
    """A screen of that space on the paper's cells."""
    return screen(space=small_space, cache_dir=cache_dir, n_jobs=1, n_best=5)


@pytest.fixture(scope="session")
def reviewing():
    """Serve a home by `lirap review` in a process of its own: `with reviewing(home) as (address, process)`."""

    @contextmanager
    def reviewing(home, *arguments):
        command = [sys.executable, "-m", "experiments.cli", "review", "--home", str(home), "--no-browser", "--json"]
        environment = {name: value for name, value in os.environ.items() if name != "MLFLOW_TRACKING_URI"}
        process = subprocess.Popen(
            [*command, *arguments], cwd=home, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        try:
            yield _one_object(process), process
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=20)

    return reviewing


def _one_object(process):
    lines = []
    for line in process.stdout:
        lines.append(line)
        if line.startswith("}"):
            return json.loads("".join(lines))
    raise AssertionError(process.stderr.read())
