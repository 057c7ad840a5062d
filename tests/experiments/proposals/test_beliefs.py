import numpy as np

from experiments.proposals.beliefs import RecipeBeliefs
from screening.goals import Goal


def test_a_goal_that_is_minimised_is_turned_round(now):
    goals = (Goal(target="q_discharge_first_mAh_g"), Goal(target="retention_pct", direction="minimize"))
    turned = RecipeBeliefs.of(now.model, goals, {})
    features = now.known.features
    mean, std = now.model.posterior(features)
    np.testing.assert_allclose(turned.posterior(features)[0], mean * [1, -1])
    np.testing.assert_allclose(turned.posterior(features)[1], std)


def test_draws_have_the_moments_of_the_posterior(now):
    draws = now.beliefs.draws(now.known.features, 4000, seed=1)
    mean, std = now.beliefs.posterior(now.known.features)
    np.testing.assert_allclose(draws.mean(axis=0), mean, atol=5 * std.max() / 4000**0.5)
    np.testing.assert_allclose(draws.std(axis=0), std, rtol=0.1)


def test_an_awaited_result_leaves_the_mean_and_takes_doubt_from_its_own_target_alone(now, pool):
    feature = pool.features[:1]
    waiting = RecipeBeliefs.of(now.model, [Goal(target="q_discharge_first_mAh_g"), Goal(target="retention_pct")],
                               {"retention_pct": feature})  # fmt: skip
    before, after = now.beliefs.posterior(feature), waiting.posterior(feature)
    np.testing.assert_allclose(after[0], before[0], rtol=1e-6)
    assert after[1][0, 0] == before[1][0, 0]
    assert after[1][0, 1] < before[1][0, 1]
