"""What have others measured on coated cathodes, and which of it maps to a recipe at all?"""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import pandas as pd

from datasets.cells import bundled_words, typed_cells
from datasets.columns import TARGETS
from datasets.materials import NO_OXIDE, co_coatings


class Literature(NamedTuple):
    """The bundled literature table, sorted into what can be learned from and what cannot.

    Attributes
    ----------
    cells : pandas.DataFrame
        A cell table of the rows that are a recipe and have a target; the protocols differ from paper to paper.
    left_out : dict of str to str
        By the id of every other row: why it is left out.
    """

    cells: pd.DataFrame
    left_out: dict[str, str]

    @property
    def sentence(self) -> str:
        """Say how much of the literature can be used, and what is in the way of the rest."""
        reasons = Counter(self.left_out.values())
        said = "; ".join(f"{reason} ({count})" for reason, count in reasons.most_common())
        total = len(self.cells) + len(self.left_out)
        return f"literature: {len(self.cells)} of {total} rows map to a recipe with a target. Left out: {said}."


def literature() -> Literature:
    """Read the cells of other papers: an opt-in source, never a default.

    Returns
    -------
    Literature

    Examples
    --------
    >>> literature().sentence.split(". ")[0]
    'literature: 3 of 16 rows map to a recipe with a target'
    """
    raw = bundled_words("literature_cells.csv")
    reasons = [_reason(row) for _, row in raw.iterrows()]
    kept = raw[[not reason for reason in reasons]].reset_index(drop=True)
    left_out = {name: reason for name, reason in zip(raw["cell_id"], reasons, strict=True) if reason}
    return Literature(_as_cells(kept), left_out)


def _reason(row: pd.Series) -> str:
    if not row[list(TARGETS)].notna().any():
        return "no target printed"
    if row["is_control"] == "1":
        return ""
    if row["coating_1"] not in co_coatings() or pd.notna(row["coating_2"]):
        return "a coating that is none of the co-coatings"
    return "content of the coating not printed" if pd.isna(row["coating_1_wt_pct"]) else ""


def _as_cells(kept: pd.DataFrame) -> pd.DataFrame:
    coated = kept["is_control"] != "1"
    oxide = kept["coating_1"].where(coated, NO_OXIDE)
    content = kept["coating_1_wt_pct"].where(coated, "0")
    return typed_cells(kept.assign(antiperovskite_wt_pct="0", oxide=oxide, oxide_wt_pct=content))
