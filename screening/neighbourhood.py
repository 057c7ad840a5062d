"""When are two recipes much the same, and how far is a recipe from what was measured?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from datasets.materials import NO_OXIDE

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from screening.space import RecipeSpace

Novelty = Literal["inside", "near", "far"]

HALIDE_STEP = 0.5
"""One step in x: from Li2OHCl to Li2OHCl0.5Br0.5, the change that the paper made."""

TEMPERATURE_STEP_K = 50.0
COOLING_POSITION = {"quench": 0.0, "ambient": 0.5, "slow": 1.0}
"""One step from quenching to slow cooling, which the paper shows to matter; ambient cooling is placed half way."""

NEIGHBOUR = 0.5
"""Recipes less than half a step of composition apart are one neighbourhood."""

CELL = 0.25
"""Width of the cells of the coarse grid in steps: half a neighbourhood, so that few good recipes share a cell."""

INSIDE, NEAR = 0.5, 1.0


class Nearest(NamedTuple):
    """How far recipes are from the measured ones.

    Attributes
    ----------
    row : array of int, shape (n,)
        Row of the nearest measured recipe.
    distance : array of float, shape (n,)
        In steps, each about one deliberate change of the recipe (see `distances`).
    novelty : list of {"inside", "near", "far"}, length n
        Up to half a step, up to one step, beyond.
    """

    row: NDArray[np.int64]
    distance: NDArray[np.float64]
    novelty: list[Novelty]


class CoarseGrid:
    """Cells of a quarter step over the compositions of a space: one oxide, a range of x and of both contents.

    The best recipe of each cell is all that a screen of any size has to keep. Furnace temperature and cooling do not
    count, so that ten temperatures of one composition are one cell.

    Parameters
    ----------
    space : RecipeSpace
        The space whose recipes are sorted into cells.
    """

    def __init__(self, space: RecipeSpace) -> None:
        self._halide, self._content, self._oxide_content = (
            _bins(high) for high in (1 / HALIDE_STEP, space.antiperovskite_wt_pct.high, space.oxide_wt_pct.high)
        )
        self.n_cells = (len(space.oxides) + 1) * self._halide * self._content * self._oxide_content

    def cells(self, table: pd.DataFrame) -> NDArray[np.int64]:
        """Give the number of the cell of each recipe of a table that the space decoded, in ``range(n_cells)``."""
        halide = np.nan_to_num(table["halide_cl"].to_numpy()) / HALIDE_STEP
        cell = table["oxide"].cat.codes.to_numpy().astype(np.int64)
        for steps, count in (
            (halide, self._halide),
            (table["antiperovskite_wt_pct"].to_numpy(), self._content),
            (table["oxide_wt_pct"].to_numpy(), self._oxide_content),
        ):
            cell *= count
            cell += np.rint(steps / CELL).astype(np.int64)
        return cell


def _bins(steps: float) -> int:
    return int(np.rint(steps / CELL)) + 1


def one_per_neighbourhood(table: pd.DataFrame, n: int) -> list[int]:
    """Pick the first n rows that are not within half a step of composition of a row picked before.

    Parameters
    ----------
    table : pandas.DataFrame
        A recipe table in order of preference.
    n : int
        How many to pick at most.

    Returns
    -------
    list of int
        Positions of the rows picked, in order.
    """
    columns = _columns(table)
    free = np.ones(len(table), dtype=bool)
    picked: list[int] = []
    while len(picked) < n and free.any():
        row = int(np.argmax(free))
        picked.append(row)
        one = {name: values[row : row + 1] for name, values in columns.items()}
        free &= _length(_composition_steps(columns, one))[:, 0] >= NEIGHBOUR
        free[row] = False
    return picked


def distances(one: pd.DataFrame, other: pd.DataFrame) -> NDArray[np.float64]:
    """Measure how many deliberate steps lie between recipes.

    One step is 1 wt% of antiperovskite, 1 wt% of oxide, another oxide, 0.5 in x, 50 K of furnace temperature, or
    quenched instead of slowly cooled; steps in several variables add as the square root of their sum of squares.
    A difference in what is hardly there hardly counts: x, temperature and cooling are weighted by the smaller content
    of antiperovskite, the identity of the oxide by the larger content of oxide, in wt% and at most 1.

    Parameters
    ----------
    one, other : pandas.DataFrame
        Recipe tables of n and m rows.

    Returns
    -------
    array of float, shape (n, m)
    """
    left, right = _columns(one), _columns(other)
    return _length([*_composition_steps(left, right), *_process_steps(left, right)])


def _length(steps: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    return np.sqrt(np.sum([step**2 for step in steps], axis=0))


def _composition_steps(left: dict[str, NDArray], right: dict[str, NDArray]) -> list[NDArray[np.float64]]:
    mixed = np.minimum(np.maximum(left["oxide_wt_pct"][:, None], right["oxide_wt_pct"][None, :]), 1.0)
    return [
        _apart(left, right, "antiperovskite_wt_pct"),
        _apart(left, right, "oxide_wt_pct"),
        mixed * _differs(left["oxide"], right["oxide"]),
        _melted(left, right) * _apart(left, right, "halide_cl") / HALIDE_STEP,
    ]


def _process_steps(left: dict[str, NDArray], right: dict[str, NDArray]) -> list[NDArray[np.float64]]:
    melted = _melted(left, right)
    return [
        melted * _apart(left, right, "melt_temperature_C") / TEMPERATURE_STEP_K,
        melted * _apart(left, right, "cooling"),
    ]


def _apart(left: dict[str, NDArray], right: dict[str, NDArray], name: str) -> NDArray[np.float64]:
    return np.abs(left[name][:, None] - right[name][None, :])


def _melted(left: dict[str, NDArray], right: dict[str, NDArray]) -> NDArray[np.float64]:
    name = "antiperovskite_wt_pct"
    return np.minimum(np.minimum(left[name][:, None], right[name][None, :]), 1.0)


def _differs(left: NDArray, right: NDArray) -> NDArray[np.bool_]:
    """Tell where two oxides are named and differ; an oxide against none is a matter of content alone."""
    named = (left != NO_OXIDE)[:, None] & (right != NO_OXIDE)[None, :]
    return named & (left[:, None] != right[None, :])


def _columns(table: pd.DataFrame) -> dict[str, NDArray]:
    numbers = ("halide_cl", "antiperovskite_wt_pct", "oxide_wt_pct", "melt_temperature_C")
    columns: dict[str, NDArray] = {name: np.nan_to_num(table[name].to_numpy(dtype=float)) for name in numbers}
    columns["oxide"] = table["oxide"].astype(object).to_numpy()
    columns["cooling"] = table["cooling"].astype(object).map(COOLING_POSITION).fillna(0.0).to_numpy(dtype=float)
    return columns


def nearest_measured(table: pd.DataFrame, measured: pd.DataFrame) -> Nearest:
    """Find for each recipe the nearest measured one.

    Parameters
    ----------
    table, measured : pandas.DataFrame
        Recipe tables; `measured` has at least one row.

    Returns
    -------
    Nearest
    """
    apart = distances(table, measured)
    row = apart.argmin(axis=1)
    distance = apart[np.arange(len(table)), row]
    return Nearest(row, distance, [novelty(value) for value in distance])


def novelty(distance: float) -> Novelty:
    """Put a distance from the measured recipes in a word.

    Examples
    --------
    >>> [novelty(value) for value in (0.5, 0.8, 2.0)]
    ['inside', 'near', 'far']
    """
    if distance <= INSIDE:
        return "inside"
    return "near" if distance <= NEAR else "far"
