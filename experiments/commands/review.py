"""`lirap review`, `runs` and `compare`: looking at what was tracked."""

from __future__ import annotations

import sys
from pathlib import Path
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
    print_table,
)

if TYPE_CHECKING:
    from experiments.tracking.review import Address
    from experiments.tracking.runs import Pruned, TrackedRun


@app.command()
def review(
    campaign: CampaignOption = None,
    home: HomeOption = None,
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="The next free one if it is taken.")] = 5000,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Only say the address.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Open the MLflow UI over what was tracked, for this machine only; Ctrl-C ends it."""
    from experiments.tracking.review import review as serve

    read = campaign_named(campaign)

    def ready(address: Address) -> None:
        if as_json:
            print_json(address._asdict())
        else:
            ends = "" if address.remote else " (Ctrl-C ends it)"
            typer.echo(f"Runs of {read.name}: {address.page}{ends}")
        if not no_browser and _has_screen():
            import webbrowser

            webbrowser.open(address.page)

    serve(read, home=home, port=port, ready=ready)


def _has_screen() -> bool:
    """Tell whether a browser has a screen to open on; without one, Python would start one that fills the terminal."""
    import os

    return sys.platform in ("darwin", "win32") or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))


@app.command()
def runs(
    campaign: CampaignOption = None,
    home: HomeOption = None,
    prune: Annotated[bool, typer.Option("--prune", help="Remove old screens and validations, never a round.")] = False,
    keep: Annotated[int, typer.Option("--keep", min=0, help="With --prune: the newest of each kind to keep.")] = 50,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="With --prune: do not ask.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List what was tracked, and remove what is old."""
    from experiments.tracking.runs import prune as pruned
    from experiments.tracking.runs import runs as tracked
    from experiments.tracking.runs import runs_table

    read = campaign_named(campaign)
    if prune:
        found = pruned(read, home=home, keep=keep, really=yes)
        _say_pruned(found, as_json)
        if found.removed and not yes and not as_json and sys.stdin.isatty() and typer.confirm("Remove them?"):
            typer.echo(pruned(read, home=home, keep=keep, really=True).sentence)
        return
    shown = tracked(read, home=home)
    if as_json:
        print_json({"runs": [_run_content(run) for run in shown]})
    else:
        print_table(console_here(), runs_table(shown, f"Runs of {read.name}"))


def _say_pruned(found: Pruned, as_json: bool) -> None:
    from experiments.tracking.runs import runs_table

    if as_json:
        content = {"removed": [_run_content(run) for run in found.removed], "kept": found.kept}
        print_json({**content, "bytes": found.n_bytes, "done": found.done})
        return
    console = console_here()
    if found.removed:
        print_table(console, runs_table(found.removed, found.sentence), caption=False)
    else:
        console.print(found.sentence, highlight=False)
    for run_id, reason in found.kept.items():
        console.print(f"{run_id[:8]} stays: {reason}.", highlight=False, markup=False)
    if found.removed and not found.done:
        console.print("Nothing was removed yet; --yes does it without asking.", highlight=False)


def _run_content(run: TrackedRun) -> dict[str, Any]:
    return {**vars(run), "started": run.started.isoformat()}


@app.command()
def compare(
    before: Annotated[str, typer.Argument(help="A screen: the id of its run, or its name.")] = "previous",
    after: Annotated[str, typer.Argument(help="Another one.")] = "latest",
    campaign: CampaignOption = None,
    home: HomeOption = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Page to write [default: compare.html in the home].")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Say what differs between two screens, as tables and as a page."""
    from experiments.tracking.compare import compare as compared
    from experiments.tracking.compare import side_by_side

    done = compared(campaign_named(campaign), before, after, home=home, out=out)
    if as_json:
        print_json({**done.changes.to_dict(), "runs": [done.before.run_id, done.after.run_id], "page": str(done.page)})
        return
    console = console_here()
    for table in (side_by_side(done.before, done.after), *done.changes.tables()):
        print_table(console, table)
    console.print(done.changes.sentence, highlight=False, markup=False)
    console.print(f"Page: {done.page}", highlight=False, soft_wrap=True)
