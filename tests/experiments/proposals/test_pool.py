import numpy as np
import pytest
from pydantic import ValidationError

from datasets.cells import recipes
from experiments.proposals.options import ProposalOptions
from experiments.proposals.pool import Finder
from screening.gates import Gates
from screening.space import RecipeSpace


def finder(now, space, gates=None, taken=(), **options):
    return Finder(space, gates or Gates(), ProposalOptions(**options), now.model.featurizer_, taken)


def test_all_of_a_small_space_that_passes_the_gates_and_is_new(now, small_space):
    gates = Gates()
    taken = [3, 500]
    found = finder(now, small_space, gates, taken).sample(seed=0)
    everything = small_space[:]
    thickness = list(now.model.featurizer_.get_feature_names_out()).index("thickness_nm")
    features = now.model.featurizer_.transform(everything)
    refused = np.any(list(gates.rejections(everything).values()), axis=0)
    refused |= gates.too_thick(np.asarray(features)[:, thickness])["largest_thickness_nm"]
    refused[taken] = True
    assert list(found.table.index) == list(everything.index[~refused])


def test_what_needs_a_lacking_precursor_waits(now, small_space):
    without = finder(now, small_space, out_of_stock=["LiBr", "ZrO2"]).sample(seed=0)
    made = recipes(without.table)
    assert made
    assert all(recipe.oxide != "ZrO2" for recipe in made)
    assert all(recipe.halide_cl in (None, 1.0) for recipe in made)
    assert {recipe.halide_cl for recipe in made} == {None, 1.0}
    nothing = finder(now, small_space, out_of_stock=["LiOH"]).sample(seed=0)
    assert nothing.table["antiperovskite_wt_pct"].max() == 0


def test_a_precursor_that_does_not_exist_is_named():
    with pytest.raises(ValidationError, match="did you mean LiNbO3"):
        ProposalOptions(out_of_stock=["LiNbO2"])


def test_refining_finds_the_best_of_a_space_too_large_to_list(now):
    space = RecipeSpace()
    search = finder(now, space)
    some = search.free(np.arange(0, space.n_recipes, 9001))
    names = list(now.model.featurizer_.get_feature_names_out())
    aim = np.asarray(now.model.featurizer_.transform(space[2_000_000:2_000_001]))[0]

    def score(features):
        usable = [name in ("thickness_nm", "superheat_K") for name in names]
        return -np.nansum(np.abs(features[:, usable] - aim[usable]) / np.abs(aim[usable]), axis=1)

    refined = search.refined(some, score)
    assert score(refined.features).max() > score(some.features).max()
    assert refined.table.index.is_unique
    assert len(refined.table) == len(refined.features)
