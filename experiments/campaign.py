"""How does a campaign go on: what is made next, what was measured, taken back or declined, where does it stand?"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datasets.errors import InputError, Problem
from experiments.campaign_file import Campaign
from experiments.home import home_folder

if TYPE_CHECKING:
    from experiments.ledger import Event, Ledger, Recorded
    from experiments.proposals.replay import Replay
    from experiments.proposals.rounds import ProposedRound
    from experiments.status import Status

DATABASE_VARIABLE = "LIRAP_DATABASE"
"""Names a PostgreSQL database for the ledger; it goes before the campaign file."""


def campaign_ledger(campaign: Campaign, home: str | Path | None = None) -> Ledger:
    """Open the ledger of a campaign, in its home or in the database that it names.

    Parameters
    ----------
    campaign : Campaign
    home : path, optional
        Folder for all that runs leave.

    Returns
    -------
    Ledger
    """
    from experiments.ledger import open_ledger

    address = os.environ.get(DATABASE_VARIABLE) or campaign.database
    return open_ledger(home_folder(campaign.folder, home), campaign.name, address)


def propose(campaign: Campaign, n: int = 4, *, home: str | Path | None = None, command: str = "") -> ProposedRound:
    """Propose the next recipes, write them down, write their cards, and track the round.

    Parameters
    ----------
    campaign : Campaign
    n : int
        How many, at most `experiments.proposals.rounds.MOST_PROPOSALS`.
    home : path, optional
    command : str
        How to repeat it, for the run.

    Returns
    -------
    ProposedRound

    Raises
    ------
    datasets.errors.InputError
        When nothing was measured yet, or fewer recipes are left than asked for; nothing was written.
    OSError
        When the ledger cannot be written to.
    """
    from experiments.passing_on import pass_on as catch_up
    from experiments.proposals.rounds import MOST_PROPOSALS, make_round

    if not 1 <= n <= MOST_PROPOSALS:
        raise InputError("--n", [Problem("", n, f"1 to {MOST_PROPOSALS}")])
    ledger, folder = campaign_ledger(campaign, home), home_folder(campaign.folder, home)
    done = make_round(ledger, campaign, n, folder, command)
    notes = catch_up(ledger, campaign, folder, done)
    run_id = next(made.run_id for made in ledger.rounds() if made.number == done.number)
    return replace(done, run_id=run_id or "", notes=[*done.notes, *notes])


def simulate(campaign: Campaign, *, home: str | Path | None = None) -> Replay:
    """Replay what was measured: how many recipes would other ways of choosing have needed?

    Parameters
    ----------
    campaign : Campaign
    home : path, optional

    Returns
    -------
    Replay

    Raises
    ------
    datasets.errors.InputError
        When too few recipes have all targets.
    """
    from experiments.measured_cells import campaign_cells
    from experiments.proposals.replay import replayed

    folder = home_folder(campaign.folder, home)
    cells = campaign_cells(campaign, home=folder).table
    return replayed(cells, campaign.targets, folder / "cache", campaign.random_state)


def status(campaign: Campaign, *, home: str | Path | None = None, refresh: bool = False) -> Status:
    """Say where the campaign stands.

    Parameters
    ----------
    campaign : Campaign
    home : path, optional
    refresh : bool
        Learn from all cells anew, instead of what the last round stored.

    Returns
    -------
    Status
    """
    from experiments.status import standing_now

    return standing_now(campaign_ledger(campaign, home), campaign, home_folder(campaign.folder, home), refresh)


def history(campaign: Campaign, *, home: str | Path | None = None) -> list[Event]:
    """Tell everything that happened in the campaign, in the order in which it did."""
    return campaign_ledger(campaign, home).history()


def lineage(campaign: Campaign, recipe: str, *, home: str | Path | None = None) -> dict[str, Any]:
    """Tell what a proposal rests on, and what became of it.

    Parameters
    ----------
    campaign : Campaign
    recipe : str
        Id, such as R7.
    home : path, optional

    Returns
    -------
    dict
        By name what JSON can hold: the round and its MLflow run, the digest of the cells that it learned from, the
        screens on the same cells, what was predicted and why, and the cells measured since.

    Raises
    ------
    datasets.errors.InputError
        When there is no such recipe.
    """
    from experiments.lineage import lineage_of

    return lineage_of(campaign_ledger(campaign, home), campaign, home_folder(campaign.folder, home), recipe)


def pass_on(campaign: Campaign, home: str | Path | None = None) -> list[str]:
    """Bring the Optuna study, the recipe cards and the MLflow runs up to date with the ledger.

    Parameters
    ----------
    campaign : Campaign
    home : path, optional
        Folder for all that runs leave.

    Returns
    -------
    list of str
        What could not be brought up to date, and why. The ledger is whole without; the next call tries again.
    """
    from experiments.passing_on import pass_on as catch_up

    return catch_up(campaign_ledger(campaign, home), campaign, home_folder(campaign.folder, home))


def record(
    campaign: Campaign,
    which: str,
    values: Mapping[str, object],
    *,
    home: str | Path | None = None,
    correct: bool = False,
    because: str = "",
    new_cell: bool = False,
) -> Recorded:
    """Record what one cell measured, partly or whole. `pass_on` tells Optuna and MLflow of it.

    Parameters
    ----------
    campaign : Campaign
    which : str
        Id of a recipe (R7), for a new cell unless one has exactly these values already, or of a cell (R7-1).
    values : mapping of str to object
        Columns of the cell table, as numbers or as they were typed.
    home : path, optional
    correct : bool
        Replace values that differ from those recorded.
    because : str
        Why they are corrected.
    new_cell : bool
        Make a new cell even where one has the same values.

    Returns
    -------
    Recorded

    Raises
    ------
    datasets.errors.InputError
        With everything that is wrong; nothing was written.
    OSError
        When the ledger cannot be written to.
    """
    ledger = campaign_ledger(campaign, home)
    return ledger.record(which, values, correct=correct, because=because, new_cell=new_cell)


def record_table(
    campaign: Campaign,
    path: str | Path,
    *,
    home: str | Path | None = None,
    correct: bool = False,
    because: str = "",
) -> list[Recorded]:
    """Record the cells of a table, all or nothing; recording it again changes nothing. `pass_on` tells of it.

    Parameters
    ----------
    campaign : Campaign
    path : path
        A file .csv, .tsv, .xlsx, .xlsm or .parquet with a column ``cell_id`` or ``recipe_id`` that holds ids such as
        R7 or R7-1, and conditions and results as in a cell table. Blank: not measured.
    home : path, optional
    correct, because
        See `record`.

    Returns
    -------
    list of Recorded
        One for each row.

    Raises
    ------
    datasets.errors.InputError
        With every problem of the table; nothing was written.
    OSError
        When the ledger cannot be written to.
    """
    from experiments.ledger.tables_of_cells import read_entries

    ledger = campaign_ledger(campaign, home)
    return ledger.record_many(read_entries(Path(path)), source=str(path), correct=correct, because=because)


def retract(
    campaign: Campaign, cell: str, because: str = "", *, home: str | Path | None = None, undo: bool = False
) -> bool:
    """Take a cell back, or restore it; nothing is deleted. `pass_on` tells Optuna and MLflow of it.

    Parameters
    ----------
    campaign : Campaign
    cell : str
        Id of the cell.
    because : str
        Why; needed to take it back.
    home : path, optional
    undo : bool
        Restore it.

    Returns
    -------
    bool
        Whether that changed anything.

    Raises
    ------
    datasets.errors.InputError
        When there is no such cell, or no reason is given.
    OSError
        When the ledger cannot be written to.
    """
    return campaign_ledger(campaign, home).retract(cell, because, undo=undo)


def reject(
    campaign: Campaign, recipe: str, because: str = "", *, home: str | Path | None = None, undo: bool = False
) -> bool:
    """Decline a proposal, or take that back; of a recipe that was made, decline to make it again.

    `pass_on` tells Optuna and MLflow of it.

    Parameters
    ----------
    campaign : Campaign
    recipe : str
        Id of the recipe.
    because : str
        Why; needed to decline it.
    home : path, optional
    undo : bool
        Take it back.

    Returns
    -------
    bool
        Whether that changed anything.

    Raises
    ------
    datasets.errors.InputError
        When there is no such recipe, it was made already, or no reason is given.
    OSError
        When the ledger cannot be written to.
    """
    return campaign_ledger(campaign, home).reject(recipe, because, undo=undo)
