"""Which recipes does Optuna pick for one round?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from experiments.proposals.asking import add_awaited, add_measured, study_in_memory
from experiments.proposals.pool import Pool
from screening.neighbourhood import distances

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from experiments.proposals.beliefs import RecipeBeliefs

Array = NDArray[np.float64]
Programme = tuple[float, str]

APART = 0.5
"""Steps that a recipe keeps from those of its round and those being made, as long as there are others."""

SAME = 0.25
"""Steps from a measured recipe within which the scatter of cells hides any difference; a replicate says more."""


class Known(NamedTuple):
    """Recipes that are not new.

    Attributes
    ----------
    table : pandas.DataFrame
        Recipe table of m rows.
    features : ndarray of shape (m, d)
    awaited : ndarray of bool, shape (m,)
        Being made, without any result yet; the others are measured.
    """

    table: pd.DataFrame
    features: Array
    awaited: NDArray[np.bool_]


class Pick(NamedTuple):
    """One recipe that Optuna picked.

    Attributes
    ----------
    row : int
        In the pool, or among the known recipes where it is a replicate.
    is_replicate : bool
    kind : str
        Why: ``gain``, ``uncertainty``, ``replicate`` or ``design``.
    gain : float
        Expected gain, in the product of the targets' units.
    """

    row: int
    is_replicate: bool
    kind: str
    gain: float


def pick(
    beliefs: RecipeBeliefs,
    pool: Pool,
    known: Known,
    n: int,
    *,
    reference: Array,
    furnace_runs: int | None = None,
    replicates: bool = True,
    seed: int = 0,
) -> list[Pick]:
    """Ask Optuna for the recipes of a round, one after the other, each knowing of those before it.

    The recipes of a round are kept apart, since two that a lab cannot tell from each other teach what one does.

    Parameters
    ----------
    beliefs : RecipeBeliefs
    pool : Pool
        What may be proposed.
    known : Known
        What was measured or is being made.
    n : int
        How many.
    reference : ndarray of shape (t,)
        Below it nothing is gained; all maximised.
    furnace_runs : int, optional
        Most furnace programmes in the round.
    replicates : bool
        Whether a further cell of a measured recipe may be picked.
    seed : int

    Returns
    -------
    list of Pick
        Fewer than n where nothing else is left.
    """
    picks: list[Pick] = []
    programmes: set[Programme] = set()
    distinct = _distinct(pool.table, known.table[known.awaited], APART)
    distinct &= _distinct(pool.table, known.table[~known.awaited], SAME)
    for number in range(n):
        full = furnace_runs is not None and len(programmes) >= furnace_runs
        allowed = _allowed(pool, programmes) if full else np.ones(len(pool.table), dtype=bool)
        if (allowed & distinct).any():
            allowed &= distinct
        allowed[[one.row for one in picks if not one.is_replicate]] = False
        again = _repeatable(known, picks, programmes if full else None) if replicates else np.empty(0, dtype=np.int64)
        if not allowed.any() and not len(again):
            break
        one = _ask(beliefs, pool, np.flatnonzero(allowed), known, again, picks, reference, seed + number)
        picks.append(one)
        table = known.table if one.is_replicate else pool.table
        distinct &= _distinct(pool.table, table.iloc[[one.row]], APART)
        programmes |= {
            programme for row in table.iloc[[one.row]].itertuples() if (programme := _programme(row)) is not None
        }
    return picks


def _ask(
    beliefs: RecipeBeliefs,
    pool: Pool,
    allowed: NDArray[np.int64],
    known: Known,
    repeatable: NDArray[np.int64],
    picks: Sequence[Pick],
    reference: Array,
    seed: int,
) -> Pick:
    """Let a study that knows what is measured and awaited pick from the rows that are allowed."""
    import pandas as pd
    from optuna.distributions import BaseDistribution, IntDistribution

    from experiments.sampler import SurrogateSampler

    features = np.concatenate([pool.features, known.features])
    n = len(pool.features)
    # Optuna sees the number of a row; what the row means is in the features.
    sampler = SurrogateSampler(
        seed=seed,
        candidates=pd.DataFrame({"row": np.concatenate([allowed, n + repeatable])}),
        featurize=lambda table: features[table["row"].to_numpy(dtype=np.int64)],
        beliefs=beliefs,
        reference_point=[float(value) for value in reference],
        replicates=bool(len(repeatable)),
    )
    study = study_in_memory(sampler, len(reference))
    rows: dict[str, BaseDistribution] = {"row": IntDistribution(0, len(features) - 1)}
    measured = np.flatnonzero(~known.awaited)
    for row, values in zip(measured, beliefs.posterior(known.features[measured])[0], strict=True):
        add_measured(study, {"row": int(n + row)}, rows, values)
    for row in [*(n + np.flatnonzero(known.awaited)), *(one.row + n * one.is_replicate for one in picks)]:
        add_awaited(study, {"row": int(row)}, rows)
    trial = study.ask(rows)
    chosen, choice = int(trial.params["row"]), trial.user_attrs["lirap:choice"]
    again = chosen >= n
    return Pick(chosen - n if again else chosen, again, choice["kind"], float(choice["gain"] or 0.0))


def _allowed(pool: Pool, programmes: set[Programme]) -> NDArray[np.bool_]:
    """Tell which recipes need no further furnace programme."""
    return np.array([_programme(row) in {None, *programmes} for row in pool.table.itertuples()], dtype=bool)


def _programme(recipe: Any) -> Programme | None:
    """Give what the furnace is set to, or None without a melt."""
    return (float(recipe.melt_temperature_C), str(recipe.cooling)) if recipe.antiperovskite_wt_pct > 0 else None


def _distinct(table: pd.DataFrame, others: pd.DataFrame, least: float) -> NDArray[np.bool_]:
    """Tell which recipes keep so many steps from all others."""
    if not len(others) or not len(table):
        return np.ones(len(table), dtype=bool)
    return np.asarray(distances(table, others).min(axis=1) >= least, dtype=bool)


def _repeatable(known: Known, picks: Sequence[Pick], programmes: set[Programme] | None) -> NDArray[np.int64]:
    """Select the measured recipes of which a further cell may be made, each once in a round."""
    again = ~known.awaited
    again[[one.row for one in picks if one.is_replicate]] = False
    if programmes is not None:
        again &= _allowed(Pool(known.table, known.features), programmes)
    return np.flatnonzero(again)
