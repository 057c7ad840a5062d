import numpy as np
import optuna
import pandas as pd
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.testing.pytest_samplers import BasicSamplerTestCase, MultiObjectiveSamplerTestCase, RelativeSamplerTestCase

from datasets.errors import InputError
from experiments.sampler import CHOICE, SurrogateSampler

SPACE = {
    "wt_pct": FloatDistribution(0.0, 2.0, step=0.1),
    "rate": FloatDistribution(1e-3, 1.0, log=True),
    "layers": IntDistribution(1, 9),
    "oxide": CategoricalDistribution(["none", "LiNbO3", "ZrO2"]),
}


class TestOptunasOwn(BasicSamplerTestCase, RelativeSamplerTestCase, MultiObjectiveSamplerTestCase):
    @pytest.fixture
    def sampler(self):
        return lambda: SurrogateSampler(seed=0)


def objective(params):
    return -((params["wt_pct"] - 1.3) ** 2) - (np.log10(params["rate"]) + 1) ** 2 + (params["oxide"] == "ZrO2")


def run(sampler, n, directions=("maximize",), space=SPACE):
    study = optuna.create_study(directions=directions, sampler=sampler)
    for _ in range(n):
        trial = study.ask(space)
        value = objective(trial.params)
        study.tell(trial, [value if one == "maximize" else -value for one in directions])
    return study


def test_it_finds_a_better_optimum_than_random_draws():
    found = run(SurrogateSampler(seed=1), 16).best_value
    drawn = [run(optuna.samplers.RandomSampler(seed=seed), 16).best_value for seed in range(10)]
    assert found > max(drawn)


@pytest.mark.parametrize("directions", [("minimize",), ("maximize", "minimize"), ("minimize", "minimize", "maximize")])
def test_directions_and_up_to_three_objectives(directions):
    study = run(SurrogateSampler(seed=1), 10, directions)
    assert max(objective(trial.params) for trial in study.trials) > 0.5


def test_four_objectives_are_refused():
    study = optuna.create_study(directions=["maximize"] * 4, sampler=SurrogateSampler(seed=0))
    study.add_trial(
        optuna.create_trial(params={"x": 0.5}, distributions={"x": FloatDistribution(0, 1)}, values=[1] * 4)
    )
    with pytest.raises(ValueError, match="Got 4 objectives, expected at most 3"):
        study.ask({"x": FloatDistribution(0, 1)})


def test_equal_seeds_and_histories_give_equal_trials_whatever_the_process_did_before():
    whole = run(SurrogateSampler(seed=3), 6)
    resumed = optuna.create_study(direction="maximize", sampler=SurrogateSampler(seed=3))
    resumed.add_trials(whole.trials[:5])
    assert resumed.ask(SPACE).params == whole.trials[5].params
    other = optuna.create_study(direction="maximize", sampler=SurrogateSampler(seed=4))
    other.add_trials(whole.trials[:5])
    assert other.ask(SPACE).params != whole.trials[5].params


def test_reseeding_changes_what_is_drawn():
    sampler = SurrogateSampler(seed=3)
    sampler.reseed_rng()
    first = optuna.create_study(sampler=sampler).ask(SPACE).params
    assert first != optuna.create_study(sampler=SurrogateSampler(seed=3)).ask(SPACE).params


def test_a_batch_spreads():
    study = run(SurrogateSampler(seed=2), 5)
    batch = [study.ask(SPACE) for _ in range(4)]
    places = np.array([[trial.params["wt_pct"] / 2, np.log10(trial.params["rate"]) / 3] for trial in batch])
    assert len({tuple(sorted(trial.params.items())) for trial in batch}) == 4
    assert np.ptp(places, axis=0).max() > 0.2


def test_the_first_batch_fills_the_space():
    study = optuna.create_study(sampler=SurrogateSampler(seed=0))
    batch = [study.ask(SPACE) for _ in range(6)]
    assert {trial.user_attrs.get(CHOICE, {"kind": "design"})["kind"] for trial in batch} == {"design"}
    assert {trial.params["oxide"] for trial in batch} == {"none", "LiNbO3", "ZrO2"}
    assert np.ptp([trial.params["wt_pct"] for trial in batch]) > 1.0


