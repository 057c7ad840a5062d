"""How thick is a coating, how much of the surface does it cover, and what does it resist?"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

SPECIFIC_SURFACE_m2_g = 0.306
"""Surface of NCM85 on which 1 wt% of Li2OHCl0.5Br0.5 is the 14 nm that 10.1002/celc.202500286 calculates."""

CATHODE_DENSITY_g_cm3 = 4.79
"""X-ray density of LiNi0.85Co0.10Mn0.05O2."""

COVERING_THICKNESS_nm = 5.0
"""Nominal thickness that covers 63 % of the surface, an assumption: coatings act at a few nanometres."""


def sphere_surface_m2_g(diameter_um: float, density_g_cm3: float = CATHODE_DENSITY_g_cm3) -> float:
    """Specific surface of smooth spheres, 6 / (density x diameter).

    Examples
    --------
    >>> round(sphere_surface_m2_g(5), 3)
    0.251
    """
    return 6 / (density_g_cm3 * diameter_um)


def thickness_nm(
    wt_pct: ArrayLike, density_g_cm3: ArrayLike, specific_surface_m2_g: float = SPECIFIC_SURFACE_m2_g
) -> NDArray[np.float64]:
    """Nominal thickness of a dense, even layer, mass / (density x surface).

    Parameters
    ----------
    wt_pct : array-like
        Mass of coating in percent of the mass of cathode.
    density_g_cm3 : array-like
        Density of the coating; infinite for no coating.
    specific_surface_m2_g : float
        Surface of the cathode.

    Examples
    --------
    >>> round(float(thickness_nm(1, 2.337)), 1), round(float(thickness_nm(1, 2.337, sphere_surface_m2_g(5))), 1)
    (14.0, 17.1)
    """
    return 10 / specific_surface_m2_g * (np.asarray(wt_pct) / np.asarray(density_g_cm3))


def coverage(thickness_nm: ArrayLike) -> NDArray[np.float64]:
    """Share of the surface that is covered, 1 - exp(-t / 5 nm).

    What a random deposit leaves bare falls exponentially; the scale of 5 nm is an assumption. Smooth in the amount
    and 0 at 0 wt%, it is the gate by which properties of a material enter.
    """
    return 1 - np.exp(np.asarray(thickness_nm) / -COVERING_THICKNESS_nm)


def coverage_per_nm(thickness_nm: ArrayLike) -> NDArray[np.float64]:
    """Coverage divided by thickness, also where both are 0."""
    thickness = np.asarray(thickness_nm, dtype=float)
    bare = thickness == 0
    return np.where(bare, 1 / COVERING_THICKNESS_nm, coverage(thickness) / np.where(bare, 1, thickness))


def area_resistance_ohm_cm2(thickness_nm: ArrayLike, conductivity_S_cm: ArrayLike) -> NDArray[np.float64]:
    """Ionic resistance of a layer, thickness / conductivity, for each cm2 of cathode surface.

    Examples
    --------
    >>> float(area_resistance_ohm_cm2(10, 1e-6))
    1.0
    """
    return np.asarray(thickness_nm) * 1e-7 / np.asarray(conductivity_S_cm)
