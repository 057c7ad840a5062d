import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm, t
from sklearn.metrics import mean_absolute_error, root_mean_squared_error

from models.metrics import coverage, crps_student, mae, rmse, skill, skill_interval

RNG = np.random.default_rng(0)
Y, MEAN = RNG.normal(size=(2, 50))


def test_errors_are_scikit_learns():
    assert rmse(Y, MEAN) == pytest.approx(root_mean_squared_error(Y, MEAN))
    assert mae(Y, MEAN) == pytest.approx(mean_absolute_error(Y, MEAN))


@pytest.mark.parametrize("freedom", [2.0, 5.0, 40.0])
@pytest.mark.parametrize("y", [-3.0, 0.4, 2.5])
def test_crps_is_the_integral_of_its_definition(freedom, y):
    dist = t(freedom, 0.5, 1.7)
    low = quad(lambda x: dist.cdf(x) ** 2, -np.inf, y)[0]
    high = quad(lambda x: dist.sf(x) ** 2, y, np.inf)[0]
    assert crps_student(y, 0.5, 1.7, freedom) == pytest.approx(low + high, rel=1e-4)


def test_crps_of_endless_freedom_is_the_normals():
    # Closed form of Gneiting and Raftery 2007, 10.1198/016214506000001437, eq. 21.
    normal = Y * (2 * norm.cdf(Y) - 1) + 2 * norm.pdf(Y) - np.pi**-0.5
    np.testing.assert_allclose(crps_student(Y, 0.0, 1.0, np.inf), normal, atol=1e-6)


def test_coverage_counts_the_ends():
    assert coverage([1.0, 2.0, 3.0, 4.0], [1.0] * 4, [3.0] * 4) == 0.75


def test_skill_and_its_bootstrap_interval():
    rng = np.random.default_rng(1)
    reference = rng.uniform(1, 2, 40)
    assert skill(0.8 * reference, reference) == pytest.approx(0.2)
    assert skill_interval(0.8 * reference, reference, np.arange(40)) == pytest.approx((0.2, 0.2))
    low, high = skill_interval(reference + rng.normal(0, 1, 40), reference, np.arange(40))
    assert low < 0 < high


def test_two_recipes_have_no_interval():
    assert np.isnan(skill_interval([1.0, 2.0, 1.0], [2.0, 2.0, 2.0], [0, 0, 1])).all()
