import numpy as np

from models.surrogate import Surrogate

GROUPS = {"useful": [0, 1], "idle": list(range(2, 12))}


def table(count):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(count, 12))
    return X, 10 * np.sin(2 * X[:, 0]) + 3 * X[:, 1] + rng.normal(size=count)


def test_a_group_that_pays_is_kept_and_the_choice_is_said():
    model = Surrogate(feature_groups=GROUPS).fit(*table(40))
    assert "useful" in model.selection_.kept
    assert model.selection_.costs["useful"] > 0.2 > model.selection_.costs["idle"]
    assert model.selection_.sentence.startswith("Feature groups kept: useful")


def test_a_dropped_group_is_not_looked_at():
    X, y = table(40)
    model = Surrogate(feature_groups=GROUPS).fit(X, y)
    changed = X.copy()
    changed[:, 2:] += 5
    same = np.array_equal(model.predict(changed), model.predict(X))
    assert same == ("idle" not in model.selection_.kept)


def test_too_few_recipes_keep_all_and_say_so():
    model = Surrogate(feature_groups=GROUPS).fit(*table(10))
    assert model.selection_.kept == ("useful", "idle")
    assert "fewer than 20 recipes" in model.selection_.sentence
