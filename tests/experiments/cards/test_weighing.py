"""What is weighed against hand calculations, with molar masses of the IUPAC tables of 2021 typed in here."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datasets.recipe import Recipe
from experiments.cards.weighing import (
    LARGEST_ERROR_PCT,
    least_weighable_g,
    molar_mass_g_mol,
    weigh_batch,
    weigh_stock,
)

LI, HYDROGEN, OXYGEN, CL, BR = 6.94, 1.008, 15.999, 35.45, 79.904
LIOH, LICL, LIBR = LI + OXYGEN + HYDROGEN, LI + CL, LI + BR

unhurried = settings(deadline=None)  # whichever test comes first imports pymatgen
halides = st.integers(0, 20).map(lambda step: step / 20)
stocks_g = st.floats(0.1, 100)
balances_mg = st.sampled_from([0.001, 0.01, 0.1, 1.0])
contents = st.integers(1, 200).map(lambda step: step / 10)


def coated(content, oxide="none", oxide_content=0.0, halide_cl=0.5):
    return Recipe(
        antiperovskite_wt_pct=content,
        halide_cl=halide_cl,
        oxide=oxide,
        oxide_wt_pct=oxide_content,
        melt_temperature_C=350,
        cooling="quench",
    )


def moles(weighing):
    molar = {"LiOH": LIOH, "LiCl": LICL, "LiBr": LIBR}
    return {salt.material: salt.mass_g / molar[salt.material] for salt in weighing.salts}


@pytest.mark.parametrize(("salt", "expected"), [("LiOH", LIOH), ("LiCl", LICL), ("LiBr", LIBR)])
def test_molar_masses_are_those_of_iupac(salt, expected):
    assert molar_mass_g_mol(salt) == pytest.approx(expected, rel=2e-4)


def test_five_grams_of_the_mid_point_by_hand():
    # LiOH + 0.5 LiCl + 0.5 LiBr: 23.947 + 21.195 + 43.422 = 88.564 g/mol, so 5 g are 56.456 mmol.
    masses_g = {salt.material: salt.mass_g for salt in weigh_stock(0.5, 5, 0.1).salts}
    assert masses_g == pytest.approx({"LiOH": 1.3520, "LiCl": 1.1966, "LiBr": 2.4514}, abs=2e-4)


def test_two_grams_of_cathode_by_hand():
    batch = weigh_batch(coated(0.5, "LiNbO3", 1.2), 2, 0.1)
    assert [each.material for each in batch.coating] == ["Li2OHCl0.5Br0.5", "LiNbO3"]
    assert [each.mass_g for each in batch.coating] == [0.01, 0.024]
    assert [each.per_gram_mg for each in batch.coating] == [5, 12]
    assert batch.total_g == 2.034


@pytest.mark.parametrize(("halide_cl", "salts"), [(0, ["LiOH", "LiBr"]), (1, ["LiOH", "LiCl"])])
def test_the_ends_need_one_halide(halide_cl, salts):
    weighing = weigh_stock(halide_cl, 5, 0.1)
    assert [salt.material for salt in weighing.salts] == salts
    assert (weighing.halide_cl.low, weighing.halide_cl.value, weighing.halide_cl.high) == (halide_cl,) * 3


@unhurried
@given(halides, stocks_g)
def test_lithium_hydroxide_and_halide_are_conserved(halide_cl, stock_g):
    found = {
        salt.material: salt.wanted_g / molar_mass_g_mol(salt.material)
        for salt in weigh_stock(halide_cl, stock_g, 0.001).salts
    }
    formula_units = stock_g / (2 * LI + OXYGEN + HYDROGEN + halide_cl * CL + (1 - halide_cl) * BR)
    halide = found.get("LiCl", 0) + found.get("LiBr", 0)
    assert found["LiOH"] == pytest.approx(formula_units, rel=2e-4)
    assert halide == pytest.approx(found["LiOH"])
    assert found.get("LiCl", 0) == pytest.approx(halide_cl * halide)
    assert sum(found.values()) == pytest.approx(2 * formula_units, rel=2e-4)


@unhurried
@given(halides, stocks_g, balances_mg)
def test_salts_weighed_as_printed_give_x_within_its_interval(halide_cl, stock_g, balance_mg):
    weighing = weigh_stock(halide_cl, stock_g, balance_mg)
    found = moles(weighing)
    halide = found.get("LiCl", 0) + found.get("LiBr", 0)
    assert found.get("LiCl", 0) / halide == pytest.approx(weighing.halide_cl.value, abs=1e-4)
    assert weighing.halide_cl.low <= halide_cl + 1e-12
    assert halide_cl - 1e-12 <= weighing.halide_cl.high
    assert weighing.lioh_per_halide.low <= 1 <= weighing.lioh_per_halide.high
    for salt in weighing.salts:
        assert abs(salt.mass_g - salt.wanted_g) <= balance_mg / 2000 + 1e-9


@unhurried
@given(halides, balances_mg, st.tuples(*[st.floats(-1, 1)] * 3))
def test_no_error_of_the_balance_leaves_the_interval(halide_cl, balance_mg, off):
    weighing = weigh_stock(halide_cl, 1, balance_mg)
    true_g = {s.material: s.mass_g + error * balance_mg / 1000 for s, error in zip(weighing.salts, off, strict=False)}
    found = {material: mass_g / molar_mass_g_mol(material) for material, mass_g in true_g.items()}
    halide = found.get("LiCl", 0) + found.get("LiBr", 0)
    assert weighing.halide_cl.low - 1e-12 <= found.get("LiCl", 0) / halide <= weighing.halide_cl.high + 1e-12
    assert weighing.lioh_per_halide.low - 1e-12 <= found["LiOH"] / halide <= weighing.lioh_per_halide.high + 1e-12


@unhurried
@given(contents, st.floats(0.1, 1000), balances_mg)
def test_the_content_asked_for_lies_in_the_interval_of_the_masses(content, batch_g, balance_mg):
    batch = weigh_batch(coated(content), batch_g, balance_mg)
    (stock,) = batch.coating
    assert stock.wt_pct.value == pytest.approx(100 * stock.mass_g / batch.cathode.mass_g)
    assert stock.wt_pct.low <= content <= stock.wt_pct.high
    assert batch.total_g == pytest.approx(batch.cathode.mass_g + stock.mass_g)


@unhurried
@given(contents, st.floats(0.1, 1000), balances_mg)
def test_what_is_too_small_can_be_weighed_in_the_batch_named(content, batch_g, balance_mg):
    (stock,) = weigh_batch(coated(content), batch_g, balance_mg).coating
    assert (stock.smallest_total_g is None) == (stock.error_pct <= LARGEST_ERROR_PCT * (1 + 1e-9))
    if stock.smallest_total_g is not None:
        assert stock.smallest_total_g > batch_g * 0.99
        (larger,) = weigh_batch(coated(content), stock.smallest_total_g, balance_mg).coating
        assert larger.smallest_total_g is None


@pytest.mark.parametrize(("content", "smallest"), [(0.3, None), (0.25, None), (0.2, 2.5), (0.1, 5.0)])
def test_five_milligrams_are_the_least_on_an_ordinary_balance(content, smallest):
    assert least_weighable_g(0.1) == pytest.approx(0.005)
    assert weigh_batch(coated(content), 2, 0.1).coating[0].smallest_total_g == smallest


def test_an_amount_below_the_last_digit_is_no_content():
    (stock,) = weigh_batch(coated(0.1), 0.2, 1).coating
    assert (stock.mass_g, stock.wt_pct.value, stock.wt_pct.low) == (0, 0, 0)
    assert stock.smallest_total_g == 50


def test_nothing_is_put_on_the_uncoated():
    assert weigh_batch(Recipe(antiperovskite_wt_pct=0), 2, 0.1).coating == ()
