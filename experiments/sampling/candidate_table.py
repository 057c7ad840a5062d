"""Which rows of a table of candidates are still to be had, and what does the model see of them?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from datasets.errors import InputError, Problem
from experiments.sampling.encoding import one_hot

if TYPE_CHECKING:
    import pandas as pd
    from optuna.distributions import BaseDistribution

Array = NDArray[np.float64]


class CandidateTable:
    """The experiments that can be made, one a row.

    Parameters
    ----------
    table : DataFrame
        One column a parameter: numbers, or words that are taken as categories.
    featurize : callable, optional
        Turns such a table of n rows into an (n, d) float array, in which the model works.

    Raises
    ------
    InputError
        When the table has no row or no column, or a column name twice.
    """

    def __init__(self, table: pd.DataFrame, featurize: Callable[[pd.DataFrame], Any] | None = None) -> None:
        problems = []
        if not len(table) or not table.shape[1]:
            problems.append(Problem("the table", f"{table.shape[0]} rows of {table.shape[1]} columns", "one at least"))
        twice = list(dict.fromkeys(str(name) for name in table.columns[table.columns.duplicated()]))
        problems += [Problem(f"column {name}", 2, "a name once") for name in twice]
        if problems:
            raise InputError("candidates", problems)
        self.table = table.reset_index(drop=True)
        self.featurize = featurize

    def __len__(self) -> int:
        return len(self.table)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The parameters."""
        return tuple(str(name) for name in self.table.columns)

    def row(self, position: int) -> dict[str, Any]:
        """Give the parameters of a row, as plain Python values."""
        return {name: _plain(self.table[name].iloc[position]) for name in self.table.columns}

    @cached_property
    def distributions(self) -> dict[str, BaseDistribution]:
        """One distribution a column, to ask with: a range for numbers, choices for words."""
        from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

        found: dict[str, BaseDistribution] = {}
        for name in self.names:
            column = self.table[name]
            if not self._is_number(name):
                found[name] = CategoricalDistribution([_plain(value) for value in dict.fromkeys(column)])
            elif column.dtype.kind in "iu":
                found[name] = IntDistribution(int(column.min()), int(column.max()))
            else:
                found[name] = FloatDistribution(float(column.min()), float(column.max()))
        return found

    def _is_number(self, name: str) -> bool:
        return self.table[name].dtype.kind in "iufb"

    @cached_property
    def _categories(self) -> dict[str, dict[Any, int]]:
        words = [name for name in self.names if not self._is_number(name)]
        return {name: {_plain(v): code for code, v in enumerate(dict.fromkeys(self.table[name]))} for name in words}

    @cached_property
    def features(self) -> Array:
        """What the model sees of every row, shape (n, d), not standardised; NaN where unknown."""
        return self.features_of(self.table)

    def features_of(self, table: pd.DataFrame) -> Array:
        """Turn a table of the same columns into features of shape (n, d)."""
        if self.featurize is not None:
            return featurized(self.featurize, table)
        return np.concatenate([self._columns(table, name) for name in self.names], axis=1)

    def _columns(self, table: pd.DataFrame, name: str) -> Array:
        if self._is_number(name):
            return np.asarray(table[name].to_numpy(dtype=float))[:, None]
        codes = np.array([self._categories[name].get(_plain(value), -1) for value in table[name]])
        return one_hot(codes, len(self._categories[name]))

    def features_at(self, rows: Sequence[int | None], params: Sequence[Mapping[str, Any]]) -> Array:
        """Give the features of trials: those of their rows, or of their parameters where they are not in the table."""
        import pandas as pd

        features = self.features[[row or 0 for row in rows]]
        outside = [number for number, row in enumerate(rows) if row is None]
        if outside:
            table = pd.DataFrame([{name: params[number][name] for name in self.names} for number in outside])
            features[outside] = self.features_of(table.astype(self.table.dtypes.to_dict(), errors="ignore"))
        return features

    @cached_property
    def groups(self) -> NDArray[np.int64] | None:
        """Which parameter each feature column belongs to, shape (d,); None where they come from ``featurize``."""
        if self.featurize is not None:
            return None
        sizes = [1 if self._is_number(name) else len(self._categories[name]) for name in self.names]
        return np.repeat(np.arange(len(sizes)), sizes)

    @cached_property
    def _rows_by_key(self) -> dict[tuple[Any, ...], list[int]]:
        rows = defaultdict(list)
        for position, key in enumerate(zip(*(self.table[name] for name in self.names), strict=True)):
            rows[tuple(_plain(value) for value in key)].append(position)
        return dict(rows)

    def positions(self, params: Sequence[Mapping[str, Any]], known: Sequence[int | None]) -> list[int | None]:
        """Find the rows that trials stand for, each row at most once where the table has equal ones.

        Parameters
        ----------
        params : sequence of mapping, length n
            Parameters of the trials.
        known : sequence of int or None, length n
            Their rows where this sampler proposed them.

        Returns
        -------
        list of int or None, length n
            None for what is not in the table.
        """
        used = {row for row in known if row is not None}
        found: list[int | None] = []
        for one, row in zip(params, known, strict=True):
            if row is None:
                rows = self._rows_by_key.get(tuple(_plain(one.get(name)) for name in self.names), [])
                row = next((candidate for candidate in rows if candidate not in used), rows[0] if rows else None)
                used.add(-1 if row is None else row)
            found.append(row)
        return found


def featurized(featurize: Callable[[pd.DataFrame], Any], table: pd.DataFrame) -> Array:
    """Call a ``featurize`` and check that it gives a float array with one row for each of the table."""
    features = np.asarray(featurize(table), dtype=float)
    if features.ndim != 2 or len(features) != len(table):
        raise ValueError(f"Got features of shape {features.shape} from featurize, expected ({len(table)}, d)")
    return features


def _plain(value: Any) -> Any:
    # Optuna knows no NumPy scalars; NaN equals nothing, not even itself.
    value = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(value, float) and np.isnan(value) else value
