"""How does an Optuna search space become numbers between which distances mean something?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]

_LEAST_RELATIVE_SPREAD = 1e-9
_WIDTHS = (0.3, 0.1, 0.03)
_DECIMALS = 9


def one_hot(codes: NDArray[np.int64], choices: int) -> Array:
    """Encode categories so that two drawn at random are as far apart as two standardised numbers are.

    Parameters
    ----------
    codes : ndarray of int, shape (n,)
        Negative for none of them.
    choices : int

    Returns
    -------
    ndarray of shape (n, choices)
        Two different categories are ``2 choices / (choices - 1)`` apart, squared.
    """
    return np.eye(choices + 1)[codes][:, :choices] * (choices / max(choices - 1, 1)) ** 0.5


class Sight(NamedTuple):
    """How feature columns are seen by the model: those that vary, standardised, a category's columns left as they are.

    Attributes
    ----------
    kept : ndarray of int, shape (d,)
        Columns that vary.
    center, scale : ndarray of shape (d,)
    groups : ndarray of int, shape (d,)
        Which variable each kept column belongs to, counted from 0.
    plainly : bool
        Whether features are left as they are.
    """

    kept: NDArray[np.int64]
    center: Array
    scale: Array
    groups: NDArray[np.int64]
    plainly: bool = False

    @classmethod
    def of(cls, sample: Array, groups: NDArray[np.int64] | None = None) -> Sight:
        """Learn from rows of features.

        Parameters
        ----------
        sample : ndarray of shape (n, columns)
            NaN where unknown.
        groups : ndarray of int, shape (columns,), optional
            Which variable each column belongs to; by default each is one.

        Returns
        -------
        Sight
        """
        groups = np.arange(sample.shape[1]) if groups is None else groups
        known = ~np.isnan(sample)
        counts = np.maximum(known.sum(axis=0), 1)
        center = np.where(known, sample, 0.0).sum(axis=0) / counts
        scale = np.sqrt(np.where(known, np.square(sample - center), 0.0).sum(axis=0) / counts)
        varies = scale > _LEAST_RELATIVE_SPREAD * np.maximum(np.abs(center), 1e-300)
        kept = np.flatnonzero(varies) if varies.any() else np.zeros(1, dtype=np.int64)
        alone = (np.bincount(groups)[groups] == 1) & varies
        center, scale = np.where(alone, center, 0.0), np.where(alone, scale, 1.0)
        return cls(kept, center[kept], scale[kept], np.unique(groups[kept], return_inverse=True)[1])

    @classmethod
    def plain(cls, sample: Array) -> Sight:
        """See features as they are, NaN included."""
        columns = sample.shape[1]
        return cls(np.arange(columns), np.zeros(columns), np.ones(columns), np.arange(columns), plainly=True)

    def __call__(self, features: Array) -> Array:
        """Standardise features of shape (n, columns) to shape (n, d); what is unknown is taken as average."""
        if self.plainly:
            return features
        return np.nan_to_num((features[:, self.kept] - self.center) / self.scale)


class Axis(NamedTuple):
    """One parameter as a coordinate: 0 to 1 for numbers, the position among the choices for categories.

    Attributes
    ----------
    distribution : BaseDistribution
    choices : int
        Number of categories; 0 for a number.
    levels : int
        Number of values of a number on a grid; 0 where it has none.
    """

    distribution: BaseDistribution
    choices: int
    levels: int

    @classmethod
    def of(cls, distribution: BaseDistribution) -> Axis:
        """Read a distribution."""
        if isinstance(distribution, CategoricalDistribution):
            return cls(distribution, len(distribution.choices), 0)
        if not isinstance(distribution, FloatDistribution | IntDistribution):
            raise TypeError(f"Got {distribution!r}, expected a float, integer or categorical distribution")
        if distribution.log or distribution.step is None:
            return cls(distribution, 0, 0)
        return cls(distribution, 0, int((distribution.high - distribution.low) / distribution.step + 1e-6) + 1)

    def snap(self, unit: Array) -> Array:
        """Move coordinates to the nearest that stand for a value."""
        if self.choices:
            return unit
        unit = np.clip(unit, 0.0, 1.0)
        if self.levels:
            last = max(self.levels - 1, 1)
            return np.minimum(np.round(unit * last), self.levels - 1) / last
        if isinstance(self.distribution, IntDistribution):
            return self.coordinate(np.round(self._value(unit)))
        return unit

    def coordinate(self, values: Array) -> Array:
        """Turn numbers into coordinates."""
        low, high = self._ends()
        place = np.log(values) if self.distribution.log else values  # type: ignore[attr-defined]
        return (place - low) / (high - low) if high > low else np.zeros(len(values))

    def _ends(self) -> tuple[float, float]:
        d: Any = self.distribution
        if d.log:
            return float(np.log(d.low)), float(np.log(d.high))
        return float(d.low), float(d.low + (self.levels - 1) * d.step) if self.levels else float(d.high)

    def _value(self, unit: Array) -> Array:
        low, high = self._ends()
        place = low + unit * (high - low)
        d: Any = self.distribution
        return np.clip(np.exp(place) if d.log else place, d.low, d.high)

    def values(self, unit: Array) -> list[Any]:
        """Turn coordinates into values as Optuna has them."""
        d: Any = self.distribution
        if self.choices:
            return [d.choices[int(code)] for code in unit]
        if isinstance(d, IntDistribution):
            return [int(value) for value in np.round(self._value(unit))]
        return [float(value) for value in self._value(unit)]

    def locate(self, values: Sequence[Any]) -> Array:
        """Turn values as Optuna has them into coordinates."""
        if self.choices:
            return np.array([self.distribution.to_internal_repr(value) for value in values], dtype=float)
        return self.coordinate(np.array(values, dtype=float))

    def holds(self, value: Any) -> bool:
        """Tell whether a value is one of the distribution's."""
        try:
            return bool(self.distribution._contains(self.distribution.to_internal_repr(value)))
        except (ValueError, TypeError):
            return False

    def columns(self, unit: Array) -> Array:
        """Turn coordinates into model columns, of shape (n, 1) for a number and (n, choices) for a category."""
        return one_hot(unit.astype(np.int64), self.choices) if self.choices else unit[:, None]

    def draw(self, unit: Array) -> Array:
        """Spread uniform numbers between 0 and 1 over the coordinates, each value with equal chances."""
        many = self.choices or self.levels
        if not many:
            return self.snap(unit)
        code = np.minimum((unit * many).astype(np.int64), many - 1).astype(float)
        return code if self.choices else code / max(many - 1, 1)


