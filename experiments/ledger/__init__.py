"""What was proposed, made, measured, corrected and given up in a campaign?"""

from experiments.ledger.nouns import Event, LedgerCell, LedgerRecipe, Proposal, Proposed, Recorded, Round
from experiments.ledger.store import Ledger, open_ledger

__all__ = [
    "Event",
    "Ledger",
    "LedgerCell",
    "LedgerRecipe",
    "Proposal",
    "Proposed",
    "Recorded",
    "Round",
    "open_ledger",
]
