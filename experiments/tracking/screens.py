"""How does a screen run as a command: read what the user names, screen, write the files, track it all?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.campaign_file import Campaign
from experiments.home import Tracked, home_folder, turn_at_files
from experiments.measured_cells import campaign_cells
from experiments.tracking.labels import SCREEN, measured_metrics, screen_name, verdict_tags
from experiments.tracking.repeating import repeat_text

if TYPE_CHECKING:
    import pandas as pd

    from screening.changes import Changes
    from screening.job import ScreenResult
    from screening.scoring import Progress

_OTHERS = 4


@dataclass(frozen=True, kw_only=True)
class TrackedScreen(Tracked):
    """A screen, and where it went.

    Attributes
    ----------
    result : ScreenResult
    """

    result: ScreenResult


def tracked_screen(
    campaign: Campaign,
    *,
    cells: Sequence[str | Path] = (),
    home: str | Path | None = None,
    out: str | Path | None = None,
    n_best: int = 10,
    n_jobs: int = -1,
    command: str = "",
    progress: Progress | None = None,
) -> TrackedScreen:
    """Screen a campaign's recipes on its measured cells, write the files and record one MLflow run.

    Parameters
    ----------
    campaign : Campaign
    cells : sequence of path
        Cell tables that stand in for those of the campaign file.
    home : path, optional
        See `home_folder`.
    out : path, optional
        Where the files go; ``screen/`` in the home when left out.
    n_best, n_jobs, progress
        See `screening.screen`.
    command : str
        The command line, for the report.

    Returns
    -------
    TrackedScreen

    Raises
    ------
    datasets.errors.InputError
        Before any work is done, when something is wrong with what the user named.
    """
    from screening.files import SCREEN_FILES, refuse_foreign, write_screen

    folder = home_folder(campaign.folder, home)
    table, options, notes = campaign_cells(campaign, cells, folder)
    files = Path(out) if out else folder / "screen"
    refuse_foreign(files, SCREEN_FILES)

    from experiments.tracking.store import open_store, quiet_mlflow, tracked_run
    from screening.changes import changes
    from screening.files import earlier_screen
    from screening.job import screen
    from screening.snapshot import snapshot

    mlflow = quiet_mlflow()
    store = open_store(folder, campaign.name)
    with tracked_run(store, screen_name(len(campaign.space), len(table)), SCREEN) as run:
        result = screen(
            table,
            campaign.space,
            gates=campaign.gates,
            goals=campaign.targets,
            options=options,
            n_best=n_best,
            random_state=campaign.random_state,
            n_jobs=n_jobs,
            cache_dir=folder / "cache",
            progress=progress,
        )
        with turn_at_files(folder):
            earlier = earlier_screen(files)
            write_screen(result, files, repeat_text(command, run.info.run_id))
            mlflow.log_artifacts(str(files))
        log_screen(campaign, result, changes(earlier, snapshot(result)) if earlier else None)
    return TrackedScreen(result=result, run_id=run.info.run_id, folder=files, home=folder, notes=notes)


def log_screen(campaign: Campaign, result: ScreenResult, since: Changes | None = None) -> None:
    """Log a screen to the open run: settings, numbers, tags, data, models, candidates and a note.

    Parameters
    ----------
    campaign : Campaign
    result : ScreenResult
    since : Changes, optional
        What differs from the screen before.
    """
    from experiments.tracking.models import log_models, skills
    from experiments.tracking.store import log_cells, log_note, log_settings, quiet_mlflow

    mlflow = quiet_mlflow()
    log_settings(screen_settings(campaign, result))
    mlflow.log_metrics(screen_metrics(result))
    mlflow.set_tags(verdict_tags(result.verdicts))
    log_cells(result.cells, "cells")
    log_models(result.model, campaign.name, skills(result.validation))
    mlflow.log_table(result.candidates.round(3), "candidates.json")
    log_note(screen_note(result, since))


def screen_settings(campaign: Campaign, result: ScreenResult) -> dict[str, Any]:
    """Collect what the screen was asked for, as parameters to compare runs by."""
    content = campaign.model_dump(mode="json", exclude={"cells", "name", "proposals", "cards"})
    space = {f"space.{key}": value for key, value in content.pop("space").items()}
    gates = {f"gates.{key}": value for key, value in content.pop("gates").items()}
    model = {f"model.{key}": value for key, value in content.pop("model").items()}
    content["targets"] = [goal.target for goal in campaign.targets]
    return {**content, **space, **gates, **model, "features": len(result.model.featurizer_.get_feature_names_out())}


def screen_metrics(result: ScreenResult) -> dict[str, float]:
    """Collect the numbers of a screen, as metrics to compare runs by."""
    metrics: dict[str, float] = {
        "recipes_scored": result.n_recipes,
        "recipes_passed": result.n_passed,
        "cells": len(result.cells),
        **measured_metrics(result.cells, result.goals),
        "front_size": len(result.front),
        "seconds": sum(result.seconds.values()),
    }
    best = result.best()
    if len(best):
        metrics["best_expected_gain"] = float(best["expected_gain"].iloc[0])
    for step, seconds in result.seconds.items():
        metrics[f"seconds_{step}"] = seconds
    return metrics | score_metrics(result.validation)


def score_metrics(scores: pd.DataFrame) -> dict[str, float]:
    """Name the scores of each target, recipes left out; MLflow stores no missing metric."""
    return {
        f"{target}.{name}": float(value)
        for target, row in scores.iterrows()
        for name, value in row.items()
        if isinstance(value, int | float) and value == value
    }


def screen_note(result: ScreenResult, since: Changes | None = None) -> str:
    """Say in Markdown what to make next, why, how sure the model is, what it rests on and what is new.

    Parameters
    ----------
    result : ScreenResult
    since : Changes, optional
        What differs from the screen before.

    Returns
    -------
    str
    """
    parts = {
        "Make next": _next(result),
        "How sure": "\n".join(f"- {verdict}" for verdict in result.verdicts.values()),
        "What moves the targets": "\n".join(
            f"- {one.goal.column.label}: {one.sentence}" for one in result.explanations
        ),
        "Rests on": _rests_on(result),
        "What is new": since.sentence if since else "The first screen here: there is none to compare it with.",
    }
    named = "\n\n".join(f"**{name}**\n\n{plain(text)}" for name, text in parts.items())
    return f"{named}\n\nThe whole report, with the picture, is `report.html` among the artifacts."


def plain(text: str) -> str:
    r"""Keep the names in a text from being read as HTML, links or pictures in a note.

    Examples
    --------
    >>> plain("sample <b>, ![x](http://example.org)")
    'sample &lt;b>, !\\[x](http://example.org)'
    """
    return text.replace("<", "&lt;").replace("[", "\\[")


def _next(result: ScreenResult) -> str:
    from screening.report import gain_unit

    best = result.best()
    if not len(best):
        return "Nothing: no recipe passed the gates."
    first = best.iloc[0]
    nearest = f"nearest measured cell {first['nearest_cell']}, {first['distance']:.1f} steps away"
    gain = f"{first['expected_gain']:.1f} {gain_unit(result)}"
    others = "; ".join(best["label"].iloc[1:_OTHERS])
    return (
        f"{first['label']}: {_predicted(first, result)}. It leads the {result.n_passed:,} of {result.n_recipes:,} "
        f"recipes that passed the gates by what it may be expected to gain over those measured ({gain}); {nearest}."
        + (f" Next in line: {others}." if others else "")
    )


def _predicted(row: pd.Series, result: ScreenResult) -> str:
    from screening.report import belief

    return "; ".join(
        f"{row[f'{goal.target}_mean']:.0f} {goal.column.unit} {goal.column.label} "
        f"(90 % interval {row[f'{goal.target}_low']:.0f} to {row[f'{goal.target}_high']:.0f}; the model alone believes "
        f"{belief(row, goal)})"
        for goal in result.goals
    )


def _rests_on(result: ScreenResult) -> str:
    from datasets.cells import recipes

    sources = ", ".join(str(source) for source in result.cells["source"].dropna().unique())
    n_recipes = len(set(recipes(result.cells)))
    named = f" from {sources}" if sources else ""
    counts = f"{len(result.cells)} cells of {n_recipes} recipe{'s' * (n_recipes != 1)}"
    return f"{counts}{named}: `cells.csv` among the artifacts."
