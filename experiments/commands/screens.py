"""`lirap init`, `screen`, `validate`, `explain` and `xrd`: from measured cells to a ranked list of recipes."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from experiments.commands.common import (
    CampaignOption,
    CellsOption,
    HomeOption,
    JsonOption,
    app,
    campaign_named,
    console_here,
    print_json,
    print_run,
    print_table,
    progress_bar,
    whereabouts,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console

    from experiments.tracking.screens import TrackedScreen
    from experiments.tracking.validations import TrackedValidation
    from screening.job import ScreenResult

SHORT_LIST = 3


@app.command()
def init(
    path: Annotated[Path, typer.Argument(help="File to write, or the folder for it.")] = Path("campaign.toml"),
    as_json: JsonOption = False,
) -> None:
    """Write a commented campaign file to edit."""
    from experiments.campaign_file import init as write_campaign_file

    written = write_campaign_file(path)
    if as_json:
        print_json({"campaign": str(written)})
    else:
        typer.echo(f"Wrote {written}: edit it, then run lirap screen -c {written}")


@app.command()
def screen(
    campaign: CampaignOption = None,
    cells: CellsOption = None,
    home: HomeOption = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Folder for the files of the screen [default: screen/ in the home]."),
    ] = None,
    best: Annotated[int, typer.Option("--best", "-n", min=1, max=1000, help="Recipes in each ranked list.")] = 10,
    jobs: Annotated[int, typer.Option("--jobs", "-j", help="Cores to use; -1 for all.")] = -1,
    as_json: JsonOption = False,
) -> None:
    """Score a recipe space on measured cells, rank it, and track it."""
    from datasets.errors import InputError, Problem
    from experiments.tracking.repeating import command_line
    from experiments.tracking.screens import tracked_screen

    if jobs < -1 or jobs == 0:
        raise InputError("--jobs", [Problem("", jobs, "1 or more, or -1 for all cores")])
    read = campaign_named(campaign)
    with progress_bar("scoring recipes") as progress:
        done = tracked_screen(
            read,
            cells=cells or (),
            home=home,
            out=out,
            n_best=best,
            n_jobs=jobs,
            command=command_line(sys.argv[1:]),
            progress=progress,
        )
    if as_json:
        print_json(screen_content(done))
    else:
        _print_screen(done)


@app.command()
def validate(
    campaign: CampaignOption = None,
    cells: CellsOption = None,
    home: HomeOption = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Folder for scores and pictures [default: validation/ in the home]."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Say how far to trust the models: recipes, sources and cells left out, beside the mean and simpler models."""
    from experiments.tracking.validations import tracked_validation, validation_table
    from screening.running import running_table

    read = campaign_named(campaign)
    done = tracked_validation(read, cells=cells or (), home=home, out=out)
    if as_json:
        print_json(_validation_content(done))
        return
    console = console_here()
    for goal in read.targets:
        one = done.validations[goal.target]
        if len(one.scores):
            table = validation_table(one, goal.column.label.capitalize(), goal.column.unit)
            print_table(console, table, caption=goal is read.targets[0])
        console.print(one.sentence, highlight=False)
        if one.later:
            console.print(one.later, highlight=False)
        for warning in one.warnings:
            console.print(f"- {warning}", highlight=False, markup=False)
    for note in done.notes:
        console.print(note, highlight=False)
    if len(done.running):
        print_table(console, running_table(done.running))
    console.print(f"\nPictures: {done.folder}", highlight=False, soft_wrap=True)
    print_run(console, done)


