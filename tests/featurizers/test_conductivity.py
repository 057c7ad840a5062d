import math

import pytest

from featurizers.conductivity import antiperovskite_conductivity_S_cm, arrhenius, conductivity_S_cm


def test_arrhenius_goes_there_and_back():
    hot = arrhenius(1e-6, 0.5, from_C=25, to_C=45)
    assert hot > 1e-6
    assert arrhenius(hot, 0.5, from_C=45, to_C=25) == pytest.approx(1e-6)


def test_arrhenius_has_the_slope_of_its_energy():
    ratio = arrhenius(1.0, 0.56, from_C=39, to_C=45)
    assert math.log(ratio) == pytest.approx(0.56 * 1.602176634e-19 / 1.380649e-23 * (1 / 312.15 - 1 / 318.15))


def test_the_cubic_chloride_agrees_with_what_was_measured_hot():
    assert conductivity_S_cm("Li2OHCl", 195) == pytest.approx(2.80e-3, rel=0.6)


def test_a_value_without_activation_energy_is_taken_as_it_is():
    assert conductivity_S_cm("LiNbO3") == conductivity_S_cm("LiNbO3", 25) == 1e-6


def test_unmeasured_is_unknown():
    assert math.isnan(conductivity_S_cm("WO3"))
    assert math.isnan(conductivity_S_cm("Li3PO4"))


def test_the_series_meets_its_measured_ends():
    ends = [conductivity_S_cm(material) for material in ("Li2OHBr", "Li2OHCl")]
    assert [antiperovskite_conductivity_S_cm(x) for x in (0, 1)] == pytest.approx(ends)
    assert antiperovskite_conductivity_S_cm(0.5) == pytest.approx(math.sqrt(math.prod(ends)))
