"""How do the Optuna study, the recipe cards and MLflow learn what the ledger holds, and catch up after a crash?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from datasets.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from experiments.campaign_file import Campaign
    from experiments.ledger import Ledger
    from experiments.proposals.rounds import ProposedRound


def pass_on(ledger: Ledger, campaign: Campaign, home: Path, latest: ProposedRound | None = None) -> list[str]:
    """Bring everything that shows the ledger up to date; what is so already is left alone.

    The ledger is written first and alone counts: what a killed process left undone here, the next command does.

    Parameters
    ----------
    ledger : Ledger
    campaign : Campaign
    home : pathlib.Path
    latest : ProposedRound, optional
        The round that was just made: its cells and models are tracked with it.

    Returns
    -------
    list of str
        What could not be brought up to date, and why.
    """
    from experiments.ledger.study import project
    from experiments.measured_cells import campaign_cells
    from experiments.tracking.round_results import sync_results

    steps: dict[str, Callable[[], object]] = {
        "recipe cards were": lambda: _write_cards(ledger, campaign, home),
        "Optuna study was": lambda: project(ledger, campaign.targets, campaign.space, campaign_cells(campaign).table),
        "MLflow runs were": lambda: _track(ledger, campaign, home, latest),
        "results in MLflow were": lambda: sync_results(ledger, campaign.targets, home, campaign.name),
    }
    notes = []
    for what, step in steps.items():
        try:
            step()
        except (InputError, OSError) as error:
            notes.append(f"The {what} not brought up to date; the next command tries again. {error}")
    return notes


def _write_cards(ledger: Ledger, campaign: Campaign, home: Path) -> None:
    from experiments.proposals.round_cards import cards_missing, write_round_cards

    lacking = [made for made in ledger.rounds() if cards_missing(made, home)]
    if lacking:
        recipes = {one.id: one for one in ledger.recipes([goal.target for goal in campaign.targets])}
        for made in lacking:
            write_round_cards(campaign, made, recipes, home)


def _track(ledger: Ledger, campaign: Campaign, home: Path, latest: ProposedRound | None) -> None:
    if all(made.run_id for made in ledger.rounds()):
        return
    from experiments.tracking.rounds import log_round
    from experiments.tracking.store import open_store

    store = open_store(home, campaign.name)
    # Two processes that catch up at once would track one round twice.
    with ledger.database.turn("runs"):
        for made in ledger.rounds():
            if made.run_id is None:
                newest = latest if latest and latest.number == made.number else None
                ledger.attach_run(made.number, log_round(store, campaign.name, made, home / "cards", newest))
