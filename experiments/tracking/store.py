"""How is what was done kept in MLflow, so that a group can review it?"""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from experiments.tracking.moved import ARTIFACTS, DATABASE, find_moved_files

if TYPE_CHECKING:
    import pandas as pd
    from mlflow.entities import Run

KIND = "lirap.kind"
DIGEST = "lirap.cells_digest"
VERSION = "lirap.version"
COMMIT = "lirap.commit"
_LOCK = "lirap.lock"
NOTE = "mlflow.note.content"

LONGEST_PARAM = 6000
LONGEST_TAG = 8000
"""MLflow cuts what is longer without a word; it goes into an artifact instead."""

SERVER_VARIABLE = "MLFLOW_TRACKING_URI"
"""Names a tracking server to record on instead of the home."""

_EXPERIMENT_TAGS = {
    "mlflow.experimentKind": "custom_model_development",  # else the UI opens it as one of language models
    NOTE: "Each run is a screen, a validation or a round of proposals; the note on top of a run says what came out.",
}
_OPENING_SECONDS = 120
_SERVER_ATTEMPTS = "3"


def quiet_mlflow() -> Any:
    """Import mlflow with its telemetry off, which is read once, on import: no other import may come before this one."""
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    os.environ["DO_NOT_TRACK"] = "true"
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    import mlflow

    return mlflow


@dataclass(frozen=True)
class Store:
    """An opened tracking store: one folder that holds everything a campaign leaves, or a server that records its runs.

    Attributes
    ----------
    home : pathlib.Path
        The folder: ``mlflow.db``, ``artifacts/``, ``cache/``.
    uri : str
        Tracking URI of the database, or of the server.
    experiment_id : str
        The MLflow experiment of the campaign.
    """

    home: Path
    uri: str
    experiment_id: str

    @property
    def is_remote(self) -> bool:
        """Whether a server records the runs."""
        return self.uri != local_uri(self.home)


def local_uri(home: Path) -> str:
    """Give the tracking URI of a home's own database, whatever characters its path holds."""
    from sqlalchemy import URL

    return URL.create("sqlite", database=str(home / DATABASE)).render_as_string()


def server_uri() -> str | None:
    """Give the address of the tracking server that MLFLOW_TRACKING_URI names, or None.

    Anything but ``http://`` and ``https://`` is passed over: MLflow itself writes the URI of an opened database there.
    """
    named = os.environ.get(SERVER_VARIABLE, "")
    return named.rstrip("/") if named.lower().startswith(("http://", "https://")) else None


def whereabouts(home: Path) -> str:
    """Say where runs are recorded: the database of a home, or the address of the server, without any password in it."""
    address = server_uri()
    return re.sub(r"//[^/@]*@", "//", address) if address else str(home / DATABASE)


def open_store(home: str | Path, experiment: str) -> Store:
    """Open the tracking store of a campaign, and create what is missing.

    Runs that a killed process left open are closed as KILLED, and a home that was moved finds its artifacts again.
    Several processes may open one store at once: the database is created under a lock, since two at once would crash
    one of them. With MLFLOW_TRACKING_URI naming a server, runs are recorded there and all else stays in the home.

    Parameters
    ----------
    home : path
        Folder of the store.
    experiment : str
        Name of the campaign.

    Returns
    -------
    Store

    Raises
    ------
    OSError
        When the folder cannot be written to, or the server does not answer or lets nobody in.
    """
    home = Path(home).resolve()
    home.mkdir(parents=True, exist_ok=True)
    mlflow = quiet_mlflow()
    uri = server_uri() or local_uri(home)
    with _quiet_migrations(), FileLock(home / "mlflow.lock", timeout=_OPENING_SECONDS):
        mlflow.set_tracking_uri(uri)
        client = mlflow.MlflowClient(uri)
        if server_uri():
            store = Store(home, uri, _server_experiment(client, experiment, whereabouts(home)))
        else:
            artifacts = (home / ARTIFACTS).as_uri()
            client.get_experiment_by_name(experiment)  # makes the database, or brings it up to this MLflow
            find_moved_files(home)
            store = Store(home, uri, _experiment(client, experiment, artifacts))
        _close_abandoned(store, client)
    return store


def _experiment(client: Any, name: str, artifacts: str | None = None) -> str:
    """Find the experiment of a campaign, make it, or bring it back if somebody deleted it in the UI."""
    found = client.get_experiment_by_name(name)
    if found is None:
        return client.create_experiment(name, artifact_location=artifacts, tags=_EXPERIMENT_TAGS)
    if found.lifecycle_stage == "deleted":
        client.restore_experiment(found.experiment_id)
    return found.experiment_id


def _server_experiment(client: Any, name: str, address: str) -> str:
    from mlflow.exceptions import MlflowException

    # A server that does not answer is told within seconds, not after MLflow's seven attempts.
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", _SERVER_ATTEMPTS)
    try:
        return _experiment(client, name)
    except MlflowException as error:
        reason = "needs a user and password, or a token" if "401" in str(error) else "does not work"
        advice = f"{SERVER_VARIABLE} names {address} as the tracking server, which {reason}"
        raise OSError(f"{advice}: {re.sub(r'//[^/@ ]*@', '//', str(error))}") from error


