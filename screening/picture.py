"""How do the measured cells, the best recipes and the front lie to one another, as a picture?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from plotly.graph_objects import Figure as InteractiveFigure

    from screening.explanation import Explanation
    from screening.goals import Goal
    from screening.job import ScreenResult

MEASURED, BEST, FRONT = "#0072B2", "#D55E00", "#6E6E6E"
"""Blue, vermilion and grey: the first two of Okabe and Ito's palette, which the colour-blind tell apart."""

BEST_LABEL = "best by expected gain: what the model alone believes, 90 %"
FRONT_LABEL = "front of the model's means"

N_DRAWN = 5
"""Best recipes drawn; more would hide the measured cells."""


def axis_label(goal: Goal) -> str:
    """Name a target with its unit, for an axis.

    Examples
    --------
    >>> from screening.goals import Goal
    >>> axis_label(Goal(target="retention_pct"))
    'capacity retention (%)'
    """
    return f"{goal.column.label} ({goal.column.unit})"


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
    front, best, cells = result.front, result.best().head(N_DRAWN), result.cells
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
    complete = cells[x].notna() & cells[y].notna()
    axes.plot(cells[x][complete], cells[y][complete], "o", ms=8, color=MEASURED, label="measured cells")
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
            _name(axes, f"{names[row]}: other target not measured", place, (8, 8), MEASURED, transform)


def _draw_list(axes: Axes, result: ScreenResult) -> None:
    goal = result.goals[0]
    best, cells = result.best().head(N_DRAWN), result.cells[result.cells[goal.target].notna()]
    names = [*(f"{rank}. {label}" for rank, label in zip(best["rank"], best["label"], strict=True)), *cell_names(cells)]
    places = np.arange(len(names))[::-1]
    mean = best[f"{goal.target}_model_mean"]
    axes.errorbar(
        mean,
        places[: len(best)],
        xerr=_reach(best, goal.target),
        fmt="D",
        color=BEST,
        label=BEST_LABEL,
    )
    axes.plot(cells[goal.target], places[len(best) :], "o", ms=8, color=MEASURED, label="measured cells")
    axes.set_yticks(places, names)
    axes.set_xlabel(axis_label(goal))


def _name(axes: Axes, text: str, place: Any, offset: tuple[int, int], color: str, coordinates: Any = "data") -> None:
    axes.annotate(
        text, place, xycoords=coordinates, xytext=offset, textcoords="offset points", color=color, fontsize=9, zorder=5
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
    """Draw the same for a page, with the recipe of each mark under the pointer.

    Parameters
    ----------
    result : ScreenResult

    Returns
    -------
    plotly.graph_objects.Figure
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    traces = _plane_traces if len(result.goals) == 2 else _list_traces
    for trace in traces(result):
        figure.add_trace(trace)
    figure.update_layout(
        template="plotly_white",
        height=560,
        margin={"l": 60, "r": 20, "t": 20, "b": 60},
        legend={"orientation": "h", "y": -0.18},
        xaxis_title=axis_label(result.goals[0]),
        yaxis_title=axis_label(result.goals[1]) if len(result.goals) == 2 else None,
    )
    return figure


def _plane_traces(result: ScreenResult) -> list[Any]:
    import plotly.graph_objects as go

    x, y = (goal.target for goal in result.goals)
    best, front, cells = result.best().head(N_DRAWN), result.front, result.cells
    complete = cells[cells[x].notna() & cells[y].notna()]
    return [
        go.Scatter(
            x=front[f"{x}_model_mean"],
            y=front[f"{y}_model_mean"],
            mode="markers",
            marker={"color": FRONT, "size": 4},
            name=FRONT_LABEL,
            text=front["label"],
            hovertemplate="%{text}<br>%{x:.1f}, %{y:.1f}<extra>front</extra>",
        ),
        go.Scatter(
            x=best[f"{x}_model_mean"],
            y=best[f"{y}_model_mean"],
            mode="markers+text",
            marker={"color": BEST, "size": 11, "symbol": "diamond"},
            error_x=_error(best, x),
            error_y=_error(best, y),
            text=best["rank"].astype(str),
            textposition="top left",
            textfont={"color": BEST},
            customdata=best["label"],
            name=BEST_LABEL,
            hovertemplate="%{text}. %{customdata}<br>%{x:.1f}, %{y:.1f}<extra>predicted</extra>",
        ),
        go.Scatter(
            x=complete[x],
            y=complete[y],
            mode="markers+text",
            marker={"color": MEASURED, "size": 11},
            text=cell_names(complete),
            textposition="top right",
            textfont={"color": MEASURED},
            name="measured cells",
            hovertemplate="%{text}<br>%{x:.1f}, %{y:.1f}<extra>measured</extra>",
        ),
        *_incomplete_traces(cells, (x, y)),
    ]


def _incomplete_traces(cells: pd.DataFrame, targets: tuple[str, str]) -> list[Any]:
    """Mark at the edge of the picture cells of which only one target is measured."""
    import plotly.graph_objects as go

    traces = []
    for own, other, symbol in ((0, 1, "triangle-up"), (1, 0, "triangle-right")):
        rows = cells[cells[targets[own]].notna() & cells[targets[other]].isna()]
        edge = [cells[targets[other]].min()] * len(rows)
        places = (rows[targets[own]], edge) if own == 0 else (edge, rows[targets[own]])
        if len(rows):
            traces.append(
                go.Scatter(
                    x=places[0],
                    y=places[1],
                    mode="markers+text",
                    marker={"color": MEASURED, "size": 11, "symbol": f"{symbol}-open"},
                    text=cell_names(rows),
                    textposition="top right",
                    textfont={"color": MEASURED},
                    name="the other target not measured (at the edge)",
                )
            )
    return traces


def _list_traces(result: ScreenResult) -> list[Any]:
    import plotly.graph_objects as go

    target = result.goals[0].target
    best, cells = result.best().head(N_DRAWN), result.cells[result.cells[target].notna()]
    return [
        go.Scatter(
            x=cells[target],
            y=cell_names(cells),
            mode="markers",
            marker={"color": MEASURED, "size": 11},
            name="measured cells",
        ),
        go.Scatter(
            x=best[f"{target}_model_mean"],
            y=[f"{rank}. {label}" for rank, label in zip(best["rank"], best["label"], strict=True)],
            mode="markers",
            marker={"color": BEST, "size": 11, "symbol": "diamond"},
            error_x=_error(best, target),
            name=BEST_LABEL,
        ),
    ]


def _error(table: pd.DataFrame, target: str) -> dict[str, Any]:
    return {"type": "data", "array": _reach(table, target), "thickness": 1, "color": BEST}
