"""How do the measured cells, the best recipes and the front lie to one another, as a picture?"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from plotly.graph_objects import Figure as InteractiveFigure

    from screening.explanation import Explanation
    from screening.goals import Goal
    from screening.job import ScreenResult

MEASURED, BEST, FRONT, PREDICTED = "#0072B2", "#D55E00", "#6E6E6E", "#009E73"
"""Blue, vermilion, grey and bluish green: of Okabe and Ito's palette, which the colour-blind tell apart."""

BEST_LABEL = "best by expected gain: what the model alone believes, 90 %"
FRONT_LABEL = "front of the model's means"

PREDICTED_LABEL = "predicted of a new cell, 90 %"
INCOMPLETE_LABEL = "the other target not measured (at the edge)"

N_DRAWN = 5
"""Best recipes drawn; more would hide the measured cells."""

MOST_OF_FRONT = 200
"""Recipes of the front that are drawn; of a longer one as many are picked from end to end."""

MOST_NAMED = 12
"""More measured cells than this have their names under the pointer alone."""

SIZE, SMALL = 11, 6
"""Of a mark in the interactive picture, in pixels; below, it is a dot."""


def axis_label(goal: Goal) -> str:
    """Name a target with its unit, for an axis.

    Examples
    --------
    >>> from screening.goals import Goal
    >>> axis_label(Goal(target="retention_pct"))
    'capacity retention (%)'
    """
    return f"{goal.column.label} ({goal.column.unit})"


def drawn_front(front: pd.DataFrame) -> pd.DataFrame:
    """Pick from a front what is drawn of it, evenly and with both ends."""
    picked = np.linspace(0, len(front) - 1, min(len(front), MOST_OF_FRONT)).round().astype(int)
    return front.iloc[picked]


def cell_names(cells: pd.DataFrame) -> list[str]:
    """Name cells as the lab does: by their sample label, or by their id where there is none."""
    both = cells[["cell_id", "sample_label"]].to_numpy()
    return [label if isinstance(label, str) and label else cell for cell, label in both]