def test_what_was_chosen_can_be_read_from_the_trial():
    study = run(SurrogateSampler(seed=2), 4)
    trial = study.ask(SPACE)
    assert trial.user_attrs[CHOICE] == study.trials[-1].user_attrs[CHOICE]
    assert set(trial.user_attrs[CHOICE]) == {"kind", "gain", "is_replicate"}
    assert trial.user_attrs[CHOICE]["gain"] > 0


def test_failed_pruned_and_infinite_trials_do_no_harm():
    study = run(SurrogateSampler(seed=2), 4)
    study.tell(study.ask(SPACE), state=optuna.trial.TrialState.FAIL)
    with pytest.warns(UserWarning, match="nan is not acceptable"):
        study.tell(study.ask(SPACE), float("nan"))
    study.tell(study.ask(SPACE), float("-inf"))
    pruned = study.ask(SPACE)
    pruned.report(1.0, step=0)
    study.tell(pruned, state=optuna.trial.TrialState.PRUNED)
    params = [tuple(sorted(trial.params.items())) for trial in study.trials]
    assert len(set(params)) == len(params)
    assert tuple(sorted(study.ask(SPACE).params.items())) not in params


def test_constraints_are_learned():
    study = optuna.create_study(direction="maximize", sampler=SurrogateSampler(seed=0))
    space = {"x": FloatDistribution(0, 1), "y": FloatDistribution(0, 1)}
    for _ in range(12):
        trial = study.ask(space)
        trial.set_constraint("limit", trial.params["x"] + trial.params["y"] - 1.0)
        study.tell(trial, trial.params["x"] + 0.5 * trial.params["y"])
    feasible = [trial for trial in study.trials if trial.constraints["limit"] <= 0]
    assert len(feasible) >= 4
    assert max(trial.value for trial in feasible) > 0.85


def test_conditional_parameters():
    def branching(trial):
        if trial.suggest_categorical("kind", ["a", "b"]) == "a":
            return trial.suggest_float("width", 0, 1)
        return trial.suggest_float("height", 0, 2)

    study = optuna.create_study(direction="maximize", sampler=SurrogateSampler(seed=0))
    study.optimize(branching, n_trials=15)
    assert study.best_value > 1.0


def test_two_jobs_on_one_study():
    study = optuna.create_study(direction="maximize", sampler=SurrogateSampler(seed=0, replicates=False))
    study.optimize(lambda trial: -((trial.suggest_float("x", -1, 1)) ** 2), n_trials=8, n_jobs=2)
    assert len({trial.params["x"] for trial in study.trials}) == 8


def test_a_waiting_trial_counts_as_pending():
    study = run(SurrogateSampler(seed=2), 5)
    wanted = study.ask(SPACE).params
    again = optuna.create_study(direction="maximize", sampler=SurrogateSampler(seed=2))
    again.add_trials(study.trials[:5])
    again.enqueue_trial(wanted)
    again.ask(SPACE)
    assert again.ask(SPACE).params != wanted


def test_a_replicate_is_proposed_where_it_pays_and_said_to_be_one():
    rng = np.random.default_rng(0)
    study = optuna.create_study(direction="maximize", sampler=SurrogateSampler(seed=0))
    space = {"oxide": CategoricalDistribution(["none", "LiNbO3", "ZrO2"])}
    for oxide in ("none", "LiNbO3", "ZrO2"):
        study.add_trial(optuna.create_trial(params={"oxide": oxide}, distributions=space, value=rng.normal()))
    assert study.ask(space).user_attrs[CHOICE]["is_replicate"]


TABLE = pd.DataFrame(
    {"wt_pct": np.tile(np.linspace(0, 2, 21), 3), "oxide": np.repeat(["none", "LiNbO3", "ZrO2"], 21), "rate": 0.1}
)


