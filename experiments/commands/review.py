"""`lirap review`, `runs` and `compare`: looking at what was tracked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from experiments.commands.common import CampaignOption, HomeOption, JsonOption, app, campaign_named, print_json

if TYPE_CHECKING:
    from experiments.review import Address


@app.command()
def review(
    campaign: CampaignOption = None,
    home: HomeOption = None,
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="The next free one if it is taken.")] = 5000,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Only say the address.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Open the MLflow UI over what was tracked, for this machine only; Ctrl-C ends it."""
    from experiments.review import review as serve

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
    import sys

    return sys.platform in ("darwin", "win32") or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
