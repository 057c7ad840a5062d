"""What is done with what was weighed, and what does each step rest on?"""

from __future__ import annotations

from datasets.materials import Fact, facts
from datasets.recipe import Recipe, antiperovskite_formula
from experiments.cards.options import CardOptions
from experiments.cards.parts import Statement, Step
from experiments.cards.weighing import molar_mass_g_mol
from featurizers.layer import SPECIFIC_SURFACE_m2_g
from featurizers.process import COOLING_RATE_K_MIN

ASSUMED, KNOWN, SET = "assumption", "general knowledge", "set"
HENKEL = "10.1002/celc.202500286"
MADE_BELOW_400_C = "10.1021/jacs.5b11851"
DEGRADES_IN_AIR = "10.1021/acs.chemmater.8b02568"

SLOW_COOLING_H = 2.0
"""Melt temperature to room temperature in two hours: the slow cooling of 10.1002/celc.202500286."""

SALT_OF_OXIDE = {"Nb2O5": "2 LiNbO3", "WO3": "Li2WO4", "TiO2": "Li2TiO3", "Al2O3": "2 LiAlO2", "B2O3": "2 LiBO2"}
"""What oxides become in a melt with LiOH, oxide + 2 LiOH = salt + H2O, if tables are right.

By 40 to 81 kJ for each mole of LiOH at 350 C: Gibbs energies of formation of NIST-JANAF, and of the NBS tables for
LiNbO3 and Li2WO4. Nobody has looked for the salts in these coatings.
"""

_KEEP_DRY = {"B2O3": "B2O3 takes up water from air and becomes boric acid: keep it in the glove box"}


def warnings(recipe: Recipe) -> tuple[Statement, ...]:
    """Say what goes wrong first: moisture, and liquid nitrogen."""
    if recipe.antiperovskite_wt_pct == 0:
        return (Statement(text="Keep everything dry, under argon or in vacuum", basis=KNOWN),)
    moisture = Statement(
        text="Moisture: antiperovskite, LiOH, LiCl and LiBr take up water. Work with dried salts, in an argon glove "
        "box, in closed vessels on the way to the furnace",
        basis=KNOWN,
    )
    air = Statement(text="Air turned the related Li3OCl into Li2CO3 and wet LiCl", basis=DEGRADES_IN_AIR)
    caustic = Statement(text="Molten LiOH is caustic, and attacks glass and silica", basis=KNOWN)
    nitrogen = Statement(text="A closed vessel that took in liquid nitrogen bursts as it warms", basis=KNOWN)
    return (moisture, air, caustic, nitrogen)


def stock_steps(halide_cl: float, options: CardOptions) -> tuple[Step, ...]:
    """Tell how the stock is made of its salts.

    Parameters
    ----------
    halide_cl : float
        x, 0 to 1.
    options : CardOptions
    """
    low, high = (_fact("Li2OHX", f"melting_range_{end}") for end in ("low", "high"))
    return (
        (Statement(text="The masses are of pure, anhydrous salts: divide by the purity. Grind together", basis=KNOWN),),
        (
            Statement(
                text=f"Melt at {options.stock_temperature_C:g} °C under argon, in a closed metal crucible",
                basis=options.basis("stock_temperature_C"),
            ),
            Statement(text=f"The family melts at {low.value:g} to {high.value:g} °C", basis=high.source),
            Statement(text="Li2OHCl was made of LiOH and LiCl below 400 °C", basis=MADE_BELOW_400_C),
        ),
        (Statement(text=f"Hold for {options.stock_hold_h:g} h", basis=options.basis("stock_hold_h")),),
        _stock_cooling(halide_cl),
        (Statement(text="Grind, and keep closed under argon", basis=KNOWN),),
    )


def _stock_cooling(halide_cl: float) -> Step:
    quench = Statement(text="Quench the closed crucible in liquid nitrogen; open it warm, under argon", basis=ASSUMED)
    if halide_cl == 1:
        return (quench,)
    low, high = (_fact("Li3(OH)2Br", f"stability_{end}") for end in ("low", "high"))
    window = f"Between {low.value:g} and {high.value:g} °C a bromide-rich melt can form Li3(OH)2Br: pass that quickly"
    return (quench, Statement(text=window, basis=low.source))


def stock_checks(halide_cl: float) -> tuple[Statement, ...]:
    """Say what to know when the pattern of the stock is compared with the lines on the card."""
    hidden = "A coating of a few wt% shows none of these lines: check the stock, not the coated powder"
    checks: tuple[Statement, ...] = (Statement(text=hidden, basis=KNOWN),)
    if halide_cl == 1:
        cold = _fact("Li2OHCl", "transition_temperature")
        split = f"Left to itself Li2OHCl is orthorhombic below about {cold.value:g} °C: split lines are that form"
        held = "The Li2OHCl of the bundled cells held 0.8 wt% of LiCl"
        checks += (Statement(text=split, basis=cold.source), Statement(text=held, basis=HENKEL))
    return checks


def batch_steps(recipe: Recipe, options: CardOptions) -> tuple[Step, ...]:
    """Tell how the cathode powder is coated.

    Parameters
    ----------
    recipe : Recipe
    options : CardOptions
    """
    if recipe.is_uncoated:
        return _uncoated()
    furnace = _furnace(recipe, options) if recipe.antiperovskite_wt_pct else _no_furnace(recipe)
    return (_milling(recipe), *([_oxide(recipe)] if recipe.oxide_wt_pct else []), *furnace)


