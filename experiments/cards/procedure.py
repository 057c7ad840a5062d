"""What is done with what was weighed, and what does each step rest on?"""

from __future__ import annotations

from datasets.materials import Fact, facts
from datasets.recipe import Recipe, antiperovskite_formula
from experiments.cards.options import CardOptions
from experiments.cards.parts import Statement
from featurizers.process import COOLING_RATE_K_MIN

ASSUMED, KNOWN, SET = "assumption", "general knowledge", "set"
HENKEL = "10.1002/celc.202500286"
STOCK_BELOW_400_C = "10.1021/jacs.5b11851"
DEGRADES_IN_AIR = "10.1021/acs.chemmater.8b02568"

SLOW_COOLING_H = 2.0
"""Melt temperature to room temperature in two hours: the slow cooling of 10.1002/celc.202500286."""

_FORMS_SALT = {
    "Nb2O5": "Nb2O5 + 2 LiOH = 2 LiNbO3 + H2O",
    "WO3": "WO3 + 2 LiOH = Li2WO4 + H2O",
    "TiO2": "TiO2 + 2 LiOH = Li2TiO3 + H2O",
    "Al2O3": "Al2O3 + 2 LiOH = 2 LiAlO2 + H2O",
    "B2O3": "B2O3 + 2 LiOH = 2 LiBO2 + H2O",
}
"""Oxides that tables say become lithium salts in a melt with LiOH, by 40 to 81 kJ for each mole of LiOH at 350 C.

Gibbs energies of formation of NIST-JANAF, of the NBS tables for LiNbO3 and Li2WO4. Nobody has looked at the coatings.
"""

_KEEP_DRY = {"B2O3": "B2O3 takes up water from air and becomes boric acid: keep it in the glove box."}


def warnings(recipe: Recipe) -> tuple[Statement, ...]:
    """Say what goes wrong first: moisture, and liquid nitrogen."""
    if recipe.antiperovskite_wt_pct == 0:
        return (Statement(text="Keep cathode powder and oxide dry, under argon or in vacuum.", basis=KNOWN),)
    return (
        Statement(
            text="Moisture: the antiperovskite, LiOH, LiCl and LiBr take up water, and air turns antiperovskite into "
            "Li2CO3 and wet LiCl. Dried salts, argon glove box, closed vessels on the way to the furnace.",
            basis=DEGRADES_IN_AIR,
        ),
        Statement(
            text="Molten LiOH is caustic and attacks glass and silica."
            + (
                " A vessel that liquid nitrogen has leaked into bursts as it warms: close it well or leave it vented."
                if recipe.cooling == "quench"
                else ""
            ),
            basis=KNOWN,
        ),
    )


def stock_steps(halide_cl: float, options: CardOptions) -> tuple[Statement, ...]:
    """Tell how the stock is made of its salts.

    Parameters
    ----------
    halide_cl : float
        x, 0 to 1.
    options : CardOptions
    """
    low, high = (_fact("Li2OHX", f"melting_range_{end}") for end in ("low", "high"))
    return (
        Statement(
            text="Masses are of pure, anhydrous salts (LiOH, not LiOH.H2O): divide each by its purity. Grind together.",
            basis=KNOWN,
        ),
        Statement(
            text=f"Melt at {options.stock_temperature_C:g} C under argon, in a closed metal crucible.",
            basis=options.basis("stock_temperature_C"),
        ),
        Statement(text=f"Hold for {options.stock_hold_h:g} h.", basis=options.basis("stock_hold_h")),
        Statement(text=f"The family melts at {low.value:g} to {high.value:g} C", basis=high.source),
        Statement(text="Li2OHCl was made of LiOH and LiCl below 400 C", basis=STOCK_BELOW_400_C),
        *_stock_cooling(halide_cl),
        Statement(text="Grind, and keep closed under argon.", basis=KNOWN),
    )


def _stock_cooling(halide_cl: float) -> tuple[Statement, ...]:
    quench = Statement(text="Quench the closed crucible in liquid nitrogen; open it warm, under argon.", basis=ASSUMED)
    if halide_cl == 1:
        return (quench,)
    low, high = (_fact("Li3(OH)2Br", f"stability_{end}") for end in ("low", "high"))
    window = f"Between {low.value:g} and {high.value:g} C a bromide melt can form Li3(OH)2Br: pass that quickly"
    return (quench, Statement(text=window, basis=low.source))


def stock_checks(halide_cl: float) -> tuple[Statement, ...]:
    """Say what to know when the pattern of the stock is compared with the lines on the card."""
    checks = [
        Statement(
            text="Simulated, cubic. A coating of a few wt% shows none of these lines: check the stock, not the batch.",
            basis=KNOWN,
        )
    ]
    if halide_cl == 1:
        cold = _fact("Li2OHCl", "transition_temperature")
        checks += [
            Statement(
                text=f"Li2OHCl is orthorhombic below about {cold.value:g} C unless quenched or milled: split lines are "
                "that form.",
                basis=cold.source,
            ),
            Statement(text="The Li2OHCl of the bundled cells held 0.8 wt% of LiCl.", basis=HENKEL),
        ]
    return tuple(checks)