def test_only_candidates_are_proposed_each_once():
    sampler = SurrogateSampler(candidates=TABLE.iloc[:12], seed=0)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    for _ in range(12):
        trial = study.ask(sampler.distributions)
        study.tell(trial, objective(trial.params))
    rows = {(trial.params["wt_pct"], trial.params["oxide"]) for trial in study.trials}
    assert rows == set(zip(TABLE["wt_pct"][:12], TABLE["oxide"][:12], strict=True))
    with pytest.raises(ValueError, match="Got no candidate left of 12"):
        study.ask(sampler.distributions)


def test_the_best_candidate_is_found_early_and_other_distributions_do():
    study = optuna.create_study(direction="maximize", sampler=SurrogateSampler(candidates=TABLE, seed=0))
    space = {name: CategoricalDistribution(TABLE[name].unique().tolist()) for name in TABLE}
    for _ in range(15):
        trial = study.ask(space)
        study.tell(trial, objective(trial.params))
    assert study.best_params["oxide"] == "ZrO2"
    assert study.best_params["wt_pct"] == pytest.approx(1.3, abs=0.11)


def test_candidates_measured_elsewhere_are_known_by_their_values():
    study = optuna.create_study(direction="maximize", sampler=SurrogateSampler(candidates=TABLE.iloc[:3], seed=0))
    sampler = study.sampler
    for row in (0, 1):
        params = {"wt_pct": float(TABLE["wt_pct"][row]), "oxide": "none", "rate": 0.1}
        study.add_trial(optuna.create_trial(params=params, distributions=sampler.distributions, value=1.0))
    outside = {"wt_pct": 0.05, "oxide": "none", "rate": 0.1}
    study.add_trial(optuna.create_trial(params=outside, distributions=sampler.distributions, value=2.0))
    assert study.ask(sampler.distributions).params["wt_pct"] == pytest.approx(0.2)


def test_replicates_of_candidates_where_they_are_asked_for():
    sampler = SurrogateSampler(candidates=TABLE.iloc[:3], seed=0, replicates=True)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    for _ in range(4):
        trial = study.ask(sampler.distributions)
        study.tell(trial, objective(trial.params))
    assert study.trials[-1].user_attrs[CHOICE]["is_replicate"]


def test_features_may_be_given():
    seen = []

    def featurize(table):
        seen.append(list(table.columns))
        return np.column_stack([table["wt_pct"], table["oxide"] == "ZrO2", np.full(len(table), np.nan)])

    study = run(SurrogateSampler(seed=0, featurize=featurize), 10)
    assert study.best_params["oxide"] == "ZrO2"
    assert set(seen[-1]) == set(SPACE)
    with pytest.raises(ValueError, match=r"Got features of shape \(512,\) from featurize, expected \(512, d\)"):
        run(SurrogateSampler(seed=0, featurize=lambda table: np.zeros(len(table))), 2)


class Sure:
    """Beliefs that know the truth: the candidate's position is as good as it is near 40."""

    noise_std = np.array([0.1])

    def posterior(self, features):
        return -np.abs(features - 40.0), np.full((len(features), 1), 0.5)

    def conditioned(self, features):
        del features
        return self


def test_beliefs_may_be_given_and_values_are_then_not_modelled():
    candidates = pd.DataFrame({"position": np.arange(100)})
    sampler = SurrogateSampler(
        candidates=candidates, featurize=lambda table: table[["position"]].to_numpy(float), beliefs=Sure(), seed=0
    )
    study = optuna.create_study(direction="maximize", sampler=sampler)
    study.add_trial(
        optuna.create_trial(params={"position": 3}, distributions={"position": IntDistribution(0, 99)}, value=0.0)
    )
    asked = [study.ask({"position": IntDistribution(0, 99)}).params["position"] for _ in range(3)]
    assert asked[0] == 40
    assert len(set(asked)) == 3


def test_a_table_without_rows_or_with_a_name_twice_is_refused():
    with pytest.raises(InputError, match="0 rows of 0 columns"):
        SurrogateSampler(candidates=pd.DataFrame())
    with pytest.raises(InputError, match="column a: got 2, expected a name once"):
        SurrogateSampler(candidates=pd.DataFrame([[1, 2]], columns=["a", "a"]))
    with pytest.raises(ValueError, match="Got no candidates"):
        _ = SurrogateSampler().distributions
