"""How does an explanation run as a command: read the cells, fit, find the recipe asked for, explain?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from datasets.errors import InputError, Problem, nearest
from experiments.campaign_file import Campaign
from experiments.home import home_folder
from experiments.measured_cells import campaign_cells

if TYPE_CHECKING:
    import pandas as pd

    from screening.explanation import Explanation


def explain(
    campaign: Campaign,
    *,
    cells: Sequence[str | Path] = (),
    home: str | Path | None = None,
    cell: str | None = None,
    candidate: int | None = None,
) -> list[Explanation]:
    """Explain the targets of a campaign: what moves them, and what pulls the prediction of one recipe.

    Parameters
    ----------
    campaign : Campaign
    cells : sequence of path
        Cell tables that stand in for those of the campaign file.
    home : path, optional
        See `home_folder`.
    cell : str, optional
        Explain the recipe of this measured cell.
    candidate : int, optional
        Explain the recipe of this rank by expected gain in the latest screen.

    Returns
    -------
    list of Explanation
        One for each target.

    Raises
    ------
    datasets.errors.InputError
        When the cell or the candidate is not known, with the nearest that is.
    """
    folder = home_folder(campaign.folder, home)
    table, options, _ = campaign_cells(campaign, cells, folder)
    recipe = _asked_for(table, folder, cell, candidate)

    from screening.explanation import explained
    from screening.job import fitted_model

    seed = campaign.random_state
    model = fitted_model(table, campaign.targets, options, seed, folder / "cache")
    return [explained(model, goal, table, campaign.space, recipe, seed) for goal in campaign.targets]


def _asked_for(table: pd.DataFrame, folder: Path, cell: str | None, candidate: int | None) -> pd.DataFrame | None:
    if cell is not None and candidate is not None:
        raise InputError("explain", [Problem("", "a cell and a candidate", "one of the two")])
    if cell is not None:
        return _of_cell(table, cell)
    return None if candidate is None else _of_candidate(folder, candidate)


def _of_cell(table: pd.DataFrame, cell: str) -> pd.DataFrame:
    found = table[table["cell_id"] == cell]
    if found.empty:
        expected = f"one of {', '.join(table['cell_id'])}{nearest(cell, table['cell_id'])}"
        raise InputError("--cell", [Problem("", cell, expected)])
    return found


def _of_candidate(folder: Path, candidate: int) -> pd.DataFrame:
    import pandas as pd

    from screening.job import BY_GAIN
    from screening.snapshot import CANDIDATES

    path = folder / "screen" / CANDIDATES
    if not path.is_file():
        raise InputError(path, [Problem("", "no such file", "the latest screen; run lirap screen first")])
    ranked = pd.read_parquet(path)
    ranked = ranked[ranked["list"] == BY_GAIN]
    found = ranked[ranked["rank"] == candidate]
    if found.empty:
        raise InputError("--candidate", [Problem("", candidate, f"a rank from 1 to {len(ranked)} in {path}")])
    return found
