"""What must be weighed for a recipe, and which composition do the masses give that a balance can show?"""

from __future__ import annotations

import math

from datasets.recipe import Recipe, antiperovskite_formula
from experiments.cards.parts import Part, Range

LARGEST_ERROR_PCT = 2.0
"""An amount that the balance shows less exactly than this is called too small to weigh.

2 % of 1 wt% is 0.02 wt%, a fifth of the step by which recipes differ; below it a balance tells two recipes apart.
"""


class Amount(Part):
    """One material to weigh.

    Attributes
    ----------
    material : str
        Formula, or the name of the oxide.
    molar_mass_g_mol : float or None
        From pymatgen, for salts.
    wanted_g : float
        The mass that the recipe asks for.
    mass_g : float
        The nearest mass that the balance can show.
    error_pct : float
        The last digit of the balance relative to the mass wanted.
    smallest_total_g : float or None
        None for what can be weighed; else the smallest stock, or batch of cathode powder, for which it could.
    wt_pct : Range or None
        Content relative to the cathode that the rounded masses give; the interval is what the balance leaves open.
    per_gram_mg : float or None
        Milligrams wanted for each gram of cathode powder, to weigh by when there is more or less of that.
    """

    material: str
    molar_mass_g_mol: float | None = None
    wanted_g: float
    mass_g: float
    error_pct: float
    smallest_total_g: float | None = None
    wt_pct: Range | None = None
    per_gram_mg: float | None = None


class StockWeighing(Part):
    """The salts of a stock of antiperovskite.

    Attributes
    ----------
    salts : tuple of Amount
        LiOH, then the one or two lithium halides.
    halide_cl : Range
        x that the rounded masses give.
    lioh_per_halide : Range
        Moles of LiOH for each mole of halide, 1 in Li2OHX.
    total_g : float
        All of it.
    """

    salts: tuple[Amount, ...]
    halide_cl: Range
    lioh_per_halide: Range
    total_g: float


class BatchWeighing(Part):
    """Cathode powder and what is put on it.

    Attributes
    ----------
    cathode : Amount
    coating : tuple of Amount
        Stock and oxide, as far as the recipe has them.
    total_g : float
        All of it.
    """

    cathode: Amount
    coating: tuple[Amount, ...]
    total_g: float


def molar_mass_g_mol(formula: str) -> float:
    """Molar mass, with pymatgen's atomic masses.

    Examples
    --------
    >>> round(molar_mass_g_mol("LiOH"), 2)
    23.95
    """
    from pymatgen.core.composition import Composition

    return float(Composition(formula).weight)


def on_balance_g(mass_g: float, balance_mg: float) -> float:
    """Round a mass to what a balance can show.

    Examples
    --------
    >>> on_balance_g(0.020049, 0.1), on_balance_g(1.23456, 0.5)
    (0.02, 1.2345)
    """
    return round(round(mass_g * 1000 / balance_mg) * balance_mg / 1000, 9)


def least_weighable_g(balance_mg: float) -> float:
    """Give the smallest mass that a balance shows to `LARGEST_ERROR_PCT`: 5 mg on one that reads 0.1 mg."""
    return balance_mg / 1000 * 100 / LARGEST_ERROR_PCT


def weigh_stock(halide_cl: float, stock_g: float, balance_mg: float) -> StockWeighing:
    """Weigh out Li2OHCl_xBr_1-x as LiOH + x LiCl + (1 - x) LiBr.

    Parameters
    ----------
    halide_cl : float
        x, 0 to 1.
    stock_g : float
        Mass of antiperovskite.
    balance_mg : float
        What the last digit of the balance stands for.
    """
    moles = {"LiOH": 1.0, "LiCl": halide_cl, "LiBr": 1 - halide_cl}
    molar = {salt: molar_mass_g_mol(salt) for salt in moles}
    formula_units = stock_g / sum(moles[salt] * molar[salt] for salt in moles)
    wanted_g = {salt: formula_units * moles[salt] * molar[salt] for salt in moles if moles[salt] > 0}
    salts = tuple(_amount(salt, mass, stock_g, balance_mg, molar[salt]) for salt, mass in wanted_g.items())
    masses_g = {salt.material: salt.mass_g for salt in salts}
    return StockWeighing(
        salts=salts,
        halide_cl=_chloride_share(masses_g, molar, balance_mg),
        lioh_per_halide=_hydroxide_share(masses_g, molar, balance_mg),
        total_g=round(sum(masses_g.values()), 9),
    )


