"""How does a screen run as a command: read what the user names, screen, write the files, track it all?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.campaign_file import Campaign
from experiments.home import Tracked, home_folder, turn_at_files
from experiments.measured_cells import campaign_cells
from experiments.repeating import repeat_text

if TYPE_CHECKING:
    import pandas as pd

    from screening.job import ScreenResult
    from screening.scoring import Progress


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

    table, options, notes = campaign_cells(campaign, cells)
    folder = home_folder(campaign.folder, home)
    files = Path(out) if out else folder / "screen"
    refuse_foreign(files, SCREEN_FILES)

    from experiments.tracking import open_store, quiet_mlflow, tracked_run
    from screening.job import screen

    mlflow = quiet_mlflow()
    store = open_store(folder, campaign.name)
    name = f"screen {short_count(len(campaign.space))} recipes, {len(table)} cells"
    with tracked_run(store, name, "screen") as run:
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
            write_screen(result, files, repeat_text(command, run.info.run_id))
            mlflow.log_artifacts(str(files))
        log_screen(campaign, result)
    return TrackedScreen(result=result, run_id=run.info.run_id, folder=files, home=folder, notes=notes)


def short_count(count: int) -> str:
    """Write a count for a title.

    Examples
    --------
    >>> short_count(3_540_881), short_count(12_600), short_count(281)
    ('3.5 M', '12.6 k', '281')
    """
    for size, letter in ((1_000_000_000, "G"), (1_000_000, "M"), (1_000, "k")):
        if count >= size:
            return f"{count / size:.1f} {letter}"
    return str(count)


def log_screen(campaign: Campaign, result: ScreenResult) -> None:
    """Log a screen to the open run: settings, numbers, data, models, candidates and a note.

    Parameters
    ----------
    campaign : Campaign
    result : ScreenResult
    """
    from experiments.tracked_models import log_models
    from experiments.tracking import log_cells, log_note, log_settings, quiet_mlflow

    mlflow = quiet_mlflow()
    log_settings(screen_settings(campaign, result))
    mlflow.log_metrics(screen_metrics(result))
    log_cells(result.cells, "cells")
    log_models(result.model, campaign.name, skills(result))
    mlflow.log_table(result.candidates.round(3), "candidates.json")
    log_note(screen_note(result))


def skills(result: ScreenResult) -> dict[str, float]:
    """Collect the skill over the mean of each target, recipes left out; NaN where it could not be tested."""
    scores = result.validation
    return {str(target): float(row.get("skill", float("nan"))) for target, row in scores.iterrows()}


def screen_settings(campaign: Campaign, result: ScreenResult) -> dict[str, Any]:
    """Collect what the screen was asked for, as parameters to compare runs by."""
    content = campaign.model_dump(mode="json", exclude={"cells", "name"})
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
        "front_size": len(result.front),
        "seconds": sum(result.seconds.values()),
    }
    best = result.best()
    if len(best):
        metrics["best_expected_gain"] = float(best["expected_gain"].iloc[0])
    for step, seconds in result.seconds.items():
        metrics[f"seconds_{step}"] = seconds
    for target, row in result.validation.iterrows():
        for name, value in row.items():
            if isinstance(value, int | float) and value == value:  # MLflow stores no missing metric
                metrics[f"{target}.{name}"] = float(value)
    return metrics


def screen_note(result: ScreenResult) -> str:
    """Say in three sentences what was screened, what came out and how far to trust it."""
    best = result.best()
    second = f" The best recipe makes about {_predicted(best.iloc[0], result)}." if len(best) else ""
    return f"{result.sentence}{second} {' '.join(result.verdicts.values())}"


def _predicted(row: pd.Series, result: ScreenResult) -> str:
    return " and ".join(
        f"{row[f'{goal.target}_mean']:.0f} {goal.column.unit} {goal.column.label} "
        f"(90 % interval {row[f'{goal.target}_low']:.0f} to {row[f'{goal.target}_high']:.0f})"
        for goal in result.goals
    )
