import subprocess
import sys

import pytest
from matminer.featurizers.composition import ElementProperty, IonProperty, OxidationStates
from pymatgen.core.composition import Composition

from datasets.materials import co_coatings, phases
from featurizers.descriptors import describe


@pytest.mark.parametrize("material", ["Li2OHCl0.5Br0.5", "LiNbO3", "Li4Ti5O12", "Al2O3", "WO3"])
def test_values_are_matminers_own(material):
    # pymatgen guesses charges of whole formulas only; here the guess is the check of the charges that are supplied.
    formula = "Li4O2H2ClBr" if material == "Li2OHCl0.5Br0.5" else phases()[material].formula
    guessed = Composition(formula).add_charges_from_oxi_state_guesses()
    ours = describe([material])[material]
    assert ours["ionic_character"] == pytest.approx(IonProperty(impute_nan=False).featurize(guessed)[2], rel=1e-12)
    assert ours["cation_charge"] == OxidationStates(["maximum"]).featurize(guessed)[0]
    magpie = ElementProperty("magpie", ["CovalentRadius", "NdUnfilled"], ["mean"], impute_nan=False).featurize(guessed)
    assert [ours["covalent_radius_pm"], ours["d_unfilled"]] == pytest.approx(magpie, rel=1e-12)


def test_structure_and_formula_give_the_rest():
    described = describe(["Al2O3", "LiNbO3"])
    assert described["Al2O3"]["lithium_fraction"] == 0
    assert described["LiNbO3"]["lithium_fraction"] == pytest.approx(0.2)
    for name, values in described.items():
        molar_mass = Composition(phases()[name].formula)
        daltons = values["density_g_cm3"] * values["atomic_volume_A3"] / 1.66053906660
        assert daltons == pytest.approx(molar_mass.weight / molar_mass.num_atoms, rel=1e-6)


def test_nothing_is_unknown_of_a_co_coating():
    assert all(value == value for values in describe(co_coatings()).values() for value in values.values())


@pytest.mark.slow
def test_kept_descriptors_need_neither_library(tmp_path):
    describe(["LiNbO3", "Li2OHCl"], tmp_path)
    code = (
        "import sys; from featurizers.descriptors import describe\n"
        f"print(describe(['LiNbO3', 'Li2OHCl'], {str(tmp_path)!r})['LiNbO3']['cation_charge'])\n"
        "assert not {'matminer', 'pymatgen'} & set(sys.modules), 'imported'\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "5.0\n"
