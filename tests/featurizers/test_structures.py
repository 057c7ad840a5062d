import re
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymatgen.core.composition import Composition
from pymatgen.core.periodic_table import Species
from pymatgen.symmetry.groups import SpaceGroup

from datasets.materials import phases
from datasets.recipe import antiperovskite_formula
from featurizers.structures import (
    HALIDE_RADIUS_A,
    antiperovskite_density_g_cm3,
    antiperovskite_structure,
    charged_composition,
    composition_from_edge,
    halide_size_mismatch_pct2,
    phase_structure,
    vegard_edge_A,
)

# pymatgen asks spglib for errors in a way that spglib is about to drop.
pytestmark = pytest.mark.filterwarnings("ignore:Set OLD_ERROR_HANDLING:DeprecationWarning")

GRAM_PER_DALTON = 1.66053906660e-24


def test_vegard_meets_the_measured_edges():
    assert [vegard_edge_A(x) for x in (0, 1)] == [4.047, 3.910]
    assert vegard_edge_A(0.5) == pytest.approx(3.9774, abs=0.003)


@pytest.mark.parametrize(("x", "density"), [(1, 1.84), (0.5, 2.34), (0, 2.78)])
def test_x_ray_density_counts_hydrogen(x, density):
    assert antiperovskite_density_g_cm3(x) == pytest.approx(density, abs=0.005)
    mass = Composition(antiperovskite_formula(x)).weight * GRAM_PER_DALTON
    assert antiperovskite_density_g_cm3(x) == pytest.approx(mass / (vegard_edge_A(x) * 1e-8) ** 3, rel=1e-6)


@pytest.mark.parametrize("x", [0, 1e-4, 0.5, 1])
@pytest.mark.parametrize("hydrogen", [False, True])
def test_antiperovskite_is_cubic_with_two_thirds_of_its_lithium(x, hydrogen):
    structure = antiperovskite_structure(x, hydrogen=hydrogen)
    assert structure.get_space_group_info()[0] == "Pm-3m"
    composition = structure.composition.element_composition
    assert composition["Li"] == pytest.approx(2)
    assert composition["Cl"] == pytest.approx(x)
    assert composition["H"] == pytest.approx(1 if hydrogen else 0)
    if hydrogen:
        assert structure.charge == pytest.approx(0)


def test_bonds_of_the_antiperovskite_are_as_long_as_they_should_be():
    structure = antiperovskite_structure(0.5, 3.9774, hydrogen=True)
    distances = structure.distance_matrix
    oxygen, hydrogens, lithiums = 4, range(5, 11), range(3)
    assert [distances[oxygen, site] for site in hydrogens] == pytest.approx([0.96] * 6)
    assert [distances[oxygen, site] for site in lithiums] == pytest.approx([3.9774 / 2] * 3)


@pytest.mark.parametrize("x", [-0.1, 1.1, float("nan")])
def test_impossible_composition_is_refused(x):
    with pytest.raises(ValueError, match=r"Got halide_cl=.*, expected 0 \(bromide\) to 1"):
        antiperovskite_structure(x)


@pytest.mark.parametrize("name", phases())
def test_every_phase_builds(name):
    phase, structure = phases()[name], phase_structure(name)
    assert structure.composition.element_composition.almost_equals(
        Composition(phase.formula) * (structure.composition.num_atoms / Composition(phase.formula).num_atoms), rtol=1e-3
    )
    assert structure.charge == pytest.approx(0, abs=2e-3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # P12_1/n1 is not a "full" symbol to pymatgen
        expected = SpaceGroup(phase.space_group).int_number
    assert structure.get_space_group_info(symprec=1e-3)[1] == expected
    if phase.density_literature_g_cm3:
        assert structure.density == pytest.approx(phase.density_literature_g_cm3, rel=0.02)


@pytest.mark.parametrize("phase", phases().values(), ids=lambda phase: phase.name)
def test_charges_are_supplied_and_neutral(phase):
    charges = [species.oxi_state * amount for species, amount in charged_composition(phase.formula).items()]
    assert sum(charges) == pytest.approx(0, abs=1e-9)


def test_halide_radii_are_shannons():
    for element, radius in HALIDE_RADIUS_A.items():
        assert Species(element, -1).get_shannon_radius("VI") == radius


@given(st.floats(0, 1))
def test_the_composition_read_from_an_edge_is_the_one_put_in(x):
    composition = composition_from_edge(vegard_edge_A(x))
    assert composition.halide_cl == pytest.approx(x, abs=1e-9)
    assert 0 < composition.uncertainty < 0.05
    assert "means x =" in composition.sentence or "within its uncertainty" in composition.sentence


@pytest.mark.parametrize(
    ("edge", "sentence"),
    [
        (3.9774, r"means x = 0\.51 \+- 0\.02"),
        (4.056, r"above that of Li2OHBr.*within its uncertainty: x = 0"),
        (3.908, r"below that of Li2OHCl.*within its uncertainty: x = 1"),
        (4.2, r"above that of Li2OHBr.*by more than its uncertainty.*another phase"),
        (3.8, r"below that of Li2OHCl.*by more than its uncertainty"),
    ],
)
def test_an_edge_is_read_in_words(edge, sentence):
    assert re.search(sentence, composition_from_edge(edge).sentence)


@pytest.mark.parametrize("edge", [0, -4, float("nan"), float("inf")])
def test_impossible_edge_is_refused(edge):
    with pytest.raises(ValueError, match="expected a cell edge in angstrom"):
        composition_from_edge(edge)


@given(st.floats(0, 1))
def test_size_mismatch_is_the_variance_of_two_radii(x):
    chloride, bromide = 1.81, 1.96
    mean = x * chloride + (1 - x) * bromide
    variance = x * (chloride - mean) ** 2 + (1 - x) * (bromide - mean) ** 2
    assert halide_size_mismatch_pct2(x) == pytest.approx(1e4 * variance / mean**2, abs=1e-9)
