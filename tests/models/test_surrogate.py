import numpy as np
import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from models.latent import solve
from models.surrogate import Report, Surrogate


@parametrize_with_checks([Surrogate()])
def test_conforms_to_scikit_learn(estimator, check):
    check(estimator)


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(30, 4))
    return X, 180 + 10 * X[:, 0] + rng.normal(size=30)


def test_posterior_agrees_with_scikit_learn(table):
    X, y = table
    model = Surrogate().fit(X, y)
    latent = model.latent_
    inputs = np.column_stack([model.design_.transform(X), np.zeros(30), np.zeros(30)])
    mean, std = model.process_.predict(inputs, return_std=True)
    np.testing.assert_allclose(model.posterior(X)[0], latent.center + latent.scale * mean, atol=1e-8)
    np.testing.assert_allclose(model.posterior(X)[1], latent.scale * std, atol=1e-8)


def test_the_unit_of_target_and_features_does_not_matter(table):
    X, y = table
    plain = Surrogate().fit(X, y).predict(X, return_std=True)
    other = Surrogate().fit(1000 * X + 5, 0.01 * y - 3).predict(1000 * X + 5, return_std=True)
    np.testing.assert_allclose(other[0], 0.01 * plain[0] - 3, rtol=1e-5)
    np.testing.assert_allclose(other[1], 0.01 * plain[1], rtol=1e-3)


def test_a_row_without_the_target_is_as_if_it_were_not_there(table):
    X, y = table
    blank = y.copy()
    blank[20:] = np.nan
    np.testing.assert_array_equal(Surrogate().fit(X, blank).predict(X), Surrogate().fit(X[:20], y[:20]).predict(X))


def test_an_unknown_feature_is_taken_as_the_average(table):
    X, y = table
    model = Surrogate().fit(X, y)
    row = X[:1].copy()
    row[0, 1] = np.nan
    average = row.copy()
    average[0, 1] = X[:, 1].mean()
    np.testing.assert_allclose(model.predict(row), model.predict(average))


def test_where_nothing_can_be_learned_the_mean_is_reported():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(40, 5))
    models = [Surrogate().fit(X, rng.normal(size=40)) for _ in range(8)]
    assert np.mean([model.weight_ > 0 for model in models]) <= 0.25
    model = next(model for model in models if model.weight_ == 0.0)
    mean, std = model.predict(X, return_std=True)
    np.testing.assert_allclose(mean, model.rows_.y.mean())
    np.testing.assert_allclose(std, std[0])


def test_what_is_reported_includes_the_noise_of_a_cell(table):
    X, y = table
    model = Surrogate().fit(X, y)
    assert model.weight_ > 0.9
    assert (model.predict(X, return_std=True)[1] > model.posterior(X)[1]).all()


def test_the_interval_is_students():
    report = Report(np.array([1.0]), np.array([2.0]), 5.0)
    low, high = report.interval(0.9)
    assert (low[0], high[0]) == pytest.approx((1 - 2 * 2.0150, 1 + 2 * 2.0150), abs=1e-3)
    assert report.std[0] == pytest.approx(2 * (5 / 3) ** 0.5)
    with pytest.raises(ValueError, match="Got coverage=90, expected a number between 0 and 1"):
        report.interval(90)


def test_the_fit_is_deterministic(table):
    X, y = table
    np.testing.assert_array_equal(Surrogate().fit(X, y).predict(X), Surrogate().fit(X, y).predict(X))


def test_one_cell_is_predicted_as_itself_and_little_else_is_claimed():
    model = Surrogate().fit([[1.0, 2.0]], [190.0])
    low, high = model.predict_interval([[5.0, 5.0]])
    assert model.predict([[5.0, 5.0]])[0] == 190.0
    assert high[0] - low[0] > 100


def test_equal_cells_give_a_small_spread():
    model = Surrogate().fit(np.arange(12.0).reshape(6, 2), np.full(6, 190.0))
    assert model.predict([[0.0, 0.0]])[0] == pytest.approx(190.0)
    assert 0 < model.predict([[0.0, 0.0]], return_std=True)[1][0] < 10


