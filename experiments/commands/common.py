"""What do all commands share: the app, common options, and printing for people and programs?"""

from __future__ import annotations

import json
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from experiments.campaign_file import Campaign
    from experiments.home import Tracked
    from screening.scoring import Progress
    from screening.tables import Table

# Nothing else is imported up here, so that `lirap --help` is quick.

DONE, FAILED, WRONG_INPUT, STOPPED = 0, 1, 2, 130
PIPE_WIDTH = 140
HEADING_WIDTH = 14

app = typer.Typer(
    name="lirap",
    help="Screen antiperovskite coatings for nickel-rich cathodes: from measured cells to the next recipes.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

CampaignOption = Annotated[
    Path | None, typer.Option("--campaign", "-c", help="Campaign file [default: campaign.toml here, if there is one].")
]
CellsOption = Annotated[
    list[str] | None,
    typer.Option("--cells", help="Cell table (CSV, Excel, Parquet) instead of the campaign's own; may be repeated."),
]
HomeOption = Annotated[
    Path | None,
    typer.Option("--home", help="Folder for all that runs leave [default: runs/ beside the campaign file]."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object, for programs.")]


@app.callback(invoke_without_command=True)
def _root(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    if version:
        from importlib.metadata import version as installed

        typer.echo(f"lirap {installed('lirap')}")
        raise typer.Exit(DONE)


def campaign_named(path: Path | None) -> Campaign:
    """Read the campaign file named, or that in the current folder, or the packaged default."""
    from experiments.campaign_file import FILE_NAME, read_campaign

    if path is None and Path(FILE_NAME).is_file():
        path = Path(FILE_NAME)
    return read_campaign(path)


@contextmanager
def progress_bar(what: str) -> Iterator[Progress | None]:
    """Show a progress bar on a terminal, and none in a pipe."""
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        yield None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def print_json(content: dict[str, Any]) -> None:
    """Print one JSON object."""
    typer.echo(json.dumps(content, ensure_ascii=False, indent=2, default=str))


def console_here() -> Console:
    """Give a console as wide as the terminal, or as wide as tables need in a pipe.

    It prints words as they are: a sample may be named ``[/x]`` or ``:smile:``, which Rich would read as its own.
    """
    from rich.console import Console

    console = Console(markup=False, emoji=False)
    return console if console.is_terminal else Console(width=PIPE_WIDTH, markup=False, emoji=False)


def print_run(console: Console, done: Tracked) -> None:
    """Say where a command was tracked."""
    from experiments.tracking.store import whereabouts as recorded_at

    console.print(f"Tracked: run {done.run_id} in {recorded_at(done.home)}", highlight=False, soft_wrap=True)


def print_table(console: Any, table: Table, caption: bool = True) -> None:
    """Print a table for people."""
    from textwrap import fill

    from rich import box
    from rich.table import Table as RichTable

    console.print(f"\n{table.title}", style="bold", highlight=False)
    shown = RichTable(box=box.SIMPLE_HEAD, pad_edge=False, header_style="")
    for column in table.columns:
        # Long names of numbers are broken, so that the room is left to words.
        heading = fill(column.name, HEADING_WIDTH) if column.number else column.name
        shown.add_column(heading, justify="right" if column.number else "left", vertical="top")
    for row in table.rows:
        shown.add_row(*row)
    console.print(shown)
    if caption:
        console.print(table.caption, style="dim", highlight=False, markup=False)


def whereabouts(done: Tracked) -> dict[str, Any]:
    """Say for programs where a command left its files."""
    files = {name: str(path) for name, path in done.files.items()}
    return {"run_id": done.run_id, "home": str(done.home), "files": files}
