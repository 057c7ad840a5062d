"""What stands on a card."""

import json

import pandas as pd
import pytest

from datasets.errors import InputError
from datasets.materials import co_coatings
from datasets.recipe import Recipe
from experiments.cards import CardOptions, RecipeCard, recipe_card, share_stocks
from experiments.cards.card import coating_thickness_nm
from experiments.cards.lines import LEAST_PCT, leftover_lines, stock_lines
from experiments.cards.procedure import SALT_OF_OXIDE, lithium_hydroxide_taken_pct
from featurizers.diffraction import xrd
from featurizers.featurizer import RecipeFeaturizer
from featurizers.impurities import TOLERANCE_DEG, bright
from tests.experiments.cards.example_cards import PREDICTIONS, recipe

UNCOATED, OXIDE_ONLY = Recipe(antiperovskite_wt_pct=0), Recipe(antiperovskite_wt_pct=0, oxide="ZrO2", oxide_wt_pct=0.5)
RECIPES = [UNCOATED, OXIDE_ONLY, recipe(0), recipe(1), recipe(0.35, 0.5, "LiNbO3", 0.5, cooling="slow")]


def words(steps):
    return " ".join(said.text for step in steps for said in step)


@pytest.mark.parametrize("of", RECIPES, ids=lambda of: of.label)
def test_a_card_comes_back_from_json(make, of):
    card = make(of=of, reason="µ < 1 & 'so'")
    assert RecipeCard.model_validate_json(json.dumps(card.to_dict(), allow_nan=False)) == card


@pytest.mark.parametrize("of", RECIPES, ids=lambda of: of.label)
def test_only_a_recipe_with_antiperovskite_has_a_stock(make, of):
    card = make(of=of)
    assert (card.stock is not None) == (of.antiperovskite_wt_pct > 0)
    assert len(card.batch.weighing.coating) == (of.antiperovskite_wt_pct > 0) + (of.oxide_wt_pct > 0)
    assert ("liquid nitrogen" in words(card.batch.steps)) == (of.cooling == "quench")


@pytest.mark.parametrize("radiation", ["MoKa", "CuKa"])
@pytest.mark.parametrize("halide_cl", [0, 0.5, 1])
def test_the_lines_are_those_that_are_simulated(halide_cl, radiation, cache_dir):
    simulated = {line.hkl: line for line in xrd(halide_cl, radiation, cache_dir=cache_dir).lines}
    lines = stock_lines(halide_cl, cache_dir)
    assert [line.hkl for line in lines[:3]] == ["(100)", "(110)", "(111)"]
    for line in lines:
        angle, intensity = (line.mo_deg, line.mo_pct) if radiation == "MoKa" else (line.cu_deg, line.cu_pct)
        assert (angle, intensity) == (simulated[line.hkl].two_theta_deg, simulated[line.hkl].intensity_pct)
        assert line.mo_pct >= LEAST_PCT


@pytest.mark.parametrize("halide_cl", [0, 0.5, 1])
def test_left_over_salt_shows_beside_the_lines_of_the_stock(halide_cl, cache_dir):
    main = [line.two_theta_deg for line in bright(xrd(halide_cl, cache_dir=cache_dir).lines)]
    left = leftover_lines(halide_cl, ["LiOH", "LiCl", "LiBr"], cache_dir)
    assert {each.salt for each in left} == {"LiOH", "LiCl", "LiBr"}
    assert all(abs(each.mo_deg - angle) > TOLERANCE_DEG for each in left for angle in main)


def test_lithium_chloride_is_looked_for_where_the_documentation_says(cache_dir):
    (chloride,) = leftover_lines(0.5, ["LiCl"], cache_dir)
    assert chloride.mo_deg == pytest.approx(13.8, abs=0.05)


def test_the_thickness_is_the_one_that_the_model_sees(cache_dir):
    table = pd.DataFrame([of.model_dump() for of in RECIPES])
    features = RecipeFeaturizer(cache_dir=cache_dir).set_output(transform="pandas").fit_transform(table)
    assert [coating_thickness_nm(of) for of in RECIPES] == pytest.approx(features["thickness_nm"].tolist())


