"""Which few numbers describe a coating material?"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from datasets.materials import phases
from featurizers.cache import ResultCache, result_cache
from featurizers.structures import (
    OXIDATION_STATES,
    antiperovskite_structure,
    charged_composition,
    phase_structure,
    vegard_edge_A,
)

if TYPE_CHECKING:
    from matminer.featurizers.composition import ElementProperty, IonProperty, OxidationStates
    from pymatgen.core.structure import Structure

MATMINER_LABELS = {
    "avg ionic char": "ionic_character",
    "maximum oxidation state": "cation_charge",
    "MagpieData mean CovalentRadius": "covalent_radius_pm",
    "MagpieData mean NdUnfilled": "d_unfilled",
}
"""matminer's name of each descriptor taken from it, and the name it has here."""


@cache
def matminer_featurizers() -> tuple[ElementProperty | IonProperty | OxidationStates, ...]:
    """Build matminer's featurizers of which `MATMINER_LABELS` are taken."""
    from matminer.featurizers.composition import ElementProperty, IonProperty, OxidationStates

    return (
        IonProperty(impute_nan=False),
        OxidationStates(stats=["maximum"]),
        ElementProperty("magpie", ["CovalentRadius", "NdUnfilled"], ["mean"], impute_nan=False),
    )


def describe(materials: Iterable[str], cache_dir: Path | str | None = None) -> dict[str, dict[str, float]]:
    """Describe materials by structure and composition, each computed once for each version of the libraries.

    Parameters
    ----------
    materials : iterable of str
        Names of `datasets.materials.phases`, or formulas written by `datasets.recipe.antiperovskite_formula`.
    cache_dir : path or None
        Folder in which results are kept; None keeps them in memory only.

    Returns
    -------
    dict of str to dict of str to float
        ``density_g_cm3``, ``atomic_volume_A3``, ``lithium_fraction`` and the values of `MATMINER_LABELS` of each.
        When all are in the cache, neither matminer nor pymatgen is imported.
    """
    return _cache(cache_dir).get(materials, _describe_one)


@lru_cache
def _cache(cache_dir: Path | str | None) -> ResultCache:
    ends = vegard_edge_A(0), vegard_edge_A(1)
    known = [(phase.name, phase.formula, phase.space_group, phase.lattice, phase.sites) for phase in phases().values()]
    definition = (MATMINER_LABELS, OXIDATION_STATES, ends, known)
    return result_cache("descriptors", cache_dir, ["matminer", "pymatgen-core"], definition)


def _describe_one(material: str) -> dict[str, float]:
    phase = phases().get(material)
    structure = phase_structure(material) if phase else _antiperovskite(material)
    composition = charged_composition(phase.formula if phase else material)
    values = {
        label: value
        for featurizer in matminer_featurizers()
        for label, value in zip(featurizer.feature_labels(), featurizer.featurize(composition), strict=True)
    }
    return {
        "density_g_cm3": float(structure.density),
        "atomic_volume_A3": float(structure.volume / structure.composition.num_atoms),
        "lithium_fraction": float(composition.element_composition.get_atomic_fraction("Li")),
    } | {name: float(values[label]) for label, name in MATMINER_LABELS.items()}


def _antiperovskite(formula: str) -> Structure:
    from pymatgen.core.composition import Composition

    return antiperovskite_structure(Composition(formula)["Cl"], hydrogen=True)
