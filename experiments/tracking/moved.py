"""How does a tracking store find its files again after its folder was moved?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection, TableClause

DATABASE, ARTIFACTS = "mlflow.db", "artifacts"

PLACES = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "storage_location"),
)
"""The columns in which MLflow keeps full paths of artifacts."""

_DEFAULT_EXPERIMENT = "0"


def find_moved_files(home: Path) -> list[str]:
    """Point a store at its artifacts where they lie now, if its folder was moved or copied since it was last opened.

    Parameters
    ----------
    home : pathlib.Path
        Folder of the store, with ``mlflow.db``. The caller holds the lock under which stores are opened.

    Returns
    -------
    list of str
        Where the artifacts were before; empty when nothing had moved.

    Raises
    ------
    OSError
        When the folder cannot be written to.
    """
    from sqlalchemy import URL, create_engine
    from sqlalchemy.pool import NullPool

    new = (home / ARTIFACTS).as_uri()
    engine = create_engine(URL.create("sqlite", database=str(home / DATABASE)), poolclass=NullPool)
    try:
        # All or nothing: the experiments, by which a move is noticed, never change without their runs.
        with engine.begin() as connection:
            moved = _earlier(connection, new)
            for old in moved:
                for name, column in PLACES:
                    _point(connection, name, column, old, new)
            _place_default(connection, new)
    finally:
        engine.dispose()
    for old in moved:
        _rewrite(home.joinpath(ARTIFACTS, "models").glob("*/artifacts/MLmodel"), old, new)
    return moved


def _table(name: str, column: str) -> tuple[TableClause, Any]:
    from sqlalchemy import column as named
    from sqlalchemy import table

    whole = table(name, named(column), named("experiment_id"))
    return whole, whole.c[column]


def _earlier(connection: Connection, new: str) -> list[str]:
    """Find the folders of artifacts that experiments still name; those kept elsewhere on purpose end differently."""
    from sqlalchemy import select

    _, location = _table(*PLACES[0])
    found = connection.scalars(select(location).distinct())
    return [old for old in found if old and old != new and old.startswith("file:") and old.endswith(f"/{ARTIFACTS}")]


def _point(connection: Connection, name: str, column: str, old: str, new: str) -> None:
    from sqlalchemy import func, or_, update

    whole, path = _table(name, column)
    within = func.substr(path, 1, len(old) + 1) == f"{old}/"
    moved = new + func.substr(path, len(old) + 1)
    connection.execute(update(whole).where(or_(path == old, within)).values({column: moved}))


def _place_default(connection: Connection, new: str) -> None:
    """Place MLflow's own empty experiment, which it makes in the folder a program happens to be started in."""
    from sqlalchemy import update

    whole, location = _table(*PLACES[0])
    stray = update(whole).where(whole.c.experiment_id == _DEFAULT_EXPERIMENT, location != new)
    connection.execute(stray.values({PLACES[0][1]: new}))


def _rewrite(files: Iterable[Path], old: str, new: str) -> None:
    for path in files:
        text = path.read_text(encoding="utf-8")
        if old in text:
            whole = path.with_name(f".{path.name}.new")
            whole.write_text(text.replace(f"{old}/", f"{new}/"), encoding="utf-8")
            whole.replace(path)
