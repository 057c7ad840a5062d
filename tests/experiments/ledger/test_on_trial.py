"""Killed at every write, or written to by many at once, a campaign loses nothing and does nothing twice.

LIRAP_TRIAL_KILLS (of each command) and LIRAP_TRIAL_SECONDS make the trials longer: 1000 is every write there is.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SERVER = os.environ.get("LIRAP_TEST_DATABASE")
KILLS = os.environ.get("LIRAP_TRIAL_KILLS", "29")
SECONDS = os.environ.get("LIRAP_TRIAL_SECONDS", "5")


def run(script, *arguments):
    """Run a script in a process of its own, which has one thread and may be forked."""
    here = Path(__file__).parent
    command = [sys.executable, "-W", "error", str(here / script), *arguments]
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join([str(here), *sys.path])}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return json.loads(done.stdout)


@pytest.fixture(params=["sqlite", "postgresql"] if SERVER else ["sqlite"])
def server(request):
    return [SERVER] if request.param == "postgresql" else []


@pytest.mark.slow
def test_a_kill_at_any_write_loses_and_doubles_nothing(server):
    done = run("kill_at_every_write.py", KILLS, *server)
    assert done["kills"] >= 7 * int(KILLS)


@pytest.mark.slow
def test_eight_processes_at_once_lose_and_double_nothing(server):
    done = run("many_at_once.py", SECONDS, "8", *server)
    assert done["recipes"] >= done["rounds"] > 0
