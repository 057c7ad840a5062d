"""The `lirap` command: each command a thin skin over the library function of the same name."""

from __future__ import annotations

import signal
import sys

import typer

# Each module adds its commands to the app; `lirap --help` lists them in this order.
from experiments.commands import screens  # noqa: F401

# isort: split
from experiments.commands import proposals  # noqa: F401

# isort: split
from experiments.commands import campaign  # noqa: F401

# isort: split
from experiments.commands import review  # noqa: F401
from experiments.commands.common import FAILED, STOPPED, WRONG_INPUT, app


def main(arguments: list[str] | None = None) -> None:
    """Run the command line: exit 0 when done, 1 when the work failed, 2 when the input is wrong, 130 when stopped."""
    from datasets.errors import InputError

    # A run that is asked to end is closed like one that is interrupted from the keyboard.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        app(args=arguments)
    except InputError as error:
        typer.echo(error, err=True)
        sys.exit(WRONG_INPUT)
    except OSError as error:  # a full disk, a folder that cannot be written to
        typer.echo(str(error), err=True)
        sys.exit(FAILED)
    except SystemExit as ended:
        if ended.code == STOPPED:
            typer.echo("Stopped; nothing was left half written.", err=True)
        raise


if __name__ == "__main__":
    main()
