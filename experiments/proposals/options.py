"""What may a lab say about the proposals it wants?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field, field_validator

from datasets.errors import nearest
from datasets.materials import NO_OXIDE, co_coatings

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

SALTS = ("LiOH", "LiCl", "LiBr")
"""What the antiperovskite is made of."""


class ProposalOptions(BaseModel):
    """Limits on the recipes of one round, and when a result is late.

    Attributes
    ----------
    furnace_runs : int or None
        Most furnace programmes, temperature and cooling, in one round; any number when left out.
    out_of_stock : tuple of str
        Salts and oxides that are not there: LiOH, LiCl, LiBr or the name of a co-coating.
    replicates : bool
        Whether a further cell of a measured recipe may be proposed where it pays more than a new recipe.
    overdue_days : float
        Days after which a proposal without a cell, or a cell without all targets, counts as overdue. A hundred cycles
        take a month.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    furnace_runs: int | None = Field(default=None, ge=1)
    out_of_stock: tuple[str, ...] = ()
    replicates: bool = True
    overdue_days: float = Field(default=45.0, gt=0)

    @field_validator("out_of_stock")
    @classmethod
    def _known_precursors(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        known = (*SALTS, *(oxide for oxide in co_coatings() if oxide != NO_OXIDE))
        unknown = [name for name in names if name not in known]
        if unknown:
            raise ValueError(f"Got {unknown[0]}, expected one of {', '.join(known)}{nearest(unknown[0], known)}")
        return names

    def lacks(self, table: pd.DataFrame) -> NDArray:
        """Tell which recipes of a table need something that is out of stock, shape (n,)."""
        melted = table["antiperovskite_wt_pct"].to_numpy(dtype=float) > 0
        halide = table["halide_cl"].fillna(0.5).to_numpy(dtype=float)
        needed = {"LiOH": melted, "LiCl": melted & (halide > 0), "LiBr": melted & (halide < 1)}
        lacking = table["oxide"].astype(object).isin(self.out_of_stock).to_numpy(dtype=bool)
        for name in set(self.out_of_stock) & set(needed):
            lacking |= needed[name]
        return lacking
