"""Which materials are known, and what was measured of them?"""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files
from io import StringIO
from typing import NamedTuple


class Phase(NamedTuple):
    """One crystalline phase of the bundled table ``crystal_structures.csv``.

    Attributes
    ----------
    name : str
        Unique name in this project: the formula, with the polymorph added where there are several.
    formula : str
        Chemical formula.
    phase : str
        Polymorph or structure type in words.
    role : str
        ``co-coating``, ``impurity``, ``cathode``, ``electrolyte`` or ``reference``.
    space_group : str
        Symbol as pymatgen spells it (origin choice 1).
    lattice : tuple of six floats
        a, b, c in angstrom; alpha, beta, gamma in degrees.
    sites : str
        ``Element x y z occupancy`` of each independent site, separated by semicolons.
    density_literature_g_cm3 : float or None
        Measured or handbook density, where one was found.
    source : str
        Where cell and sites come from.
    note : str
        What a user of the row should know.
    """

    name: str
    formula: str
    phase: str
    role: str
    space_group: str
    lattice: tuple[float, float, float, float, float, float]
    sites: str
    density_literature_g_cm3: float | None
    source: str
    note: str


NO_OXIDE = "none"
"""The name that a recipe without a co-coating carries in its ``oxide`` column."""

_LATTICE = ("a_A", "b_A", "c_A", "alpha_deg", "beta_deg", "gamma_deg")


@cache
def phases() -> dict[str, Phase]:
    """Read the bundled crystal structures, by name."""
    text = files("datasets").joinpath("tables/crystal_structures.csv").read_text(encoding="utf-8")
    return {row["name"]: _phase(row) for row in csv.DictReader(StringIO(text))}


def _phase(row: dict[str, str]) -> Phase:
    a, b, c, alpha, beta, gamma = (float(row[column]) for column in _LATTICE)
    density = row["density_literature_g_cm3"]
    return Phase(
        name=row["name"],
        formula=row["formula"],
        phase=row["phase"],
        role=row["role"],
        space_group=row["space_group"],
        lattice=(a, b, c, alpha, beta, gamma),
        sites=row["sites"],
        density_literature_g_cm3=float(density) if density else None,
        source=row["source"],
        note=row["note"],
    )


def co_coatings() -> tuple[str, ...]:
    """Name the oxides that may be mixed with the antiperovskite."""
    return tuple(name for name, phase in phases().items() if phase.role == "co-coating")