def test_one_bad_cell_does_not_move_the_rest(table):
    X, y = table
    bad = y.copy()
    bad[3] -= 80
    plain, robust = (Surrogate(robust=choice).fit(X, bad) for choice in (False, True))
    truth = Surrogate().fit(X, y).predict(X)
    errors = [np.abs(model.predict(X) - truth).mean() for model in (plain, robust)]
    assert robust.outliers_.tolist() == [3]
    assert errors[1] < 1.0 < errors[0]
    assert Surrogate(robust=True).fit(X, y).outliers_.size == 0


def test_replicates_count_as_one_recipe_better_known(table):
    X, y = table
    twice = Surrogate(weigh=False).fit(np.vstack([X, X]), np.concatenate([y, y + 0.1]))
    assert len(twice.rows_.y) == 30
    assert (twice.posterior(X)[1] < Surrogate(weigh=False).fit(X, y).posterior(X)[1]).all()


def test_known_noise_is_believed(table):
    X, y = table
    quiet, noisy = (Surrogate(weigh=False).fit(X, y, noise=noise).posterior(X)[1].mean() for noise in (0.0, 5.0))
    assert noisy > 2 * quiet


def test_a_lab_like_ours_is_borrowed_from_and_another_is_not():
    rng = np.random.default_rng(5)
    X = rng.normal(size=(30, 3))
    y = 10 * X[:, 0] + rng.normal(size=30)
    labs = np.repeat(["own", "paper"], [8, 22])
    backwards = np.where(labs == "own", y, -10 * X[:, 0] + rng.normal(size=30))
    alike, unlike = (Surrogate(own_source="own", borrow="choose").fit(X, one, groups=labs) for one in (y, backwards))
    assert alike.borrow_ > 0
    assert unlike.borrow_ == 0
    assert len(unlike.rows_.y) == 8


def test_borrowing_needs_own_recipes_to_tell_by(table):
    X, y = table
    labs = np.repeat(["own", "paper"], [3, 27])
    assert Surrogate(own_source="own", borrow="choose").fit(X, y, groups=labs).borrow_ == 0.0
    with pytest.raises(ValueError, match="Got borrow=2, expected a number from 0 to 1"):
        Surrogate(borrow=2).fit(X, y)


def test_a_lab_without_cells_is_less_sure(table):
    X, y = table
    labs = np.repeat(["a", "b", "c"], 10)
    y = y + np.repeat([0.0, 15.0, -15.0], 10)
    known, new = (Surrogate(own_source=lab).fit(X, y, groups=labs) for lab in ("a", "z"))
    assert new.predict(X, return_std=True)[1].mean() > 1.5 * known.predict(X, return_std=True)[1].mean()
    np.testing.assert_allclose(known.seen_from("z").posterior(X), new.posterior(X))


def test_another_lab_s_cells_alone_leave_the_offset_open(table):
    X, y = table
    groups = np.full(30, "paper")
    theirs, ours = (Surrogate(own_source=lab).fit(X, y, groups=groups) for lab in ("paper", "own"))
    assert (ours.posterior(X)[1] > 1.2 * theirs.posterior(X)[1]).all()
    assert (ours.predict(X, return_std=True)[1] > 1.2 * theirs.predict(X, return_std=True)[1]).all()
    assert ours.baseline_.scale > theirs.baseline_.scale


@pytest.mark.slow
def test_from_a_hundred_rows_on_a_forest_may_share():
    rng = np.random.default_rng(4)
    X = rng.normal(size=(160, 4))
    steps = Surrogate().fit(X, 10.0 * (X[:, 0] > 0) * (X[:, 1] > 0) + 0.3 * rng.normal(size=160))
    assert steps.forest_share_ > 0
    line = Surrogate().fit(X, X[:, 0] + 0.3 * rng.normal(size=160))
    assert line.forest_share_ == 0
    with pytest.raises(ValueError, match="a forest shares this prediction"):
        steps.report(*steps.posterior(X))


def test_constant_and_unknown_features_change_nothing(table):
    X, y = table
    more = np.column_stack([X, np.full(30, 7.0), np.full(30, np.nan)])
    np.testing.assert_allclose(Surrogate().fit(more, y).predict(more), Surrogate().fit(X, y).predict(X))


