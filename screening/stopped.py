"""Which good recipes does each gate turn away?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from screening.neighbourhood import one_per_neighbourhood

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from screening.scoring import Scorer

LOOKED_AT = 65_536
"""Recipes of the space that are looked at: all of a small one, a sample of a large one."""

N_STOPPED = 2
"""Recipes shown of each gate."""


def best_stopped(scorer: Scorer, rejected: dict[str, int], random_state: int = 0) -> dict[str, NDArray[np.int64]]:
    """Find the recipes of most expected gain that each gate turns away, one per neighbourhood.

    Parameters
    ----------
    scorer : Scorer
    rejected : dict of str to int
        How many recipes of the whole space each gate turns away, by its name, as `screening.scoring.Scores` counts.
    random_state : int
        Seed of the sample.

    Returns
    -------
    dict of str to array of int
        Positions in the space, the best first, by the name of the gate; gates that turn nothing away, or too little for
        the sample to hold any of it, are left out.
    """
    table = scorer.space.sample(min(LOOKED_AT, len(scorer.space)), random_state)
    found = {}
    for name, stopped in _stopped_by(table, scorer, rejected).items():
        if len(stopped):
            mean, std = scorer.model.posterior(scorer.featurizer.transform(stopped))
            order = np.argsort(-scorer.gain(mean * scorer.signs, std), kind="stable")
            ranked = stopped.iloc[order]
            found[name] = ranked.index.to_numpy()[one_per_neighbourhood(ranked, N_STOPPED)]
    return found


def _stopped_by(table: pd.DataFrame, scorer: Scorer, rejected: dict[str, int]) -> dict[str, pd.DataFrame]:
    """Sort the recipes of a table that are turned away by the first gate that each fails."""
    going = np.ones(len(table), dtype=bool)
    stopped = {}
    for name, mask in scorer.gates.rejections(table).items():
        stopped[name] = table[mask & going]
        going &= ~mask
    if any(count for name, count in rejected.items() if name not in stopped):
        table = table[going]
        thickness = scorer.featurizer.transform(table)[:, scorer.thickness_column]
        stopped |= {name: table[mask] for name, mask in scorer.gates.too_thick(thickness).items()}
    return stopped