def batch_steps(recipe: Recipe, options: CardOptions) -> tuple[Statement, ...]:
    """Tell how the cathode powder is coated.

    Parameters
    ----------
    recipe : Recipe
    options : CardOptions
    """
    if recipe.is_uncoated:
        return _uncoated()
    parts = [_stock_name(recipe), *([recipe.oxide] if recipe.oxide_wt_pct else [])]
    together = " and ".join([*filter(None, parts), "cathode powder"])
    milling = Statement(
        text=f"Mill {together} together, dry and under argon, gently enough to leave the particles whole; note mill, "
        "speed and time. No source at hand says how the bundled cells were milled.",
        basis=ASSUMED,
    )
    furnace = _furnace(recipe, options) if recipe.antiperovskite_wt_pct else _no_furnace(recipe)
    return (milling, *_oxide(recipe), *furnace)


def _stock_name(recipe: Recipe) -> str:
    return "" if recipe.halide_cl is None else f"stock {antiperovskite_formula(recipe.halide_cl)}"


def _uncoated() -> tuple[Statement, ...]:
    return (
        Statement(text="Nothing is put on: use the cathode powder as it is, from the lot of the coated batches."),
        Statement(
            text="Neither mill nor furnace, as for the bundled uncoated cell; if it sees them, write that in the note.",
            basis=HENKEL,
        ),
    )


def _no_furnace(recipe: Recipe) -> tuple[Statement, ...]:
    return (
        Statement(
            text=f"The recipe has no furnace: nothing melts. If your lab anneals {recipe.oxide}, note temperature and "
            "time; the model does not see it.",
            basis=ASSUMED,
        ),
    )


def _oxide(recipe: Recipe) -> tuple[Statement, ...]:
    if recipe.oxide_wt_pct == 0:
        return ()
    said = [
        Statement(
            text=f"{recipe.oxide} goes in as dry powder, milled in. No source at hand says in which form the bundled "
            "LiNbO3 cells got theirs (powder or sol-gel).",
            basis=ASSUMED,
        )
    ]
    name = recipe.oxide.split("-")[0]
    if name in _KEEP_DRY:
        said.append(Statement(text=_KEEP_DRY[name], basis=KNOWN))
    if name in _FORMS_SALT and recipe.antiperovskite_wt_pct:
        text = f"In the melt expect {_FORMS_SALT[name]}: leave the water a way out. Computed, not seen."
        said.append(Statement(text=text, basis="NIST-JANAF, NBS tables"))
    return tuple(said)


def _furnace(recipe: Recipe, options: CardOptions) -> tuple[Statement, ...]:
    temperature_C = recipe.melt_temperature_C or 0.0
    top = _fact("Li2OHX", "melting_range_high")
    steps = [
        Statement(text=f"Heat to {temperature_C:g} C under argon."),
        Statement(text=f"Hold for {options.melt_hold_h:g} h.", basis=options.basis("melt_hold_h")),
    ]
    if temperature_C < top.value:
        text = f"That is below {top.value:g} C, up to which the family melts: it may stay partly solid"
        steps.insert(1, Statement(text=text, basis=top.source))
    return (*steps, _cooling(recipe, temperature_C))


def _cooling(recipe: Recipe, temperature_C: float) -> Statement:
    rates = COOLING_RATE_K_MIN
    if recipe.cooling == "quench":
        text = f"Quench: closed vessel from the furnace into liquid nitrogen (taken as {rates['quench']:g} K/min)."
        return Statement(text=f"{text} Open it warm, under argon.", basis=ASSUMED)
    if recipe.cooling == "ambient":
        text = f"Ambient: out of the furnace, cooled under argon (taken as {rates['ambient']:g} K/min)."
        return Statement(text=text, basis=ASSUMED)
    rate = (temperature_C - 25) / (60 * SLOW_COOLING_H)
    text = f"Slow: in the furnace to room temperature over {SLOW_COOLING_H:g} h, about {rate:.1f} K/min."
    return Statement(text=text, basis=HENKEL)


def thickness_statement(thickness_nm: float) -> Statement:
    """Say how thick the coating should be, and how far to believe it."""
    text = f"Expected thickness {thickness_nm:.1f} nm, if dense and even on 0.306 m2/g of surface"
    return Statement(text=f"{text}; where 14 nm were calculated, the microscope showed 8 to 10.", basis=HENKEL)


def _fact(material: str, quantity: str) -> Fact:
    """Find a fact, first the one that the project computes with."""
    found = [fact for fact in facts() if (fact.material, fact.quantity) == (material, quantity)]
    return min(found, key=lambda fact: fact.used != "yes")
