import numpy as np

from models.design import single_rows
from models.latent import Priors, learn, standard
from models.metrics import crps_student
from models.selection import left_out_scores
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
    assert model.selection_.sentence.startswith("Dropped are the features of idle: CRPS of recipes left out +")


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
    assert model.selection_.sentence == "All groups of features are kept: with fewer than 20 recipes none is dropped."


def test_of_two_groups_that_say_the_same_one_is_kept():
    X, y = table(40)
    twice = np.column_stack([X[:, :2], X[:, :2]])
    model = Surrogate(feature_groups={"first": [0, 1], "second": [2, 3]}).fit(twice, y)
    assert model.selection_.kept
    assert max(abs(cost) for cost in model.selection_.costs.values()) < 0.2


def test_groups_that_pay_are_not_dropped_by_chance():
    rng = np.random.default_rng(1)
    kept = []
    for _ in range(6):
        X = rng.normal(size=(25, 4))
        y = 2 * X[:, 0] + 2 * X[:, 2] + rng.normal(size=25)
        kept += [Surrogate(feature_groups={"a": [0, 1], "b": [2, 3]}, weigh=False).fit(X, y).selection_.kept]
    assert kept == [("a", "b")] * 6


def test_the_closed_form_leaves_out_blocks():
    rng = np.random.default_rng(2)
    features, blocks = rng.normal(size=(9, 2)), np.repeat([0, 1, 2], 3)
    rows = single_rows(features, np.zeros(9, dtype=np.int64), 180 + rng.normal(0, 10, 9), np.ones(9))
    process = learn(rows, Priors())
    covariance, y = process.kernel_(process.X_train_) + np.diag(process.alpha), process.y_train_
    expected = np.empty(9)
    for block in range(3):
        out, rest = np.flatnonzero(blocks == block), np.flatnonzero(blocks != block)
        weights = np.linalg.solve(covariance[np.ix_(rest, rest)], covariance[np.ix_(rest, out)])
        variance = np.diag(covariance[np.ix_(out, out)] - weights.T @ covariance[np.ix_(rest, out)])
        expected[out] = standard(rows)[1] * crps_student(y[out], weights.T @ y[rest], variance**0.5, 8)
    np.testing.assert_allclose(left_out_scores(rows, Priors(), blocks), expected, rtol=1e-6)
