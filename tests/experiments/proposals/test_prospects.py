"""Chances against closed forms, with beliefs that are independent normals."""

import numpy as np
import pytest
from scipy.stats import norm

from experiments.proposals import prospects as module
from experiments.proposals.prospects import prospects


class Normals:
    """Independent responses: a row of features is the means, then the standard deviations."""

    def __init__(self, noise):
        self.noise_std = np.asarray(noise, dtype=float)

    def draws(self, features, n, seed=0):
        mean, std = np.hsplit(np.asarray(features, dtype=float), 2)
        return np.random.default_rng(seed).normal(mean, np.maximum(std, 1e-12), size=(n, *mean.shape))


@pytest.fixture
def many_draws(monkeypatch):
    monkeypatch.setattr(module, "DRAWS", 20_000)


def test_one_target_has_a_closed_form(many_draws):
    found = prospects(Normals([2.0]), np.array([[10.0, 1.0]]), np.array([0]), np.array([[11.0, 3.0]]), np.array([0.0]))
    assert found.chance == pytest.approx(norm.sf(2.0 - 1.0, scale=10**0.5), abs=0.01)
    assert found.reached[0].median == pytest.approx(10.0, abs=0.05)
    assert found.reached[0].low == pytest.approx(norm.ppf(0.05, 10, 1), abs=0.05)


def test_a_better_trade_counts_and_a_worse_one_does_not():
    known = np.array([[10.0, 10.0, 0.0, 0.0]])
    for new, expected in (([14.0, 8.0], 1.0), ([9.0, 9.0], 0.0), ([10.5, 10.5], 0.0), ([14.0, -1.0], 0.0)):
        left = np.array([[*new, 0.0, 0.0]])
        found = prospects(Normals([1.0, 1.0]), known, np.array([0]), left, np.zeros(2))
        assert found.chance == expected


def test_what_was_reached_grows_with_the_rounds():
    known = np.array([[1.0, 1.0, 0.1, 0.1], [2.0, 2.0, 0.1, 0.1], [1.0, 3.0, 0.1, 0.1]])
    found = prospects(Normals([1.0, 1.0]), known, np.array([0, 1, 3]), np.empty((0, 4)), np.zeros(2))
    assert [one.round for one in found.reached] == [0, 1, 3]
    assert [one.recipes for one in found.reached] == [1, 2, 3]
    volumes = [one.median for one in found.reached]
    np.testing.assert_allclose(volumes, [1.0, 4.0, 5.0], rtol=0.1)
    assert found.chance == 0
    assert found.sentence.startswith("Stop: no recipe")


def test_stopping_is_advised_when_nothing_is_likely_to_beat_the_front():
    known, left = np.array([[10.0, 0.1]]), np.array([[5.0, 0.1]])
    found = prospects(Normals([1.0]), known, np.array([0]), left, np.array([0.0]))
    assert found.sentence.startswith("Stop: the chance that any recipe left")
    assert "less than" in found.sentence


def test_nobody_stops_on_the_word_of_a_model_without_skill():
    known, left = np.array([[10.0, 0.1]]), np.array([[5.0, 0.1]])
    found = prospects(Normals([1.0]), known, np.array([0]), left, np.array([0.0]), unproven=["capacity retention"])
    assert found.sentence.startswith("Cannot tell whether to stop")
    assert "no skill yet on capacity retention" in found.sentence
