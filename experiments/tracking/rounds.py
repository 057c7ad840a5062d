"""How is a round of proposals kept in MLflow?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from experiments.ledger import Round
    from experiments.proposals.rounds import ProposedRound
    from experiments.tracking.store import Store

NUMBER = "lirap.round"
"""Tag with the number of the round, by which its run is found again."""


def log_round(store: Store, campaign: str, made: Round, cards: Path, latest: ProposedRound | None = None) -> str:
    """Record a round as one run, from what the ledger holds of it; a run that is there already is left alone.

    Parameters
    ----------
    store : Store
    campaign : str
        Its name.
    made : Round
    cards : pathlib.Path
        Folder with the recipe cards.
    latest : ProposedRound, optional
        With its cells and models, which are tracked too; left out when the round is tracked later than it was made.

    Returns
    -------
    str
        Id of the run.
    """
    from experiments.tracking.labels import ROUND, SCREEN_RUN, round_name, verdict_tags
    from experiments.tracking.models import log_models, skills
    from experiments.tracking.store import DIGEST, log_cells, log_note, log_settings, quiet_mlflow, tracked_run

    mlflow = quiet_mlflow()
    client = mlflow.MlflowClient(store.uri)
    asked = f"tags.`{NUMBER}` = '{made.number}' and attributes.status = 'FINISHED'"
    found = client.search_runs([store.experiment_id], asked)
    if found:
        return str(found[0].info.run_id)
    with tracked_run(store, round_name(made.number, made.recipes), ROUND, {NUMBER: str(made.number)}) as run:
        log_settings(dict(made.options))
        mlflow.log_metrics(round_metrics(made.summary))
        mlflow.set_tags({DIGEST: made.cells_digest, **verdict_tags(made.summary["verdicts"])})
        if screens := screens_on(store, made.cells_digest):
            mlflow.set_tag(SCREEN_RUN, screens[0].info.run_id)
        if latest is not None:
            log_cells(latest.cells, "cells")
            log_models(latest.model, campaign, skills(latest.model.leave_one_out()))
        mlflow.log_dict(made.summary, "summary.json")
        for path in (path for name in made.recipes for path in sorted(cards.glob(f"{name}.*"))):
            mlflow.log_artifact(str(path), "cards")
        log_note(round_note(made))
    return str(run.info.run_id)


def screens_on(store: Store, cells_digest: str) -> list[Any]:
    """Find the runs of screens on the same cells, the latest first."""
    from experiments.tracking.labels import SCREEN
    from experiments.tracking.store import DIGEST, KIND, quiet_mlflow

    asked = f"tags.`{DIGEST}` = '{cells_digest}' and tags.`{KIND}` = '{SCREEN}' and attributes.status = 'FINISHED'"
    return list(quiet_mlflow().MlflowClient(store.uri).search_runs([store.experiment_id], asked))


def round_metrics(summary: Mapping[str, Any]) -> dict[str, float]:
    """Collect the numbers of a round, to compare rounds by."""
    reached = summary["prospects"]["reached"][-1]
    volumes = {"hypervolume": reached["median"], "hypervolume_low": reached["low"], "hypervolume_high": reached["high"]}
    metrics = {
        **summary["scores"],
        **volumes,
        "recipes_measured": reached["recipes"],
        "cells": summary["cells"],
        "chance_to_beat_front": summary["prospects"]["chance"],
        "proposals": len(summary["proposals"]),
        "seconds": summary["seconds"],
    }
    gains = [one["gain"] for one in summary["proposals"]]
    return {**metrics, "best_expected_gain": max(gains, default=0.0)}


def round_note(made: Round) -> str:
    """Say in Markdown what to make next and why, how sure the model is, what it rests on and whether to go on."""
    summary = made.summary
    pairs = zip(made.recipes, summary["proposals"], strict=True)
    reached = summary["prospects"]["reached"][-1]
    parts = {
        "Make next": "\n".join(f"- {name}, {one['label']}: {one['reason']}." for name, one in pairs),
        "How sure": "\n".join(f"- {verdict}" for verdict in summary["verdicts"].values()),
        "Rests on": f"{summary['cells']} cells of {reached['recipes']} recipes: `cells.csv` among the artifacts.",
        "Going on": summary["prospects"]["sentence"],
    }
    named = "\n\n".join(f"**{name}**\n\n{text}" for name, text in parts.items())
    return f"{named}\n\nAmong the artifacts: a card for each recipe in `cards`, what was measured in `results.csv`."