@app.command()
def explain(
    campaign: CampaignOption = None,
    cells: CellsOption = None,
    home: HomeOption = None,
    cell: Annotated[str | None, typer.Option("--cell", help="Explain the recipe of this measured cell.")] = None,
    candidate: Annotated[
        int | None, typer.Option("--candidate", help="Explain the recipe of this rank in the latest screen.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Say what drives each target, and what pulls the prediction of one recipe."""
    from experiments.explanation import explain as explained
    from experiments.home import home_folder
    from screening.explanation import effects_table, why_tables
    from screening.files import write_effects

    read = campaign_named(campaign)
    done = explained(read, cells=cells or (), home=home, cell=cell, candidate=candidate)
    pictures = write_effects(done, home_folder(read.folder, home) / "explanation")
    if as_json:
        print_json({"targets": [one.to_dict() for one in done], "pictures": [str(path) for path in pictures]})
        return
    console = console_here()
    for one in done:
        print_table(console, effects_table(one), caption=one is done[0])
        console.print(one.sentence, highlight=False)
        for table in why_tables(one):
            print_table(console, table)
        if one.later:
            console.print(one.later, highlight=False)
    for path in pictures:
        console.print(f"Picture: {path}", highlight=False, soft_wrap=True)


@app.command()
def xrd(
    halide_cl: Annotated[
        float | None, typer.Option("--halide-cl", help="x in Li2OHCl_xBr_1-x, 0 to 1 [default: that of the edge].")
    ] = None,
    radiation: Annotated[str, typer.Option("--radiation", help="MoKa or CuKa.")] = "MoKa",
    lattice_parameter: Annotated[
        float | None, typer.Option("--lattice-parameter", help="Measured cell edge in angstrom.")
    ] = None,
    peaks: Annotated[
        str | None, typer.Option("--peaks", help='Extra peaks to explain, degrees two-theta: "15.7,22.3,26.5".')
    ] = None,
    measured_range: Annotated[
        tuple[float, float] | None,
        typer.Option("--range", help="Range of two-theta searched for peaks [default: what the given peaks span]."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Picture to draw, PNG or SVG [default: xrd.png in the home].")
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Simulate a diffraction pattern, read a cell edge, and name the impurity behind extra peaks."""
    from experiments.home import home_folder
    from experiments.xrd_tables import impurities_table, lines_table
    from featurizers.diffraction import parse_peaks, picture
    from featurizers.diffraction import xrd as simulate

    folder = home_folder(Path.cwd(), home)
    result = simulate(
        halide_cl,
        radiation,
        lattice_parameter,
        peaks=parse_peaks(peaks) if peaks is not None else None,
        range_deg=measured_range,
        cache_dir=folder / "cache",
    )
    out = out or folder / "xrd.png"
    picture(result, out, folder / "cache")
    if as_json:
        print_json({**result.to_dict(), "picture": str(out)})
        return
    console = console_here()
    print_table(console, lines_table(result))
    if result.impurities:
        print_table(console, impurities_table(result))
    console.print(result.sentence, highlight=False)
    console.print(f"Picture: {out}", highlight=False, soft_wrap=True)


def _print_screen(done: TrackedScreen) -> None:
    console = console_here()
    print_result(console, done.result, done.notes)
    console.print(f"Report:  {done.folder / 'report.html'}", highlight=False, soft_wrap=True)
    print_run(console, done)


def print_result(console: Console, result: ScreenResult, notes: Iterable[str] = ()) -> None:
    """Print a screen for people: measured cells, verdicts, gates and ranked lists."""
    from screening.report import candidate_table, cells_table, gates_table

    print_table(console, cells_table(result))
    for verdict in (*result.verdicts.values(), *notes):
        console.print(verdict, highlight=False)
    print_table(console, gates_table(result))
    for criterion in result.lists:
        leads = criterion == result.lists[0]
        print_table(console, candidate_table(result, criterion, n=None if leads else SHORT_LIST), caption=leads)
    console.print(f"\n{result.sentence}", highlight=False)


def _validation_content(done: TrackedValidation) -> dict[str, Any]:
    return {
        **whereabouts(done),
        "notes": done.notes,
        "scores": json.loads(done.scores.to_json(orient="records")),
        "running": json.loads(done.running.to_json(orient="records")),
        "targets": {
            target: {
                "sentence": one.sentence,
                "once_first_cycle_known": one.later or None,
                "warnings": one.warnings,
                "shuffled_as_good": one.shuffle and one.shuffle.p_value,
            }
            for target, one in done.validations.items()
        },
    }


def screen_content(done: TrackedScreen) -> dict[str, Any]:
    """Give what `lirap screen --json` prints."""
    result = done.result
    return {
        **whereabouts(done),
        "n_recipes": result.n_recipes,
        "n_passed": result.n_passed,
        "rejected": result.rejected,
        "verdicts": result.verdicts,
        "notes": done.notes,
        "lists": {name: json.loads(result.best(name).to_json(orient="records")) for name in result.lists},
        "seconds": {step: round(seconds, 3) for step, seconds in result.seconds.items()},
    }
