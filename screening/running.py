"""What will the cells that are still running have kept?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from datasets.columns import TARGETS
from screening.tables import Column, Table

if TYPE_CHECKING:
    import pandas as pd

    from models.recipe_model import RecipeModel


def running_cells(model: RecipeModel, cells: pd.DataFrame) -> pd.DataFrame:
    """Predict the late results that are not in yet, of cells whose first cycle is known.

    Parameters
    ----------
    model : RecipeModel
        Fitted.
    cells : pandas.DataFrame
        Cell table.

    Returns
    -------
    pandas.DataFrame
        One row for each such cell and target: ``cell_id``, ``target``, and ``mean``, ``std``, ``low`` and ``high`` of
        the 90 % interval, in the unit of the target.
    """
    import pandas as pd

    from models.later import LATE, begun, early_results

    cells, names = cells.reset_index(drop=True), ["mean", "std", "low", "high"]
    known = cells[begun(early_results(cells))]
    waiting = {
        target: known[known[target].isna()] for target in model.surrogates_ if target in LATE and target in known
    }
    asked = known.loc[sorted({index for table in waiting.values() for index in table.index})]
    if asked.empty:
        return pd.DataFrame(columns=["cell_id", "target", *names])
    predicted = model.predict_later(asked)
    parts = [
        predicted.loc[table.index, [f"{target}_{name}" for name in names]]
        .set_axis(names, axis=1)
        .assign(cell_id=table["cell_id"], target=target)
        for target, table in waiting.items()
        if len(table)
    ]
    return pd.concat(parts, ignore_index=True)[["cell_id", "target", *names]]


def running_sentence(running: pd.DataFrame) -> str:
    """Say in words what `running_cells` predicts; nothing where no cell is running."""
    return " ".join(
        f"{TARGETS[row['target']].label} of {row['cell_id']}, its first cycle known: {row['mean']:.3g} "
        f"{TARGETS[row['target']].unit}, 90 % interval {row['low']:.3g} to {row['high']:.3g}."
        for _, row in running.iterrows()
    )


def running_table(running: pd.DataFrame) -> Table:
    """Write for people what `running_cells` predicts."""
    columns = [Column("cell"), Column("result to come"), Column("expected", True), Column("90 % interval", True)]
    rows = [
        [
            str(row["cell_id"]),
            f"{TARGETS[row['target']].label} ({TARGETS[row['target']].unit})",
            f"{row['mean']:.3g}",
            f"{row['low']:.3g} to {row['high']:.3g}",
        ]
        for _, row in running.iterrows()
    ]
    caption = (
        "Cells with a first cycle and no late result, from recipe and first cycle, as far as each has shown to help."
    )
    return Table("Late results still missing", caption, columns, rows)
