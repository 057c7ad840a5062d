"""What does a proposal rest on, and what became of it?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datasets.errors import InputError, Problem, nearest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from experiments.campaign_file import Campaign
    from experiments.ledger import Ledger, LedgerRecipe, Round


def lineage_of(ledger: Ledger, campaign: Campaign, home: Path, recipe: str) -> dict[str, Any]:
    """Tell what a proposal rests on, and what became of it, as `experiments.campaign.lineage` says."""
    recipes = ledger.recipes([goal.target for goal in campaign.targets])
    one = _found(recipes, recipe.strip().upper())
    rounds = ledger.rounds()
    made = [each for each in rounds if one.id in each.recipes]
    first = made[0]
    return {
        "recipe": one.id,
        "label": one.recipe.label,
        "state": one.state,
        "proposed": f"round {first.number}, {first.at:%Y-%m-%d %H:%M} UTC",
        "why": one.reason,
        "predicted": one.prediction,
        "nearest_cells_then": [f"{each['cell']}, {each['distance']:.1f} steps" for each in one.nearest],
        "run_of_the_round": first.run_id or "not tracked yet",
        "cells_learned_from": first.summary["cells"],
        "digest_of_those_cells": first.cells_digest,
        **_tracked(campaign, home, first),
        "proposed_again_in": [f"round {each.number}" for each in made[1:]] or "no other round",
        "cells_since": [_cell(each) for each in one.cells] or "none",
        "learned_from_by": _later_rounds(rounds, one) or "no round yet",
    }


def _found(recipes: Sequence[LedgerRecipe], name: str) -> LedgerRecipe:
    by_id = {one.id: one for one in recipes}
    if name not in by_id:
        known = f"one of {', '.join(by_id)}{nearest(name, by_id)}" if by_id else "a recipe; none was proposed yet"
        raise InputError("--recipe", [Problem("", name, known)])
    return by_id[name]


def _cell(cell: Any) -> str:
    values = ", ".join(f"{name} {value}" for name, value in cell.values.items())
    return f"{cell.id}: {values}{f', taken back: {cell.because}' if cell.retracted else ''}"


def _later_rounds(rounds: Sequence[Round], one: LedgerRecipe) -> list[str]:
    if not one.usable:
        return []
    since = min(cell.at for cell in one.usable)
    return [f"round {each.number}" for each in rounds if each.at > since]


def _tracked(campaign: Campaign, home: Path, made: Round) -> dict[str, Any]:
    """Find the screens on the same cells, and the models of the round, where they are tracked."""
    if not (home / "mlflow.db").is_file() or made.run_id is None:
        return {}
    from experiments.tracking.labels import MODELS
    from experiments.tracking.rounds import screens_on
    from experiments.tracking.store import open_store, quiet_mlflow

    store = open_store(home, campaign.name)
    tags = quiet_mlflow().MlflowClient(store.uri).get_run(made.run_id).data.tags
    names = [f"{run.info.run_name} ({run.info.run_id})" for run in screens_on(store, made.cells_digest)]
    models = tags.get(MODELS, "").split()
    return {"models": models or "none", "screens_on_the_same_cells": names or "none"}
