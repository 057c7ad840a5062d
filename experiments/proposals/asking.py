"""How is Optuna asked for something without a study on disk?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import optuna


def study_in_memory(sampler: optuna.samplers.BaseSampler, objectives: int) -> optuna.Study:
    """Make a study of objectives that are all maximised, without a line on the terminal."""
    import optuna

    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        return optuna.create_study(directions=["maximize"] * objectives, sampler=sampler)
    finally:
        optuna.logging.set_verbosity(before)


def add_measured(
    study: optuna.Study,
    params: Mapping[str, Any],
    space: Mapping[str, optuna.distributions.BaseDistribution],
    values: Sequence[float],
) -> None:
    """Tell a study what was measured."""
    import optuna

    results = [float(value) for value in values]
    study.add_trial(optuna.create_trial(values=results, params=dict(params), distributions=dict(space)))


def add_awaited(
    study: optuna.Study, params: Mapping[str, Any], space: Mapping[str, optuna.distributions.BaseDistribution]
) -> None:
    """Tell a study what is being measured."""
    import optuna

    running = optuna.trial.TrialState.RUNNING
    study.add_trial(optuna.create_trial(state=running, params=dict(params), distributions=dict(space)))
