import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from datasets.materials import co_coatings
from datasets.recipe import COOLINGS, RECIPE_COLUMNS, Recipe
from featurizers.conductivity import antiperovskite_conductivity_S_cm
from featurizers.descriptors import describe
from featurizers.featurizer import RecipeFeaturizer
from featurizers.registry import FEATURES
from featurizers.structures import antiperovskite_density_g_cm3, phase_structure

HALIDES = st.sampled_from([0.0, 0.25, 0.5, 1.0])
AMOUNTS = st.floats(0.001, 5)
OXIDES = st.sampled_from(co_coatings())
RECIPES = st.builds(
    Recipe,
    halide_cl=HALIDES,
    antiperovskite_wt_pct=AMOUNTS | st.just(0.0),
    oxide=OXIDES,
    oxide_wt_pct=AMOUNTS | st.just(0.0),
    melt_temperature_C=st.floats(250, 450),
    cooling=st.sampled_from(COOLINGS),
)
few = settings(max_examples=40, deadline=None)


def table(*recipes):
    return pd.DataFrame([recipe.model_dump() for recipe in recipes], columns=RECIPE_COLUMNS)


def featurize(*recipes):
    return RecipeFeaturizer().fit(table(*recipes)).set_output(transform="pandas").transform(table(*recipes))


def recipe(**changes):
    usual = {
        "halide_cl": 0.5,
        "antiperovskite_wt_pct": 1,
        "oxide": "LiNbO3",
        "oxide_wt_pct": 0.5,
        "melt_temperature_C": 350,
        "cooling": "quench",
    }
    return Recipe(**(usual | changes))


def test_a_row_is_what_a_calculator_gives():
    row = featurize(recipe(halide_cl=0.25, oxide="Li2ZrO3", cooling="slow")).iloc[0]
    melt_nm = 10 / antiperovskite_density_g_cm3(0.25) / 0.306
    oxide_nm = 5 / phase_structure("Li2ZrO3").density / 0.306
    covered, oxide_covered = 1 - np.exp(-melt_nm / 5), 1 - np.exp(-oxide_nm / 5)
    both = 1 - np.exp(-(melt_nm + oxide_nm) / 5)
    zirconate_S_cm = 6.1e-10 * np.exp(0.78 / 8.617333262e-5 * (1 / 298.15 - 1 / 318.15))
    log_melt = np.log10(1 + melt_nm * 1e-7 / antiperovskite_conductivity_S_cm(0.25))
    log_oxide = np.log10(1 + oxide_nm * 1e-7 / zirconate_S_cm)
    known = describe(["Li2OHCl0.25Br0.75", "Li2OHCl0.5Br0.5", "Li2ZrO3"])
    melt, reference, oxide = (values["ionic_character"] for values in known.values())
    ionic = (melt_nm * melt + oxide_nm * oxide) / (melt_nm + oxide_nm)
    minutes = 50 / (325 / 120)
    expected = {
        "thickness_nm": melt_nm + oxide_nm,
        "antiperovskite_coverage": covered,
        "oxide_coverage": oxide_covered,
        "oxide_volume_share": both * oxide_nm / (melt_nm + oxide_nm),
        "area_resistance_log10": covered * log_melt + oxide_covered * log_oxide,
        "antiperovskite_lattice_A": covered * 0.25 * (4.047 - 3.910),
        "coating_ionic_character": both * (ionic - reference),
        "oxide_lithium_fraction": oxide_covered * (2 / 6 - 1 / 5),
        "oxide_cation_charge": oxide_covered * (4 - 5),
        "cooling_rate_log10": covered * np.log10(325 / 120),
        "superheat_K": covered * 50,
        "bromide_dwell_log10": covered * 0.75 * np.log10(1 + minutes),
    }
    assert row[list(expected)].to_dict() == pytest.approx(expected)


@few
@given(RECIPES)
def test_equal_recipes_give_equal_rows(recipe):
    features = featurize(recipe, Recipe(**recipe.model_dump()))
    pd.testing.assert_series_equal(features.iloc[0], features.iloc[1], check_names=False, check_exact=True)


@few
@given(OXIDES, AMOUNTS, HALIDES, HALIDES)
def test_nothing_of_the_antiperovskite_matters_at_0_percent(oxide, amount, one, other):
    rows = pd.DataFrame(
        {
            "halide_cl": [one, other, np.nan],
            "antiperovskite_wt_pct": 0.0,
            "oxide": oxide,
            "oxide_wt_pct": amount,
            "melt_temperature_C": [300.0, 400.0, np.nan],
            "cooling": ["quench", "slow", None],
        }
    )
    features = RecipeFeaturizer().fit_transform(rows)
    np.testing.assert_array_equal(features, features[[0, 0, 0]])


