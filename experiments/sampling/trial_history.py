"""What do the trials of a study say: what was measured, what is under way, what was given up?"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from optuna.study import Study
    from optuna.trial import FrozenTrial

    from experiments.sampling.encoding import Space

Array = NDArray[np.float64]

ROW = "lirap:row"
"""System attribute of a trial: the row of the table of candidates that it stands for."""

PARAMS = "lirap:params"
"""Beginning of the system attributes that tell other processes of parameters chosen but not yet suggested."""

LARGEST_OBJECTIVES = 3
"""Most objectives: the cost of an exact expected gain grows with the power of the front."""

_LONGEST_ATTRIBUTE = 2000


class History(NamedTuple):
    """The trials of a study but one, by what is known of them.

    Attributes
    ----------
    measured : list of FrozenTrial, length m
        Complete trials.
    pending : list of FrozenTrial
        Running or waiting: they will be measured.
    given_up : list of FrozenTrial
        Failed or pruned: they teach nothing, and are not proposed again.
    values : ndarray of shape (m, t)
        Objectives, all to be maximised, finite.
    constraints : ndarray of shape (m, c)
        Violated where above 0; NaN where a trial does not tell.
    sign : ndarray of shape (t,)
        What the objectives are multiplied with to be maximised.
    """

    measured: list[FrozenTrial]
    pending: list[FrozenTrial]
    given_up: list[FrozenTrial]
    values: Array
    constraints: Array
    sign: Array

    @property
    def trials(self) -> list[FrozenTrial]:
        """All of them: measured, pending, given up."""
        return [*self.measured, *self.pending, *self.given_up]

    def within(self, space: Space) -> History:
        """Keep the trials that lie in a space: others had other ranges."""
        kept = [space.holds(params_of(one)) for one in self.measured]
        return History(
            [one for one, keep in zip(self.measured, kept, strict=True) if keep],
            [one for one in self.pending if space.holds(params_of(one))],
            [one for one in self.given_up if space.holds(params_of(one))],
            self.values[kept],
            self.constraints[kept],
            self.sign,
        )

    @property
    def feasible(self) -> NDArray[np.bool_]:
        """Which of the measured keep their constraints, as far as is known, shape (m,)."""
        return np.logical_not((self.constraints > 0).any(axis=1))


def read_history(study: Study, trial: FrozenTrial, names: Iterable[str] = ()) -> History:
    """Read the trials of a study, all but the one that is asked for.

    Parameters
    ----------
    study : optuna.Study
    trial : FrozenTrial
        The one that is asked for.
    names : iterable of str
        Parameters that a trial needs to have, to count.

    Returns
    -------
    History

    Raises
    ------
    ValueError
        When the study has more objectives than can be treated.
    """
    from optuna.study import StudyDirection
    from optuna.trial import TrialState

    if len(study.directions) > LARGEST_OBJECTIVES:
        raise ValueError(f"Got {len(study.directions)} objectives, expected at most {LARGEST_OBJECTIVES}")
    needed = set(names)
    others = [one for one in study.get_trials(deepcopy=False) if one.number != trial.number]
    others = [one for one in others if needed <= params_of(one).keys()]
    measured = [one for one in others if one.state == TrialState.COMPLETE]
    sign = np.array([1.0 if one == StudyDirection.MAXIMIZE else -1.0 for one in study.directions])
    return History(
        measured,
        [one for one in others if not one.state.is_finished()],
        [one for one in others if one.state in (TrialState.FAIL, TrialState.PRUNED)],
        _finite(np.array([one.values for one in measured], dtype=float).reshape(-1, len(sign)) * sign),
        _constraints(measured),
        sign,
    )


def _finite(values: Array) -> Array:
    # An infinite objective is as good, or as bad, as the best, or the worst, that was measured.
    known = np.where(np.isfinite(values), values, np.nan)
    some = np.isfinite(known).any(axis=0)
    low, high = np.zeros(values.shape[1]), np.zeros(values.shape[1])
    if some.any():
        low[some], high[some] = np.nanmin(known[:, some], axis=0), np.nanmax(known[:, some], axis=0)
    return np.clip(values, low, high)


def _constraints(measured: list[FrozenTrial]) -> Array:
    names = sorted({name for one in measured for name in one.constraints})
    rows = [[one.constraints.get(name, np.nan) for name in names] for one in measured]
    return np.array(rows, dtype=float).reshape(len(measured), len(names))


def params_of(trial: FrozenTrial) -> dict[str, Any]:
    """Give a trial's parameters, those included that were chosen and not yet suggested."""
    if trial.state.is_finished():
        return trial.params
    return {**told_params(trial.system_attrs), **trial.system_attrs.get("fixed_params", {}), **trial.params}


def told_params(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Read back what ``share_params`` told, from a trial's system attributes."""
    parts: list[str] = []
    while (part := attributes.get(f"{PARAMS}:{len(parts)}")) is not None:
        parts.append(part)
    return dict(json.loads("".join(parts))) if parts else {}


def share_params(study: Study, trial: FrozenTrial, params: dict[str, Any]) -> None:
    """Tell other processes, through the study, which parameters a trial is about to have."""
    said = json.dumps(params, default=str)
    for part, start in enumerate(range(0, len(said), _LONGEST_ATTRIBUTE)):
        tell(study, trial, f"{PARAMS}:{part}", said[start : start + _LONGEST_ATTRIBUTE])


def tell(study: Study, trial: FrozenTrial, key: str, value: Any) -> None:
    """Store a system attribute of a trial that is being asked for, in the study and in the trial at hand."""
    study._storage.set_trial_system_attr(trial._trial_id, key, value)
    trial.system_attrs[key] = value
