import math
from collections import Counter

import pytest

from datasets.materials import NO_OXIDE, co_coatings, facts, phases, used_value


def test_the_default_co_coatings_are_known():
    wanted = {"LiNbO3", "LiTaO3", "Li2ZrO3", "Li3PO4", "Li4Ti5O12", "LiAlO2", "Li2SiO3", "Li2WO4"}
    wanted |= {"Al2O3", "ZrO2", "HfO2", "TiO2", "Nb2O5", "WO3"}
    assert wanted <= set(co_coatings())
    assert NO_OXIDE not in phases()


def test_each_quantity_has_one_unit():
    units = {(fact.quantity, fact.unit) for fact in facts()}
    assert len(units) == len({quantity for quantity, _ in units})


def test_at_most_one_fact_of_a_kind_is_used():
    used = Counter((fact.material, fact.quantity) for fact in facts() if fact.used == "yes")
    assert set(used.values()) == {1}


def test_contradictions_are_kept():
    values = [
        fact.value for fact in facts() if fact.material == "Li3PO4-gamma" and fact.quantity == "ionic_conductivity"
    ]
    assert max(values) / min(values) > 1e4


@pytest.mark.parametrize("fact", facts(), ids=lambda fact: f"{fact.material} {fact.quantity} {fact.source}")
def test_a_fact_is_complete(fact):
    assert fact.source
    assert fact.where
    assert fact.used in ("yes", "no", "check")
    assert fact.kind in ("measured", "computed")
    assert math.isnan(fact.value) == (fact.relation == "unmeasurable")
    assert fact.relation in ("=", "~", "<", "unmeasurable")
    assert fact.relation in ("=", "~") or fact.used == "no"
    if fact.quantity == "ionic_conductivity" and fact.used == "yes":
        assert fact.temperature_C > 0


@pytest.mark.parametrize(
    ("material", "quantity", "value"),
    [
        ("Li2OHX", "melting_range_high", 573 - 273),
        ("Li2OHCl", "ionic_conductivity", 1.4e-3 * 1e-3),
        ("Li2OHCl", "lattice_parameter", 3.910),
        ("NCM85", "specific_surface", 0.306),
    ],
)
def test_units_are_converted_from_what_is_printed(material, quantity, value):
    assert used_value(material, quantity) == pytest.approx(value)
