from typing import NamedTuple

import numpy as np
import pytest
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF

from models.acquisition import hypervolume
from models.proposing import BOLDNESS, Outlook, choose, fill

NONE = np.empty((0, 1))
POOL = np.linspace(0, 1, 41)[:, None]


class Line(NamedTuple):
    """Exact beliefs of one or two objectives over one feature, by scikit-learn, with known noise."""

    X: np.ndarray
    Y: np.ndarray
    noise: float = 0.05

    @property
    def noise_std(self):
        return np.full(self.Y.shape[1], self.noise)

    def posterior(self, features):
        process = GaussianProcessRegressor(RBF(0.2, "fixed"), alpha=self.noise**2, optimizer=None).fit(self.X, self.Y)
        mean, std = process.predict(features, return_std=True)
        return mean.reshape(len(features), -1), std.reshape(len(features), -1)

    def conditioned(self, features):
        return self._replace(X=np.vstack([self.X, features]), Y=np.vstack([self.Y, self.posterior(features)[0]]))


@pytest.fixture
def line():
    X = np.array([[0.1], [0.4], [0.7]])
    return Line(X, np.column_stack([np.sin(5 * X[:, 0]), np.cos(5 * X[:, 0])]))


def test_the_best_gain_is_chosen(line):
    choice = choose(line, POOL, measured=line.X, pending=NONE, replicates=False)
    outlook = Outlook.of(line, line.X, NONE)
    assert choice.row == np.argmax(outlook.gain(POOL, BOLDNESS))
    assert choice.gain == pytest.approx(outlook.gain(POOL)[choice.row])
    assert not choice.is_replicate


def test_pending_experiments_spread_a_batch(line):
    pending, rows = NONE, []
    for _ in range(4):
        rows.append(choose(line, POOL, measured=line.X, pending=pending, replicates=False).row)
        pending = POOL[rows]
    assert len(set(rows)) == 4
    assert np.ptp(POOL[rows]) > 0.3


def test_what_is_reached_is_the_believed_mean_not_the_luckiest_reading():
    X = np.repeat([[0.2], [0.8]], 6, axis=0)
    y = np.concatenate([[3.0, -1, -1, -1, -1, -1], np.full(6, 1.0)])[:, None]
    reached = Outlook.of(Line(X, y, noise=1.0), X, NONE).reached
    assert reached[6, 0] > reached[0, 0]
    assert reached.max() < 1.5


@pytest.mark.parametrize("targets", [1, 2])
def test_another_measurement_gains_what_drawing_says(line, targets):
    beliefs = Line(line.X, line.Y[:, :targets], noise=0.5)
    outlook = Outlook.of(beliefs, line.X, NONE, reference=np.full(targets, -3.0))
    mean, std = beliefs.posterior(line.X)
    move = std**2 / np.sqrt(std**2 + 0.25)
    rng, front = np.random.default_rng(0), outlook.reached
    for row in range(3):
        changed = np.repeat(front[None], 4000, axis=0)
        changed[:, row] = rng.normal(mean[row], move[row], (4000, targets))
        gains = np.array([hypervolume(one, outlook.reference) for one in changed])
        gain = gains.mean() - hypervolume(front, outlook.reference)
        assert outlook.gain_of_another(line.X)[row] == pytest.approx(gain, abs=4 * gains.std() / 4000**0.5)


def test_a_replicate_is_chosen_when_it_pays_and_said_to_be_one():
    X = np.linspace(0, 1, 41)[:, None]
    noisy = Line(X, -3 * (X - 0.5) ** 2, noise=0.3)
    choice = choose(noisy, np.array([[0.0125], [0.9875]]), measured=X, pending=NONE)
    assert choice.is_replicate
    assert choice.kind == "replicate"
    assert abs(X[choice.row, 0] - 0.5) < 0.3
    assert not choose(noisy._replace(noise=1e-3), np.array([[1.3]]), measured=X, pending=NONE).is_replicate


def test_boldness_counts_the_doubt_for_more(line):
    outlook = Outlook.of(line, line.X, NONE)
    assert (outlook.gain(POOL, 2.0) > outlook.gain(POOL)).all()
    np.testing.assert_allclose(outlook.gain(line.X, 0.0), 0.0, atol=1e-9)


def test_a_gain_counts_as_much_as_it_is_feasible(line):
    chance = (POOL[:, 0] < 0.3).astype(float)
    choice = choose(line, POOL, measured=line.X, pending=NONE, chance=chance)
    assert POOL[choice.row, 0] < 0.3
    nothing = choose(line, POOL, measured=line.X, pending=NONE, chance=POOL[:, 0], feasible=np.zeros(3, dtype=bool))
    assert nothing.row == 40


def test_where_nothing_is_known_the_space_is_filled(line):
    choice = choose(line, POOL, measured=NONE, pending=NONE)
    assert choice.kind == "design"
    assert choice.row == 20
    assert {fill(POOL, POOL[[20]]), fill(POOL, POOL[[0]])} == {0, 40}
    with pytest.raises(ValueError, match="Got an empty pool"):
        choose(line, NONE, measured=NONE, pending=NONE)
