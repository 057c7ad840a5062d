"""Which measured cells does a campaign rest on, and which of them are the lab's own?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from datasets.errors import InputError, Problem, nearest
from experiments.campaign_file import HENKEL, LITERATURE, Campaign

if TYPE_CHECKING:
    import pandas as pd

    from screening.model_options import ModelOptions

RECORDED = "the ledger"
"""How the cells that were recorded are called in errors."""


class MeasuredCells(NamedTuple):
    """What a campaign learns from.

    Attributes
    ----------
    table : pandas.DataFrame
        All cells.
    options : ModelOptions
        Those of the campaign, with the source that predictions are for filled in where it can be told.
    notes : list of str
        What a reader of the results should know of the tables.
    """

    table: pd.DataFrame
    options: ModelOptions
    notes: list[str]


def campaign_cells(campaign: Campaign, named: Sequence[str | Path] = (), home: Path | None = None) -> MeasuredCells:
    """Read the cell tables named on the command line, or else those of the campaign file and what was recorded.

    Parameters
    ----------
    campaign : Campaign
    named : sequence of path
        Tables that stand in for those of the campaign; ``henkel2025`` and ``literature`` are the bundled ones.
    home : path, optional
        The folder with the campaign's ledger; without it, recorded cells are left out.

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

    from screening.job import check_targets

    tables = _read([str(name) for name in named] or _placed_beside(campaign))
    recorded = _recorded(campaign, tables, home) if home and not named else None
    if recorded is not None:
        tables[RECORDED] = recorded
    where = ", ".join(tables)
    cells = pd.concat(tables.values(), ignore_index=True)
    twice = cells["cell_id"][cells["cell_id"].duplicated()].unique()
    if len(twice):
        raise InputError(where, [Problem("column cell_id", name, "each cell id in one table only") for name in twice])
    check_targets(cells, campaign.targets, where)
    own = _own_source(campaign.model.own_source, tables, where)
    notes = [_literature_note()] if LITERATURE in tables else []
    changes: dict[str, object] = {"own_source": own}
    if recorded is not None and campaign.model.borrow == "choose" and (few := _too_few_to_choose(cells, own)):
        changes["borrow"] = 1.0
        notes.append(few)
    return MeasuredCells(cells, campaign.model.model_copy(update=changes), notes)


def _recorded(campaign: Campaign, tables: dict[str, pd.DataFrame], home: Path) -> pd.DataFrame | None:
    """Read what the campaign recorded, under the source that the lab's own tables have where there is one."""
    from experiments.campaign import campaign_ledger

    written = {
        source for name, table in tables.items() if name not in (HENKEL, LITERATURE) for source in table["source"]
    }
    source = campaign.model.own_source or (written.pop() if len(written) == 1 else campaign.name)
    cells = campaign_ledger(campaign, home).cells(source)
    return cells if len(cells) else None


def _too_few_to_choose(cells: pd.DataFrame, own: str | None) -> str:
    """Say that the own recipes are too few to tell what others' cells are worth; nothing where they are enough."""
    from datasets.recipe import RECIPE_COLUMNS
    from models.weighing import LEAST_RECIPES

    mine = cells["source"] == own
    count = len(cells.loc[mine, list(RECIPE_COLUMNS)].drop_duplicates())
    if mine.all() or not mine.any() or count >= LEAST_RECIPES:
        return ""
    return (
        f"Cells of other sources count in full, apart from an offset: {count} own recipe{'s' * (count != 1)} cannot "
        "tell what they are worth."
    )


def _placed_beside(campaign: Campaign) -> list[str]:
    """Name the tables of a campaign file, whose relative paths start at the file."""
    bundled = (HENKEL, LITERATURE)
    return [name if name in bundled else str(campaign.folder / Path(name).expanduser()) for name in campaign.cells]


def _read(names: list[str]) -> dict[str, pd.DataFrame]:
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise InputError("cells", [Problem("", twice[0], "each table once")])
    tables, wrong = {}, []
    for name in names:
        try:
            tables[name] = _read_one(name)
        except InputError as error:
            wrong.append(error)
    if len(wrong) == 1:
        raise wrong[0]
    if wrong:
        raise InputError(", ".join(names), [each for error in wrong for each in _placed(error)])
    return tables


def _read_one(name: str) -> pd.DataFrame:
    from datasets.cells import henkel2025, read_cells
    from datasets.literature import literature

    if name == HENKEL:
        return henkel2025()
    return literature().cells if name == LITERATURE else read_cells(name)


def _placed(error: InputError) -> list[Problem]:
    """Put the file in front of each problem, where several files are wrong."""
    return [each._replace(where=f"{error.source}, {each.where}".removesuffix(", ")) for each in error.problems]


def _own_source(named: str | None, tables: dict[str, pd.DataFrame], where: str) -> str | None:
    """Tell the source that predictions are for: the one named, or the only one of the lab's own tables.

    The lab's own are those that it wrote; where it wrote none, the cells of Henkel et al. stand for it, and the
    literature never does. Recorded cells are own ones.
    """
    sources = {name: list(table["source"].dropna().unique()) for name, table in tables.items()}
    if named is not None:
        known = [source for each in sources.values() for source in each]
        if named not in known:
            expected = f"one of the sources of the cells: {', '.join(known)}{nearest(named, known)}"
            raise InputError(where, [Problem("own_source in the campaign file", named, expected)])
        return named
    if RECORDED in sources:
        return str(sources[RECORDED][0])
    written = [source for name, each in sources.items() if name not in (HENKEL, LITERATURE) for source in each]
    own = list(dict.fromkeys(written or sources.get(HENKEL, [])))
    return own[0] if len(own) == 1 else None


def _literature_note() -> str:
    from datasets.literature import literature

    return literature().sentence
