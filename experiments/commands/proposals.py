"""`lirap propose` and `lirap status`: the next recipes, and where the campaign stands."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from experiments.commands.common import (
    CampaignOption,
    HomeOption,
    JsonOption,
    app,
    campaign_named,
    console_here,
    print_json,
    print_run,
    print_table,
    whereabouts,
)

if TYPE_CHECKING:
    from experiments.campaign_file import Campaign
    from experiments.proposals.rounds import ProposedRound
    from experiments.status import Status


@app.command()
def propose(
    n: Annotated[int, typer.Option("--n", "-n", help="How many recipes.")] = 4,
    campaign: CampaignOption = None,
    home: HomeOption = None,
    furnace_runs: Annotated[
        int | None,
        typer.Option("--furnace-runs", help="Most furnace programmes (temperature, cooling) in the round."),
    ] = None,
    out_of_stock: Annotated[
        list[str] | None,
        typer.Option("--out-of-stock", help="LiOH, LiCl, LiBr or an oxide that is not there; may be repeated."),
    ] = None,
    stock_g: Annotated[float | None, typer.Option("--stock-g", help="Antiperovskite made at once, in gram.")] = None,
    batch_g: Annotated[float | None, typer.Option("--batch-g", help="Cathode powder coated at once, in gram.")] = None,
    balance_mg: Annotated[
        float | None, typer.Option("--balance-mg", help="What the last digit of the balance stands for, in milligram.")
    ] = None,
    simulate: Annotated[
        bool,
        typer.Option("--simulate", help="Propose nothing: replay what was measured, chosen otherwise."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Propose the next recipes, each with a card to weigh and make it by."""
    from experiments.campaign import propose as next_round
    from experiments.campaign import simulate as replayed
    from experiments.tracking.repeating import command_line

    read = _with_options(
        campaign_named(campaign),
        proposals={"furnace_runs": furnace_runs, "out_of_stock": out_of_stock},
        cards={"stock_g": stock_g, "batch_g": batch_g, "balance_mg": balance_mg},
    )
    if simulate:
        found = replayed(read, home=home)
        if as_json:
            print_json(found.to_dict())
        else:
            console_here().print(found.sentence, highlight=False)
        return
    done = next_round(read, n, home=home, command=command_line(sys.argv[1:]))
    if as_json:
        print_json(_round_content(done))
    else:
        _print_round(done, read)


@app.command()
def status(
    campaign: CampaignOption = None,
    home: HomeOption = None,
    refresh: Annotated[
        bool, typer.Option("--refresh", help="Learn from all results anew, instead of what the last round stored.")
    ] = False,
    history: Annotated[bool, typer.Option("--history", help="All that happened, nothing left out.")] = False,
    recipe: Annotated[
        str | None, typer.Option("--recipe", help="One recipe: what it rests on, and what became of it.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Say where the campaign stands: measured, running, overdue, the front, and whether to go on."""
    from experiments import campaign as campaigns
    from experiments.status import front_table, history_table, lineage_table, reached_table, recipes_table

    read, console = campaign_named(campaign), console_here()
    if history:
        events = campaigns.history(read, home=home)
        if as_json:
            print_json({"history": [event._asdict() for event in events]})
        else:
            print_table(console, history_table(events))
        return
    if recipe is not None:
        lineage = campaigns.lineage(read, recipe, home=home)
        if as_json:
            print_json(lineage)
        else:
            print_table(console, lineage_table(lineage))
        return
    found = campaigns.status(read, home=home, refresh=refresh)
    if as_json:
        print_json(found.to_dict())
        return
    for table in (recipes_table(found), front_table(found), reached_table(found)):
        if table.rows:
            print_table(console, table)
    _print_sentences(console, found)


def _print_sentences(console: Any, found: Status) -> None:
    for sentence in (*found.notes, found.sentence):
        console.print(sentence, highlight=False, markup=False)


def _with_options(campaign: Campaign, **given: dict[str, Any]) -> Campaign:
    """Put what was said on the command line in place of what the campaign file says, and check it alike."""
    from experiments.campaign_file import overridden

    named = {
        section: {key: value for key, value in keys.items() if value is not None} for section, keys in given.items()
    }
    return overridden(campaign, {section: keys for section, keys in named.items() if keys})


def _print_round(done: ProposedRound, campaign: Campaign) -> None:
    from experiments.proposals.tables import proposals_table

    console = console_here()
    print_table(console, proposals_table(f"Round {done.number}", done.ids, done.drafted, campaign.targets))
    reasons = [f"{name}: {proposal.reason}." for name, (proposal, _) in zip(done.ids, done.drafted, strict=True)]
    for sentence in (*reasons, "", *done.notes, *done.verdicts.values(), done.prospects.sentence):
        console.print(sentence, highlight=False, markup=False)
    console.print(f"\nRecipe cards: {done.folder}", highlight=False, soft_wrap=True)
    print_run(console, done)


def _round_content(done: ProposedRound) -> dict[str, Any]:
    return {
        **whereabouts(done),
        "round": done.number,
        "proposals": [
            {
                "id": name,
                "recipe": proposal.recipe.model_dump(),
                "label": proposal.recipe.label,
                "is_replicate": proposal.is_replicate,
                "prediction": proposal.prediction,
                "reason": proposal.reason,
                "nearest": proposal.nearest,
                "expected_gain": gain,
            }
            for name, (proposal, gain) in zip(done.ids, done.drafted, strict=True)
        ],
        "verdicts": done.verdicts,
        "prospects": done.prospects.to_dict(),
        "notes": done.notes,
    }
