"""What differs between two screens that were tracked?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from datasets.errors import InputError, Problem
from experiments.home import home_folder
from experiments.tracking.labels import SCREEN
from experiments.tracking.runs import LATEST, PREVIOUS, TrackedRun, existing_store, find_run, listed
from screening.tables import Column, Table

if TYPE_CHECKING:
    from experiments.campaign_file import Campaign
    from experiments.tracking.store import Store
    from screening.changes import Changes
    from screening.snapshot import Snapshot

PAGE = "compare.html"

_NUMBERS = {
    "recipes_scored": ("recipes scored", "{:,.0f}"),
    "recipes_passed": ("recipes that passed the gates", "{:,.0f}"),
    "cells": ("measured cells", "{:.0f}"),
    "front_hypervolume": ("area that the measured front dominates", "{:,.0f}"),
    "front_size": ("recipes on the front of the model's means", "{:.0f}"),
    "best_expected_gain": ("best expected gain", "{:.1f}"),
    "seconds": ("seconds", "{:.0f}"),
}


@dataclass(frozen=True)
class Comparison:
    """Two screens side by side.

    Attributes
    ----------
    before, after : TrackedRun
    changes : Changes
    page : pathlib.Path
        One file that needs no other and no network.
    """

    before: TrackedRun
    after: TrackedRun
    changes: Changes
    page: Path


def compare(
    campaign: Campaign,
    before: str = PREVIOUS,
    after: str = LATEST,
    *,
    home: str | Path | None = None,
    out: str | Path | None = None,
) -> Comparison:
    """Compare two screens by what their runs hold, and write it as a page.

    Parameters
    ----------
    campaign : Campaign
    before, after : str
        See `experiments.tracking.runs.find_run`.
    home : path, optional
        See `experiments.home.home_folder`.
    out : path, optional
        The page; ``compare.html`` in the home when left out.

    Returns
    -------
    Comparison

    Raises
    ------
    datasets.errors.InputError
        When there is no such run, it is no screen, or it lacks the files to compare it by.
    """
    from screening.changes import changes

    store = existing_store(campaign, home)
    shown = listed(store)
    old, new = _screen(find_run(shown, before)), _screen(find_run(shown, after))
    found = changes(read_run(store, old), read_run(store, new))
    page = Path(out) if out else home_folder(campaign.folder, home) / PAGE
    _write(page, comparison_html(old, new, found))
    return Comparison(old, new, found, page)


def _screen(run: TrackedRun) -> TrackedRun:
    if run.kind != SCREEN:
        raise InputError("runs", [Problem("", run.name, f"a screen, not a {run.kind or 'run of another program'}")])
    return run


def read_run(store: Store, run: TrackedRun) -> Snapshot:
    """Read what the run of a screen holds.

    Parameters
    ----------
    store : experiments.tracking.store.Store
    run : TrackedRun

    Returns
    -------
    screening.snapshot.Snapshot

    Raises
    ------
    datasets.errors.InputError
        When a file is missing, as in runs of earlier versions, or is not what a screen writes.
    """
    from tempfile import TemporaryDirectory

    import mlflow

    from screening.snapshot import SNAPSHOT_FILES, read_snapshot

    client = mlflow.MlflowClient(store.uri)
    there = {each.path for each in client.list_artifacts(run.run_id)}
    with TemporaryDirectory() as folder:
        for name in there.intersection(SNAPSHOT_FILES):
            client.download_artifacts(run.run_id, name, folder)
        try:
            return read_snapshot(folder)
        except InputError as error:
            raise InputError(f"run {run.short_id}, {run.name}", error.problems) from error


def comparison_html(before: TrackedRun, after: TrackedRun, found: Changes) -> str:
    """Write a comparison as one page that needs no other file and no network.

    Parameters
    ----------
    before, after : TrackedRun
    found : Changes

    Returns
    -------
    str
        HTML.
    """
    from screening.page import page_html

    return page_html(
        PAGE,
        package="experiments.tracking",
        title=f"{before.name} and {after.name}: what differs",
        sentence=found.sentence,
        tables=[side_by_side(before, after), *found.tables()],
    )


def side_by_side(before: TrackedRun, after: TrackedRun) -> Table:
    """Write the numbers and verdicts of two screens beside each other.

    Parameters
    ----------
    before, after : TrackedRun

    Returns
    -------
    screening.tables.Table
    """
    pair = (before, after)
    rows = [
        ["run", *(run.short_id for run in pair)],
        ["name", *(run.name for run in pair)],
        ["started (UTC)", *(f"{run.started:%Y-%m-%d %H:%M}" for run in pair)],
        ["cell table", *(run.cells_digest for run in pair)],
    ]
    rows += [
        [words, *(form.format(run.metrics[name]) if name in run.metrics else "" for run in pair)]
        for name, (words, form) in _NUMBERS.items()
        if any(name in run.metrics for run in pair)
    ]
    targets = dict.fromkeys([*before.verdicts, *after.verdicts])
    rows += [[target, *(run.verdicts.get(target, "") for run in pair)] for target in targets]
    caption = "Equal digests of the cell table: equal tables. At the end, how far to trust the predictions."
    return Table("The two screens", caption, [Column("what"), Column("before"), Column("after")], rows)


def _write(page: Path, text: str) -> None:
    whole = page.with_name(f".{page.name}.new")
    whole.write_text(text, encoding="utf-8")
    whole.replace(page)
