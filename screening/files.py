"""Where does a screen leave its tables, picture and page?"""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from datasets.columns import TARGETS
from datasets.errors import InputError, Problem
from screening.changes import changes
from screening.picture import effects_picture, pareto_picture
from screening.report import report_html
from screening.snapshot import SNAPSHOT_FILES, Snapshot, read_snapshot, snapshot, write_snapshot

if TYPE_CHECKING:
    from screening.explanation import Explanation
    from screening.job import ScreenResult

PICTURE, REPORT = "pareto.png", "report.html"

SCREEN_FILES = (*SNAPSHOT_FILES, PICTURE, REPORT)


def refuse_foreign(folder: Path, own: Collection[str]) -> None:
    """Refuse a folder that holds anything else than the files that a command leaves.

    Parameters
    ----------
    folder : pathlib.Path
        Need not exist.
    own : collection of str
        Names of the files that may be there.

    Raises
    ------
    datasets.errors.InputError
        Naming what is in the way.
    """
    expected = f"a new folder, or one with nothing but {', '.join(own)}"
    if folder.exists() and not folder.is_dir():
        raise InputError(folder, [Problem("", "a file", expected)])
    found = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    # What a file browser or a spreadsheet leaves beside the files is nobody's work.
    foreign = sorted(name for name in found - set(own) if not name.startswith((".", "~$")))
    if foreign:
        raise InputError(folder, [Problem("", name, expected) for name in foreign])


@contextmanager
def whole_folder(folder: str | Path, own: Collection[str]) -> Iterator[Path]:
    """Write a folder of files whole or not at all.

    Parameters
    ----------
    folder : path
        Replaced when the block ends well, and left as it was otherwise.
    own : collection of str
        See `refuse_foreign`.

    Yields
    ------
    pathlib.Path
        An empty folder to write into.
    """
    folder = Path(folder)
    refuse_foreign(folder, own)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as temporary:
        new = Path(temporary) / "new"
        new.mkdir()
        yield new
        if folder.is_dir():
            folder.rename(Path(temporary) / "old")
        new.rename(folder)


def write_effects(explanations: Sequence[Explanation], folder: str | Path) -> list[Path]:
    """Draw what moves each target, a picture each.

    Parameters
    ----------
    explanations : sequence of Explanation
    folder : path

    Returns
    -------
    list of pathlib.Path
        The pictures, ``effects-<target>.png``.
    """
    names = [f"effects-{one.goal.target}.png" for one in explanations]
    with whole_folder(folder, [f"effects-{target}.png" for target in TARGETS]) as new:
        for name, one in zip(names, explanations, strict=True):
            effects_picture(one).savefig(new / name, dpi=120)
    return [Path(folder) / name for name in names]


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
        The folder, with `SCREEN_FILES`. The report says what differs from the screen that is replaced.

    Raises
    ------
    datasets.errors.InputError
        When the folder holds anything that no screen wrote.
    """
    with whole_folder(folder, SCREEN_FILES) as new:
        taken = snapshot(result, repeat)
        earlier = earlier_screen(folder)
        write_snapshot(taken, new)
        pareto_picture(result).savefig(new / PICTURE, dpi=150)
        differs = changes(earlier, taken) if earlier else None
        (new / REPORT).write_text(report_html(result, repeat, differs), encoding="utf-8")
    return Path(folder)


def earlier_screen(folder: str | Path) -> Snapshot | None:
    """Read the screen in a folder, if there is one that can be read.

    Parameters
    ----------
    folder : path
        Need not exist.
    """
    try:
        return read_snapshot(folder)
    except InputError:
        return None
