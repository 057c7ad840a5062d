import pandas as pd
import pytest

from datasets.recipe import RECIPE_COLUMNS, Recipe
from featurizers.featurizer import RecipeFeaturizer
from featurizers.registry import FEATURES, GROUPS, PAGE, written_out


def test_the_registry_and_the_featurizer_name_the_same():
    rows = pd.DataFrame([Recipe(antiperovskite_wt_pct=0).model_dump()], columns=RECIPE_COLUMNS)
    featurizer = RecipeFeaturizer().fit(rows)
    assert featurizer.get_feature_names_out().tolist() == list(FEATURES)
    assert featurizer.transform(rows).shape == (1, len(FEATURES))


@pytest.mark.parametrize("feature", FEATURES.values(), ids=lambda feature: feature.name)
def test_every_feature_is_described(feature):
    assert feature.name.isidentifier()
    assert feature.unit
    assert feature.source
    assert feature.group in GROUPS
    assert len(feature.meaning) > 20
    assert "|" not in "".join(feature)


def test_the_page_is_up_to_date():
    page = PAGE.read_text(encoding="utf-8")
    assert page == written_out(page), "run: python -m featurizers.registry"


def test_a_page_without_markers_is_refused():
    with pytest.raises(ValueError, match="Got a page without <!-- features"):
        written_out("# Features")
