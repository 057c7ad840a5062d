"""How is a run repeated?"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

_PACKAGES = ("lirap", "pymatgen", "matminer", "scikit-learn", "pandas", "numpy", "mlflow")


def repeat_text(command: str, run_id: str) -> str:
    """Say how a screen is repeated: its command, its run and the versions it ran with."""
    from importlib.metadata import version
    from platform import python_version

    versions = ", ".join(f"{package} {version(package)}" for package in _PACKAGES)
    ran = f"Command: {command}. " if command else ""
    return f"{ran}MLflow run: {run_id}. Versions: Python {python_version()}, {versions}."


def command_line(arguments: Sequence[str]) -> str:
    """Write the command as a user would type it again, without the full paths of the machine that it ran on.

    Examples
    --------
    >>> command_line(["screen", "--cells", "/home/anna/lab 3/cells.csv", "--jobs=2"])
    'lirap screen --cells cells.csv --jobs=2'
    """
    return shlex.join(["lirap", *map(_without_folders, arguments)])


def _without_folders(argument: str) -> str:
    """Shorten a full path to one from the current folder, or to its name if it lies elsewhere."""
    option, equals, value = argument.rpartition("=")
    path = Path(value)
    if not path.is_absolute():
        return argument
    inside = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path.name
    return f"{option}{equals}{inside}"
