"""Where does a screen leave its tables, picture and page?"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from screening.picture import pareto_picture
from screening.report import report_html

if TYPE_CHECKING:
    from screening.job import ScreenResult

CANDIDATES, FRONT, PICTURE, REPORT = "candidates.parquet", "front.csv", "pareto.png", "report.html"


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
    FileExistsError
        When the folder holds anything that no screen wrote.
    """
    folder = Path(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    foreign = (
        sorted({path.name for path in folder.iterdir()} - {CANDIDATES, FRONT, PICTURE, REPORT})
        if folder.is_dir()
        else []
    )
    if foreign:
        raise FileExistsError(
            f"Got {folder}, which holds {foreign[0]}; expected a new folder or one of an earlier screen"
        )
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