def test_only_constant_features_leave_the_mean():
    model = Surrogate().fit(np.ones((5, 2)), [1.0, 2.0, 3.0, 4.0, 5.0])
    assert model.predict([[1.0, 9.0]])[0] == pytest.approx(3.0)


def test_wrong_input_is_refused():
    with pytest.raises(ValueError, match="Got no value in y among 2 rows"):
        Surrogate().fit([[1.0], [2.0]], [np.nan, np.nan])
    with pytest.raises(ValueError, match=r"Got groups of shape \(1,\), expected \(2,\)"):
        Surrogate().fit([[1.0], [2.0]], [1.0, 2.0], groups=["a"])


@pytest.mark.slow
def test_ten_thousand_cells_are_learned_on_an_inducing_subset():
    rng = np.random.default_rng(3)
    X = rng.uniform(-2, 2, size=(10_000, 3))
    y = np.sin(X[:, 0]) + 0.5 * X[:, 1] + 0.1 * rng.normal(size=len(X))
    model = Surrogate().fit(X, y)
    mean, std = model.predict(X[:500], return_std=True)
    assert np.mean((mean - np.sin(X[:500, 0]) - 0.5 * X[:500, 1]) ** 2) ** 0.5 < 0.03
    assert std.mean() == pytest.approx(0.1, rel=0.1)


def test_the_inducing_subset_is_exact_when_it_is_everything(table, monkeypatch):
    X, y = table
    model = Surrogate().fit(X, y)
    monkeypatch.setattr("models.latent.LARGEST_EXACT", 10)
    monkeypatch.setattr("models.latent.INDUCING", 30)
    approximate = solve(model.rows_, model.process_.kernel_, own=0)
    new = np.random.default_rng(1).normal(size=(50, 4))
    for ours, exact in zip(approximate(new), model.latent_(new), strict=True):
        np.testing.assert_allclose(ours, exact, rtol=1e-4)


@pytest.mark.parametrize("own", [None, "b", "new"])
def test_pending_cells_leave_what_is_expected_and_narrow_what_is_open(table, own):
    X, y = table
    groups = np.repeat(["a", "b"], 15)
    model = Surrogate(own_source=own, weigh=False).fit(X[:, :2], y, groups=groups if own else None)
    pending = np.array([[2.0, 2.0], [2.0, 2.0], [-1.0, 0.5]])
    mean, std = model.posterior(X[:, :2])
    later_mean, later_std = model.conditioned(pending).posterior(X[:, :2])
    np.testing.assert_allclose(later_mean, mean, rtol=1e-6)
    assert (later_std <= std * (1 + 1e-9)).all()
    assert model.conditioned(pending).posterior(pending)[1][0] < 0.9 * model.posterior(pending)[1][0]
    assert model.conditioned(np.empty((0, 2))) is model


def test_pending_cells_count_as_measured_ones_do(table):
    X, y = table
    model = Surrogate(weigh=False).fit(X, y)
    new = np.array([[1.5, -1.0, 0.2, 0.0]])
    kernel = model.process_.kernel_
    inputs = np.column_stack([model.design_.transform(np.vstack([X, new])), np.zeros(31), np.ones(31)])
    quiet = inputs.copy()
    quiet[:, -1] = 0
    cov = kernel(quiet) + np.diag(np.full(31, kernel.noise_variance + 1e-8))
    at = quiet[[3]]
    cross = kernel(at, quiet)
    variance = kernel.latent_variance - cross @ np.linalg.solve(cov, cross.T)
    expected = model.latent_.scale * variance[0, 0] ** 0.5
    assert model.conditioned(new).posterior(X[[3]])[1][0] == pytest.approx(expected, rel=1e-4)


def test_joint_posterior_has_the_posterior_on_its_diagonal(table):
    X, y = table
    model = Surrogate().fit(X, y)
    mean, covariance = model.joint_posterior(X[:7])
    alone, std = model.posterior(X[:7])
    np.testing.assert_allclose(mean, alone)
    np.testing.assert_allclose(np.diag(covariance), std**2)
    assert np.linalg.eigvalsh(covariance).min() > -1e-9 * covariance.max()