def pareto_picture(result: ScreenResult) -> Figure:
    """Draw measured cells, the best recipes as the model alone believes them, and the front of its means.

    Parameters
    ----------
    result : ScreenResult

    Returns
    -------
    matplotlib.figure.Figure
        For two targets a plane, for one a list.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 6), layout="constrained")
    axes = figure.add_subplot()
    draw = _draw_plane if len(result.goals) == 2 else _draw_list
    draw(axes, result)
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside lower center", ncols=2, frameon=False)
    return figure


def _draw_plane(axes: Axes, result: ScreenResult) -> None:
    x, y = (goal.target for goal in result.goals)
    front, best, cells = drawn_front(result.front), result.best().head(N_DRAWN), result.cells
    axes.plot(front[f"{x}_model_mean"], front[f"{y}_model_mean"], ".", ms=3, color=FRONT, label=FRONT_LABEL)
    axes.errorbar(
        best[f"{x}_model_mean"],
        best[f"{y}_model_mean"],
        xerr=_reach(best, x),
        yerr=_reach(best, y),
        fmt="D",
        color=BEST,
        elinewidth=0.6,
        label=BEST_LABEL,
    )
    new = _of_new_cells(best, (x, y))
    axes.errorbar(
        new[f"{x}_mean"],
        new[f"{y}_mean"],
        xerr=_ends(new, x),
        yerr=_ends(new, y),
        fmt="s",
        mfc="none",
        color=PREDICTED,
        elinewidth=0.6,
        label=PREDICTED_LABEL,
    )
    complete = cells[x].notna() & cells[y].notna()
    axes.plot(cells[x][complete], cells[y][complete], "o", ms=8, color=MEASURED, label="measured cells")
    if len(cells) <= MOST_NAMED:
        for name, place in zip(cell_names(cells[complete]), cells[complete][[x, y]].to_numpy(), strict=True):
            _name(axes, name, place, (8, 6), MEASURED)
    for rank, row in enumerate(best[[f"{x}_model_mean", f"{y}_model_mean"]].to_numpy(), start=1):
        _name(axes, str(rank), row, (-12, 6), BEST)
    _draw_incomplete(axes, cells, complete, (x, y))
    axes.set_xlabel(axis_label(result.goals[0]))
    axes.set_ylabel(axis_label(result.goals[1]))


def _draw_incomplete(axes: Axes, cells: pd.DataFrame, complete: pd.Series, targets: tuple[str, str]) -> None:
    """Mark on its axis a cell of which only one target is measured."""
    names = np.array(cell_names(cells))
    for own, transform, marker in ((0, axes.get_xaxis_transform(), "^"), (1, axes.get_yaxis_transform(), ">")):
        for row in np.flatnonzero(~complete & cells[targets[own]].notna()):
            value = cells[targets[own]].iloc[row]
            place = (value, 0.0) if own == 0 else (0.0, value)
            axes.plot(*place, marker, transform=transform, color=MEASURED, ms=8, clip_on=False)
            if len(cells) <= MOST_NAMED:
                _name(axes, f"{names[row]}: other target not measured", place, (8, 8), MEASURED, transform)


def _draw_list(axes: Axes, result: ScreenResult) -> None:
    goal = result.goals[0]
    best, cells = result.best().head(N_DRAWN), result.cells[result.cells[goal.target].notna()]
    names = [*(f"{rank}. {label}" for rank, label in zip(best["rank"], best["label"], strict=True)), *cell_names(cells)]
    places = np.arange(len(names))[::-1]
    axes.errorbar(
        best[f"{goal.target}_mean"],
        places[: len(best)],
        xerr=_ends(best, goal.target),
        fmt="s",
        mfc="none",
        color=PREDICTED,
        elinewidth=0.6,
        label=PREDICTED_LABEL,
    )
    axes.errorbar(
        best[f"{goal.target}_model_mean"],
        places[: len(best)],
        xerr=_reach(best, goal.target),
        fmt="D",
        color=BEST,
        label=BEST_LABEL,
    )
    axes.plot(cells[goal.target], places[len(best) :], "o", ms=8, color=MEASURED, label="measured cells")
    axes.set_yticks(places, names, parse_math=False)
    axes.set_xlabel(axis_label(goal))


def _of_new_cells(best: pd.DataFrame, targets: Sequence[str]) -> pd.DataFrame:
    """Drop recipes of which the same is predicted as of a better one: without skill, all but the first."""
    return best.drop_duplicates([f"{target}_mean" for target in targets])


def _ends(table: pd.DataFrame, target: str) -> np.ndarray:
    """Reach of what is predicted of a new cell, down (not below 0, where no target can fall) and up, shape (2, n)."""
    mean, low, high = (table[f"{target}_{part}"].to_numpy(dtype=float) for part in ("mean", "low", "high"))
    return np.stack([mean - np.maximum(low, 0.0), high - mean])


def _name(axes: Axes, text: str, place: Any, offset: tuple[int, int], color: str, coordinates: Any = "data") -> None:
    axes.annotate(
        text,
        place,
        xycoords=coordinates,
        xytext=offset,
        textcoords="offset points",
        color=color,
        fontsize=9,
        zorder=5,
        parse_math=False,
    )


def _reach(table: pd.DataFrame, target: str) -> np.ndarray:
    """Half the 90 % interval of what the model believes of the recipe itself."""
    return 1.645 * table[f"{target}_model_std"].to_numpy()


def effects_picture(explanation: Explanation) -> Figure:
    """Draw how a target moves with each variable of the recipe, with 90 % intervals.

    Parameters
    ----------
    explanation : Explanation

    Returns
    -------
    matplotlib.figure.Figure
    """
    from matplotlib.figure import Figure

    effects, column = explanation.effects, explanation.goal.column
    n_rows = max(1, -(-len(effects) // 3))
    figure = Figure(figsize=(9, 2.6 * n_rows), layout="constrained")
    axes = np.atleast_2d(figure.subplots(n_rows, 3, sharey=True)).ravel()
    for axis, (name, effect) in zip(axes, effects.items(), strict=False):
        values = effect.curve[name]
        numeric = values.dtype.kind in "if"
        style = "o-" if numeric else "o"
        places = values.to_numpy(dtype=float) if numeric else np.arange(len(values))
        low, mean, high = (effect.curve[part].to_numpy(dtype=float) for part in ("low", "effect", "high"))
        axis.errorbar(places, mean, yerr=[mean - low, high - mean], fmt=style, color=BEST, ms=4, lw=1)
        axis.axhline(0, color=FRONT, linewidth=0.6)
        if not numeric:
            axis.set_xticks(places, values, rotation=60, ha="right", fontsize=7)
        axis.set_title(name, fontsize=9)
        axis.spines[["top", "right"]].set_visible(False)
    for axis in axes[len(effects) :]:
        axis.set_visible(False)
    figure.supylabel(f"effect on {column.label} ({column.unit})", fontsize=9)
    return figure


def interactive_picture(result: ScreenResult) -> InteractiveFigure:
    """Draw the same for a page, with the recipe of each mark under the pointer and what is predicted of new cells.

    Parameters
    ----------
    result : ScreenResult

    Returns
    -------
    plotly.graph_objects.Figure
        Without a legend: `marks` says what each trace is. Colours of lines and words are left to the page.
    """
    import plotly.graph_objects as go

    plane = len(result.goals) == 2
    figure = go.Figure([go.Scatter(**trace) for trace in (_plane_traces if plane else _list_traces)(result)])
    figure.update_layout(
        template="plotly_white",
        font={"family": "system-ui, sans-serif"},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        hoverlabel={"bgcolor": "#ffffff", "bordercolor": FRONT, "font": {"color": "#1c1c1e"}},
        margin={"l": 10, "r": 10, "t": 20, "b": 10},
        showlegend=False,
    )
    axes = (figure.update_xaxes, figure.update_yaxes)
    for goal, update in zip(result.goals, axes, strict=False):
        update(title=axis_label(goal), range=_range(result, goal.target))
    for update in axes:
        update(automargin=True, zeroline=False)
    return figure


class Mark(NamedTuple):
    """What one kind of mark in the interactive picture is.

    Attributes
    ----------
    name : str
    symbol, color : str
        A character that looks like it, and its colour.
    traces : list of int
        Where it is in the figure.
    """

    name: str
    symbol: str
    color: str
    traces: list[int]


_SYMBOLS = {"circle": "●", "diamond": "◆", "square-open": "□", "triangle-up-open": "△", "triangle-right-open": "▷"}


def marks(figure: InteractiveFigure) -> list[Mark]:
    """List the kinds of marks in an interactive picture for its legend, the uppermost first.

    Parameters
    ----------
    figure : plotly.graph_objects.Figure
        From `interactive_picture`.
    """
    places: dict[str, list[int]] = {}
    for place, trace in enumerate(figure.data):
        places.setdefault(trace.name, []).append(place)
    return [
        Mark(name, "•" if first.marker.size < SMALL else _SYMBOLS[first.marker.symbol], first.marker.color, traces)
        for name, traces in reversed(places.items())
        for first in (figure.data[traces[0]],)
    ]


def _trace(name: str, symbol: str, color: str, x: Any, y: Any, texts: Sequence[str], **more: Any) -> dict[str, Any]:
    """Give one trace whose words are shown as they are: Plotly reads some HTML, so that theirs is escaped."""
    marker = {"color": color, "size": SIZE, "symbol": symbol, **more.pop("marker", {})}
    return {
        "name": name,
        "x": x,
        "y": y,
        "mode": "markers",
        "marker": marker,
        "hovertext": [escape(text, quote=False) for text in texts],
        "hovertemplate": f"%{{hovertext}}<br>%{{x:.1f}}, %{{y:.1f}}<extra>{name}</extra>",
        **more,
    }


def _named(words: Sequence[str], position: str) -> dict[str, Any]:
    return {"mode": "markers+text", "text": [escape(word, quote=False) for word in words], "textposition": position}


def _plane_traces(result: ScreenResult) -> list[dict[str, Any]]:
    x, y = (goal.target for goal in result.goals)
    best, front, cells = result.best().head(N_DRAWN), drawn_front(result.front), result.cells
    complete = cells[cells[x].notna() & cells[y].notna()]
    mean_x, mean_y = f"{x}_model_mean", f"{y}_model_mean"
    errors = {"error_x": _error(best, x), "error_y": _error(best, y)}
    ranks = _named([str(rank) for rank in best["rank"]], "top left")
    names = cell_names(complete)
    named = _named(names, "top right") if len(cells) <= MOST_NAMED else {}
    dots = {"marker": {"size": 4}}
    return [
        _trace(FRONT_LABEL, "circle", FRONT, front[mean_x], front[mean_y], list(front["label"]), **dots),
        _predicted(best, (x, y)),
        _trace(BEST_LABEL, "diamond", BEST, best[mean_x], best[mean_y], _ranked(best), **errors, **ranks),
        _trace("measured cells", "circle", MEASURED, complete[x], complete[y], names, **named),
        *_incomplete_traces(cells, (x, y), (_range(result, x)[0], _range(result, y)[0])),
    ]


def _ranked(best: pd.DataFrame) -> list[str]:
    return [f"{rank}. {label}" for rank, label in zip(best["rank"], best["label"], strict=True)]


def _predicted(best: pd.DataFrame, targets: tuple[str, str]) -> dict[str, Any]:
    """Mark what is predicted of a new cell of each of the best recipes: once, where it is the same of all."""
    shown = _of_new_cells(best, targets)
    alike = len(shown) == 1 < len(best)
    texts = ["any recipe"] * len(shown) if alike else _ranked(shown)
    x, y = (shown[f"{target}_mean"] for target in targets)
    errors = [_interval(shown, target) for target in targets]
    return _trace(PREDICTED_LABEL, "square-open", PREDICTED, x, y, texts, error_x=errors[0], error_y=errors[1])


def _interval(table: pd.DataFrame, target: str) -> dict[str, Any]:
    down, up = _ends(table, target)
    return {**_bar(PREDICTED), "symmetric": False, "array": up, "arrayminus": down}


def _range(result: ScreenResult, target: str) -> tuple[float, float]:
    """Give the ends of the axis of a target: all that is drawn, and some room."""
    best = result.best().head(N_DRAWN)
    mean, reach = best[f"{target}_model_mean"].to_numpy(), _reach(best, target)
    down, up = best[f"{target}_mean"].to_numpy() + _ends(best, target) * [[-1], [1]]
    front = result.front[f"{target}_model_mean"]
    drawn = np.concatenate([result.cells[target].dropna(), front, mean - reach, mean + reach, down, up])
    room = 0.06 * (np.ptp(drawn) or 1.0)
    return float(drawn.min() - room), float(drawn.max() + room)


def _incomplete_traces(
    cells: pd.DataFrame, targets: tuple[str, str], edges: tuple[float, float]
) -> list[dict[str, Any]]:
    """Mark at the edge of the picture cells of which only one target is measured."""
    traces = []
    for own, other, symbol in ((0, 1, "triangle-up"), (1, 0, "triangle-right")):
        rows = cells[cells[targets[own]].notna() & cells[targets[other]].isna()]
        edge = [edges[other]] * len(rows)
        x, y = (rows[targets[own]], edge) if own == 0 else (edge, rows[targets[own]])
        names = cell_names(rows)
        more = _named(names, "top right") if len(cells) <= MOST_NAMED else {}
        more |= {"cliponaxis": False, "hovertemplate": f"%{{hovertext}}<br>%{{{'xy'[own]}:.1f}}<extra></extra>"}
        if len(rows):
            traces.append(_trace(INCOMPLETE_LABEL, f"{symbol}-open", MEASURED, x, y, names, **more))
    return traces


def _list_traces(result: ScreenResult) -> list[dict[str, Any]]:
    target = result.goals[0].target
    best, cells = result.best().head(N_DRAWN), result.cells[result.cells[target].notna()]
    names = cell_names(cells)
    # On an axis of words Plotly takes equal ones for one place, and reads HTML in them as well.
    measured = [escape(name, quote=False) for name in names]
    recipes = [escape(text, quote=False) for text in _ranked(best)]
    texts = _ranked(best)
    predicted, believed = best[f"{target}_mean"], best[f"{target}_model_mean"]
    reach, error = _interval(best, target), _error(best, target)
    return [
        _trace("measured cells", "circle", MEASURED, cells[target], measured, names),
        _trace(PREDICTED_LABEL, "square-open", PREDICTED, predicted, recipes, texts, error_x=reach),
        _trace(BEST_LABEL, "diamond", BEST, believed, recipes, texts, error_x=error),
    ]


def _bar(color: str) -> dict[str, Any]:
    return {"type": "data", "thickness": 1, "color": color}


def _error(table: pd.DataFrame, target: str) -> dict[str, Any]:
    return {**_bar(BEST), "array": _reach(table, target)}
