"""How is a run repeated?"""

from __future__ import annotations

import shlex
from collections.abc import Sequence

_PACKAGES = ("lirap", "pymatgen", "matminer", "scikit-learn", "pandas", "numpy", "mlflow")


def repeat_text(command: str, run_id: str) -> str:
    """Say how a screen is repeated: its command, its run and the versions it ran with."""
    from importlib.metadata import version
    from platform import python_version

    versions = ", ".join(f"{package} {version(package)}" for package in _PACKAGES)
    ran = f"Command: {command}. " if command else ""
    return f"{ran}MLflow run: {run_id}. Versions: Python {python_version()}, {versions}."


def command_line(arguments: Sequence[str]) -> str:
    """Write the command as a user would type it again."""
    return shlex.join(["lirap", *arguments])
