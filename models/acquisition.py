"""Which recipe promises most, when every target is to be as large as possible?"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

Array = NDArray[np.float64]

_SMALLEST_STD = 1e-12
_INVERSE_ROOT_TWO_PI = 0.3989422804014327
_BLOCK = 4096


def pareto_mask(values: ArrayLike) -> NDArray[np.bool_]:
    """Mark the rows that no other row dominates; equal rows are kept together.

    Parameters
    ----------
    values : array-like of shape (n, t)
        Targets, all to be maximised. A row with a missing value is never marked.

    Returns
    -------
    ndarray of bool, shape (n,)

    Examples
    --------
    >>> pareto_mask([[1, 3], [2, 2], [1, 2], [2, 2]]).tolist()
    [True, True, False, True]
    """
    points = np.asarray(values, dtype=float)
    mask = np.zeros(len(points), dtype=bool)
    complete = np.flatnonzero(~np.isnan(points).any(axis=1))
    # From the best first target down, a row can be dominated only by rows before it.
    order = complete[np.lexsort(-points[complete].T[::-1])]
    keep = _undominated_pair if points.shape[1] == 2 else _undominated
    mask[order[keep(points[order])]] = True
    return mask


def _undominated_pair(ordered: Array) -> NDArray[np.bool_]:
    if not len(ordered):
        return np.zeros(0, dtype=bool)
    first, second = ordered.T
    best = np.maximum.accumulate(second)
    before = np.concatenate([[-np.inf], best[:-1]])
    equal = np.concatenate([[False], (first[1:] == first[:-1]) & (second[1:] == second[:-1])])
    kept = second > before
    # A row equal to its predecessor shares its fate.
    return kept[np.maximum.accumulate(np.where(equal, 0, np.arange(len(ordered))))]


def _undominated(ordered: Array) -> NDArray[np.bool_]:
    kept = np.ones(len(ordered), dtype=bool)
    for row in range(len(ordered)):
        if kept[row]:
            later = ordered[row + 1 :]
            beaten = (later <= ordered[row]).all(axis=1) & (later < ordered[row]).any(axis=1)
            kept[row + 1 :] &= ~beaten
    return kept


def hypervolume(front: ArrayLike, reference: ArrayLike) -> float:
    """Measure the volume that a front dominates above a reference point.

    Parameters
    ----------
    front : array-like of shape (m, t)
        Targets, all to be maximised; dominated rows and rows below the reference do no harm.
    reference : array-like of shape (t,)
        The lower corner.

    Returns
    -------
    float
        In the product of the targets' units.

    Examples
    --------
    >>> hypervolume([[1, 3], [2, 2]], [0, 0])
    5.0
    """
    corner = np.asarray(reference, dtype=float)
    points = np.asarray(front, dtype=float).reshape(-1, len(corner))
    points = points[(points > corner).all(axis=1)]
    return _volume(points - corner)


def _volume(points: Array) -> float:
    if not len(points):
        return 0.0
    if points.shape[1] == 1:
        return float(points.max())
    points = points[np.argsort(-points[:, 0])]
    depths = points[:, 0] - np.append(points[1:, 0], 0.0)
    # Sliced along the first target: down to each point, the slice holds all points before it.
    return float(sum(depth * _volume(points[: row + 1, 1:]) for row, depth in enumerate(depths) if depth > 0))


def expected_improvement(mean: ArrayLike, std: ArrayLike, best: ArrayLike) -> Array:
    """Expect by how much a normal value exceeds a bound (Mockus 1975; eq. 15 of 10.1023/A:1008306431431).

    Parameters
    ----------
    mean, std, best : array-like, broadcast together
        Mean and standard deviation of the value, and the bound, in one unit.

    Returns
    -------
    ndarray
        In the same unit, never negative; ``max(mean - best, 0)`` where the standard deviation is 0.
    """
    spread = np.maximum(np.asarray(std, dtype=float), _SMALLEST_STD)
    score = (np.asarray(mean, dtype=float) - best) / spread
    density = np.exp(-0.5 * score * score)
    gain = spread * (score * ndtr(score) + _INVERSE_ROOT_TWO_PI * density)
    return np.maximum(gain, 0.0)


def expected_hypervolume_improvement(mean: ArrayLike, std: ArrayLike, front: ArrayLike, reference: ArrayLike) -> Array:
    """Expect by how much one new cell enlarges the volume dominated by a front, exactly.

    The plane above a front of two targets is cut into vertical strips; in each, the gain is a width times a height,
    and both are expected improvements of independent normal values (10.1109/CEC.2011.5949880;
    10.1007/s10898-019-00798-7). A front of three is cut into slabs along the last target, in each of which the front
    of the others is one of two targets; more targets are cut likewise, at a cost that grows with the power of the
    front. One target is plain expected improvement over the best.

    Parameters
    ----------
    mean, std : array-like of shape (n, t)
        Predicted targets, all to be maximised, and their standard deviations, taken as independent.
    front : array-like of shape (m, t)
        What was measured so far; dominated rows do no harm, and m may be 0.
    reference : array-like of shape (t,)
        The lower corner of the volume.

    Returns
    -------
    ndarray of shape (n,)
        In the product of the targets' units.

    Raises
    ------
    ValueError
        When mean, standard deviation and reference do not agree in the number of targets.
    """
    mean, std = np.asarray(mean, dtype=float), np.asarray(std, dtype=float)
    corner = np.atleast_1d(np.asarray(reference, dtype=float))
    if mean.ndim != 2 or mean.shape != std.shape or mean.shape[1] != len(corner):
        raise ValueError(f"Got mean {mean.shape} and std {std.shape}, expected both of shape (n, {len(corner)})")
    points = np.asarray(front, dtype=float).reshape(-1, len(corner))
    points = points[(points > corner).all(axis=1)]
    return _expected_volume(mean, std, np.unique(points[pareto_mask(points)], axis=0), corner)


def _expected_volume(mean: Array, std: Array, front: Array, corner: Array) -> Array:
    if len(corner) == 1:
        return expected_improvement(mean[:, 0], std[:, 0], max(corner[0], *front[:, 0]) if len(front) else corner[0])
    if len(corner) == 2:
        return _expected_area(mean, std, front, corner)
    levels = np.unique(np.append(front[:, -1], corner[-1]))
    reach = [expected_improvement(mean[:, -1], std[:, -1], level) for level in levels]
    gain = np.zeros(len(mean))
    for row, level in enumerate(levels):
        # The highest slab has no upper end.
        height = reach[row] - reach[row + 1] if row + 1 < len(levels) else reach[row]
        above = front[front[:, -1] > level][:, :-1]
        gain += height * _expected_volume(mean[:, :-1], std[:, :-1], above[pareto_mask(above)], corner[:-1])
    return gain


def _expected_area(mean: Array, std: Array, front: Array, corner: Array) -> Array:
    edges, heights = _strips(front, corner)
    gain = np.empty(len(mean))
    for start in range(0, len(mean), _BLOCK):
        block = slice(start, start + _BLOCK)
        # A row a strip: there are too few strips for a row a recipe to be quick.
        right_of = expected_improvement(mean[block, 0], std[block, 0], edges[:, None])
        above = expected_improvement(mean[block, 1], std[block, 1], heights[:, None])
        # The last strip has no right edge.
        right_of[:-1] -= right_of[1:]
        gain[block] = np.einsum("sn,sn->n", right_of, above)
    return np.maximum(gain, 0.0)


def _strips(front: Array, reference: Array) -> tuple[Array, Array]:
    front = front[np.argsort(front[:, 0])]
    edges = np.concatenate([[reference[0]], front[:, 0]])
    heights = np.concatenate([front[:, 1], [reference[1]]])
    return edges, heights


def reference_point(observed: ArrayLike) -> Array:
    """Choose the corner from which hypervolume is measured: a tenth of the front's extent below its worst.

    The nadir of the front less a tenth of its range keeps the ends of the front worth something (10.1162/evco_a_00226).
    Where the front is one point, the range of all cells is taken, and where that is nothing, the value itself.

    Parameters
    ----------
    observed : array-like of shape (n, t)
        Measured targets, all to be maximised; rows with a missing value are passed over.

    Returns
    -------
    ndarray of shape (t,)

    Raises
    ------
    ValueError
        When no row is complete.

    Examples
    --------
    >>> reference_point([[1, 3], [2, 2], [0, 0]]).tolist()
    [0.9, 1.9]
    """
    values = np.asarray(observed, dtype=float)
    values = values[~np.isnan(values).any(axis=1)]
    if not len(values):
        raise ValueError("Got no cell with all targets, expected at least one")
    front = values[pareto_mask(values)]
    extent = np.ptp(front, axis=0)
    extent = np.where(extent > 0, extent, np.ptp(values, axis=0))
    extent = np.where(extent > 0, extent, np.maximum(np.abs(front[0]), 1.0))
    return front.min(axis=0) - 0.1 * extent
