"""Which card goes to the bench with a proposed recipe: what to weigh, how to make it, what to write down?"""

from experiments.cards.card import NearestCell, Predicted, RecipeCard, recipe_card, share_stocks
from experiments.cards.options import CardOptions
from experiments.cards.page import card_html, write_cards

__all__ = [
    "CardOptions",
    "NearestCell",
    "Predicted",
    "RecipeCard",
    "card_html",
    "recipe_card",
    "share_stocks",
    "write_cards",
]
