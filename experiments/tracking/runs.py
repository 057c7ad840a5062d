"""Which runs were tracked, and which of them may go?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from filelock import FileLock

from datasets.errors import InputError, Problem, nearest
from experiments.home import home_folder
from experiments.tracking.labels import MODELS, SCREEN, SCREEN_RUN, VALIDATION, VERDICT
from experiments.tracking.moved import ARTIFACTS, DATABASE
from screening.tables import Column, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from experiments.campaign_file import Campaign
    from experiments.tracking.store import Store

KEPT_RUNS = 50
PRUNED_KINDS = (SCREEN, VALIDATION)
"""The kinds of runs that may be removed; a campaign round never is."""

LATEST, PREVIOUS = "latest", "previous"
_MODELS = "models"
_SHORT_ID = 8
_PAGE = 1000


@dataclass(frozen=True)
class TrackedRun:
    """One run, as far as a list shows it.

    Attributes
    ----------
    run_id, name, kind, status : str
    started : datetime.datetime
        With its time zone.
    seconds : float or None
        How long it took; None while it goes on.
    verdicts : dict of str to str
        By target: how far its predictions can be trusted.
    cells_digest : str
        Of the cell table that it rests on.
    metrics : dict of str to float
    rests_on : list of str
        Runs and registered models that a round used.
    """

    run_id: str
    name: str
    kind: str
    status: str
    started: datetime
    seconds: float | None
    verdicts: dict[str, str]
    cells_digest: str
    metrics: dict[str, float]
    rests_on: list[str]

    @property
    def short_id(self) -> str:
        """The beginning of its id, which names it as well."""
        return self.run_id[:_SHORT_ID]


class Pruned(NamedTuple):
    """What pruning removes, or would remove.

    Attributes
    ----------
    removed : list of TrackedRun
        The newest first.
    kept : dict of str to str
        By the id of each older run that stays: why.
    n_bytes : int
        On the disk; 0 on a tracking server, which frees its own.
    done : bool
        Whether it was done.
    """

    removed: list[TrackedRun]
    kept: dict[str, str]
    n_bytes: int
    done: bool

    @property
    def sentence(self) -> str:
        """Say what goes and what stays."""
        verb = "Removed" if self.done else "To be removed"
        freed = f", {self.n_bytes / 1e6:,.1f} MB" if self.n_bytes else ""
        stays = f" Older, but kept: {len(self.kept)}." if self.kept else ""
        return f"{verb}: {len(self.removed)} run{'s' * (len(self.removed) != 1)}{freed}.{stays}"


def existing_store(campaign: Campaign, home: str | Path | None = None) -> Store:
    """Open the tracking store of a campaign, and make none where there is none.

    Parameters
    ----------
    campaign : Campaign
    home : path, optional
        See `experiments.home.home_folder`.

    Returns
    -------
    experiments.tracking.store.Store

    Raises
    ------
    datasets.errors.InputError
        When nothing was tracked in the home yet.
    """
    from experiments.tracking.store import open_store, server_uri

    folder = home_folder(campaign.folder, home)
    if server_uri() is None and not (folder / DATABASE).is_file():
        expected = "the folder of runs that were tracked; lirap screen makes one, --home names another"
        raise InputError(folder, [Problem("", "no runs", expected)])
    return open_store(folder, campaign.name)


def runs(campaign: Campaign, *, home: str | Path | None = None) -> list[TrackedRun]:
    """List what a campaign tracked, the newest first.

    Parameters
    ----------
    campaign : Campaign
    home : path, optional
        See `experiments.home.home_folder`.

    Returns
    -------
    list of TrackedRun

    Raises
    ------
    datasets.errors.InputError
        When nothing was tracked in the home yet.
    """
    return listed(existing_store(campaign, home))


def listed(store: Store, deleted: bool = False) -> list[TrackedRun]:
    """List the runs in an opened store, or those that somebody deleted in the UI, the newest first."""
    import mlflow
    from mlflow.entities import ViewType

    client = mlflow.MlflowClient(store.uri)
    view = ViewType.DELETED_ONLY if deleted else ViewType.ACTIVE_ONLY
    pages = _pages(client.search_runs, [store.experiment_id], run_view_type=view)
    return [_tracked(run) for run in pages]


def _pages(search: Callable[..., Any], *asked: Any, **how: Any) -> Iterator[Any]:
    """Go through all pages of what MLflow's client finds."""
    token = None
    while token != "":
        page = search(*asked, **how, max_results=_PAGE, page_token=token)
        yield from page
        token = page.token or ""