@contextmanager
def _quiet_migrations() -> Iterator[None]:
    """Keep the hundred lines that alembic logs when it makes a database from the user's terminal."""
    import logging

    loggers = [logging.getLogger(name) for name in ("alembic", "mlflow.store.db.utils")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def _close_abandoned(store: Store, client: Any) -> None:
    for run in client.search_runs([store.experiment_id], "attributes.status = 'RUNNING'"):
        token = run.data.tags.get(_LOCK)
        if token is None:
            continue
        path = _lock_path(store, token)
        if store.is_remote and not path.exists():
            continue  # begun on another machine, where its lock lies
        try:
            # The operating system frees a process's locks when it ends, however it ends.
            with FileLock(path, timeout=0):
                client.set_terminated(run.info.run_id, "KILLED")
        except Timeout:
            continue
        path.unlink(missing_ok=True)


def _lock_path(store: Store, token: str) -> Path:
    folder = store.home / "running"
    folder.mkdir(exist_ok=True)
    return folder / f"{token}.lock"


@contextmanager
def tracked_run(store: Store, name: str, kind: str, tags: Mapping[str, str] | None = None) -> Iterator[Run]:
    """Record what happens inside as one run: FINISHED, FAILED after an error, KILLED after an interruption.

    Parameters
    ----------
    store : Store
    name : str
        What the run is, for the list of runs.
    kind : str
        ``screen``, ``validation`` or ``round``.
    tags : mapping of str to str, optional
        Further tags to filter by.

    Yields
    ------
    mlflow.entities.Run
    """
    mlflow = quiet_mlflow()
    mlflow.set_tracking_uri(store.uri)
    token = uuid.uuid4().hex
    path = _lock_path(store, token)
    labels = {
        KIND: kind,
        VERSION: _version(),
        **({COMMIT: commit} if (commit := _commit()) else {}),
        _LOCK: token,
        **source_tags(f"lirap {kind}"),
        **(tags or {}),
    }
    try:
        with (
            FileLock(path),
            mlflow.start_run(experiment_id=store.experiment_id, run_name=name, tags=labels) as run,
        ):
            try:
                yield run
                mlflow.delete_tag(_LOCK)  # of no use to a reader once the run has ended
            except KeyboardInterrupt:
                mlflow.end_run("KILLED")
                raise
    finally:
        path.unlink(missing_ok=True)


def source_tags(name: str) -> dict[str, str]:
    """Give the tags that say what ran; MLflow by itself would record paths of this machine and a bystander's commit."""
    git = {"commit": _commit() or "", "branch": "", "repoURL": ""}
    return {
        "mlflow.source.name": name,
        "mlflow.source.type": "LOCAL",
        **{f"mlflow.source.git.{key}": value for key, value in git.items()},
    }


def _version() -> str:
    from importlib.metadata import version

    return version("lirap")


@cache
def _commit() -> str | None:
    """Name the commit of the checkout that runs, ``-dirty`` when it was edited since; None when it is no checkout."""
    import shutil
    import subprocess

    root = Path(__file__).parents[2]
    git = shutil.which("git")
    if git is None or not (root / ".git").exists():
        return None
    asked = [git, "-C", str(root), "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]
    said = subprocess.run(asked, capture_output=True, text=True, check=False)
    return said.stdout.strip() or None


def log_settings(settings: Mapping[str, Any]) -> None:
    """Log settings to the open run: short values as parameters, and all of them whole in ``settings.json``.

    Parameters
    ----------
    settings : mapping
        Values that JSON can hold.
    """
    mlflow = quiet_mlflow()
    mlflow.log_dict(dict(settings), "settings.json")
    short = {name: str(value) for name, value in settings.items()}
    mlflow.log_params({name: value for name, value in short.items() if len(value) <= LONGEST_PARAM})


def log_note(text: str) -> None:
    """Put a note on top of the open run; what is too long for it is whole in ``note.md``."""
    mlflow = quiet_mlflow()
    if len(text) > LONGEST_TAG:
        mlflow.log_text(text, "note.md")
        text = text[: LONGEST_TAG - 60] + "\n\n(cut; the whole note is in the artifact note.md)"
    mlflow.set_tag(NOTE, text)


def log_cells(cells: pd.DataFrame, name: str) -> str:
    """Log a cell table to the open run as the dataset it rests on, and whole as an artifact.

    Parameters
    ----------
    cells : pandas.DataFrame
        The cell table.
    name : str
        How the dataset is called.

    Returns
    -------
    str
        Digest of the table: 16 hexadecimal digits that change when any value does.
    """
    mlflow = quiet_mlflow()
    from mlflow.data.code_dataset_source import CodeDatasetSource

    from datasets.spreadsheets import csv_text

    digest = table_digest(cells)
    source = CodeDatasetSource(tags={"table": name})
    mlflow.log_input(mlflow.data.from_pandas(cells, source=source, name=name, digest=digest), context="training")
    mlflow.set_tag(DIGEST, digest)
    mlflow.log_text(csv_text(cells), f"{name}.csv")
    return digest


def table_digest(table: pd.DataFrame) -> str:
    """Give 16 hexadecimal digits that change when any value, row or column of a table does.

    Parameters
    ----------
    table : pandas.DataFrame

    Returns
    -------
    str
    """
    import hashlib

    return hashlib.sha256(table.to_csv(index=False).encode()).hexdigest()[:16]
