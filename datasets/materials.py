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


class Fact(NamedTuple):
    """One measured or derived number of the bundled table ``material_facts.csv``.

    Attributes
    ----------
    material : str
        A name of `phases`, the formula of an antiperovskite, or ``Li2OHX`` for the family.
    state : str
        The form in which it was measured, such as ``cubic`` or ``amorphous``; empty where it does not matter.
    quantity : str
        What was measured, such as ``ionic_conductivity``.
    value : float
        The number, NaN where none could be measured.
    relation : str
        ``=``, ``~`` (printed as about), ``<`` (an upper bound) or ``unmeasurable``.
    unit : str
        The unit of the value, the same for every row of a quantity.
    temperature_C : float
        Temperature of the measurement in degrees Celsius, NaN where none is given.
    kind : str
        ``measured`` or ``computed``.
    used : str
        ``yes`` for the one that this project computes with, ``check`` for one that tests compare with, else ``no``.
    source : str
        DOI, or the reference where none is known.
    where : str
        Where in the source, or through which collection.
    note : str
        Contradictions, and why this one is used.
    """

    material: str
    state: str
    quantity: str
    value: float
    relation: str
    unit: str
    temperature_C: float
    kind: str
    used: str
    source: str
    where: str
    note: str


_LATTICE = ("a_A", "b_A", "c_A", "alpha_deg", "beta_deg", "gamma_deg")


@cache
def phases() -> dict[str, Phase]:
    """Read the bundled crystal structures, by name."""
    return {row["name"]: _phase(row) for row in _rows("crystal_structures.csv")}


@cache
def facts() -> tuple[Fact, ...]:
    """Read the bundled measured facts, contradictions included."""
    return tuple(_fact(row) for row in _rows("material_facts.csv"))


def used_value(material: str, quantity: str) -> float:
    """Give the number that this project computes with, in the unit of its row; NaN where nothing usable was measured.

    Examples
    --------
    >>> used_value("Li2OHBr", "lattice_parameter"), used_value("WO3", "ionic_conductivity")
    (4.047, nan)
    """
    key = (material, quantity, "yes")
    return next((fact.value for fact in facts() if (fact.material, fact.quantity, fact.used) == key), float("nan"))


def _fact(row: dict[str, str]) -> Fact:
    value, temperature_C = (float(row.pop(column) or "nan") for column in ("value", "temperature_C"))
    return Fact(value=value, temperature_C=temperature_C, **row)


def _rows(table: str) -> list[dict[str, str]]:
    text = files("datasets").joinpath("tables", table).read_text(encoding="utf-8")
    return list(csv.DictReader(StringIO(text)))


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