def _tracked(run: Any) -> TrackedRun:
    from experiments.tracking.store import DIGEST, KIND

    tags = run.data.tags
    ended = run.info.end_time
    return TrackedRun(
        run_id=run.info.run_id,
        name=run.info.run_name,
        kind=tags.get(KIND, ""),
        status=run.info.status,
        started=datetime.fromtimestamp(run.info.start_time / 1000, UTC),
        seconds=(ended - run.info.start_time) / 1000 if ended else None,
        verdicts={name.removeprefix(f"{VERDICT}."): tags[name] for name in tags if name.startswith(f"{VERDICT}.")},
        cells_digest=tags.get(DIGEST, ""),
        metrics=dict(run.data.metrics),
        rests_on=f"{tags.get(SCREEN_RUN, '')} {tags.get(MODELS, '')}".split(),
    )


def runs_table(shown: Sequence[TrackedRun], title: str = "Runs") -> Table:
    """Write runs for people.

    Parameters
    ----------
    shown : sequence of TrackedRun
    title : str

    Returns
    -------
    screening.tables.Table
    """
    columns = [Column("run"), Column("started (UTC)"), Column("name"), Column("status"), Column("seconds", True)]
    columns += [Column("best gain", True), Column("how far to trust it"), Column("cells")]
    rows = [
        [
            run.short_id,
            f"{run.started:%Y-%m-%d %H:%M}",
            run.name,
            run.status,
            "" if run.seconds is None else f"{run.seconds:.0f}",
            f"{run.metrics['best_expected_gain']:.1f}" if "best_expected_gain" in run.metrics else "",
            "; ".join(dict.fromkeys(run.verdicts.values())),
            run.cells_digest[:_SHORT_ID],
        ]
        for run in shown
    ]
    caption = (
        "Cells: digest of the cell table, by which equal tables are known. A run is named by the beginning of its id."
    )
    return Table(title, caption, columns, rows)


def find_run(shown: Sequence[TrackedRun], which: str) -> TrackedRun:
    """Find a run by its id or the beginning of it, by its name, or as the latest or the previous screen.

    Parameters
    ----------
    shown : sequence of TrackedRun
        The newest first.
    which : str

    Returns
    -------
    TrackedRun

    Raises
    ------
    datasets.errors.InputError
        When there is none, or more than one.
    """
    screens = [run for run in shown if run.kind == SCREEN and run.status == "FINISHED"]
    if which in (LATEST, PREVIOUS):
        place = (LATEST, PREVIOUS).index(which)
        if len(screens) <= place:
            expected = f"{place + 1} finished screen{'s' * (place > 0)} at least; there are {len(screens)}"
            raise InputError("runs", [Problem("", which, expected)])
        return screens[place]
    found = [run for run in shown if run.run_id.startswith(which)] or [run for run in shown if run.name == which]
    if len(found) == 1:
        return found[0]
    if found:
        ids = ", ".join(run.short_id for run in found)
        raise InputError("runs", [Problem("", which, f"one run by its id, not several of that name: {ids}")])
    known = [name for run in shown for name in (run.short_id, run.name)]
    raise InputError("runs", [Problem("", which, f"a run that lirap runs lists{nearest(which, known)}")])


