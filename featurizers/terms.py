"""What is each feature of many recipes at once?"""

from __future__ import annotations

from pathlib import Path

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

REFERENCE_HALIDE_CL = 0.5
"""The x from which the antiperovskite is counted: the composition that 10.1002/celc.202500286 measured most."""

REFERENCE_OXIDE = "LiNbO3"
"""The oxide from which the others are counted: the usual coating, and the one of 10.1002/celc.202500286."""

_OXIDE_CONTRASTS = ("lithium_fraction", "cation_charge", "covalent_radius_pm", "d_unfilled", "atomic_volume_A3")


def terms(columns: RecipeColumns, cache_dir: Path | str | None, specific_surface_m2_g: float) -> Table:
    """Compute every feature of a recipe table of n rows.

    Parameters
    ----------
    columns : RecipeColumns
        The recipe table.
    cache_dir : path or None
        Folder of the cache of material descriptors.
    specific_surface_m2_g : float
        Surface of the cathode active material.

    Returns
    -------
    dict of str to array of float, shape (n,)
        By the names of `featurizers.registry.FEATURES`.
    """
    melt_of, melt = _antiperovskite_table(columns.antiperovskite_step, cache_dir)
    oxide_of, oxide = columns.oxide, _oxide_table(cache_dir)
    melt_nm = columns.antiperovskite_wt_pct * (melt["nm_per_wt_pct"] / specific_surface_m2_g)[melt_of]
    oxide_nm = columns.oxide_wt_pct * (oxide["nm_per_wt_pct"] / specific_surface_m2_g)[oxide_of]
    thickness_nm = melt_nm + oxide_nm
    melt_coverage, oxide_coverage = layer.coverage(melt_nm), layer.coverage(oxide_nm)
    per_nm = layer.coverage_per_nm(thickness_nm)
    resistance = melt_nm * melt["ohm_cm2_per_nm"][melt_of] + oxide_nm * oxide["ohm_cm2_per_nm"][oxide_of]
    ionic = melt_nm * melt["ionic_character"][melt_of] + oxide_nm * oxide["ionic_character"][oxide_of]
    rate, dwell = _cooling_tables()
    superheat_K = process.superheat_K(columns.melt_temperature_C)
    return {
        "antiperovskite_wt_pct": columns.antiperovskite_wt_pct,
        "oxide_wt_pct": columns.oxide_wt_pct,
        "thickness_nm": thickness_nm,
        "antiperovskite_coverage": melt_coverage,
        "oxide_coverage": oxide_coverage,
        "oxide_volume_share": oxide_nm * per_nm,
        "area_resistance_log10": np.log10(1 + resistance),
        "antiperovskite_lattice_A": melt_coverage * melt["lattice_A"][melt_of],
        "antiperovskite_size_mismatch_pct2": melt_coverage * melt["size_mismatch_pct2"][melt_of],
        "coating_ionic_character": ionic * per_nm,
        **{f"oxide_{name}": oxide_coverage * oxide[name][oxide_of] for name in _OXIDE_CONTRASTS},
        "cooling_rate_log10": melt_coverage * rate[columns.cooling],
        "superheat_K": np.where(melt_nm > 0, melt_coverage * superheat_K, 0.0),
        "bromide_dwell_log10": melt_coverage * melt["bromine"][melt_of] * dwell[columns.cooling],
    }


def _antiperovskite_table(steps: NDArray[np.intp], cache_dir: Path | str | None) -> tuple[NDArray[np.intp], Table]:
    """Properties of the compositions that occur, and where in them each row finds its own; the last is nothing."""
    occurs = np.zeros(STEPS_PER_X + 2, dtype=bool)
    occurs[steps] = True
    distinct = np.flatnonzero(occurs[:ABSENT])
    place = np.full(STEPS_PER_X + 2, len(distinct))
    place[distinct] = np.arange(len(distinct))
    compositions = [float(step) / STEPS_PER_X for step in distinct]
    reference = antiperovskite_formula(REFERENCE_HALIDE_CL)
    known = describe([reference, *map(antiperovskite_formula, compositions)], cache_dir)
    records = [known[antiperovskite_formula(x)] for x in compositions]
    table = {
        "nm_per_wt_pct": [float(layer.thickness_nm(1, record["density_g_cm3"], 1.0)) for record in records],
        "ohm_cm2_per_nm": [_resistance(antiperovskite_conductivity_S_cm(x)) for x in compositions],
        "ionic_character": [record["ionic_character"] - known[reference]["ionic_character"] for record in records],
        "lattice_A": [vegard_edge_A(x) - vegard_edge_A(REFERENCE_HALIDE_CL) for x in compositions],
        "size_mismatch_pct2": [halide_size_mismatch_pct2(x) for x in compositions],
        "bromine": [1 - x for x in compositions],
    }
    return place[steps], _with_nothing(table)


def _oxide_table(cache_dir: Path | str | None) -> Table:
    """Properties of every co-coating, in their order; the last is nothing."""
    antiperovskite = antiperovskite_formula(REFERENCE_HALIDE_CL)
    known = describe([antiperovskite, *co_coatings()], cache_dir)
    records = [known[name] for name in co_coatings()]
    table = {
        "nm_per_wt_pct": [float(layer.thickness_nm(1, record["density_g_cm3"], 1.0)) for record in records],
        "ohm_cm2_per_nm": [_resistance(conductivity_S_cm(name)) for name in co_coatings()],
        "ionic_character": [record["ionic_character"] - known[antiperovskite]["ionic_character"] for record in records],
    }
    contrasts = {name: [record[name] - known[REFERENCE_OXIDE][name] for record in records] for name in _OXIDE_CONTRASTS}
    return _with_nothing(table | contrasts)


def _resistance(conductivity_S_cm: float) -> float:
    return float(layer.area_resistance_ohm_cm2(1, conductivity_S_cm))


def _with_nothing(table: dict[str, list[float]]) -> Table:
    return {name: np.array([*values, 0.0]) for name, values in table.items()}


def _cooling_tables() -> tuple[Array, Array]:
    rates = np.array([process.COOLING_RATE_K_MIN[cooling] for cooling in COOLINGS])
    return np.append(np.log10(rates), 0.0), np.append(process.bromide_dwell_log10(0.0, rates), 0.0)
