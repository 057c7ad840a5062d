"""How does a round of proposals run: learn, pick, write down, print the cards, track?"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from experiments.home import Tracked
from experiments.measured_cells import campaign_cells
from experiments.tracking.labels import measured_metrics
from experiments.tracking.screens import score_metrics

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from experiments.campaign_file import Campaign
    from experiments.ledger import Ledger, LedgerRecipe
    from experiments.measured_cells import MeasuredCells
    from experiments.proposals.drafting import Drafted, Standing
    from experiments.proposals.pool import Pool
    from experiments.proposals.prospects import Prospects
    from models.recipe_model import RecipeModel

SEEDS_A_ROUND = 1000
MOST_PROPOSALS = 100
"""More recipes than that are a screen and no round."""


@dataclass(frozen=True, kw_only=True)
class ProposedRound(Tracked):
    """A round of proposals, and where it went; ``folder`` has the recipe cards.

    Attributes
    ----------
    number : int
    ids : list of str
        R7, R8, ...
    drafted : list of Drafted
        The proposals in the same order.
    verdicts : dict of str to str
        By target: how far the predictions can be trusted.
    prospects : Prospects
        What was reached, and whether it is worth going on.
    cells : pandas.DataFrame
        The cells that it learned from.
    model : RecipeModel
        What it learned.
    """

    number: int
    ids: list[str]
    drafted: list[Drafted]
    verdicts: dict[str, str]
    prospects: Prospects
    cells: pd.DataFrame
    model: RecipeModel

    @property
    def files(self) -> dict[str, Path]:
        """The recipe cards of this round, by name."""
        return {path.name: path for name in self.ids for path in sorted(self.folder.glob(f"{name}.*"))}


@dataclass(frozen=True)
class Outcome:
    """What learning from all cells says about a campaign today.

    Attributes
    ----------
    measured : MeasuredCells
    now : Standing
    pool : Pool
        Recipes that may be proposed, the best of them densely.
    ahead : Prospects
    """

    measured: MeasuredCells
    now: Standing
    pool: Pool
    ahead: Prospects


def learn(campaign: Campaign, home: Path, earlier: Sequence[LedgerRecipe], seed: int) -> Outcome:
    """Learn from all cells of a campaign, and look for what is worth making.

    Parameters
    ----------
    campaign : Campaign
    home : pathlib.Path
    earlier : sequence of LedgerRecipe
        What was proposed before.
    seed : int

    Returns
    -------
    Outcome
    """
    from experiments.proposals.drafting import looked_ahead, searched, standing

    measured = campaign_cells(campaign, home=home)
    now = standing(campaign, measured.table, measured.options, earlier, home / "cache")
    pool = searched(campaign, now, earlier, seed)
    return Outcome(measured, now, pool, looked_ahead(now, pool, campaign.targets, seed))


def make_round(ledger: Ledger, campaign: Campaign, n: int, home: Path, command: str = "") -> ProposedRound:
    """Propose the next recipes: all of them are in the ledger before anything is said of them.

    Parameters
    ----------
    ledger : Ledger
    campaign : Campaign
    n : int
    home : pathlib.Path
    command : str
        How to repeat it, for the run.

    Returns
    -------
    ProposedRound
        Its ``run_id`` is empty until the round is tracked.
    """
    from experiments.proposals.drafting import draft
    from experiments.tracking.store import table_digest

    start = time.perf_counter()
    with ledger.turn_to_propose():
        number, earlier = len(ledger.rounds()) + 1, ledger.recipes()
        seed = campaign.random_state + SEEDS_A_ROUND * number
        found = learn(campaign, home, earlier, seed)
        table = found.measured.table
        drafted = draft(found.now, found.pool, table, campaign.targets, n, campaign.proposals, seed)
        verdicts = found.now.model.verdicts()
        made = ledger.add_round(
            [one.proposal for one in drafted],
            options={"n": n, "command": command, **round_settings(campaign)},
            summary=round_summary(campaign, found, drafted, verdicts, time.perf_counter() - start),
            cells_digest=table_digest(table),
            space=campaign.space.model_dump(mode="json"),
        )
    return ProposedRound(
        number=made.number,
        ids=made.recipes,
        drafted=drafted,
        verdicts=verdicts,
        prospects=found.ahead,
        cells=table,
        model=found.now.model,
        run_id="",
        folder=home / "cards",
        home=home,
        notes=found.measured.notes,
    )


def round_settings(campaign: Campaign) -> dict[str, Any]:
    """Collect what a round was asked under."""
    content = campaign.model_dump(mode="json", include={"targets", "gates", "model", "proposals", "random_state"})
    content["targets"] = [goal.target for goal in campaign.targets]
    return content


def round_summary(
    campaign: Campaign, found: Outcome, drafted: Sequence[Drafted], verdicts: dict[str, str], seconds: float
) -> dict[str, Any]:
    """Collect what `lirap status` and the tracked run say of a round, as JSON can hold it."""
    proposals = [
        {"label": proposal.recipe.label, "reason": proposal.reason, "gain": gain} for proposal, gain in drafted
    ]
    scores = score_metrics(found.now.model.leave_one_out())
    scores |= measured_metrics(found.measured.table, campaign.targets)
    told = {"proposals": proposals, "verdicts": verdicts, "scores": scores, "seconds": seconds}
    return {**outlook_summary(campaign, found), **told}


def outlook_summary(campaign: Campaign, found: Outcome) -> dict[str, Any]:
    """Collect what is known today: the front, what was reached by round, and the chance to beat it."""
    from datasets.cells import recipes
    from experiments.proposals.drafting import front_rows
    from screening.goals import signs

    now, rows = found.now, front_rows(found.now)
    mean = now.beliefs.posterior(now.known.features[rows])[0] * signs(campaign.targets)
    made = recipes(now.known.table.iloc[rows])
    front = [
        {
            "name": now.names[row],
            "label": recipe.label,
            **dict(zip([goal.target for goal in campaign.targets], map(float, values), strict=True)),
        }
        for row, recipe, values in zip(rows, made, mean, strict=True)
    ]
    return {"cells": len(found.measured.table), "front": front, "prospects": found.ahead.to_dict()}
