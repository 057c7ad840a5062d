"""What is each feature of many recipes at once?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from datasets.materials import co_coatings
from datasets.recipe import COOLINGS, antiperovskite_formula
from featurizers import layer, process
from featurizers.columns import ABSENT, STEPS_PER_X, RecipeColumns
from featurizers.conductivity import antiperovskite_conductivity_S_cm, conductivity_S_cm
from featurizers.descriptors import describe
from featurizers.structures import halide_size_mismatch_pct2, vegard_edge_A

Array = NDArray[np.float64]
Table = dict[str, Array]
"""Columns by name; in a table of materials the last entry stands for no material and is 0."""

REFERENCE_HALIDE_CL = 0.5
"""The x from which the antiperovskite is counted: the composition that 10.1002/celc.202500286 measured most."""

REFERENCE_OXIDE = "LiNbO3"
"""The oxide from which the others are counted: the usual coating, and the one of 10.1002/celc.202500286."""

_OXIDE_CONTRASTS = ("lithium_fraction", "cation_charge", "covalent_radius_pm", "d_unfilled", "atomic_volume_A3")


class Materials(NamedTuple):
    """What is known of the materials of a recipe table, as small tables to look up by code.

    Attributes
    ----------
    place : array of int, shape (STEPS_PER_X + 2,)
        Where in ``antiperovskite`` each step of x is found.
    antiperovskite : dict of str to array of float
        Properties of the compositions that occur.
    oxide : dict of str to array of float
        Properties of every co-coating, in their order.
    cooling : dict of str to array of float
        What each way of cooling means, in the order of `datasets.recipe.COOLINGS`.
    """

    place: NDArray[np.intp]
    antiperovskite: Table
    oxide: Table
    cooling: Table

    @classmethod
    def of(cls, columns: RecipeColumns, cache_dir: Path | str | None, specific_surface_m2_g: float) -> Materials:
        """Look up what a recipe table needs.

        Parameters
        ----------
        columns : RecipeColumns
            The recipe table.
        cache_dir : path or None
            Folder of the cache of material descriptors.
        specific_surface_m2_g : float
            Surface of the cathode active material.
        """
        occurs = np.zeros(STEPS_PER_X + 2, dtype=bool)
        occurs[columns.antiperovskite_step] = True
        steps = np.flatnonzero(occurs[:ABSENT])
        place = np.full(STEPS_PER_X + 2, ABSENT)
        place[steps] = np.arange(len(steps))
        compositions = [float(step) / STEPS_PER_X for step in steps]
        antiperovskite = _antiperovskites(compositions, cache_dir, specific_surface_m2_g)
        return cls(place, antiperovskite, _oxides(cache_dir, specific_surface_m2_g), _coolings())


def terms(columns: RecipeColumns, materials: Materials) -> Table:
    """Compute every feature of a recipe table of n rows.

    Parameters
    ----------
    columns : RecipeColumns
        The recipe table, or some of its rows.
    materials : Materials
        Made from the whole of it.

    Returns
    -------
    dict of str to array of float, shape (n,)
        By the names of `featurizers.registry.FEATURES`.
    """
    melt, melt_code = materials.antiperovskite, materials.place[columns.antiperovskite_step]
    oxide, oxide_code = materials.oxide, columns.oxide.astype(np.intp)
    cooling, cooling_code = materials.cooling, columns.cooling.astype(np.intp)
    melt_nm = columns.antiperovskite_wt_pct * melt["nm_per_wt_pct"][melt_code]
    oxide_nm = columns.oxide_wt_pct * oxide["nm_per_wt_pct"][oxide_code]
    thickness_nm = melt_nm + oxide_nm
    melt_coverage, oxide_coverage = layer.coverage(melt_nm), layer.coverage(oxide_nm)
    coverage_per_nm = layer.coverage_per_nm(thickness_nm)
    melt_resistance = melt_coverage * np.log10(1 + melt_nm * melt["ohm_cm2_per_nm"][melt_code])
    oxide_resistance = oxide_coverage * np.log10(1 + oxide_nm * oxide["ohm_cm2_per_nm"][oxide_code])
    ionic_nm = melt_nm * melt["ionic_character"][melt_code] + oxide_nm * oxide["ionic_character"][oxide_code]
    superheat_K = np.where(melt_code == ABSENT, 0.0, process.superheat_K(columns.melt_temperature_C))
    return {
        "antiperovskite_wt_pct": columns.antiperovskite_wt_pct,
        "oxide_wt_pct": columns.oxide_wt_pct,
        "thickness_nm": thickness_nm,
        "antiperovskite_coverage": melt_coverage,
        "oxide_coverage": oxide_coverage,
        "oxide_volume_share": oxide_nm * coverage_per_nm,
        "area_resistance_log10": melt_resistance + oxide_resistance,
        "antiperovskite_lattice_A": melt_coverage * melt["lattice_A"][melt_code],
        "antiperovskite_size_mismatch_pct2": melt_coverage * melt["size_mismatch_pct2"][melt_code],
        "coating_ionic_character": ionic_nm * coverage_per_nm,
        **{f"oxide_{name}": oxide_coverage * oxide[name][oxide_code] for name in _OXIDE_CONTRASTS},
        "cooling_rate_log10": melt_coverage * cooling["rate_log10"][cooling_code],
        "superheat_K": melt_coverage * superheat_K,
        "bromide_dwell_log10": melt_coverage * melt["bromine"][melt_code] * cooling["dwell_log10"][cooling_code],
    }


def _antiperovskites(compositions: Sequence[float], cache_dir: Path | str | None, surface_m2_g: float) -> Table:
    layers = _layers(
        [antiperovskite_formula(x) for x in compositions],
        [antiperovskite_conductivity_S_cm(x) for x in compositions],
        cache_dir,
        surface_m2_g,
    )
    return layers | {
        "lattice_A": _column(vegard_edge_A(x) - vegard_edge_A(REFERENCE_HALIDE_CL) for x in compositions),
        "size_mismatch_pct2": _column(halide_size_mismatch_pct2(x) for x in compositions),
        "bromine": _column(1 - x for x in compositions),
    }


def _oxides(cache_dir: Path | str | None, surface_m2_g: float) -> Table:
    names = co_coatings()
    known = describe(names, cache_dir)
    reference = known[REFERENCE_OXIDE]
    contrasts = {item: _column(known[name][item] - reference[item] for name in names) for item in _OXIDE_CONTRASTS}
    return contrasts | _layers(names, [conductivity_S_cm(name) for name in names], cache_dir, surface_m2_g)


def _layers(
    names: Sequence[str], conductivities_S_cm: Iterable[float], cache_dir: Path | str | None, surface_m2_g: float
) -> Table:
    reference = antiperovskite_formula(REFERENCE_HALIDE_CL)
    known = describe([reference, *names], cache_dir)
    ionic = known[reference]["ionic_character"]
    return {
        "nm_per_wt_pct": _column(layer.thickness_nm(1, known[name]["density_g_cm3"], surface_m2_g) for name in names),
        "ohm_cm2_per_nm": _column(layer.area_resistance_ohm_cm2(1, value) for value in conductivities_S_cm),
        "ionic_character": _column(known[name]["ionic_character"] - ionic for name in names),
    }


def _coolings() -> Table:
    rates = [process.COOLING_RATE_K_MIN[cooling] for cooling in COOLINGS]
    return {
        "rate_log10": _column(np.log10(rate) for rate in rates),
        "dwell_log10": _column(process.bromide_dwell_log10(0.0, rate) for rate in rates),
    }


def _column(values: Iterable[float | Array]) -> Array:
    return np.array([*values, 0.0], dtype=float)