@few
@given(HALIDES, OXIDES, OXIDES)
def test_the_oxide_does_not_matter_at_0_percent(halide, one, other):
    rows = table(*[recipe(halide_cl=halide, oxide_wt_pct=0)] * 3).assign(oxide=[one, other, "none"])
    features = RecipeFeaturizer().fit_transform(rows)
    np.testing.assert_array_equal(features, features[[0, 0, 0]])


def test_the_uncoated_cathode_is_zero():
    assert (featurize(Recipe(antiperovskite_wt_pct=0)) == 0).all(axis=None)


@few
@given(RECIPES)
def test_properties_fade_smoothly_with_the_amount(recipe):
    amounts = {"antiperovskite_wt_pct", "oxide_wt_pct"}
    present = [name for name in amounts if getattr(recipe, name)]
    traces = [recipe.model_copy(update=dict.fromkeys(present, 10.0**-power)) for power in (4, 5)]
    features = featurize(*traces).drop(columns="area_resistance_log10").to_numpy()
    np.testing.assert_allclose(features[1], features[0] / 10, rtol=1e-3, atol=1e-9)


def test_an_insulator_fades_too():
    features = featurize(*(recipe(oxide="LiAlO2", oxide_wt_pct=amount) for amount in (0, 1e-5, 1)))
    without, trace, more = features["area_resistance_log10"]
    assert trace == pytest.approx(without, abs=0.01)
    assert more > 3


def test_what_was_never_measured_is_unknown():
    features = featurize(recipe(oxide="WO3"), recipe(oxide="LiNbO3"))
    assert features.columns[features.isna().any()].tolist() == ["area_resistance_log10"]
    assert features["area_resistance_log10"].isna().tolist() == [True, False]


def test_rows_do_not_depend_on_each_other():
    many = table(*(recipe(halide_cl=x, oxide=oxide) for x in (0, 0.5, 1) for oxide in ("LiNbO3", "WO3")))
    rows = pd.concat([many] * 900, ignore_index=True)
    featurizer = RecipeFeaturizer().fit(rows)
    np.testing.assert_array_equal(featurizer.transform(rows)[-6:], featurizer.transform(many))


def test_words_may_be_categories():
    rows = table(recipe(), recipe(oxide="ZrO2", cooling="slow"), Recipe(antiperovskite_wt_pct=0))
    as_categories = rows.astype({"oxide": "category", "cooling": "category"})
    featurizer = RecipeFeaturizer().fit(rows)
    np.testing.assert_array_equal(featurizer.transform(rows), featurizer.transform(as_categories))


def test_a_larger_surface_thins_the_layer():
    thin, thick = (
        RecipeFeaturizer(specific_surface_m2_g=surface).set_output(transform="pandas").fit_transform(table(recipe()))
        for surface in (0.612, 0.306)
    )
    assert thin.loc[0, "thickness_nm"] == pytest.approx(thick.loc[0, "thickness_nm"] / 2)


@pytest.mark.parametrize("groups", [("layer",), ("process", "material"), ("material", "layer", "process")])
def test_groups_are_selected(groups):
    featurizer = RecipeFeaturizer(groups=groups).fit(table(recipe()))
    names = [name for name, feature in FEATURES.items() if feature.group in groups]
    assert featurizer.get_feature_names_out().tolist() == names
    assert featurizer.transform(table(recipe())).shape == (1, len(names))


def test_other_columns_of_a_cell_table_are_ignored():
    cells = table(recipe()).assign(cell_id="one", retention_pct=80.0)
    features = RecipeFeaturizer().fit_transform(cells)
    np.testing.assert_array_equal(features, RecipeFeaturizer().fit_transform(table(recipe())))