def _uncoated() -> tuple[Step, ...]:
    return (
        (
            Statement(
                text="Put nothing on: take the cathode powder as it is, of the lot that the coated batches are of"
            ),
        ),
        (
            Statement(text="Neither mill nor furnace, as for the bundled uncoated cell", basis=HENKEL),
            Statement(text="If it sees them, note that with the cells", basis=KNOWN),
        ),
    )


def _milling(recipe: Recipe) -> Step:
    coating = ["stock"] * (recipe.antiperovskite_wt_pct > 0) + [recipe.oxide] * (recipe.oxide_wt_pct > 0)
    text = (
        f"Mill {', '.join(coating)} and cathode powder together, dry, under argon, so gently that particles stay whole"
    )
    unknown = "No source at hand says how the bundled cells were milled: write down mill, speed and time"
    return (Statement(text=text, basis=ASSUMED), Statement(text=unknown))


def _oxide(recipe: Recipe) -> Step:
    name = recipe.oxide.split("-")[0]  # without the polymorph
    said = [
        Statement(text=f"{recipe.oxide} goes in as dry powder, milled in", basis=ASSUMED),
        Statement(text="No source at hand says how LiNbO3 came into the bundled cells, as powder or by sol-gel"),
    ]
    if name in _KEEP_DRY:
        said.append(Statement(text=_KEEP_DRY[name], basis=KNOWN))
    if name in SALT_OF_OXIDE and recipe.halide_cl is not None:
        text = (
            f"In the melt {name} + 2 LiOH = {SALT_OF_OXIDE[name]} + H2O is expected, not seen: to the end, it takes "
            f"{min(lithium_hydroxide_taken_pct(recipe), 100):.0f} % of the antiperovskite's LiOH"
        )
        said.append(Statement(text=text, basis="NIST-JANAF and NBS tables"))
    return tuple(said)


def lithium_hydroxide_taken_pct(recipe: Recipe) -> float:
    """Share of the LiOH of the antiperovskite that the oxide takes if all of it becomes a lithium salt.

    Two LiOH for each formula unit of the oxides of `SALT_OF_OXIDE`; above 100 there is more oxide than LiOH for it.

    Examples
    --------
    >>> recipe = Recipe(antiperovskite_wt_pct=1, halide_cl=0.5, melt_temperature_C=350, cooling="quench",
    ...                 oxide="WO3", oxide_wt_pct=1)
    >>> round(lithium_hydroxide_taken_pct(recipe))
    76
    """
    formula = antiperovskite_formula(recipe.halide_cl or 0.0)
    hydroxide = recipe.antiperovskite_wt_pct / molar_mass_g_mol(formula)
    return 100 * 2 * recipe.oxide_wt_pct / molar_mass_g_mol(recipe.oxide.split("-")[0]) / hydroxide


def _no_furnace(recipe: Recipe) -> tuple[Step, ...]:
    text = f"No furnace: nothing melts. If your lab anneals {recipe.oxide}, write down temperature and time"
    return ((Statement(text=text, basis=ASSUMED),),)


def _furnace(recipe: Recipe, options: CardOptions) -> tuple[Step, ...]:
    temperature_C = recipe.melt_temperature_C or 0.0
    top = _fact("Li2OHX", "melting_range_high")
    heat: Step = (Statement(text=f"Heat to {temperature_C:g} °C under argon"),)
    if temperature_C < top.value:
        text = f"The family melts at up to {top.value:g} °C: some may stay solid"
        heat += (Statement(text=text, basis=top.source),)
    hold = Statement(text=f"Hold for {options.melt_hold_h:g} h", basis=options.basis("melt_hold_h"))
    return (heat, (hold,), _cooling(recipe, temperature_C))


def _cooling(recipe: Recipe, temperature_C: float) -> Step:
    if recipe.cooling == "slow":
        rate = (temperature_C - 25) / (60 * SLOW_COOLING_H)
        text = f"Slow cooling: in the furnace, to room temperature over {SLOW_COOLING_H:g} h, about {rate:.1f} K/min"
        return (Statement(text=text, basis=HENKEL),)
    if recipe.cooling == "ambient":
        how = Statement(text="Ambient cooling: out of the furnace, under argon")
        return (how, _assumed_rate(COOLING_RATE_K_MIN["ambient"]))
    how = Statement(text="Quench: out of the furnace into liquid nitrogen", basis=HENKEL)
    closed = Statement(text="Keep the vessel closed, and open it warm, under argon", basis=KNOWN)
    return (how, closed, _assumed_rate(COOLING_RATE_K_MIN["quench"]))


def _assumed_rate(rate_K_min: float) -> Statement:
    return Statement(text=f"The model takes that for {rate_K_min:g} K/min", basis=ASSUMED)


def thickness_statement(thickness_nm: float) -> Statement:
    """Say how thick the coating should be, and how far to believe it."""
    surface = f"if it is dense and even on {SPECIFIC_SURFACE_m2_g:g} m²/g of cathode"
    seen = "where 14 nm were calculated, the microscope showed 8 to 10"
    return Statement(text=f"Expected thickness {thickness_nm:.1f} nm, {surface}; {seen}", basis=HENKEL)


def _fact(material: str, quantity: str) -> Fact:
    """Find a fact, first the one that the project computes with."""
    found = [fact for fact in facts() if (fact.material, fact.quantity) == (material, quantity)]
    return min(found, key=lambda fact: fact.used != "yes")
