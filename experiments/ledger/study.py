"""How does a user of plain Optuna see a campaign?"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import Connection, String, cast, column, func, inspect, select, table

from datasets.errors import InputError, Problem
from datasets.recipe import RECIPE_COLUMNS, Recipe
from experiments.ledger.nouns import LedgerRecipe
from experiments.ledger.reading import read_recipes
from experiments.ledger.store import Ledger, note_passed_on, passed_on

if TYPE_CHECKING:
    import pandas as pd
    from optuna.distributions import BaseDistribution
    from optuna.storages import RDBStorage
    from optuna.trial import FrozenTrial

    from screening.goals import Goal
    from screening.space import RecipeSpace, Steps

_WHAT = "study"
_RECIPE = "recipe"
_COMPLETE, _RUNNING, _FAIL = "COMPLETE", "RUNNING", "FAIL"
_STATES = {"measured": _COMPLETE, "rejected": _FAIL}
_NOTE_KEY = re.compile(r"dashboard:(\d+):(note_.*)")
_NOTE_PIECE = 2045
"""Optuna-dashboard keeps notes in pieces of so many characters."""


class Wanted(NamedTuple):
    """A trial as it should stand in the study.

    Attributes
    ----------
    state : {"COMPLETE", "RUNNING", "FAIL"}
    values : list of float or None
        Of each target, where all are measured.
    params : dict
        What applies of the recipe.
    attributes : dict
        User attributes; ``recipe`` says which recipe it is.
    note : str
        For optuna-dashboard, written once: a user may edit it.
    started : str
        When it was proposed, in ISO format; empty for a cell of the starting tables.
    """

    state: str
    values: list[float] | None
    params: dict[str, Any]
    attributes: dict[str, Any]
    note: str
    started: str


class Picture(NamedTuple):
    """The study as it should stand.

    Attributes
    ----------
    directions : list of str
    targets : list of str
    distributions : dict of str to dict
        Of each parameter: ``low``, ``high`` and ``step``, or ``choices``.
    trials : list of Wanted
        Of the starting cells first, then of the proposed recipes in order.
    """

    directions: list[str]
    targets: list[str]
    distributions: dict[str, dict[str, Any]]
    trials: list[Wanted]

    @property
    def digest(self) -> str:
        """Change when anything in it does."""
        return hashlib.sha256(json.dumps(self, sort_keys=True).encode()).hexdigest()[:16]


def project(ledger: Ledger, goals: Sequence[Goal], space: RecipeSpace, starting: pd.DataFrame | None = None) -> bool:
    """Bring the Optuna study of a campaign up to date; it lies in the same database and has the campaign's name.

    The study is a projection: it is read by nobody here and can be made anew at any time. Optuna's finished trials
    never change, so that the study is made anew when a correction concerns one. All of it is one transaction, so that
    nobody sees, and no crash leaves, a part of it. Trials of other programs and notes of users are kept.

    Parameters
    ----------
    ledger : Ledger
    goals : sequence of Goal
        The targets, in order.
    space : RecipeSpace
        Which recipes may be made.
    starting : pandas.DataFrame, optional
        Cells measured before the campaign; recipes that have all targets become trials too.

    Returns
    -------
    bool
        Whether the study was not up to date.

    Raises
    ------
    datasets.errors.InputError
        When another version of Optuna made its tables.
    OSError
        When the database cannot be written to.
    """
    targets = [goal.target for goal in goals]
    cells = [] if starting is None else _starting_trials(starting, targets)
    with ledger.database.reading() as connection:
        if connection is None:
            return False
        wanted = _picture(read_recipes(connection, targets), goals, space, cells)
        states = Counter(trial.state for trial in wanted.trials)
        if passed_on(connection, _WHAT) == wanted.digest and _states(connection, ledger.database.name) == states:
            return False
    storage = _storage(ledger)
    with ledger.database.writing() as connection:
        wanted = _picture(read_recipes(connection, targets), goals, space, cells)
        with _within(storage, connection):
            _bring_up_to_date(storage, ledger.database.name, wanted)
        note_passed_on(connection, _WHAT, wanted.digest)
    return True


def _picture(
    recipes: Sequence[LedgerRecipe], goals: Sequence[Goal], space: RecipeSpace, starting: Sequence[Wanted]
) -> Picture:
    targets = [goal.target for goal in goals]
    trials = [*starting, *(_proposed_trial(recipe, targets) for recipe in recipes)]
    directions = ["maximize" if goal.sign > 0 else "minimize" for goal in goals]
    return Picture(directions, targets, _distributions(space, trials), trials)


def _proposed_trial(recipe: LedgerRecipe, targets: Sequence[str]) -> Wanted:
    state = _STATES.get(recipe.state, _RUNNING)
    means = recipe.means(targets)
    attributes: dict[str, Any] = {
        _RECIPE: recipe.id,
        "label": recipe.recipe.label,
        "reason": recipe.reason,
        "round": recipe.round,
        "cells": {cell.id: cell.values for cell in recipe.usable},
    }
    if recipe.because:
        attributes["rejected because"] = recipe.because
    return Wanted(
        state,
        [means[target] for target in targets] if state == _COMPLETE else None,
        _params(recipe.recipe),
        attributes,
        f"**{recipe.id}** {recipe.recipe.label}\n\n{recipe.reason}",
        recipe.proposed_at.isoformat(),
    )


def _starting_trials(cells: pd.DataFrame, targets: Sequence[str]) -> list[Wanted]:
    from datasets.cells import recipes

    by_recipe: dict[Recipe, list[int]] = {}
    for place, recipe in enumerate(recipes(cells)):
        by_recipe.setdefault(recipe, []).append(place)
    found = []
    for recipe, places in by_recipe.items():
        own = cells.iloc[places]
        means = own[list(targets)].mean()
        if means.notna().all():
            names = ", ".join(own["cell_id"])
            attributes = {_RECIPE: names, "label": recipe.label, "reason": "measured before the campaign"}
            note = f"**{names}** {recipe.label}\n\nMeasured before the campaign."
            found.append(Wanted(_COMPLETE, [float(mean) for mean in means], _params(recipe), attributes, note, ""))
    return found


def _params(recipe: Recipe) -> dict[str, Any]:
    """Name what applies: without an antiperovskite there is no melt, and without an oxide no content of it."""
    params = {name: getattr(recipe, name) for name in RECIPE_COLUMNS}
    if recipe.oxide_wt_pct == 0:
        del params["oxide_wt_pct"]
    return {name: value for name, value in params.items() if value is not None}


def _distributions(space: RecipeSpace, trials: Sequence[Wanted]) -> dict[str, dict[str, Any]]:
    """Give the range of each parameter, widened to hold every recipe that was made."""
    made: dict[str, list[Any]] = {name: [] for name in RECIPE_COLUMNS}
    for trial in trials:
        for name, value in trial.params.items():
            made[name].append(value)
    choices: dict[str, Sequence[str]] = {"oxide": space.oxides, "cooling": space.coolings}
    return {
        name: {"choices": list(dict.fromkeys([*choices[name], *made[name]]))}
        if name in choices
        else _range(getattr(space, name), made[name])
        for name in RECIPE_COLUMNS
    }


def _range(steps: Steps, made: Sequence[float]) -> dict[str, Any]:
    low, high = min(steps.low, *made, steps.low), max(steps.high, *made, steps.high)
    step = Decimal(str(steps.step))
    on_grid = all((Decimal(str(value)) - Decimal(str(low))) % step == 0 for value in (*made, steps.low, high))
    return {"low": low, "high": high, "step": steps.step if on_grid else None}


def _states(connection: Connection, name: str) -> Counter[str]:
    """Count the study's trials of recipes by state without importing Optuna: a user may have failed or deleted some."""
    if not inspect(connection).has_table("trials"):
        return Counter()
    studies = table("studies", column("study_id"), column("study_name"))
    trials = table("trials", column("trial_id"), column("study_id"), column("state"))
    attributes = table("trial_user_attributes", column("trial_id"), column("key"))
    joined = trials.join(studies, trials.c.study_id == studies.c.study_id)
    joined = joined.join(attributes, trials.c.trial_id == attributes.c.trial_id)
    own = (studies.c.study_name == name, attributes.c.key == _RECIPE)
    count = select(cast(trials.c.state, String), func.count()).select_from(joined).where(*own).group_by(trials.c.state)
    return Counter({row[0]: row[1] for row in connection.execute(count)})