# scikit-learn's parametrize_with_checks feeds arrays of random numbers, which are no recipes: what it would check of a
# transformer is checked here.
def test_it_is_a_scikit_learn_transformer():
    rows = table(recipe(), recipe(halide_cl=1.0))
    before = rows.copy()
    featurizer = RecipeFeaturizer(groups=("layer",), cache_dir=None, specific_surface_m2_g=0.5)
    assert clone(featurizer).get_params() == featurizer.get_params()
    assert repr(clone(featurizer)) == repr(featurizer)
    with pytest.raises(NotFittedError, match="not fitted"):
        featurizer.transform(rows)
    assert featurizer.fit(rows) is featurizer
    assert featurizer.get_params() == clone(featurizer).get_params()
    assert featurizer.n_features_in_ == len(featurizer.feature_names_in_) == len(RECIPE_COLUMNS)
    named = clone(featurizer).set_output(transform="pandas").fit_transform(rows)
    assert named.columns.tolist() == featurizer.get_feature_names_out().tolist()
    np.testing.assert_array_equal(named, featurizer.transform(rows))
    np.testing.assert_array_equal(make_pipeline(featurizer, FunctionTransformer()).fit_transform(rows), named)
    assert featurizer.transform(rows.iloc[:0]).shape == (0, named.shape[1])
    pd.testing.assert_frame_equal(rows, before)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"antiperovskite_wt_pct": -1.0}, "row 0, column antiperovskite_wt_pct: Got .*-1.*expected 0 or more percent"),
        ({"oxide_wt_pct": np.nan}, "column oxide_wt_pct: Got .*nan.*expected 0 or more percent"),
        ({"halide_cl": 1.2}, "column halide_cl: Got .*1.2.*expected 0 to 1"),
        ({"halide_cl": np.nan}, "column halide_cl: Got .*nan"),
        ({"melt_temperature_C": np.nan}, "column melt_temperature_C"),
        ({"oxide": "LiNbO2"}, "column oxide: Got 'LiNbO2', expected a known co-coating.*did you mean LiNbO3"),
        ({"oxide": "none"}, "column oxide: Got 'none'"),
        ({"cooling": "slwo"}, "column cooling: Got 'slwo'.*did you mean slow"),
        ({"cooling": None}, "column cooling: Got None"),
        ({"halide_cl": "half"}, "Got a column halide_cl of object, expected numbers"),
        ({"halide_cl": 2.0, "cooling": "fast"}, "(?s)column halide_cl.*column cooling"),
    ],
)
def test_a_wrong_table_is_refused_with_all_that_is_wrong(changes, message):
    rows = table(recipe()).assign(**{name: [value] for name, value in changes.items()})
    with pytest.raises(ValueError, match=message):
        RecipeFeaturizer().fit(rows)
    with pytest.raises(ValueError, match=message):
        RecipeFeaturizer().fit(table(recipe())).transform(rows)


def test_missing_columns_are_named():
    with pytest.raises(ValueError, match="Got a table without halide_cl, oxide, expected the columns"):
        RecipeFeaturizer().fit(table(recipe()).drop(columns=["halide_cl", "oxide"]))
    with pytest.raises(TypeError, match="Got ndarray, expected a DataFrame"):
        RecipeFeaturizer().fit(table(recipe()).to_numpy())


def test_only_some_of_many_wrong_rows_are_shown():
    rows = pd.concat([table(recipe()).assign(halide_cl=7.0)] * 50)
    with pytest.raises(ValueError, match="and 45 more rows of halide_cl"):
        RecipeFeaturizer().fit(rows)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"groups": ("layers",)}, r"Got groups=\('layers',\), expected some of layer, material, process"),
        ({"groups": ()}, r"Got groups=\(\)"),
        ({"specific_surface_m2_g": 0}, "Got specific_surface_m2_g=0, expected more than 0"),
    ],
)
def test_wrong_parameters_are_refused_at_fit(parameters, message):
    with pytest.raises(ValueError, match=message):
        RecipeFeaturizer(**parameters).fit(table(recipe()))


def test_citations_are_matminers():
    featurizer = RecipeFeaturizer()
    assert any("npjcompumats" in entry for entry in featurizer.citations())
    assert "Logan Ward" in featurizer.implementors()


@pytest.mark.slow
def test_a_warm_transform_needs_neither_matminer_nor_pymatgen(tmp_path):
    rows = table(recipe(), recipe(halide_cl=0.05, oxide="WO3"))
    rows.to_json(tmp_path / "rows.json")
    RecipeFeaturizer(cache_dir=tmp_path).fit_transform(rows)
    code = (
        "import sys, pandas; from featurizers.featurizer import RecipeFeaturizer\n"
        f"rows = pandas.read_json({str(tmp_path / 'rows.json')!r})\n"
        f"print(RecipeFeaturizer(cache_dir={str(tmp_path)!r}).fit_transform(rows).shape)\n"
        "assert not {'matminer', 'pymatgen'} & set(sys.modules), 'imported'\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == f"(2, {len(FEATURES)})\n"
