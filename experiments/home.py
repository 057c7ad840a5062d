"""Where does everything that runs leave lie?"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from filelock import FileLock

HOME_VARIABLE = "LIRAP_HOME"


def home_folder(campaign_folder: Path, named: str | Path | None = None) -> Path:
    """Find the home: the folder named, or that of LIRAP_HOME, or ``runs/`` beside the campaign file.

    Parameters
    ----------
    campaign_folder : pathlib.Path
        Where the campaign file lies, or would lie.
    named : path, optional

    Returns
    -------
    pathlib.Path
        Absolute; it need not exist.
    """
    return Path(named or os.environ.get(HOME_VARIABLE) or campaign_folder / "runs").expanduser().resolve()


@dataclass(frozen=True, kw_only=True)
class Tracked:
    """Where a tracked command left what it found.

    Attributes
    ----------
    run_id : str
        Its MLflow run.
    folder : pathlib.Path
        The files of the latest run of the command.
    home : pathlib.Path
        The folder with everything that runs leave.
    notes : list of str
        What a reader should know of the cell tables.
    """

    run_id: str
    folder: Path
    home: Path
    notes: list[str] = field(default_factory=list)

    @property
    def files(self) -> dict[str, Path]:
        """The files of the latest run, by name."""
        return {path.name: path for path in sorted(self.folder.iterdir())}


@contextmanager
def turn_at_files(home: Path) -> Iterator[None]:
    """Wait for one's turn at the files of a home, which each command replaces as a whole and then logs."""
    with FileLock(home / "files.lock"):
        yield
