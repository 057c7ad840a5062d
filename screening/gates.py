"""Which recipes are turned away before they are ranked, and why?"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

_TOLERANCE = 1e-9
_TRACE_WT_PCT = 1e-6


class Gate(NamedTuple):
    """One gate in force.

    Attributes
    ----------
    name : str
        The key of the gate in a campaign file.
    reason : str
        Why a recipe is turned away, to be printed.
    """

    name: str
    reason: str


class Gates(BaseModel):
    """Limits that a recipe must keep, each of which may be lifted by setting it to None (left out in a campaign file).

    Attributes
    ----------
    smallest_superheat_K : float or None
        How far the furnace must at least be above the melting range of the antiperovskite, or it does not infiltrate.
    furnace_limit_C : float or None
        The hottest the cathode powder may get. 400 C is an assumption: Henkel et al. (10.1002/celc.202500286) used
        350 C, and nickel-rich layered oxides lose lithium and oxygen to a chloride melt as they get hotter.
    largest_total_wt_pct : float or None
        Antiperovskite and oxide together, in percent of the mass of cathode active material.
    largest_thickness_nm : float or None
        Nominal thickness of the coating; the default is an assumption, about three times the thickest layer measured.
    coated_only : bool
        Turn away the recipe with nothing to coat.

    Examples
    --------
    >>> [gate.name for gate in Gates(furnace_limit_C=None).in_force]
    ['smallest_superheat_K', 'largest_total_wt_pct', 'coated_only', 'largest_thickness_nm']
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, strict=True)

    smallest_superheat_K: float | None = 0.0
    furnace_limit_C: float | None = Field(default=400.0, gt=0)
    largest_total_wt_pct: float | None = Field(default=3.0, gt=0)
    largest_thickness_nm: float | None = Field(default=60.0, gt=0)
    coated_only: bool = True

    @property
    def in_force(self) -> tuple[Gate, ...]:
        """The gates that are not lifted, in the order in which they are reported."""
        reasons = {
            "smallest_superheat_K": "the furnace is less than {:g} K above the melting range",
            "furnace_limit_C": "the furnace is hotter than the cathode bears, {:g} C",
            "largest_total_wt_pct": "more than {:g} wt% of coating in all",
            "coated_only": "nothing to coat",
            "largest_thickness_nm": "a nominal thickness of more than {:g} nm",
        }
        limits = {name: getattr(self, name) for name in reasons}
        return tuple(
            Gate(name, reasons[name].format(limit))
            for name, limit in limits.items()
            if limit is not None and limit is not False
        )

    def rejections(self, table: pd.DataFrame) -> dict[str, NDArray[np.bool_]]:
        """Tell for each gate in force that needs the recipe alone which recipes it turns away.

        Parameters
        ----------
        table : pandas.DataFrame
            A recipe table of n rows.

        Returns
        -------
        dict of str to array of bool, shape (n,)
            By the name of the gate; a recipe may fail several. What a recipe does not have turns it away from
            nothing: without antiperovskite there is no melt that could be too cold or too hot.
        """
        from featurizers.process import superheat_K

        melt = table["melt_temperature_C"].to_numpy()
        total = table["antiperovskite_wt_pct"].to_numpy() + table["oxide_wt_pct"].to_numpy()
        measured = {
            "smallest_superheat_K": -superheat_K(melt),
            "furnace_limit_C": melt,
            "largest_total_wt_pct": total,
            "coated_only": -total,
        }
        limits = {gate.name: float(getattr(self, gate.name)) for gate in self.in_force}
        limits |= {"smallest_superheat_K": -limits.get("smallest_superheat_K", 0.0), "coated_only": -_TRACE_WT_PCT}
        judged = [gate.name for gate in self.in_force if gate.name in measured]
        return {name: measured[name] > limits[name] + _TOLERANCE for name in judged}

    def too_thick(self, thickness_nm: NDArray[np.float64]) -> dict[str, NDArray[np.bool_]]:
        """Tell which coatings the gate on the thickness turns away, as `rejections` does; nothing where it is lifted.

        Parameters
        ----------
        thickness_nm : array of float, shape (n,)
            Nominal thickness.
        """
        if self.largest_thickness_nm is None:
            return {}
        return {"largest_thickness_nm": thickness_nm > self.largest_thickness_nm + _TOLERANCE}
