"""How well does a coating material conduct lithium ions in the cell?"""

from __future__ import annotations

import math
from functools import cache

from datasets.materials import Fact, facts, used_value

CELL_TEMPERATURE_C = 45.0
"""The temperature at which the cells of 10.1002/celc.202500286 ran; conductivities are given at it."""

BOLTZMANN_eV_K = 8.617333262e-5
"""CODATA 2018, exact."""


def arrhenius(conductivity_S_cm: float, activation_energy_eV: float, from_C: float, to_C: float) -> float:
    """Carry a conductivity to another temperature, sigma proportional to exp(-E / kT).

    Examples
    --------
    >>> f"{arrhenius(1.4e-6, 0.56, from_C=39, to_C=195):.1e}"
    '1.4e-03'
    """
    inverse_kelvin = 1 / (from_C + 273.15) - 1 / (to_C + 273.15)
    return conductivity_S_cm * math.exp(activation_energy_eV / BOLTZMANN_eV_K * inverse_kelvin)


@cache
def conductivity_S_cm(material: str, temperature_C: float = CELL_TEMPERATURE_C) -> float:
    """Ionic conductivity of a material in S/cm, from its measured facts; NaN where nothing usable was measured.

    Where no activation energy is known, the measured value is given as it is.

    Examples
    --------
    >>> f"{conductivity_S_cm('Li2OHBr'):.1e}", conductivity_S_cm("WO3")
    ('4.5e-06', nan)
    """
    measured = _used_conductivity(material)
    if measured is None:
        return math.nan
    energy_eV = used_value(material, "activation_energy")
    if math.isnan(energy_eV):
        return measured.value
    return arrhenius(measured.value, energy_eV, measured.temperature_C, temperature_C)


def antiperovskite_conductivity_S_cm(halide_cl: float) -> float:
    """Ionic conductivity of Li2OHCl_xBr_1-x in S/cm at 45 C: the logarithm is linear in x between the measured ends.

    No conductivity between the ends is in the table of facts; the straight line is an assumption.
    """
    chloride, bromide = conductivity_S_cm("Li2OHCl"), conductivity_S_cm("Li2OHBr")
    return float(chloride**halide_cl * bromide ** (1 - halide_cl))


def _used_conductivity(material: str) -> Fact | None:
    key = (material, "ionic_conductivity", "yes")
    return next((fact for fact in facts() if (fact.material, fact.quantity, fact.used) == key), None)
