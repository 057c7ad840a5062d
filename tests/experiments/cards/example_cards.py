"""Cards to look at, for tests of their content, of the page and of a browser."""

from datasets.recipe import Recipe
from experiments.cards import CardOptions, NearestCell, Predicted, recipe_card, share_stocks

PREDICTIONS = {
    "q_discharge_first_mAh_g": Predicted(label="first discharge capacity", unit="mAh/g", mean=198.2, low=171, high=225),
    "retention_pct": Predicted(label="capacity retention", unit="%", mean=78.4, low=-3, high=99),
}
NEAREST = [
    NearestCell(
        cell="henkel2025-LHCb-rapid",
        recipe="1 % Li2OHCl0.5Br0.5, 350 C, quench",
        results="194 mAh/g, 80 %",
        distance=1.3,
    )
]


def recipe(halide_cl=0.5, content=1.0, oxide="none", oxide_content=0.0, temperature_C=350, cooling="quench"):
    return Recipe(
        halide_cl=halide_cl,
        antiperovskite_wt_pct=content,
        oxide=oxide,
        oxide_wt_pct=oxide_content,
        melt_temperature_C=temperature_C,
        cooling=cooling,
    )


def example(recipe_id="R7", of=None, options=None, **given):
    given = {"predictions": PREDICTIONS, "nearest": NEAREST} | given
    return recipe_card(recipe_id, of or recipe(), options or CardOptions(), **given)


def longest_round(cache_dir):
    """Make the card with the most on it, nothing weighable, everything said, every text too long, and its like."""
    options = CardOptions(
        stock_g=0.1, batch_g=0.1, balance_mg=1, cells=6, stock_temperature_C=350, stock_hold_h=2, melt_hold_h=1
    )
    words = "less known than any other region, and " * 100
    cell = NearestCell(
        cell="henkel-2025-LHCb-" * 9, recipe=recipe(0.123456, 0.55).label * 3, results=words, distance=12
    )
    of = recipe(0.123456, 0.123456, "B2O3", 0.123456, 299.123456)
    others = [example(f"R{number}", of, options, cache_dir=cache_dir) for number in range(123457, 123470)]
    first = example("R123456", of, options, reason=words, note=words, nearest=[cell] * 9, cache_dir=cache_dir)
    return share_stocks([first, *others])
