"""A small screen for one target, shared by the tests of what is made of it."""

import pytest

from screening import Goal, screen


@pytest.fixture(scope="session")
def single_goal(small_space, cache_dir):
    goals = (Goal(target="interfacial_resistance_ohm", least_acceptable=60),)
    return screen(space=small_space, goals=goals, cache_dir=cache_dir, n_jobs=1, n_best=3)