class Space(NamedTuple):
    """The parameters that are chosen together.

    Attributes
    ----------
    names : tuple of str
    axes : tuple of Axis
    """

    names: tuple[str, ...]
    axes: tuple[Axis, ...]

    @classmethod
    def of(cls, distributions: Mapping[str, BaseDistribution]) -> Space:
        """Read distributions by name."""
        return cls(tuple(distributions), tuple(Axis.of(one) for one in distributions.values()))

    def sample(self, power: int, rng: Generator) -> Array:
        """Draw ``2 ** power`` evenly spread points, as coordinates of shape (2 ** power, p) (scrambled Sobol)."""
        from scipy.stats import qmc

        unit = qmc.Sobol(len(self.axes), rng=rng).random_base2(power)
        return np.column_stack([axis.draw(column) for axis, column in zip(self.axes, unit.T, strict=True)])

    def neighbours(self, points: Array, count: int, rng: Generator) -> Array:
        """Move each point in one or two parameters, ``count`` times: a step, an end, or another category.

        Parameters
        ----------
        points : ndarray of shape (n, p)
        count : int
        rng : Generator

        Returns
        -------
        ndarray of shape (n * count, p)
        """
        moved = np.repeat(points, count, axis=0)
        n, p = moved.shape
        chosen = rng.random((n, p)) < 1.0 / p
        chosen[np.arange(n), rng.integers(p, size=n)] = True
        for column, axis in enumerate(self.axes):
            rows = np.flatnonzero(chosen[:, column])
            fresh = axis.draw(rng.random(len(rows)))
            if not axis.choices:
                step = moved[rows, column] + rng.normal(size=len(rows)) * rng.choice(_WIDTHS, len(rows))
                end = rng.integers(2, size=len(rows)).astype(float)
                kind = rng.random(len(rows))
                fresh = axis.snap(np.where(kind < 0.7, step, np.where(kind < 0.85, end, fresh)))
            moved[rows, column] = fresh
        return moved

    def values(self, points: Array) -> list[dict[str, Any]]:
        """Turn coordinates of shape (n, p) into parameters."""
        columns = [axis.values(column) for axis, column in zip(self.axes, points.T, strict=True)]
        return [dict(zip(self.names, row, strict=True)) for row in zip(*columns, strict=True)]

    def locate(self, params: Sequence[Mapping[str, Any]]) -> Array:
        """Turn parameters into coordinates of shape (n, p)."""
        columns = [axis.locate([one[name] for one in params]) for name, axis in zip(self.names, self.axes, strict=True)]
        return np.column_stack(columns) if params else np.empty((0, len(self.names)))

    def table(self, points: Array) -> pd.DataFrame:
        """Turn coordinates into a table of n rows and a column a parameter."""
        import pandas as pd

        columns = zip(self.names, self.axes, points.T, strict=True)
        return pd.DataFrame({name: axis.values(column) for name, axis, column in columns})

    def keys(self, points: Array) -> NDArray[np.bytes_]:
        """Give each point a key; points of equal parameters have equal ones."""
        rounded = np.ascontiguousarray(np.round(points, _DECIMALS) + 0.0)
        return rounded.view(f"S{rounded.shape[1] * rounded.itemsize}").ravel()

    def holds(self, params: Mapping[str, Any]) -> bool:
        """Tell whether parameters lie in the space."""
        pairs = zip(self.names, self.axes, strict=True)
        return all(name in params and axis.holds(params[name]) for name, axis in pairs)

    def columns(self, points: Array) -> Array:
        """Turn coordinates into model columns of shape (n, d)."""
        parts = [axis.columns(column) for axis, column in zip(self.axes, points.T, strict=True)]
        return np.concatenate(parts, axis=1)

    @property
    def groups(self) -> NDArray[np.int64]:
        """Which parameter each model column belongs to, shape (d,)."""
        return np.repeat(np.arange(len(self.axes)), [axis.choices or 1 for axis in self.axes])
