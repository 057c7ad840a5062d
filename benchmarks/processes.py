"""How long does a user wait for a command, and how much of that is imports?"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import NamedTuple

LIRAP = Path(sys.executable).with_name("lirap")

COMMANDS = {
    "lirap --help": "--help",
    "lirap xrd, warm": "xrd --halide-cl 0.5 --lattice-parameter 3.9774 --peaks 15.7,22.3,26.5 --home HOME",
    "lirap screen, warm": "screen --home HOME",
}

_SELF_TIME = re.compile(r"^import time: +(\d+) \|", re.MULTILINE)


class Waited(NamedTuple):
    """What a command took.

    Attributes
    ----------
    seconds : float
        Of the whole process, the median of several.
    share_of_imports : float
        Of the time of one more run, in which Python timed its imports.
    """

    seconds: float
    share_of_imports: float


def wait_for(arguments: str, home: Path, rounds: int) -> Waited:
    """Run a command once to fill its caches, then several times.

    Parameters
    ----------
    arguments : str
        Of ``lirap``, as typed; HOME stands for the folder.
    home : Path
        Where the runs leave what they leave.
    rounds : int
    """
    words = [str(home) if word == "HOME" else word for word in arguments.split()]
    run(words, home)
    seconds = median(run(words, home)[0] for _ in range(rounds))
    timed, messages = run(words, home, "-X", "importtime")
    imports = sum(map(int, _SELF_TIME.findall(messages))) / 1e6
    return Waited(seconds, imports / timed)


def run(arguments: list[str], folder: Path, *options: str) -> tuple[float, str]:
    """Run ``lirap`` in a folder; give its seconds and what it said on standard error."""
    command = [sys.executable, *options, str(LIRAP), *arguments]
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=folder)
    return time.perf_counter() - start, done.stderr
