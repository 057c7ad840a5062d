"""Where does a screen leave its tables, picture and page?"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from datasets.errors import InputError, Problem
from screening.picture import pareto_picture
from screening.report import report_html

if TYPE_CHECKING:
    from screening.job import ScreenResult

CANDIDATES, FRONT, PICTURE, REPORT = "candidates.parquet", "front.csv", "pareto.png", "report.html"


def refuse_foreign(folder: Path) -> None:
    """Refuse a folder that holds anything else than the files of an earlier screen.

    Parameters
    ----------
    folder : pathlib.Path
        Need not exist.

    Raises
    ------
    datasets.errors.InputError
        Naming what is in the way.
    """
    expected = "a new folder, or that of an earlier screen"
    if folder.exists() and not folder.is_dir():
        raise InputError(folder, [Problem("", "a file", expected)])
    found = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    foreign = sorted(found - {CANDIDATES, FRONT, PICTURE, REPORT})
    if foreign:
        raise InputError(folder, [Problem("", name, expected) for name in foreign])


def write_screen(result: ScreenResult, folder: str | Path, repeat: str = "") -> Path:
    """Write what a screen found into a folder, whole or not at all.

    Parameters
    ----------
    result : ScreenResult
    folder : path
        Replaced if it holds an earlier screen.
    repeat : str
        How to repeat the screen, for the report.

    Returns
    -------
    pathlib.Path
        The folder, with ``candidates.parquet``, ``front.csv``, ``pareto.png`` and ``report.html``.

    Raises
    ------
    datasets.errors.InputError
        When the folder holds anything that no screen wrote.
    """
    folder = Path(folder)
    refuse_foreign(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as temporary:
        new = Path(temporary) / "new"
        new.mkdir()
        result.candidates.to_parquet(new / CANDIDATES, index=False)
        result.front.to_csv(new / FRONT, index=False)
        pareto_picture(result).savefig(new / PICTURE, dpi=150)
        (new / REPORT).write_text(report_html(result, repeat), encoding="utf-8")
        if folder.is_dir():
            folder.rename(Path(temporary) / "old")
        new.rename(folder)
    return folder
