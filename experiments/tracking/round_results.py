"""What did the recipes of a round measure, as its MLflow run shows it?"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from experiments.ledger.nouns import LedgerRecipe, Round
from experiments.ledger.store import note_passed_on, passed_on

if TYPE_CHECKING:
    from experiments.ledger import Ledger
    from screening.goals import Goal

RESULTS = "results.csv"
TAG = "lirap.results"
BEST = "best_"
"""Begins the name of a metric: the best mean of a target among the recipes of the round."""

_GONE = "RESOURCE_DOES_NOT_EXIST"


class Results(NamedTuple):
    """What a round measured so far.

    Attributes
    ----------
    run_id : str
        Its MLflow run.
    sentence : str
        How far it is.
    table : str
        All cells of its recipes as CSV.
    best : dict of str to float
        The best mean of each target; NaN where none is measured.
    """

    run_id: str
    sentence: str
    table: str
    best: dict[str, float]

    @property
    def digest(self) -> str:
        """Change when anything in it does."""
        import hashlib

        return hashlib.sha256(repr(self).encode()).hexdigest()[:16]


def sync_results(ledger: Ledger, goals: Sequence[Goal], home: Path, experiment: str) -> int:
    """Put what was measured on the MLflow runs of the rounds that proposed it, where that changed.

    A run that somebody deleted is passed over. A crash before the end is made good by the next call.

    Parameters
    ----------
    ledger : Ledger
    goals : sequence of Goal
    home : pathlib.Path
        Folder of the tracking store, which is opened only when a run is not up to date.
    experiment : str
        Name of the campaign.

    Returns
    -------
    int
        How many runs were not up to date.

    Raises
    ------
    OSError
        When the store cannot be written to.
    """
    if not _changed(ledger, goals):
        return 0
    from experiments.tracking.store import open_store

    store = open_store(home, experiment)
    with ledger.database.turn("runs"):
        changed = _changed(ledger, goals)  # another process may have been here in between
        for one in changed:
            _show(store.uri, one)
            with ledger.database.writing() as connection:
                note_passed_on(connection, _what(one), one.digest)
    return len(changed)


def _changed(ledger: Ledger, goals: Sequence[Goal]) -> list[Results]:
    recipes = {recipe.id: recipe for recipe in ledger.recipes([goal.target for goal in goals])}
    rounds = [one for one in ledger.rounds() if one.run_id is not None]
    found = [_results(one, [recipes[name] for name in dict.fromkeys(one.recipes)], goals) for one in rounds]
    with ledger.database.reading() as connection:
        if connection is None:
            return []
        told = {one.run_id: passed_on(connection, _what(one)) for one in found}
    untouched = {
        str(one.run_id)
        for one in rounds
        if not any(recipes[name].cells or recipes[name].because for name in one.recipes)
    }
    return [
        one
        for one in found
        if told[one.run_id] != one.digest and not (told[one.run_id] is None and one.run_id in untouched)
    ]


def _what(results: Results) -> str:
    return f"run {results.run_id}"


def _results(one: Round, recipes: Sequence[LedgerRecipe], goals: Sequence[Goal]) -> Results:
    measured = sum(recipe.state == "measured" for recipe in recipes)
    n_cells = sum(len(recipe.usable) for recipe in recipes)
    sentence = f"{measured} of {len(recipes)} recipes measured, {n_cells} usable cell{'s' if n_cells != 1 else ''}"
    means = [recipe.means([goal.target for goal in goals]) for recipe in recipes]
    best = {
        goal.target: goal.sign
        * max((goal.sign * own[goal.target] for own in means if goal.target in own), default=math.nan)
        for goal in goals
    }
    return Results(str(one.run_id), sentence, _table(recipes), best)


def _table(recipes: Iterable[LedgerRecipe]) -> str:
    import pandas as pd

    from datasets.spreadsheets import csv_text
    from experiments.ledger.nouns import RECORDED_COLUMNS

    rows: list[dict[str, Any]] = []
    for recipe in recipes:
        own = {"recipe_id": recipe.id, "state": recipe.state, "rejected_because": recipe.because}
        rows += [{**own, "cell_id": cell.id, **cell.values, "retracted_because": cell.because} for cell in recipe.cells]
        if not recipe.cells:
            rows.append(own)
    first = ["recipe_id", "cell_id", "state"]
    table = pd.DataFrame(rows, columns=[*first, *RECORDED_COLUMNS, "retracted_because", "rejected_because"])
    kept = [name for name in table if name in first or table[name].replace("", None).notna().any()]
    return csv_text(table[kept])


def _show(uri: str, results: Results) -> None:
    from mlflow import MlflowClient
    from mlflow.entities import Metric, RunTag
    from mlflow.exceptions import MlflowException

    client = MlflowClient(uri)
    now = int(1000 * time.time())
    metrics = [Metric(BEST + target, value, now, 0) for target, value in results.best.items()]
    try:
        if client.get_run(results.run_id).info.lifecycle_stage == "deleted":
            return
        client.log_text(results.run_id, results.table, RESULTS)
        client.log_batch(results.run_id, metrics=metrics, tags=[RunTag(TAG, results.sentence)])
    except MlflowException as error:
        if error.error_code != _GONE:
            raise OSError(f"The MLflow run {results.run_id} cannot be written to: {error}") from error
