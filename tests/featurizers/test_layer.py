import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from featurizers.layer import (
    CATHODE_DENSITY_g_cm3,
    area_resistance_ohm_cm2,
    coverage,
    coverage_per_nm,
    sphere_surface_m2_g,
    thickness_nm,
)
from featurizers.structures import antiperovskite_density_g_cm3, phase_structure


def test_one_percent_gives_the_thickness_that_was_calculated():
    density = antiperovskite_density_g_cm3(0.5)
    assert thickness_nm(1, density) == pytest.approx(14, abs=0.5)
    assert thickness_nm(1, density, sphere_surface_m2_g(5)) == pytest.approx(17, abs=0.5)


def test_thickness_is_volume_over_surface():
    grams_of_coating, density_g_m3, surface_m2 = 0.02, 4.64e6, 0.306
    assert thickness_nm(2, 4.64) == pytest.approx(grams_of_coating / density_g_m3 / surface_m2 * 1e9)


def test_sphere_surface_is_area_over_mass():
    radius_m, density_g_m3 = 2.5e-6, CATHODE_DENSITY_g_cm3 * 1e6
    area, mass = 4 * np.pi * radius_m**2, density_g_m3 * 4 / 3 * np.pi * radius_m**3
    assert sphere_surface_m2_g(5) == pytest.approx(area / mass)


def test_the_cathode_density_is_that_of_its_structure():
    assert phase_structure("NCM85").density == pytest.approx(CATHODE_DENSITY_g_cm3, abs=0.005)


@given(st.floats(0, 1e3), st.floats(0, 1e3))
def test_coverage_grows_from_nothing_to_everything(thin, thick):
    assert coverage(0) == 0
    assert 0 <= coverage(min(thin, thick)) <= coverage(max(thin, thick)) <= 1


@given(st.floats(1e-6, 1e3))
def test_coverage_per_nm_is_smooth_down_to_nothing(thickness):
    assert coverage_per_nm(thickness) * thickness == pytest.approx(float(coverage(thickness)))
    assert coverage_per_nm(0) == pytest.approx(float(coverage_per_nm(1e-6)), rel=1e-6)


def test_area_resistance_is_thickness_over_conductivity():
    assert area_resistance_ohm_cm2(14, 1.4e-6) == pytest.approx(14e-7 / 1.4e-6)
    assert np.isnan(area_resistance_ohm_cm2(14, np.nan))