def test_recipes_of_one_x_share_a_stock(make):
    cards = share_stocks([make("R7"), make("R8", recipe(0.5, 0.7)), make("R9", recipe(1)), make("R10", UNCOATED)])
    assert [card.stock and card.stock.also_for for card in cards] == [("R8",), ("R7",), (), None]
    assert cards[0].stock.needed_g == pytest.approx(0.034)
    assert cards[0].stock.sharing == "This stock also serves R8: make it once. All of them take 0.034 g of 5 g."
    assert cards[2].stock.sharing == "This batch takes 0.02 g of 5 g."


def test_a_stock_that_does_not_suffice_is_said_to_be(make):
    options = CardOptions(stock_g=0.5, batch_g=10)
    enough, *_, short = (
        share_stocks([make(f"R{n}", recipe(0.5, 2), options) for n in range(many)])[0] for many in (2, 3)
    )
    assert enough.stock.suffices
    assert not short.stock.suffices
    assert short.stock.sharing.endswith("It does not suffice: make more of it.")
    assert "R1 and R2" in short.stock.sharing


def test_what_is_assumed_is_called_so_until_it_is_set(make):
    assumed, as_set = make(), make(options=CardOptions(melt_hold_h=1))
    bases = [
        [said.basis for step in card.batch.steps for said in step if "Hold" in said.text] for card in (assumed, as_set)
    ]
    assert bases == [["assumption"], ["set"]]


def test_lithium_chloride_alone_forms_no_bromide_phase(make):
    assert "Li3(OH)2Br" in words(make().stock.steps)
    assert "Li3(OH)2Br" not in words(make(of=recipe(1)).stock.steps)
    assert "orthorhombic" in words([make(of=recipe(1)).stock.checks])


def test_slow_cooling_is_that_of_the_paper(make):
    assert "over 2 h, about 2.7 K/min" in words(make(of=recipe(cooling="slow")).batch.steps)


def test_a_furnace_too_cold_to_melt_is_said_to_be(make):
    assert "some may stay solid" in words(make(of=recipe(temperature_C=290)).batch.steps)
    assert "some may stay solid" not in words(make().batch.steps)


def test_polymorphs_react_alike(make):
    assert "TiO2 + 2 LiOH = Li2TiO3 + H2O" in words(make(of=recipe(0.5, 1, "TiO2-rutile", 1)).batch.steps)


def test_oxides_that_take_lithium_are_said_to_by_how_much(make):
    # 1 g of WO3 (231.84 g/mol) takes 2 LiOH of 1 g of Li2OHCl0.5Br0.5 (88.56 g/mol).
    assert lithium_hydroxide_taken_pct(recipe(0.5, 1, "WO3", 1)) == pytest.approx(100 * 2 * 88.56 / 231.84, rel=1e-3)
    assert "WO3 + 2 LiOH = Li2WO4 + H2O is expected, not seen: to the end, it takes 76 %" in words(
        make(of=recipe(0.5, 1, "WO3", 1)).batch.steps
    )
    assert "LiOH" not in words(make(of=Recipe(antiperovskite_wt_pct=0, oxide="WO3", oxide_wt_pct=1)).batch.steps)


@pytest.mark.parametrize("oxide", SALT_OF_OXIDE)
def test_those_reactions_are_balanced(oxide):
    from pymatgen.core.composition import Composition

    number, _, salt = SALT_OF_OXIDE[oxide].rpartition(" ")
    assert oxide in co_coatings()
    assert Composition(oxide) + Composition("Li2O2H2") == Composition(salt) * int(number or 1) + Composition("H2O")


def test_what_is_missing_is_left_out(make):
    card = recipe_card("R7", UNCOATED, predictions={"retention_pct": PREDICTIONS["retention_pct"].model_dump()})
    assert (card.reason, card.nearest, card.options) == ("", (), CardOptions())


def test_all_wrong_options_are_named_at_once():
    with pytest.raises(InputError) as refused:
        CardOptions.checked("campaign.toml", batch_g=-2, stock_g=float("nan"), balance_mg="x", cell=4, cells=2.5)
    assert str(refused.value).splitlines() == [
        "campaign.toml: 5 problems",
        "  stock_g: got nan, expected 0.1 to 100",
        "  batch_g: got -2, expected 0.1 to 1000",
        "  balance_mg: got 'x', expected 0.001 to 1",
        "  cells: got 2.5, expected 1 to 6, a whole number",
        "  cell: got 'cell', expected one of stock_g, batch_g, balance_mg, cells, stock_temperature_C, stock_hold_h, "
        "melt_hold_h; did you mean cells?",
    ]
