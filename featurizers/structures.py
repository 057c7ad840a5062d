"""What is the crystal structure of a coating, and how dense is it?"""

from __future__ import annotations

import math
import warnings
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from datasets.materials import phases, used_value

if TYPE_CHECKING:
    from pymatgen.core.composition import Composition
    from pymatgen.core.structure import Structure
    from pymatgen.symmetry.groups import SpaceGroup

OXIDATION_STATES: dict[str, float] = {
    "H": 1,
    "Li": 1,
    "B": 3,
    "C": 4,
    "N": -3,
    "O": -2,
    "F": -1,
    "Al": 3,
    "Si": 4,
    "P": 5,
    "S": -2,
    "Cl": -1,
    "Ti": 4,
    "Mn": 4,
    "Co": 3,
    "Ni": 50 / 17,
    "Br": -1,
    "Zr": 4,
    "Nb": 5,
    "Mo": 6,
    "Hf": 4,
    "Ta": 5,
    "W": 6,
}
"""Formal charges, supplied so that no library has to guess them.

Nickel is the mean that makes LiNi0.85Co0.10Mn0.05O2 neutral beside Co(III) and Mn(IV).
"""

HALIDE_RADIUS_A = {"Cl": 1.81, "Br": 1.96}
"""Six-coordinate ionic radii in angstrom, Shannon 1976, 10.1107/S0567739476001551."""

EDGE_ERROR_A = {"Cl": 0.001, "Br": 0.0045}
"""Error of the two measured cell edges: the last printed digit, and half of what two laboratories differ by
(10.1002/celc.202500286 and 10.1002/ange.201604554)."""

VEGARD_ERROR_A = 0.0011
"""How far the measured mid-point of the series lies from the line between its ends, 10.1002/celc.202500286."""

OH_BOND_A = 0.96
LITHIUM_OCCUPANCY = 2 / 3


def vegard_edge_A(halide_cl: float) -> float:
    """Cell edge of cubic Li2OHCl_xBr_1-x by Vegard's law between the two measured ends.

    Parameters
    ----------
    halide_cl : float
        x, 0 to 1.

    Returns
    -------
    float
        Edge in angstrom. Ends from 10.1002/celc.202500286, whose measured mid-point is 0.0011 A below the line.

    Examples
    --------
    >>> round(vegard_edge_A(0.5), 4)
    3.9785
    """
    bromide, chloride = _measured_edges_A()
    return bromide + (chloride - bromide) * halide_cl


@cache
def _measured_edges_A() -> tuple[float, float]:
    return used_value("Li2OHBr", "lattice_parameter"), used_value("Li2OHCl", "lattice_parameter")


class EdgeComposition(NamedTuple):
    """What a measured cell edge says about the composition.

    Attributes
    ----------
    halide_cl : float
        x in Li2OHCl_xBr_1-x by Vegard's law; below 0 or above 1 when the edge lies outside the measured ends.
    uncertainty : float
        One standard deviation of x.
    sentence : str
        The same in words, with what to think of an edge outside the ends.
    """

    halide_cl: float
    uncertainty: float
    sentence: str


def composition_from_edge(edge_A: float, error_A: float = 0.001) -> EdgeComposition:
    """Read the chlorine fraction off a measured cell edge.

    Parameters
    ----------
    edge_A : float
        Measured edge in angstrom.
    error_A : float
        Its standard deviation. Added to it: the errors of the two ends and of Vegard's law.

    Raises
    ------
    ValueError
        When the edge is not a positive number.

    Examples
    --------
    >>> composition_from_edge(3.9774).sentence
    'a = 3.9774 A means x = 0.51 +- 0.02 in Li2OHCl_xBr_1-x.'
    """
    if not (math.isfinite(edge_A) and edge_A > 0):
        raise ValueError(f"Got edge_A={edge_A}, expected a cell edge in angstrom, about 4")
    bromide, chloride = _measured_edges_A()
    x = (bromide - edge_A) / (bromide - chloride)
    within = min(max(x, 0.0), 1.0)
    ends_A = math.hypot(within * EDGE_ERROR_A["Cl"], (1 - within) * EDGE_ERROR_A["Br"])
    uncertainty = math.hypot(error_A, ends_A, VEGARD_ERROR_A) / (bromide - chloride)
    sentence = _edge_sentence(edge_A, x, uncertainty)
    return EdgeComposition(x, uncertainty, sentence)


def _edge_sentence(edge_A: float, x: float, uncertainty: float) -> str:
    if 0 <= x <= 1:
        return f"a = {edge_A:g} A means x = {x:.2f} +- {uncertainty:.2f} in Li2OHCl_xBr_1-x."
    end, side = ("Li2OHCl", "below") if x > 1 else ("Li2OHBr", "above")
    outside = f"a = {edge_A:g} A lies {side} that of {end}, the end of the series"
    if -2 * uncertainty <= x <= 1 + 2 * uncertainty:
        return f"{outside}, but within its uncertainty: x = {min(max(x, 0), 1):g}."
    return (
        f"{outside}, by more than its uncertainty (the line would give x = {x:.2f} +- {uncertainty:.2f}): "
        "another halide or less hydrogen, a wrong zero of the instrument, or another phase."
    )


