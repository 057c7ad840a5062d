"""What does a screen leave, so that another screen can be compared with it?"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datasets.errors import InputError, Problem
from screening.model_options import ModelOptions

if TYPE_CHECKING:
    import pandas as pd

    from screening.job import ScreenResult

CANDIDATES, FRONT, CELLS, ABOUT = "candidates.parquet", "front.csv", "cells.csv", "screen.json"

SNAPSHOT_FILES = (CANDIDATES, FRONT, CELLS, ABOUT)
"""The files of a screen that hold all that another is compared by."""

_ABOUT = ("time", "sentence", "repeat", "recipes", "passed", "rejected", "targets", "settings", "features")
_WORDS = ("label", "oxide", "cooling", "nearest_cell", "novelty")


@dataclass(frozen=True)
class Snapshot:
    """A screen, as far as another is compared with it.

    Attributes
    ----------
    about : dict
        ``time`` (ISO 8601, UTC), ``sentence``, ``repeat``, ``recipes`` (scored), ``passed``, ``rejected`` (by reason),
        ``targets`` (by name: ``label``, ``unit``, ``verdict``, and the scores under leave-one-recipe-out, None where
        there are none), ``settings`` (by dotted name) and ``features`` (names).
    cells : pandas.DataFrame
        The cells that were learned from.
    candidates, front : pandas.DataFrame
        See `screening.job.ScreenResult`.
    """

    about: dict[str, Any]
    cells: pd.DataFrame
    candidates: pd.DataFrame
    front: pd.DataFrame

    @property
    def name(self) -> str:
        """Name the screen by its time."""
        return f"the screen of {datetime.fromisoformat(self.about['time']):%Y-%m-%d %H:%M} UTC"


def snapshot(result: ScreenResult, repeat: str = "", time: datetime | None = None) -> Snapshot:
    """Take from a screen what another is compared by.

    Parameters
    ----------
    result : ScreenResult
    repeat : str
        How the screen is repeated.
    time : datetime.datetime, optional
        When it was made, with a time zone; now when left out.

    Returns
    -------
    Snapshot
    """
    about = {
        "time": (time or datetime.now(UTC)).astimezone(UTC).isoformat(timespec="seconds"),
        "sentence": result.sentence,
        "repeat": repeat,
        "recipes": result.n_recipes,
        "passed": result.n_passed,
        "rejected": dict(result.rejected),
        "targets": {goal.target: _target(result, goal.target) for goal in result.goals},
        "settings": settings(result),
        "features": [str(name) for name in result.model.featurizer_.get_feature_names_out()],
    }
    return Snapshot(about, result.cells, result.candidates, result.front)


def _target(result: ScreenResult, target: str) -> dict[str, Any]:
    column = next(goal.column for goal in result.goals if goal.target == target)
    about = {"label": column.label, "unit": column.unit, "verdict": result.verdicts[target]}
    return about | {str(name): _number(value) for name, value in result.validation.loc[target].to_dict().items()}


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def settings(result: ScreenResult) -> dict[str, Any]:
    """Collect by dotted name what a screen was asked for: space, gates, model, targets and seed.

    Parameters
    ----------
    result : ScreenResult

    Returns
    -------
    dict
        Values that JSON can hold.
    """
    parts = {"space": result.space.model_dump(mode="json"), "gates": result.gates.model_dump(mode="json")}
    chosen = result.model.get_params(deep=False)
    parts["model"] = {name: chosen[name] for name in ModelOptions.model_fields}
    flat = {f"{part}.{name}": value for part, content in parts.items() for name, value in content.items()}
    for goal in result.goals:
        flat |= {f"{goal.target}.{name}": value for name, value in goal.model_dump(exclude={"target"}).items()}
    return flat | {"targets": [goal.target for goal in result.goals], "random_state": result.random_state}


def plain_words(value: Any) -> str:
    """Write a value of a setting or of a cell for people.

    Examples
    --------
    >>> plain_words({"low": 0.0, "high": 1.0}), plain_words(["none", "ZrO2"]), plain_words(float("nan"))
    ('low 0, high 1', 'none, ZrO2', '')
    """
    if value is None or value != value:  # NaN
        return ""
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, dict):
        return ", ".join(f"{name} {plain_words(each)}" for name, each in value.items())
    return ", ".join(map(plain_words, value)) if isinstance(value, list | tuple) else str(value)


def write_snapshot(taken: Snapshot, folder: Path) -> None:
    """Write a snapshot as `SNAPSHOT_FILES` into a folder that exists.

    Parameters
    ----------
    taken : Snapshot
    folder : pathlib.Path
    """
    from datasets.spreadsheets import csv_text

    taken.candidates.to_parquet(folder / CANDIDATES, index=False)
    (folder / FRONT).write_bytes(csv_text(taken.front).encode())
    (folder / CELLS).write_bytes(csv_text(taken.cells).encode())
    (folder / ABOUT).write_text(json.dumps(taken.about, ensure_ascii=False, indent=1), encoding="utf-8")


def read_snapshot(folder: str | Path) -> Snapshot:
    """Read the snapshot of a screen from its folder, or from the artifacts of its MLflow run.

    Parameters
    ----------
    folder : path
        With `SNAPSHOT_FILES` among its files.

    Returns
    -------
    Snapshot

    Raises
    ------
    datasets.errors.InputError
        When a file is missing or is not what a screen writes.
    """
    import pandas as pd

    from datasets.cells import typed_cells
    from datasets.spreadsheets import words_of_csv

    folder = Path(folder)
    missing = [name for name in SNAPSHOT_FILES if not (folder / name).is_file()]
    if missing:
        expected = "the files of a screen; one made before LiRAP wrote them has to be made again"
        raise InputError(folder, [Problem(name, "no such file", expected) for name in missing])
    try:
        return Snapshot(
            _about(folder / ABOUT),
            typed_cells(words_of_csv(folder / CELLS)),
            pd.read_parquet(folder / CANDIDATES),
            _front(words_of_csv(folder / FRONT)),
        )
    except (ValueError, KeyError) as error:
        reason = str(error).partition("\n")[0]
        problem = Problem("", f"files that cannot be read ({reason})", "the files of a screen")
        raise InputError(folder, [problem]) from error


def _about(path: Path) -> dict[str, Any]:
    about: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    datetime.fromisoformat(about["time"])
    return {name: about[name] for name in _ABOUT}


def _front(words: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    if "label" not in words:
        raise ValueError(f"{FRONT} without a column label")
    return words.assign(**{name: pd.to_numeric(words[name]) for name in words.columns if name not in _WORDS})
