"""Which measured cells does a campaign rest on?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from datasets.errors import InputError, Problem, nearest
from experiments.campaign_file import BUNDLED_CELLS, Campaign

if TYPE_CHECKING:
    import pandas as pd

    from screening.model_options import ModelOptions


class MeasuredCells(NamedTuple):
    """What a campaign learns from.

    Attributes
    ----------
    table : pandas.DataFrame
        All cells.
    options : ModelOptions
        Those of the campaign, with the source that predictions are for filled in where it can be told.
    """

    table: pd.DataFrame
    options: ModelOptions


def campaign_cells(campaign: Campaign, named: Sequence[str | Path] = ()) -> MeasuredCells:
    """Read the cell tables named on the command line, or else those of the campaign file, as one table.

    Parameters
    ----------
    campaign : Campaign
    named : sequence of path
        Tables that stand in for those of the campaign file; ``henkel2025`` is the bundled one.

    Returns
    -------
    MeasuredCells
        With at least one value of each target of the campaign.

    Raises
    ------
    datasets.errors.InputError
        With everything that is wrong with any of the tables, when two of them hold a cell of one id, when a target
        has no value, or when the lab's own source is none of those in the tables.
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
    bundled = {
        source
        for path, table in zip(paths, tables, strict=True)
        if str(path) == BUNDLED_CELLS
        for source in table["source"]
    }
    own = _own_source(campaign.model.own_source, list(cells["source"].dropna().unique()), bundled, where)
    return MeasuredCells(cells, campaign.model.model_copy(update={"own_source": own}))


def _own_source(named: str | None, sources: list[str], bundled: set[str], where: str) -> str | None:
    """Tell the source that predictions are for: the one named, or the only one that did not come with LiRAP."""
    if named is not None and named not in sources:
        expected = f"one of the sources of the cells: {', '.join(sources)}{nearest(named, sources)}"
        raise InputError(where, [Problem("own_source in the campaign file", named, expected)])
    own = [source for source in sources if source not in bundled]
    return named or (own[0] if len(own) == 1 else None)


def _placed(error: InputError) -> list[Problem]:
    """Put the file in front of each problem, where several files are wrong."""
    return [each._replace(where=f"{error.source}, {each.where}".removesuffix(", ")) for each in error.problems]
