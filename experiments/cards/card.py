"""What stands on the recipe card of one proposal?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from datasets.recipe import Recipe, antiperovskite_formula
from experiments.cards import procedure
from experiments.cards.lines import Leftover, XrdLine, leftover_lines, stock_lines
from experiments.cards.options import CardOptions
from experiments.cards.parts import Part, Statement, Step
from experiments.cards.weighing import BatchWeighing, StockWeighing, weigh_batch, weigh_stock


class Predicted(Part):
    """What is predicted of one result.

    Attributes
    ----------
    label : str
        What it is called, such as ``capacity retention``.
    unit : str
    mean, low, high : float
        The prediction and its 90 % interval.
    """

    label: str
    unit: str
    mean: float
    low: float
    high: float


class NearestCell(Part):
    """One measured cell near the recipe.

    Attributes
    ----------
    cell : str
        Its name.
    recipe : str
        Its recipe in words.
    results : str
        What was measured, in words, such as ``194 mAh/g, 80 %``.
    distance : float or None
        How far its recipe is, in steps.
    """

    cell: str
    recipe: str
    results: str = ""
    distance: float | None = None


class StockPart(Part):
    """The antiperovskite, made beforehand and shared between recipes of one x.

    Attributes
    ----------
    formula : str
    weighing : StockWeighing
    steps : tuple of Step
    checks : tuple of Statement
    lattice_parameter_A : float
        By Vegard's law.
    lines : tuple of XrdLine
        The first strong ones, by angle.
    leftovers : tuple of Leftover
    also_for : tuple of str
        The other recipes of the round that this stock serves.
    needed_g : float
        What all of them take of it.
    suffices : bool
        Whether the stock is as much as that.
    """

    formula: str
    weighing: StockWeighing
    steps: tuple[Step, ...]
    checks: tuple[Statement, ...]
    lattice_parameter_A: float
    lines: tuple[XrdLine, ...]
    leftovers: tuple[Leftover, ...]
    also_for: tuple[str, ...] = ()
    needed_g: float
    suffices: bool

    @property
    def sharing(self) -> str:
        """Say which recipes the stock serves, and whether it is enough."""
        total_g = self.weighing.total_g
        serves = f"This stock also serves {_listed(self.also_for)}: make it once. " if self.also_for else ""
        takes = "All of them take" if self.also_for else "This batch takes"
        enough = "" if self.suffices else " It does not suffice: make more of it."
        return f"{serves}{takes} {self.needed_g:.3g} g of {total_g:.4g} g.{enough}"


class BatchPart(Part):
    """The cathode powder and its coating.

    Attributes
    ----------
    weighing : BatchWeighing
    steps : tuple of Step
    thickness_nm : float
        Nominal, of both coatings.
    thickness : Statement
        The same in words, and how far to believe it.
    """

    weighing: BatchWeighing
    steps: tuple[Step, ...]
    thickness_nm: float
    thickness: Statement


class RecipeCard(Part):
    """The card of one proposed recipe, as programs read it.

    Attributes
    ----------
    recipe_id : str
    label : str
        The recipe in words.
    recipe : Recipe
    options : CardOptions
    reason : str
        Why it is proposed.
    note : str
    predictions : dict of str to Predicted
        By name of the target.
    nearest : tuple of NearestCell
    warnings : tuple of Statement
    stock : StockPart or None
        None without antiperovskite.
    batch : BatchPart
    cells : tuple of str
        Names of the cells to build.
    """

    recipe_id: str
    label: str
    recipe: Recipe
    options: CardOptions
    reason: str = ""
    note: str = ""
    predictions: dict[str, Predicted]
    nearest: tuple[NearestCell, ...]
    warnings: tuple[Statement, ...]
    stock: StockPart | None
    batch: BatchPart
    cells: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Give everything as plain lists, words and numbers, for JSON."""
        return self.model_dump(mode="json")


