"""How does a campaign go on: what was measured, taken back or declined?"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from datasets.errors import InputError
from experiments.campaign_file import Campaign
from experiments.home import home_folder

if TYPE_CHECKING:
    from experiments.ledger import Ledger, Recorded

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


def pass_on(campaign: Campaign, home: str | Path | None = None) -> list[str]:
    """Bring the Optuna study and the MLflow runs up to date with the ledger.

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
    from experiments.ledger.study import project
    from experiments.measured_cells import campaign_cells
    from experiments.round_results import sync_results

    ledger = campaign_ledger(campaign, home)
    folder = home_folder(campaign.folder, home)
    notes = []
    try:
        project(ledger, campaign.targets, campaign.space, campaign_cells(campaign).table)
    except (InputError, OSError) as error:
        notes.append(f"The Optuna study was not brought up to date; the next command tries again. {error}")
    try:
        sync_results(ledger, campaign.targets, folder, campaign.name)
    except OSError as error:
        notes.append(f"The MLflow runs were not brought up to date; the next command tries again. {error}")
    return notes


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