def _storage(ledger: Ledger) -> RDBStorage:
    """Make Optuna's tables where they are missing, one process at a time, since two at once would crash one."""
    import optuna
    from sqlalchemy.pool import NullPool

    database = ledger.database
    url = database.url.render_as_string(hide_password=False)
    with database.turn("study"), database.plain_errors():
        try:
            return optuna.storages.RDBStorage(url, {"poolclass": NullPool, **database.connect_options})
        except optuna.exceptions.StorageInternalError as error:
            raise error.__cause__ or error from error
        except RuntimeError as error:
            found = "tables of another version of Optuna"
            expected = f"those of version {optuna.__version__}: run `optuna storage upgrade --storage <its address>`"
            raise InputError(database, [Problem("", found, expected)]) from error


@contextmanager
def _within(storage: RDBStorage, connection: Connection) -> Iterator[None]:
    """Let a storage work inside of a transaction, in which its own become savepoints; quietly."""
    import optuna

    storage.scoped_session.remove()
    storage.scoped_session.configure(bind=connection, join_transaction_mode="create_savepoint")
    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        yield
    except optuna.exceptions.StorageInternalError as error:
        raise error.__cause__ or error from error  # what the database said, which is told in plain words
    finally:
        optuna.logging.set_verbosity(verbosity)
        storage.scoped_session.remove()