def antiperovskite_structure(halide_cl: float, edge_A: float | None = None, *, hydrogen: bool = False) -> Structure:
    """Build cubic Li2OHCl_xBr_1-x, with oxidation states.

    Parameters
    ----------
    halide_cl : float
        x, 0 to 1.
    edge_A : float, optional
        Cell edge in angstrom; by default that of Vegard's law.
    hydrogen : bool
        Put hydrogen, 0.96 A from oxygen, on a sixth of 6f, the average of a rotating OH. Without it the structure is
        Li2OX: enough for X-rays, too light for a density.

    Returns
    -------
    pymatgen.core.Structure
        Pm-3m, O in the middle, halide at the corner, Li on two thirds of the faces
        (10.1021/acs.chemmater.0c02602).

    Raises
    ------
    ValueError
        When x is not in 0 to 1.
    """
    from pymatgen.core.composition import Composition
    from pymatgen.core.lattice import Lattice
    from pymatgen.core.structure import Structure

    if not 0 <= halide_cl <= 1:
        raise ValueError(f"Got halide_cl={halide_cl}, expected 0 (bromide) to 1 (chloride)")
    edge_A = vegard_edge_A(halide_cl) if edge_A is None else edge_A
    halide = Composition({"Cl": halide_cl, "Br": 1 - halide_cl})
    faces = [[0.0, 0.5, 0.5], [0.5, 0.0, 0.5], [0.5, 0.5, 0.0]]
    species = [Composition({"Li": LITHIUM_OCCUPANCY})] * 3 + [halide, Composition("O")]
    places = [*faces, [0.0, 0.0, 0.0], [0.5, 0.5, 0.5]]
    if hydrogen:
        bond = OH_BOND_A / edge_A
        shifts = [[sign * bond * (axis == other) for other in range(3)] for axis in range(3) for sign in (-1, 1)]
        species += [Composition({"H": 1 / 6})] * 6
        places += [[0.5 + shift for shift in each] for each in shifts]
    # Written out: asking pymatgen for the orbits of Pm-3m takes a hundred times as long, for each x anew.
    return Structure(Lattice.cubic(edge_A), species, places).add_oxidation_state_by_element(OXIDATION_STATES)


def phase_structure(name: str) -> Structure:
    """Build one of the bundled phases, with oxidation states.

    Parameters
    ----------
    name : str
        A name of `datasets.materials.phases`, such as ``"LiNbO3"``, ``"NCM85"`` or ``"Li6PS5Cl"``.

    Returns
    -------
    pymatgen.core.Structure

    Raises
    ------
    KeyError
        When no phase has this name.
    """
    from pymatgen.core.composition import Composition
    from pymatgen.core.lattice import Lattice
    from pymatgen.core.structure import Structure

    phase = phases()[name]
    places: dict[tuple[float, ...], dict[str, float]] = {}
    for site in phase.sites.split(";"):
        element, *numbers = site.split()
        *place, occupancy = map(float, numbers)
        places.setdefault(tuple(place), {})[element] = occupancy
    species = [Composition(occupants) for occupants in places.values()]
    with warnings.catch_warnings():
        # P12_1/n1 is a setting that pymatgen knows, but not as a "full" symbol; it says so and builds it rightly.
        warnings.filterwarnings("ignore", "Full symbol not available", UserWarning)
        _space_group(phase.space_group)
        structure = Structure.from_spacegroup(
            phase.space_group, Lattice.from_parameters(*phase.lattice), species, list(places)
        )
    return structure.add_oxidation_state_by_element(OXIDATION_STATES)


@cache
def _space_group(symbol: str) -> SpaceGroup:
    # pymatgen forgets a group with the last structure made of it, and takes most of a second to make Fm-3m anew.
    from pymatgen.symmetry.groups import SpaceGroup

    return SpaceGroup(symbol)


def charged_composition(formula: str) -> Composition:
    """Give a formula its formal charges.

    Parameters
    ----------
    formula : str
        For example ``"Li2OHCl0.5Br0.5"``.

    Returns
    -------
    pymatgen.core.Composition
        Of species, as matminer's ionic featurizers need it.
    """
    from pymatgen.core.composition import Composition
    from pymatgen.core.periodic_table import Species

    amounts = {element.symbol: amount for element, amount in Composition(formula).items()}
    return Composition({Species(symbol, OXIDATION_STATES[symbol]): amount for symbol, amount in amounts.items()})


def antiperovskite_density_g_cm3(halide_cl: float) -> float:
    """X-ray density of Li2OHCl_xBr_1-x in g/cm3, hydrogen counted.

    Examples
    --------
    >>> [round(antiperovskite_density_g_cm3(x), 2) for x in (1, 0.5, 0)]
    [1.84, 2.34, 2.78]
    """
    return float(antiperovskite_structure(halide_cl, hydrogen=True).density)


def halide_size_mismatch_pct2(halide_cl: float) -> float:
    """Variance of the halide radii on their common site, relative to the mean radius.

    x (1 - x) ((r_Br - r_Cl) / r_mean)^2 in percent squared: zero at both ends, largest near the middle. Radii of
    Shannon, 10.1107/S0567739476001551.

    Examples
    --------
    >>> halide_size_mismatch_pct2(1.0), round(halide_size_mismatch_pct2(0.5), 1)
    (0.0, 15.8)
    """
    chloride, bromide = HALIDE_RADIUS_A["Cl"], HALIDE_RADIUS_A["Br"]
    mean = halide_cl * chloride + (1 - halide_cl) * bromide
    return 1e4 * halide_cl * (1 - halide_cl) * ((bromide - chloride) / mean) ** 2
