"""`lirap record`, `retract` and `reject`: what became of the recipes that were proposed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from experiments.commands.common import CampaignOption, HomeOption, JsonOption, app, campaign_named, print_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from experiments.campaign_file import Campaign
    from experiments.ledger import Recorded

BecauseOption = Annotated[str, typer.Option("--because", help="Why, in words.")]


def _value(option: str, meaning: str) -> Any:
    # As text: what is wrong with any of them is said of all at once, in the words of the cell table.
    return typer.Option(None, option, help=meaning, metavar="VALUE", show_default=False)


@app.command()
def record(
    which: Annotated[
        str | None, typer.Argument(help="Recipe (R7) for a new cell, or a cell (R7-1).", show_default=False)
    ] = None,
    q_charge_first: str | None = _value("--q-charge-first", "First charge capacity, mAh/g."),
    q_discharge_first: str | None = _value("--q-discharge-first", "First discharge capacity, mAh/g."),
    ce_first: str | None = _value("--ce-first", "First-cycle efficiency, %."),
    retention: str | None = _value("--retention", "Capacity retention, %."),
    n_cycles: str | None = _value("--n-cycles", "Cycle at which retention was read."),
    retention_reference_cycle: str | None = _value("--retention-reference-cycle", "Cycle that counts as 100 %."),
    q_discharge_end: str | None = _value("--q-discharge-end", "Discharge capacity at the end, mAh/g."),
    interfacial_resistance: str | None = _value("--interfacial-resistance", "From impedance, ohm."),
    temperature: str | None = _value("--temperature", "Of the test, degrees Celsius."),
    pressure: str | None = _value("--pressure", "On the cell, MPa."),
    v_min: str | None = _value("--v-min", "Lower cut-off, V against Li+/Li."),
    v_max: str | None = _value("--v-max", "Upper cut-off, V against Li+/Li."),
    rate_first: str | None = _value("--rate-first", "C-rate of the first cycle."),
    rate_cycling: str | None = _value("--rate-cycling", "C-rate of the cycling."),
    cam: str | None = _value("--cam", "Formula of the cathode active material."),
    solid_electrolyte: str | None = _value("--solid-electrolyte", "Its formula."),
    anode: str | None = _value("--anode", "Counter electrode."),
    process: str | None = _value("--process", "How the coating was put on."),
    sample_label: str | None = _value("--sample-label", "What the lab calls the sample."),
    note: str | None = _value("--note", "Anything a reader should know."),
    table: Annotated[
        Path | None,
        typer.Option(
            "--from", help="Table of cells (CSV, Excel, Parquet): column cell_id with R7 or R7-1, and values."
        ),
    ] = None,
    correct: Annotated[bool, typer.Option("--correct", help="Replace values that differ from those recorded.")] = False,
    because: BecauseOption = "",
    new_cell: Annotated[
        bool, typer.Option("--new-cell", help="Make a new cell even where one has the same values.")
    ] = False,
    campaign: CampaignOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Record what a cell measured, partly or whole, or a table of cells."""
    from datasets.errors import InputError, Problem
    from experiments.campaign import record as record_one
    from experiments.campaign import record_table

    typed = {
        "q_charge_first_mAh_g": q_charge_first,
        "q_discharge_first_mAh_g": q_discharge_first,
        "ce_first_pct": ce_first,
        "retention_pct": retention,
        "n_cycles": n_cycles,
        "retention_reference_cycle": retention_reference_cycle,
        "q_discharge_end_mAh_g": q_discharge_end,
        "interfacial_resistance_ohm": interfacial_resistance,
        "temperature_C": temperature,
        "pressure_MPa": pressure,
        "v_min_V": v_min,
        "v_max_V": v_max,
        "rate_first_C": rate_first,
        "rate_cycling_C": rate_cycling,
        "cam": cam,
        "solid_electrolyte": solid_electrolyte,
        "anode": anode,
        "process": process,
        "sample_label": sample_label,
        "note": note,
    }
    values = {name: value for name, value in typed.items() if value is not None}
    if (table is None) == (which is None) or (table is not None and (values or new_cell)):
        expected = (
            "a recipe or a cell with values, as in `lirap record R7 --retention 81.5`, or a table: --from cells.csv"
        )
        raise InputError("lirap record", [Problem("", "both" if table and (which or values) else "neither", expected)])
    read = campaign_named(campaign)
    if table is not None:
        done = record_table(read, table, home=home, correct=correct, because=because)
    else:
        done = [record_one(read, str(which), values, home=home, correct=correct, because=because, new_cell=new_cell)]
    if not as_json:
        _print_recorded(done)  # at once: the rest takes some seconds and may be interrupted
    notes = _pass_on(read, home)
    if as_json:
        print_json({"cells": [one._asdict() for one in done], "notes": notes})


def _pass_on(campaign: Campaign, home: Path | None) -> list[str]:
    from experiments.campaign import pass_on

    notes = pass_on(campaign, home)
    for note in notes:
        typer.echo(note, err=True)
    return notes


def _print_recorded(done: Sequence[Recorded]) -> None:
    for one in done:
        typer.echo(one.sentence)
        recipe = one.cell.partition("-")[0]
        if not (one.added or one.corrected):
            typer.echo(f"Nothing was changed. Is it another cell that is alike? lirap record {recipe} --new-cell ...")
        elif one.is_new and len(done) == 1:
            typer.echo(f"What else it measures goes to {one.cell}: lirap record {one.cell} ...")


@app.command()
def retract(
    cell: Annotated[str, typer.Argument(help="The cell, such as R7-1.")],
    because: BecauseOption = "",
    undo: Annotated[bool, typer.Option("--undo", help="Restore a cell that was taken back.")] = False,
    campaign: CampaignOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take a cell back, with a reason; nothing is deleted."""
    from experiments.campaign import retract as retract_cell

    read = campaign_named(campaign)
    changed = retract_cell(read, cell, because, home=home, undo=undo)
    _print_turned(cell, changed, "restored" if undo else "taken back", as_json)
    _pass_on(read, home)


@app.command()
def reject(
    recipe: Annotated[str, typer.Argument(help="The recipe, such as R8.")],
    because: BecauseOption = "",
    undo: Annotated[bool, typer.Option("--undo", help="Take the rejection back.")] = False,
    campaign: CampaignOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Decline a proposal, with a reason; it is not proposed again."""
    from experiments.campaign import reject as reject_recipe

    read = campaign_named(campaign)
    changed = reject_recipe(read, recipe, because, home=home, undo=undo)
    _print_turned(recipe, changed, "open again" if undo else "rejected", as_json)
    _pass_on(read, home)


def _print_turned(name: str, changed: bool, state: str, as_json: bool) -> None:
    name = name.strip().upper()
    if as_json:
        print_json({"id": name, "state": state, "changed": changed})
    else:
        typer.echo(f"{name}: {state}." if changed else f"{name}: {state} already; nothing was changed.")