def _bring_up_to_date(storage: RDBStorage, name: str, wanted: Picture) -> None:
    from optuna.trial import TrialState

    distributions = _as_optuna(wanted.distributions)
    study = _study(storage, name, wanted)
    there = {trial.user_attrs.get(_RECIPE): trial for trial in storage.get_all_trials(study, deepcopy=False)}
    by_recipe = {trial.attributes[_RECIPE]: trial for trial in wanted.trials}
    if any(_is_stale(trial, by_recipe.get(key), distributions) for key, trial in there.items() if key is not None):
        study = _made_anew(storage, study, name, wanted)
        there = {trial.user_attrs.get(_RECIPE): trial for trial in storage.get_all_trials(study, deepcopy=False)}
    for one in wanted.trials:
        trial = there.get(one.attributes[_RECIPE])
        if trial is None:
            _add(storage, study, one, distributions)
            continue
        for key, value in one.attributes.items():
            if trial.user_attrs.get(key) != value:
                storage.set_trial_user_attr(trial._trial_id, key, value)
        if trial.state.name != one.state:
            storage.set_trial_state_values(trial._trial_id, TrialState[one.state], one.values)


def _study(storage: RDBStorage, name: str, wanted: Picture) -> int:
    from optuna.study import StudyDirection

    directions = [StudyDirection[direction.upper()] for direction in wanted.directions]
    try:
        study = storage.get_study_id_from_name(name)
    except KeyError:
        study = storage.create_new_study(directions, name)
    if storage.get_study_directions(study) != directions:  # the targets of the campaign file changed
        attributes = storage.get_study_system_attrs(study)
        storage.delete_study(study)
        study = storage.create_new_study(directions, name)
        _copy_attributes(storage, study, attributes, {})
    if storage.get_study_system_attrs(study).get("study:metric_names") != wanted.targets:
        storage.set_study_system_attr(study, "study:metric_names", wanted.targets)
    return study


def _is_stale(trial: FrozenTrial, wanted: Wanted | None, distributions: Mapping[str, BaseDistribution]) -> bool:
    """Tell whether a trial is wrong in a way that Optuna does not let one mend."""
    if wanted is None or trial.params != wanted.params:
        return True
    if trial.distributions != {name: distributions[name] for name in wanted.params}:
        return True
    if not trial.state.is_finished():
        return any(name not in wanted.attributes for name in trial.user_attrs)
    return trial.state.name != wanted.state or trial.values != wanted.values or trial.user_attrs != wanted.attributes


def _made_anew(storage: RDBStorage, study: int, name: str, wanted: Picture) -> int:
    """Begin the study again, with the trials of other programs and all that users set and wrote."""
    trials = storage.get_all_trials(study)
    attributes, further = storage.get_study_system_attrs(study), storage.get_study_user_attrs(study)
    storage.delete_study(study)
    study = _study(storage, name, wanted)
    distributions = _as_optuna(wanted.distributions)
    ids = {}
    by_recipe = {one.attributes[_RECIPE]: one for one in wanted.trials}
    for trial in trials:
        one = by_recipe.pop(trial.user_attrs.get(_RECIPE, ""), None)
        if one is not None:
            ids[trial._trial_id] = _add(storage, study, one, distributions, note=False)
        elif _RECIPE not in trial.user_attrs:
            ids[trial._trial_id] = storage.create_new_trial(study, trial)
    _copy_attributes(storage, study, attributes, ids)
    for key, value in further.items():
        storage.set_study_user_attr(study, key, value)
    return study


def _copy_attributes(storage: RDBStorage, study: int, attributes: Mapping[str, Any], ids: Mapping[int, int]) -> None:
    """Copy what Optuna and its dashboard keep of a study; notes of a trial are found by its number."""
    for key, value in attributes.items():
        note = _NOTE_KEY.fullmatch(key)
        if note is None:
            storage.set_study_system_attr(study, key, value)
        elif int(note[1]) in ids:
            storage.set_study_system_attr(study, f"dashboard:{ids[int(note[1])]}:{note[2]}", value)


def _add(
    storage: RDBStorage, study: int, one: Wanted, distributions: Mapping[str, BaseDistribution], note: bool = True
) -> int:
    from optuna.trial import TrialState, create_trial

    template = create_trial(
        state=TrialState[one.state],
        values=one.values,
        params=one.params,
        distributions={name: distributions[name] for name in one.params},
        user_attrs=one.attributes,
    )
    if one.started:
        template.datetime_start = datetime.fromisoformat(one.started).astimezone().replace(tzinfo=None)
    trial = storage.create_new_trial(study, template)
    if note:
        pieces = [one.note[start : start + _NOTE_PIECE] for start in range(0, len(one.note), _NOTE_PIECE)]
        for number, piece in enumerate(pieces):
            storage.set_study_system_attr(study, f"dashboard:{trial}:note_str:{number}", piece)
        storage.set_study_system_attr(study, f"dashboard:{trial}:note_ver", 1)
    return trial


def _as_optuna(distributions: Mapping[str, Mapping[str, Any]]) -> dict[str, BaseDistribution]:
    from optuna.distributions import CategoricalDistribution, FloatDistribution

    return {
        name: CategoricalDistribution(own["choices"]) if "choices" in own else FloatDistribution(**own)
        for name, own in distributions.items()
    }
