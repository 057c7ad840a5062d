"""Which recipe cards does a round leave?"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datasets.columns import TARGETS

if TYPE_CHECKING:
    from experiments.campaign_file import Campaign
    from experiments.ledger import LedgerRecipe, Proposed, Round


def write_round_cards(campaign: Campaign, made: Round, recipes: Mapping[str, LedgerRecipe], home: Path) -> list[Path]:
    """Write the cards of a round from what the ledger holds of it.

    Parameters
    ----------
    campaign : Campaign
        How much is made at once.
    made : Round
    recipes : mapping of str to LedgerRecipe
        By id.
    home : pathlib.Path

    Returns
    -------
    list of pathlib.Path
        ``cards/R7.html``, ``cards/R7.json`` and so on.
    """
    from experiments.cards import recipe_card, write_cards

    cards = [
        recipe_card(
            one.recipe,
            recipes[one.recipe].recipe,
            campaign.cards,
            predictions={target: _predicted(target, each) for target, each in one.prediction.items()},
            reason=one.reason,
            nearest=one.nearest,
            note=_note(one, recipes[one.recipe]),
            first_cell=len(recipes[one.recipe].cells) + 1 if one.is_replicate else 1,
            cache_dir=home / "cache",
        )
        for one in made.proposals
    ]
    return write_cards(cards, home / "cards")


def cards_missing(made: Round, home: Path) -> bool:
    """Tell whether a card of a round is not there, because it was never written or was thrown away."""
    return not all((home / "cards" / f"{name}.html").is_file() for name in made.recipes)


def _predicted(target: str, prediction: Mapping[str, Any]) -> dict[str, Any]:
    numbers = {name: prediction[name] for name in ("mean", "low", "high")}
    return {"label": TARGETS[target].label, "unit": TARGETS[target].unit, **numbers}


def _note(one: Proposed, recipe: LedgerRecipe) -> str:
    if not one.is_replicate:
        return ""
    made = ", ".join(cell.id for cell in recipe.cells)
    return f"This recipe was made before{f' ({made})' if made else ''}: more cells of it are wanted, from a new batch."