def weigh_batch(recipe: Recipe, batch_g: float, balance_mg: float) -> BatchWeighing:
    """Weigh out a batch: contents are relative to the cathode powder.

    Parameters
    ----------
    recipe : Recipe
    batch_g : float
        Mass of cathode powder.
    balance_mg : float
        What the last digit of the balance stands for.
    """
    cathode = _amount("cathode powder", batch_g, batch_g, balance_mg)
    contents = {recipe.oxide: recipe.oxide_wt_pct}
    if recipe.halide_cl is not None:
        contents = {antiperovskite_formula(recipe.halide_cl): recipe.antiperovskite_wt_pct} | contents
    coating = tuple(
        _coating(material, wt_pct, cathode.mass_g, balance_mg) for material, wt_pct in contents.items() if wt_pct > 0
    )
    total_g = round(cathode.mass_g + sum(each.mass_g for each in coating), 9)
    return BatchWeighing(cathode=cathode, coating=coating, total_g=total_g)


def _coating(material: str, wt_pct: float, cathode_g: float, balance_mg: float) -> Amount:
    amount = _amount(material, wt_pct / 100 * cathode_g, cathode_g, balance_mg)
    mass_g, error_g = amount.mass_g, balance_mg / 1000
    content = Range(
        value=100 * mass_g / cathode_g,
        low=100 * max(mass_g - error_g, 0) / (cathode_g + error_g),
        high=100 * (mass_g + error_g) / (cathode_g - error_g),
    )
    return amount.model_copy(update={"wt_pct": content, "per_gram_mg": round(10 * wt_pct, 6)})


def _amount(
    material: str, wanted_g: float, total_g: float, balance_mg: float, molar_g_mol: float | None = None
) -> Amount:
    error_pct = balance_mg / (10 * wanted_g)
    # The margin keeps 5 mg on a balance of 0.1 mg weighable, whatever the arithmetic made of the last bit.
    too_small = error_pct > LARGEST_ERROR_PCT * (1 + 1e-9)
    return Amount(
        material=material,
        molar_mass_g_mol=molar_g_mol,
        wanted_g=wanted_g,
        mass_g=on_balance_g(wanted_g, balance_mg),
        error_pct=error_pct,
        smallest_total_g=_rounded_up(total_g * least_weighable_g(balance_mg) / wanted_g) if too_small else None,
    )


def _rounded_up(mass_g: float) -> float:
    """Round up to two digits, so that the mass is easy to aim at and still enough."""
    step = 10.0 ** (math.floor(math.log10(mass_g)) - 1)
    return round(math.ceil(mass_g / step - 1e-9) * step, 9)


def _chloride_share(masses_g: dict[str, float], molar: dict[str, float], balance_mg: float) -> Range:
    """Give x with its least and largest value: all of one halide's error upwards, all of the other's downwards."""
    chloride, bromide = (_moles(salt, masses_g, molar, balance_mg) for salt in ("LiCl", "LiBr"))
    return Range(
        value=chloride.value / (chloride.value + bromide.value),
        low=chloride.low / (chloride.low + bromide.high),
        high=chloride.high / (chloride.high + bromide.low),
    )


def _hydroxide_share(masses_g: dict[str, float], molar: dict[str, float], balance_mg: float) -> Range:
    hydroxide, chloride, bromide = (_moles(salt, masses_g, molar, balance_mg) for salt in ("LiOH", "LiCl", "LiBr"))
    return Range(
        value=hydroxide.value / (chloride.value + bromide.value),
        low=hydroxide.low / (chloride.high + bromide.high),
        high=hydroxide.high / (chloride.low + bromide.low),
    )


def _moles(salt: str, masses_g: dict[str, float], molar: dict[str, float], balance_mg: float) -> Range:
    if salt not in masses_g:
        return Range(value=0, low=0, high=0)
    # Tare and load are each shown to half of the last digit: together they are off by one at most.
    error_g, mass_g = balance_mg / 1000, masses_g[salt]
    low, high = max(mass_g - error_g, 0.0), mass_g + error_g
    return Range(value=mass_g / molar[salt], low=low / molar[salt], high=high / molar[salt])