def recipe_card(
    recipe_id: str,
    recipe: Recipe,
    options: CardOptions | None = None,
    *,
    predictions: Mapping[str, Any],
    reason: str = "",
    nearest: Sequence[Any] = (),
    note: str = "",
    first_cell: int = 1,
    cache_dir: Path | None = None,
) -> RecipeCard:
    """Work out the card of one recipe.

    Parameters
    ----------
    recipe_id : str
        Such as ``R7``.
    recipe : Recipe
    options : CardOptions, optional
        Without them, the defaults.
    predictions : mapping of str to Predicted
        By name of the target; anything with the attributes of `Predicted`, or a dict with its keys.
    reason : str
        Why the recipe is proposed, in words.
    nearest : sequence of NearestCell
        Measured cells, nearest first; anything with the attributes of `NearestCell`, or a dict with its keys.
    note : str
        Anything else to print.
    first_cell : int
        Number of the first cell to build: 2 where R7-1 is there already.
    cache_dir : path or None
        Folder in which simulated patterns are kept.

    Returns
    -------
    RecipeCard
        As if it were alone; `share_stocks` looks at a whole round.
    """
    options = options or CardOptions()
    batch = _batch(recipe, options)
    return RecipeCard(
        recipe_id=recipe_id,
        label=recipe.label,
        recipe=recipe,
        options=options,
        reason=reason,
        note=note,
        predictions={target: Predicted.model_validate(each) for target, each in predictions.items()},
        nearest=tuple(NearestCell.model_validate(each) for each in nearest),
        warnings=procedure.warnings(recipe),
        stock=None if recipe.halide_cl is None else _stock(recipe.halide_cl, options, batch, cache_dir),
        batch=batch,
        cells=tuple(f"{recipe_id}-{number}" for number in range(first_cell, first_cell + options.cells)),
    )


def share_stocks(cards: Sequence[RecipeCard]) -> list[RecipeCard]:
    """Let the cards of a round that need one antiperovskite name each other, and add up what they take of it."""
    return [card if card.stock is None else _sharing(card, card.stock, cards) for card in cards]


def _sharing(card: RecipeCard, stock: StockPart, cards: Sequence[RecipeCard]) -> RecipeCard:
    alike = [each for each in cards if each.recipe.halide_cl == card.recipe.halide_cl]
    needed_g = sum(each.batch.weighing.coating[0].wanted_g for each in alike)
    shared = {
        "also_for": tuple(each.recipe_id for each in alike if each.recipe_id != card.recipe_id),
        "needed_g": round(needed_g, 9),
        "suffices": needed_g <= stock.weighing.total_g,
    }
    return card.model_copy(update={"stock": stock.model_copy(update=shared)})


def _batch(recipe: Recipe, options: CardOptions) -> BatchPart:
    thickness_nm = coating_thickness_nm(recipe)
    return BatchPart(
        weighing=weigh_batch(recipe, options.batch_g, options.balance_mg),
        steps=procedure.batch_steps(recipe, options),
        thickness_nm=thickness_nm,
        thickness=procedure.thickness_statement(thickness_nm),
    )


def coating_thickness_nm(recipe: Recipe) -> float:
    """Nominal thickness of both coatings as dense, even layers, as the features have it."""
    from featurizers.layer import thickness_nm
    from featurizers.structures import antiperovskite_density_g_cm3, phase_structure

    total_nm = 0.0
    if recipe.halide_cl is not None:
        total_nm += float(thickness_nm(recipe.antiperovskite_wt_pct, antiperovskite_density_g_cm3(recipe.halide_cl)))
    if recipe.oxide_wt_pct:
        total_nm += float(thickness_nm(recipe.oxide_wt_pct, float(phase_structure(recipe.oxide).density)))
    return total_nm


def _stock(halide_cl: float, options: CardOptions, batch: BatchPart, cache_dir: Path | None) -> StockPart:
    from featurizers.structures import vegard_edge_A

    weighing = weigh_stock(halide_cl, options.stock_g, options.balance_mg)
    needed_g = batch.weighing.coating[0].wanted_g
    return StockPart(
        formula=antiperovskite_formula(halide_cl),
        weighing=weighing,
        steps=procedure.stock_steps(halide_cl, options),
        checks=procedure.stock_checks(halide_cl),
        lattice_parameter_A=vegard_edge_A(halide_cl),
        lines=stock_lines(halide_cl, cache_dir),
        leftovers=leftover_lines(halide_cl, [salt.material for salt in weighing.salts], cache_dir),
        needed_g=needed_g,
        suffices=needed_g <= weighing.total_g,
    )


def _listed(names: Sequence[str], most: int = 8) -> str:
    if len(names) > most:
        return f"{', '.join(names[:most])} and {len(names) - most} more"
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
