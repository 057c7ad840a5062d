"""Which measured cells does a campaign rest on?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from datasets.errors import InputError, Problem
from experiments.campaign_file import BUNDLED_CELLS, Campaign

if TYPE_CHECKING:
    import pandas as pd


def campaign_cells(campaign: Campaign, named: Sequence[str | Path] = ()) -> pd.DataFrame:
    """Read the cell tables named on the command line, or else those of the campaign file, as one table.

    Parameters
    ----------
    campaign : Campaign
    named : sequence of path
        Tables that stand in for those of the campaign file; ``henkel2025`` is the bundled one.

    Returns
    -------
    pandas.DataFrame
        With at least one value of each target of the campaign.

    Raises
    ------
    datasets.errors.InputError
        With everything that is wrong with any of the tables, when two of them hold a cell of one id, or when a target
        has no value.
    """
    import pandas as pd

    from datasets.cells import henkel2025, read_cells
    from screening.job import check_targets

    paths = list(named) or [
        name if name == BUNDLED_CELLS else campaign.folder / Path(name).expanduser() for name in campaign.cells
    ]
    tables, wrong = [], []
    for path in paths:
        try:
            tables.append(henkel2025() if str(path) == BUNDLED_CELLS else read_cells(path))
        except InputError as error:
            wrong.append(error)
    where = ", ".join(str(path) for path in paths)
    if wrong:
        raise wrong[0] if len(wrong) == 1 else InputError(where, [each for error in wrong for each in _placed(error)])
    cells = pd.concat(tables, ignore_index=True) if len(tables) > 1 else tables[0]
    twice = cells["cell_id"][cells["cell_id"].duplicated()].unique()
    if len(twice):
        raise InputError(where, [Problem("column cell_id", name, "each cell id in one table only") for name in twice])
    check_targets(cells, campaign.targets, where)
    return cells


def _placed(error: InputError) -> list[Problem]:
    """Put the file in front of each problem, where several files are wrong."""
    return [each._replace(where=f"{error.source}, {each.where}".removesuffix(", ")) for each in error.problems]
