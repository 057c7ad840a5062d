"""What does each feature mean, in which unit, and where does it come from?"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal, NamedTuple, get_args

from datasets.materials import Fact, facts

Group = Literal["layer", "material", "process"]

GROUPS: tuple[Group, ...] = get_args(Group)


class Feature(NamedTuple):
    """One column of the feature table.

    Attributes
    ----------
    name : str
        Column name.
    unit : str
        Unit; ``1`` for a pure number.
    meaning : str
        What it is, and what it is 0 for.
    source : str
        DOI or library behind it, or that it is an assumption.
    group : {"layer", "material", "process"}
        Which part of the recipe it describes.
    """

    name: str
    unit: str
    meaning: str
    source: str
    group: Group


_HENKEL = "10.1002/celc.202500286"
_MAGPIE = "matminer, Magpie data, 10.1038/npjcompumats.2016.28"
_SHANNON = "10.1107/S0567739476001551"
_STRUCTURE = "pymatgen, bundled structures"

FEATURES: dict[str, Feature] = {
    feature.name: feature
    for feature in (
        Feature(
            "antiperovskite_wt_pct",
            "%",
            "mass of antiperovskite relative to that of the cathode",
            "recipe",
            "layer",
        ),
        Feature("oxide_wt_pct", "%", "mass of co-coating relative to that of the cathode", "recipe", "layer"),
        Feature(
            "thickness_nm",
            "nm",
            "nominal thickness of both coatings as one dense, even layer: mass / (density x surface)",
            f"X-ray densities; 0.306 m2/g from the 14 nm of {_HENKEL}",
            "layer",
        ),
        Feature(
            "antiperovskite_coverage",
            "1",
            "share of the surface that the antiperovskite covers, 1 - exp(-thickness / 5 nm)",
            "assumed form and scale",
            "layer",
        ),
        Feature(
            "oxide_coverage",
            "1",
            "share of the surface that the oxide covers, 1 - exp(-thickness / 5 nm)",
            "assumed form and scale",
            "layer",
        ),
        Feature(
            "oxide_volume_share",
            "1",
            "volume of oxide in the volume of both coatings, times the coverage by both",
            _STRUCTURE,
            "layer",
        ),
        Feature(
            "area_resistance_log10",
            "log10(1 + ohm cm2)",
            "ionic resistance at 45 C for each cm2 of cathode surface, of each coating times its coverage, added up; "
            "unknown where the conductivity of the oxide is",
            "measured conductivities, table below",
            "layer",
        ),
        Feature(
            "antiperovskite_lattice_A",
            "A",
            "cell edge by Vegard's law, less that at x = 0.5: negative for chloride, positive for bromide; times the "
            "coverage by antiperovskite",
            _HENKEL,
            "material",
        ),
        Feature(
            "antiperovskite_size_mismatch_pct2",
            "%2",
            "variance of the halide radii on their site relative to the mean: 0 for the pure halides; times the "
            "coverage by antiperovskite",
            _SHANNON,
            "material",
        ),
        Feature(
            "coating_ionic_character",
            "1",
            "mean ionic character of the bonds, volume mean of both coatings, less that of Li2OHCl0.5Br0.5; times the "
            "coverage by both",
            "matminer on Pauling electronegativities, 10.1038/npjcompumats.2016.28",
            "material",
        ),
        Feature(
            "oxide_lithium_fraction",
            "1",
            "atomic fraction of lithium in the oxide, less that of LiNbO3; times the coverage by oxide",
            "formula",
            "material",
        ),
        Feature(
            "oxide_cation_charge",
            "e",
            "highest formal charge in the oxide (acidity), less that of LiNbO3; times the coverage by oxide",
            "matminer, charges supplied",
            "material",
        ),
        Feature(
            "oxide_covalent_radius_pm",
            "pm",
            "mean covalent radius of the atoms of the oxide, less that of LiNbO3; times the coverage by oxide",
            _MAGPIE,
            "material",
        ),
        Feature(
            "oxide_d_unfilled",
            "1",
            "mean number of empty d states of the elements (reducible transition metal or main group), less that of "
            "LiNbO3; times the coverage by oxide",
            _MAGPIE,
            "material",
        ),
        Feature(
            "oxide_atomic_volume_A3",
            "A3",
            "volume for each atom in the crystal of the oxide, less that of LiNbO3; times the coverage by oxide",
            _STRUCTURE,
            "material",
        ),
        Feature(
            "cooling_rate_log10",
            "log10(K/min)",
            "cooling rate after the melt; times the coverage by antiperovskite",
            f"slow from {_HENKEL}; quench 1000 and ambient 30 K/min are assumed",
            "process",
        ),
        Feature(
            "superheat_K",
            "K",
            "melt temperature above 300 C, the top of the melting range; times the coverage by antiperovskite",
            "10.1038/s41467-025-62860-1, for the family: the ends are not given alone",
            "process",
        ),
        Feature(
            "bromide_dwell_log10",
            "log10(1 + min)",
            "bromine fraction times the time spent between 275 and 225 C, where Li3(OH)2Br can form; times the "
            "coverage by antiperovskite",
            "10.1021/acs.chemmater.5c00206",
            "process",
        ),
    )
}
"""Every feature by name, in the order of the columns."""

PAGE = Path(__file__).parents[1] / "docs" / "features.md"
"""The page whose tables are written from this module."""


def written_out(page: str) -> str:
    """Write the tables of features and facts into a page, between the markers that ask for them.

    Parameters
    ----------
    page : str
        The text of ``docs/features.md``.

    Raises
    ------
    ValueError
        When a pair of markers is missing.
    """
    feature_rows = [(f"`{each.name}`", each.unit, each.group, each.meaning, each.source) for each in FEATURES.values()]
    page = _between(page, "features", _table(("feature", "unit", "group", "meaning", "source"), feature_rows))
    header = ("material", "quantity", "value", "at, C", "used", "source", "note")
    return _between(page, "facts", _table(header, map(_fact_row, facts())))


def _fact_row(fact: Fact) -> tuple[str, ...]:
    material = f"{fact.material}, {fact.state}" if fact.state else fact.material
    value = fact.relation if fact.value != fact.value else f"{fact.relation.strip('=')}{fact.value:g} {fact.unit}"
    temperature = "" if fact.temperature_C != fact.temperature_C else f"{fact.temperature_C:g}"
    return material, fact.quantity.replace("_", " "), value, temperature, fact.used, fact.source, fact.note


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _between(page: str, name: str, text: str) -> str:
    pattern = re.compile(rf"(<!-- {name}: .*?-->\n).*?(<!-- /{name} -->)", re.DOTALL)
    if not pattern.search(page):
        raise ValueError(f"Got a page without <!-- {name}: ... --> and <!-- /{name} -->, expected both")
    return pattern.sub(lambda found: f"{found[1]}{text}\n{found[2]}", page)


if __name__ == "__main__":
    PAGE.write_text(written_out(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
