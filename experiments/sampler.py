"""Which parameters does Optuna try next, when every trial is an experiment of days?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from optuna.samplers import BaseSampler, TPESampler
from optuna.search_space import intersection_search_space
from optuna.trial import TrialState
from threadpoolctl import threadpool_limits

from experiments.sampling.candidate_table import CandidateTable, featurized
from experiments.sampling.encoding import Sight, Space
from experiments.sampling.trial_history import ROW, History, params_of, read_history, share_params, tell, told_params
from models.proposing import Beliefs, Choice, Outlook, choose
from models.response import Response, chance_kept, learn_limits, learn_responses

if TYPE_CHECKING:
    import pandas as pd
    from numpy.random import Generator
    from optuna.distributions import BaseDistribution
    from optuna.study import Study
    from optuna.trial import FrozenTrial

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

CHOICE = "lirap:choice"
"""User attribute of a trial that says what was chosen and why: ``kind``, ``gain`` and ``is_replicate``."""

_SAMPLE_POWER, _POOL_POWER = 9, 9
_ROUNDS, _BEST, _NEIGHBOURS, _RECENT, _FROM_RECENT = 3, 10, 12, 30, 6
_FINALISTS = 32
_ONE_AT_A_TIME = Lock()


class SurrogateSampler(BaseSampler):
    """Optuna sampler for few, noisy, expensive trials: Gaussian processes and expected (hypervolume) improvement.

    It learns from the first trial on, counts pending trials as if they came in as expected, so that a batch asked one
    after the other spreads, and gives equal answers for equal seeds and histories, in whatever process. How it chooses
    is told in ``docs/sampler.md``.

    Parameters
    ----------
    seed : int, optional
        Equal seeds and histories give equal parameters; by default a seed is drawn.
    featurize : callable, optional
        Maps a DataFrame of parameters (n rows) to an (n, d) float array in which the model works; NaN where unknown.
        By default the model works in the parameters themselves.
    candidates : DataFrame, optional
        Propose only rows of this table, each at most once unless ``replicates``. Its columns are the parameters;
        columns of words are categories.
    beliefs : Beliefs, optional
        What is believed of the objectives, all maximised, over what ``featurize`` gives (or the parameters encoded);
        the values of trials are then not modelled, and trials say only what is measured, pending or given up.
    reference_point : sequence of float, optional
        The corner from which hypervolume is counted, in the units and directions of the objectives; by default chosen
        from the data.
    replicates : bool, optional
        Whether a measured trial may be proposed again where that pays more than a new one; by default only without
        ``candidates``.

    Examples
    --------
    >>> import optuna
    >>> study = optuna.create_study(directions=["maximize", "maximize"], sampler=SurrogateSampler(seed=0))
    >>> distributions = {"wt_pct": optuna.distributions.FloatDistribution(0, 2, step=0.1)}
    >>> trial = study.ask(distributions)
    >>> _ = study.tell(trial, [194.0, 80.0])
    >>> study.ask(distributions).user_attrs["lirap:choice"]["kind"]
    'gain'
    """

    def __init__(
        self,
        *,
        seed: int | None = None,
        featurize: Callable[[pd.DataFrame], Any] | None = None,
        candidates: pd.DataFrame | None = None,
        beliefs: Beliefs | None = None,
        reference_point: Sequence[float] | None = None,
        replicates: bool | None = None,
    ) -> None:
        self._seed = _fresh_seed() if seed is None else seed
        self._featurize = featurize
        self._table = None if candidates is None else CandidateTable(candidates, featurize)
        self._beliefs = beliefs
        self._reference_point = reference_point
        self._replicates = candidates is None if replicates is None else replicates
        self._sights: dict[object, Sight] = {}

    @property
    def distributions(self) -> dict[str, BaseDistribution]:
        """One distribution for each column of ``candidates``, to ask with: ``study.ask(sampler.distributions)``."""
        if self._table is None:
            raise ValueError("Got no candidates, expected a table of them: distributions are then read from it")
        return self._table.distributions

    def reseed_rng(self) -> None:
        """Draw another seed."""
        self._seed = _fresh_seed()

    def _rng(self, trial: FrozenTrial, name: str = "") -> Generator:
        return np.random.default_rng([self._seed % 2**63, trial.number, crc32(name.encode())])

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """Find the parameters that are chosen together: those that all complete trials have.

        Parameters
        ----------
        study : optuna.Study
        trial : FrozenTrial

        Returns
        -------
        dict of str to BaseDistribution
            Empty with ``candidates``, whose rows hold all parameters whatever their distributions.
        """
        if self._table is not None:
            return {}
        trials = [one for one in study.get_trials(deepcopy=False) if one.number != trial.number and one.distributions]
        complete = [one for one in trials if one.state == TrialState.COMPLETE]
        if complete:
            return intersection_search_space(complete)
        return dict(trials[0].distributions) if trials else {}

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Choose the next experiment.

        Parameters
        ----------
        study : optuna.Study
        trial : FrozenTrial
            The one that is asked for; its user attribute ``lirap:choice`` says afterwards what was chosen and why.
        search_space : dict of str to BaseDistribution
            The parameters to choose together.

        Returns
        -------
        dict of str to value
            Empty where there is no space yet, and with ``candidates``, whose row is given out one by one.

        Raises
        ------
        ValueError
            When there are more than three objectives, or no candidate is left.
        """
        # One after the other, so that each thread sees what the last one chose. BLAS threads cost more than they give.
        with _ONE_AT_A_TIME, threadpool_limits(limits=1, user_api="blas"):
            if self._table is not None:
                return self._sample_table(study, trial, self._table)
            return self._sample_space(study, trial, search_space) if search_space else {}

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """Give a parameter of the chosen candidate, or choose one that is not chosen with the others.

        Parameters
        ----------
        study : optuna.Study
        trial : FrozenTrial
        param_name : str
        param_distribution : BaseDistribution

        Returns
        -------
        value
        """
        chosen = told_params(study._storage.get_trial_system_attrs(trial._trial_id))
        if self._table is not None and param_name in chosen:
            return chosen[param_name]
        seed = int(self._rng(trial, param_name).integers(2**31))
        return TPESampler(seed=seed).sample_independent(study, trial, param_name, param_distribution)

    def _sample_table(self, study: Study, trial: FrozenTrial, table: CandidateTable) -> dict[str, Any]:
        history = read_history(study, trial, table.names)
        params = [params_of(one) for one in history.trials]
        rows = table.positions(params, [one.system_attrs.get(ROW) for one in history.trials])
        free = np.setdiff1d(np.arange(len(table)), [row for row in rows if row is not None])
        if not len(free) and not (self._replicates and history.measured):
            raise ValueError(f"Got no candidate left of {len(table)}, expected one that was not proposed yet")
        see = self._sight("table", lambda: table.features, table.groups)
        situation = self._situation(trial, history, see(table.features_at(rows, params)), see.groups)
        choice = situation.choose(see(table.features[free]), replicates=self._replicates)
        row = rows[choice.row] if choice.is_replicate else int(free[choice.row])
        if row is not None:
            tell(study, trial, ROW, row)
        _say(study, trial, choice, params[choice.row] if row is None else table.row(row))
        return {}

    def _sample_space(
        self, study: Study, trial: FrozenTrial, distributions: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        space = Space.of(distributions)
        history = read_history(study, trial, space.names).within(space)
        points = space.locate([params_of(one) for one in history.trials])
        groups = space.groups if self._featurize is None else None
        sample = space.sample(_SAMPLE_POWER, np.random.default_rng(0))
        see = self._sight(space, lambda: self._features(space, sample), groups)

        def seen(points: Array) -> Array:
            return see(self._features(space, points))

        situation = self._situation(trial, history, seen(points), see.groups)
        pool = self._pool(space, situation, seen, points, self._rng(trial, "pool"))
        # A space that is used up can only be repeated.
        if not len(pool) and not len(situation.measured):
            pool = points
        choice = situation.choose(seen(pool), replicates=self._replicates or not len(pool))
        params = space.values((points if choice.is_replicate else pool)[[choice.row]])[0]
        _say(study, trial, choice, params)
        return params

    def _features(self, space: Space, points: Array) -> Array:
        if self._featurize is None:
            return space.columns(points)
        return featurized(self._featurize, space.table(points))

    def _sight(self, key: object, sample: Callable[[], Array], groups: Integers | None) -> Sight:
        # What is standardised by must not change from trial to trial, and featurizing may be slow.
        if key not in self._sights:
            self._sights[key] = Sight.of(sample(), groups) if self._beliefs is None else Sight.plain(sample())
        return self._sights[key]

    def _situation(self, trial: FrozenTrial, history: History, known: Array, groups: Integers) -> _Situation:
        measured, pending, _ = np.split(known, np.cumsum([len(history.measured), len(history.pending)]))
        beliefs = self._beliefs
        if beliefs is None and len(measured):
            beliefs = learn_responses(measured, groups, history.values, self._rng(trial, "model"))
        limits = learn_limits(measured, groups, history.constraints, self._rng(trial, "limits"))
        reference = None if self._reference_point is None else history.sign * np.asarray(self._reference_point)
        return _Situation(beliefs, limits, measured, pending, history.feasible, reference)

    @staticmethod
    def _pool(
        space: Space, situation: _Situation, seen: Callable[[Array], Array], points: Array, rng: Generator
    ) -> Array:
        pool = space.sample(_POOL_POWER, rng)
        if len(situation.measured) and situation.feasible.any():
            near = space.neighbours(points[-_RECENT:], _FROM_RECENT, rng)
            pool = _refined(space, situation.gain(), seen, np.vstack([pool, near]), points, rng)
        return pool[~np.isin(space.keys(pool), space.keys(points))]


class _Situation(NamedTuple):
    """All that a choice is made from, in the columns that the model sees."""

    beliefs: Beliefs | None
    limits: list[Response]
    measured: Array
    pending: Array
    feasible: NDArray[np.bool_]
    reference: Array | None

    def choose(self, pool: Array, *, replicates: bool) -> Choice:
        """Choose from a pool of new experiments."""
        return choose(
            self.beliefs,
            pool,
            measured=self.measured,
            pending=self.pending,
            reference=self.reference,
            replicates=replicates,
            feasible=self.feasible,
            chance=chance_kept(self.limits, pool),
        )

    def gain(self) -> Callable[[Array], Array]:
        """Make what feature rows are compared by; something must be measured and feasible."""
        assert self.beliefs is not None
        outlook = Outlook.of(self.beliefs, self.measured[self.feasible], self.pending, self.reference)
        return lambda features: outlook.bold_gain(features) * chance_kept(self.limits, features)


def _refined(
    space: Space,
    gain: Callable[[Array], Array],
    seen: Callable[[Array], Array],
    pool: Array,
    taken: Array,
    rng: Generator,
) -> Array:
    # Optima lie between the points of a sample, and often at the ends: the best are moved, and the better kept.
    def fresh(points: Array) -> Array:
        return points[~np.isin(space.keys(points), space.keys(taken))]

    sample = pool = fresh(pool)
    gains = gain(seen(pool)) if len(pool) else np.empty(0)
    for _ in range(_ROUNDS if len(pool) else 0):
        best = np.argsort(-gains, kind="stable")[:_BEST]
        near = fresh(space.neighbours(pool[best], _NEIGHBOURS, rng))
        pool, gains = np.vstack([pool, near]), np.concatenate([gains, gain(seen(near))])
    # The rest is there to tell how much is known elsewhere.
    return np.vstack([pool[np.argsort(-gains, kind="stable")[:_FINALISTS]], sample[: 2 * _FINALISTS]])


def _say(study: Study, trial: FrozenTrial, choice: Choice, params: dict[str, Any]) -> None:
    gain = None if np.isnan(choice.gain) else choice.gain
    said = {"kind": choice.kind, "gain": gain, "is_replicate": choice.is_replicate}
    study._storage.set_trial_user_attr(trial._trial_id, CHOICE, said)
    trial.user_attrs[CHOICE] = said
    share_params(study, trial, params)


def _fresh_seed() -> int:
    return int(np.random.default_rng().integers(2**63))
