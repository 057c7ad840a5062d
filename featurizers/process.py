"""What did the furnace do to the coating?"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from datasets.recipe import Cooling

COOLING_RATE_K_MIN: dict[Cooling, float] = {"quench": 1000.0, "ambient": 30.0, "slow": (350.0 - 25.0) / 120.0}
"""Cooling rates. Slow is 350 C to room temperature in two hours (10.1002/celc.202500286), about 2.7 K/min.

Quench, into liquid nitrogen, and ambient, out of the furnace under argon, are ASSUMPTIONS: nobody measured them.
"""

MELTING_RANGE_TOP_C = 300.0
"""Where the antiperovskites are molten, printed as 523-573 K for the family (10.1038/s41467-025-62860-1).

Neither Li2OHCl nor Li2OHBr is given alone, so one number serves for every x.
"""

BROMIDE_WINDOW_K = 50.0
"""Width of 225-275 C, in which a bromide-rich melt can form Li3(OH)2Br (10.1021/acs.chemmater.5c00206)."""


def superheat_K(melt_temperature_C: ArrayLike) -> NDArray[np.float64]:
    """Melt temperature above the top of the melting range of the family, negative below it."""
    return np.asarray(melt_temperature_C) - MELTING_RANGE_TOP_C


def bromide_dwell_log10(halide_cl: ArrayLike, cooling_rate_K_min: ArrayLike) -> NDArray[np.float64]:
    """Chance for Li3(OH)2Br to form: bromine fraction times log10(1 + minutes spent in 225-275 C).

    Examples
    --------
    >>> float(bromide_dwell_log10(1.0, 2.7)), round(float(bromide_dwell_log10(0.5, 2.7)), 2)
    (0.0, 0.65)
    """
    minutes = BROMIDE_WINDOW_K / np.asarray(cooling_rate_K_min)
    return (1 - np.asarray(halide_cl)) * np.log10(1 + minutes)