def prune(campaign: Campaign, *, home: str | Path | None = None, keep: int = KEPT_RUNS, really: bool = False) -> Pruned:
    """Remove old screens and validations with their files and models, or say what would go.

    The newest of each kind are kept, and so is what still matters: what goes on, the run whose model is champion, and
    each screen that a campaign round rests on. A campaign round is never removed. On a tracking server, runs are only
    marked as deleted there; ``mlflow gc`` of whoever keeps it frees the disk.

    Parameters
    ----------
    campaign : Campaign
    home : path, optional
        See `experiments.home.home_folder`.
    keep : int
        How many of each kind.
    really : bool
        Remove them; otherwise only say what would go.

    Returns
    -------
    Pruned

    Raises
    ------
    datasets.errors.InputError
        When nothing was tracked in the home yet, or fewer than none are to be kept.
    """
    if keep < 0:
        raise InputError("--keep", [Problem("", keep, "0 or more")])
    store = existing_store(campaign, home)
    with FileLock(store.home / "mlflow.lock"):
        shown = listed(store)
        reasons = _still_needed(store, shown)
        old = [run for kind in PRUNED_KINDS for run in [one for one in shown if one.kind == kind][keep:]]
        # The files of what was deleted in the UI are still there.
        old += [] if store.is_remote else [run for run in listed(store, deleted=True) if run.kind in PRUNED_KINDS]
        old.sort(key=lambda run: run.started, reverse=True)
        removed = [run for run in old if run.run_id not in reasons]
        kept = {run.run_id: reasons[run.run_id] for run in old if run.run_id in reasons}
        n_bytes = sum(_size(folder) for run in removed for folder in _folders(store, run.run_id))
        if really:
            _remove(store, [run.run_id for run in removed])
    return Pruned(removed, kept, n_bytes, really)


def _still_needed(store: Store, shown: Sequence[TrackedRun]) -> dict[str, str]:
    """Tell by run id why a run stays however old it is."""
    import mlflow

    client = mlflow.MlflowClient(store.uri)
    needed = {run.run_id: "it goes on" for run in shown if run.status == "RUNNING"}
    versions = _pages(client.search_model_versions)
    made = {f"models:/{one.name}/{one.version}": one.run_id for one in versions}
    for run in shown:
        if run.kind not in PRUNED_KINDS:
            needed |= {made.get(used, used): f"{run.name} rests on it" for used in run.rests_on}
    for model in _pages(client.search_registered_models):
        for alias, version in model.aliases.items():
            needed[made.get(f"models:/{model.name}/{version}", "")] = f"its model is {alias} of {model.name}"
    return needed


def _model_ids(store: Store, run_id: str) -> list[str]:
    import mlflow

    client = mlflow.MlflowClient(store.uri)
    return [one.model_id for one in client.search_logged_models([store.experiment_id], f"source_run_id = '{run_id}'")]


def _folders(store: Store, run_id: str) -> list[Path]:
    """Find the folders of a run and of its models, which lie directly in two folders of the home."""
    if store.is_remote:
        return []
    root = store.home / ARTIFACTS
    models = root / _MODELS
    asked = [(root, run_id), *((models, model_id) for model_id in _model_ids(store, run_id))]
    # An id is whatever the database says: nothing outside of these two folders is ever removed, and neither are they.
    whole = {root, models}
    places = [folder / name for folder, name in asked if (folder / name).resolve().parent == folder]
    return [place for place in places if place.is_dir() and not place.is_symlink() and place.resolve() not in whole]


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _remove(store: Store, run_ids: Sequence[str]) -> None:
    """Remove runs, each so that one that a crash leaves half removed goes the next time."""
    import shutil

    import mlflow
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    client = mlflow.MlflowClient(store.uri)
    rows = None if store.is_remote else SqlAlchemyStore(store.uri, (store.home / ARTIFACTS).as_uri())
    for run_id in run_ids:
        for version in _pages(client.search_model_versions, f"run_id = '{run_id}'"):
            client.delete_model_version(version.name, version.version)
        for folder in _folders(store, run_id):
            shutil.rmtree(folder)
        models = _model_ids(store, run_id)
        if rows is None:
            client.delete_run(run_id)
            continue
        # MLflow's client only marks rows as deleted; `mlflow gc` takes them out in just this way.
        for model_id in models:
            rows._hard_delete_logged_model(model_id)
        rows._hard_delete_run(run_id)
