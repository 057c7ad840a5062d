"""What did a screen find, for a reader who has nothing but one page?"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from screening.explanation import effects_table, why_tables
from screening.job import N_EXPLAINED
from screening.left_out import calibration_table, held_out, held_out_picture, held_out_table
from screening.page import page_html, svg_data
from screening.picture import (
    N_DRAWN,
    axis_label,
    cell_names,
    drawn_front,
    effects_picture,
    interactive_picture,
    marks,
    pareto_picture,
)
from screening.snapshot import plain_words, settings
from screening.stopped import LOOKED_AT
from screening.tables import Column, Table

if TYPE_CHECKING:
    from plotly.graph_objects import Figure as InteractiveFigure

    from models.crossing import HeldOut
    from screening.changes import Changes
    from screening.explanation import Explanation
    from screening.goals import Goal
    from screening.job import ScreenResult

PREDICTED = "Predicted: a new cell, with its 90 % interval."
NOVELTY_WORDS = {
    "inside": "inside what was measured",
    "near": "near what was measured",
    "far": "far from what was measured",
}


def number(value: float, decimals: int = 1) -> str:
    """Write a number for a table, and nothing for a missing one.

    Examples
    --------
    >>> number(193.96), number(float("nan"))
    ('194.0', '')
    """
    return "" if pd.isna(value) else f"{value:.{decimals}f}"


def _word(value: object) -> str:
    return value if isinstance(value, str) else ""


def with_interval(row: Any, goal: Goal) -> str:
    """Write a prediction with its 90 % interval, cut at 0, below which no target can fall."""
    mean, low, high = (row[f"{goal.target}_{part}"] for part in ("mean", "low", "high"))
    return f"{mean:.0f} ({max(low, 0.0):.0f} to {high:.0f})"


def belief(row: Any, goal: Goal) -> str:
    """Write what the model alone believes of a recipe, with its standard deviation."""
    return f"{row[f'{goal.target}_model_mean']:.0f} ± {row[f'{goal.target}_model_std']:.0f}"


def is_mean(result: ScreenResult, goal: Goal) -> bool:
    """Tell whether the same is predicted of every recipe, because the model has shown no skill for the target."""
    return bool(np.ptp(result.candidates[f"{goal.target}_mean"]) == 0) if len(result.candidates) else True


def candidate_table(result: ScreenResult, criterion: str, n: int | None = None) -> Table:
    """Write one of the ranked lists of a screen.

    Parameters
    ----------
    result : ScreenResult
    criterion : str
        One of ``result.lists``.
    n : int, optional
        Only the first n.
    """
    rows = result.best(criterion)
    rows = rows if n is None else rows.head(n)
    predicted = [goal for goal in result.goals if not is_mean(result, goal)]
    columns = [Column("rank", True), Column("recipe"), Column("gain", True)]
    columns += [Column(axis_label(goal), True) for goal in result.goals]
    columns += [Column(f"{axis_label(goal)}, predicted", True) for goal in predicted]
    columns += [Column("nm", True), Column("nearest cell"), Column("steps away")]
    names = _names_by_id(result)
    body = [
        [
            str(row["rank"]),
            row["label"],
            number(row["expected_gain"]),
            *(belief(row, goal) for goal in result.goals),
            *(with_interval(row, goal) for goal in predicted),
            number(row["thickness_nm"]),
            names[row["nearest_cell"]],
            f"{row['distance']:.1f} {row['novelty']}",
        ]
        for _, row in rows.iterrows()
    ]
    label = {goal.target: goal.column.label for goal in result.goals}.get(criterion, criterion)
    return Table(f"Best recipes by {label}", _candidate_caption(result), columns, body)


def _names_by_id(result: ScreenResult) -> dict[str, str]:
    return dict(zip(result.cells["cell_id"], cell_names(result.cells), strict=True))


def _candidate_caption(result: ScreenResult) -> str:
    alike = [f"{goal.column.label} {_everywhere(result, goal)}" for goal in result.goals if is_mean(result, goal)]
    return (
        f"One recipe per neighbourhood. Gain: expected, in {gain_unit(result)}. Targets: mean ± standard deviation of "
        "what the model alone believes of the recipe, by which it is ranked; how far it is earned, the verdicts say. "
        + (f"{PREDICTED} " if len(alike) < len(result.goals) else "")
        + (f"Predicted of a new cell of any recipe, for lack of skill: {'; '.join(alike)}. " if alike else "")
        + "nm: nominal thickness. Steps away: distance from the nearest measured recipe."
    )


def _everywhere(result: ScreenResult, goal: Goal) -> str:
    return f"{with_interval(result.predictions.iloc[0], goal)} {goal.column.unit}"


def gain_unit(result: ScreenResult) -> str:
    """Give the unit of the expected gain: of the area beyond the front for two targets, of the target for one."""
    return " x ".join(goal.column.unit for goal in result.goals)


def cells_table(result: ScreenResult) -> Table:
    """Write the measured cells with what the model predicts for their recipes."""
    from datasets.cells import recipes

    columns = [Column("cell"), Column("recipe")]
    for goal in result.goals:
        columns += [Column(axis_label(goal), True), *([] if is_mean(result, goal) else [Column("predicted", True)])]
    columns += [Column("source"), Column("evidence")]
    labels = [recipe.label for recipe in recipes(result.cells)]
    both = result.cells.join(result.predictions)
    rows = []
    for name, label, (_, row) in zip(cell_names(result.cells), labels, both.iterrows(), strict=True):
        values = []
        for goal in result.goals:
            values += [number(row[goal.target], 0), *([] if is_mean(result, goal) else [with_interval(row, goal)])]
        rows.append([name, label, *values, _word(row["source"]), _word(row["evidence"])])
    predicted = "" if all(is_mean(result, goal) for goal in result.goals) else PREDICTED
    return Table(
        "Measured cells", f"What the models learned from; blank where not measured. {predicted}".strip(), columns, rows
    )


def gates_table(result: ScreenResult) -> Table:
    """Write how many recipes each gate turned away."""
    rows = [[reason, f"{count:,}"] for reason, count in result.rejected.items()]
    counts = f"{result.n_passed:,} of {result.n_recipes:,} recipes passed"
    caption = f"{counts}; each other one is counted at the first gate it failed."
    return Table("Turned away", caption, [Column("reason"), Column("recipes", True)], rows)


def validation_table(result: ScreenResult) -> Table:
    """Write how well recipes left out were predicted, beside the mean."""
    numbers = ("recipes", "missed by", "by the mean", "skill", "share of the model")
    columns = [Column("target"), *(Column(name, True) for name in numbers), Column("90 % intervals held")]
    rows = []
    for goal in result.goals:
        scores = result.validation.loc[goal.target].to_dict()
        tested = scores.get("tested", np.nan)
        held = "" if pd.isna(tested) else f"{scores['coverage']:.0%} of {tested:.0f} cells"
        missed = [number(scores.get(name, np.nan)) for name in ("rmse", "rmse_mean")]
        shares = ["" if pd.isna(scores.get(name, np.nan)) else f"{scores[name]:.0%}" for name in ("skill", "weight")]
        rows.append([axis_label(goal), number(scores["recipes"], 0), *missed, *shares, held])
    caption = (
        "Each recipe predicted by models that have not seen it. Missed by: root mean squared error. Skill: share of "
        "the mean's error in the whole predicted distribution (CRPS) that is saved. Share of the model: its weight "
        "against the mean in what is predicted of a new cell."
    )
    return Table("How far to trust the predictions", caption, columns, rows)


def stopped_table(result: ScreenResult) -> Table:
    """Write the best recipes that each gate turned away, with the gate."""
    columns = [Column("recipe"), Column("turned away by"), Column("gain", True)]
    columns += [Column(axis_label(goal), True) for goal in result.goals]
    columns += [Column("nm", True), Column("nearest cell"), Column("steps away")]
    names = _names_by_id(result)
    rows = [
        [
            row["label"],
            row["gate"],
            number(row["expected_gain"]),
            *(belief(row, goal) for goal in result.goals),
            number(row["thickness_nm"]),
            names[row["nearest_cell"]],
            f"{row['distance']:.1f} {row['novelty']}",
        ]
        for _, row in result.stopped.iterrows()
    ]
    looked_at = (
        "" if result.n_recipes <= LOOKED_AT else f", among {LOOKED_AT:,} recipes of the space looked at for this"
    )
    caption = f"What each gate costs: the best that it turned away{looked_at}. Lift a gate in the campaign file."
    return Table("The best recipes that a gate turned away", caption, columns, rows)


def sources_table(result: ScreenResult) -> Table:
    """Write where the cells come from, how their numbers were read, and how they were tested."""
    from datasets.columns import EVIDENCE

    columns = [Column("source"), Column("cells", True), Column("evidence"), Column("cathode"), Column("electrolyte")]
    columns += [Column("tested at"), Column("cycles")]
    rows = []
    for source, cells in result.cells.groupby("source", sort=False, dropna=False):
        grades = [grade for grade in EVIDENCE.values() if grade.name in set(cells["evidence"].dropna())]
        evidence = " ".join(f"{grade.name}: {grade.meaning}" for grade in grades) or "measured"
        tested = [f"{text} C" for text in _distinct(cells["temperature_C"])]
        words = [", ".join(_distinct(cells[name])) for name in ("cam", "solid_electrolyte")]
        cycles = ", ".join(_distinct(cells["n_cycles"]))
        rows.append([_word(source), str(len(cells)), evidence, *words, ", ".join(tested), cycles])
    return Table("Sources", "Blank where a table does not say.", columns, rows)


def _distinct(column: pd.Series) -> list[str]:
    return [f"{value:g}" if isinstance(value, float) else str(value) for value in column.dropna().unique()]


def picture_table(result: ScreenResult) -> Table:
    """Write in words and numbers what the picture shows."""
    columns = [Column("mark"), Column("what"), *(Column(axis_label(goal), True) for goal in result.goals)]
    best, front = result.best().head(N_DRAWN), result.front
    names = zip(cell_names(result.cells), result.cells.iterrows(), strict=True)
    rows = [
        ["measured cell", name, *(number(row[goal.target], 0) for goal in result.goals)] for name, (_, row) in names
    ]
    for _, row in best.iterrows():
        what = f"{row['rank']}. {row['label']}"
        rows.append(["what the model alone believes", what, *(_believed(row, goal) for goal in result.goals)])
        rows.append(["predicted of a new cell", what, *(with_interval(row, goal) for goal in result.goals)])
    ends = front.iloc[[0, -1]] if len(front) > 1 else front
    rows += [
        ["end of the front", row["label"], *(number(row[f"{goal.target}_model_mean"], 0) for goal in result.goals)]
        for _, row in ends.iterrows()
    ]
    caption = f"Intervals of 90 %. The front has {len(front):,} recipes; front.csv lists them all."
    return Table("The picture as a table", caption, columns, rows)


def _believed(row: Any, goal: Goal) -> str:
    mean, reach = row[f"{goal.target}_model_mean"], 1.645 * row[f"{goal.target}_model_std"]
    return f"{mean:.0f} ({mean - reach:.0f} to {mean + reach:.0f})"


def settings_table(result: ScreenResult) -> Table:
    """Write every setting of a screen, as the campaign file names it."""
    rows = [[name, plain_words(value)] for name, value in settings(result).items()]
    columns = [Column("setting"), Column("value")]
    return Table("Settings", "As in the campaign file; blank: left to LiRAP.", columns, rows)


def verdict(result: ScreenResult) -> str:
    """Say in two sentences what to make next, and what that advice is worth."""
    best = result.best()
    if best.empty:
        return "No recipe passed the gates: lift one, or widen the space."
    first = best.iloc[0]
    nearest = _names_by_id(result)[first["nearest_cell"]]
    skills = {goal: _skill(result.verdicts[goal.target]) for goal in result.goals}
    trust = "; ".join(
        f"{goal.column.label} {with_interval(first, goal)} {goal.column.unit}, by a model with {skill}"
        for goal, skill in skills.items()
    )
    return (
        f"Make {first['label']} next: it has the most expected gain and lies {NOVELTY_WORDS[first['novelty']]}, "
        f"{first['distance']:.1f} steps from {nearest}. Predicted of a new cell: {trust}."
    )


def _skill(verdict: str) -> str:
    """Take from a verdict its first words, which say whether there is skill."""
    return re.split(r"[;:,(]| on \d", verdict.partition(": ")[2])[0].strip()


def report_html(result: ScreenResult, repeat: str = "", changes: Changes | None = None) -> str:
    """Write a screen as one page that needs no other file and no network.

    Parameters
    ----------
    result : ScreenResult
    repeat : str
        How to repeat the screen: command and versions.
    changes : Changes, optional
        What differs from an earlier screen.

    Returns
    -------
    str
        HTML with the interactive picture inside, about 5 MB.
    """
    from markupsafe import Markup

    figure = interactive_picture(result)
    lists = result.lists
    held = {goal: one for goal in result.goals if (one := held_out(result, goal)) is not None}
    return page_html(
        "report.html",
        title=f"Screen of {result.n_recipes:,} recipes on {len(result.cells)} cells",
        verdict=verdict(result),
        sentence=result.sentence,
        verdicts=result.verdicts.values(),
        next=_next(result),
        marks=marks(figure),
        picture=Markup(_picture_html(figure)),  # written by Plotly, which escapes its data for a script
        static_picture=svg_data(pareto_picture(result)),
        picture_table=picture_table(result),
        incomplete=_incomplete(result),
        front=(len(drawn_front(result.front)), len(result.front)),
        simulated=int((result.cells["evidence"] == "simulated").sum()),
        ranked=[
            candidate_table(result, lists[0]),
            *(candidate_table(result, criterion)._replace(caption="") for criterion in lists[1:]),
        ],
        drivers=[_driver(one) for one in result.explanations],
        validation=validation_table(result),
        calibration=calibration_table({goal.column.label: one for goal, one in held.items()}),
        left_out=[_left_out(result, goal, one) for goal, one in held.items()],
        gates=[gates_table(result), stopped_table(result)],
        data=[sources_table(result), cells_table(result)],
        changes=changes,
        repeat=repeat,
        seed=result.random_state,
        settings=settings_table(result),
    )


def _picture_html(figure: InteractiveFigure) -> str:
    html: str = figure.to_html(
        full_html=False,
        include_plotlyjs=True,
        div_id="picture",
        default_height="clamp(24rem, 60vw, 36rem)",
        config={"displaylogo": False, "responsive": True},
    )
    return html


def _left_out(result: ScreenResult, goal: Goal, held: HeldOut) -> dict[str, Any]:
    return {
        "picture": svg_data(held_out_picture(goal, held)),
        "label": f"{goal.column.label}: measured against predicted, and promised against held; the tables say the same",
        "table": held_out_table(result, goal, held),
    }


def _driver(explanation: Explanation) -> dict[str, Any]:
    """Collect what the page says of one target: a picture of the effects, and the tables."""
    column = explanation.goal.column
    return {
        "title": f"What moves {column.label}",
        "picture": svg_data(effects_picture(explanation)),
        "label": f"How {column.label} moves with each variable of the recipe, with 90 % intervals",
        "sentence": explanation.sentence,
        "effects": effects_table(explanation),
        "why": why_tables(explanation),
    }


def _next(result: ScreenResult) -> list[dict[str, str]]:
    names = _names_by_id(result)
    return [
        {
            "label": row["label"],
            "prediction": "; ".join(_both(row, goal) for goal in result.goals),
            "why": "; ".join(filter(None, (_pulled(one, row["label"], names) for one in result.explanations))),
            "nearest": names[row["nearest_cell"]],
            "novelty": NOVELTY_WORDS[row["novelty"]],
        }
        for _, row in result.best().head(N_EXPLAINED).iterrows()
    ]


def _pulled(explanation: Explanation, label: str, names: dict[str, str]) -> str:
    """Say which measured cell pulls the model's belief most, where that is known."""
    why = explanation.why.get(label)
    if why is None or why.cells.empty:
        return ""
    column = explanation.goal.column
    first = why.cells.iloc[why.cells["pull"].abs().argmax()]
    cell = names.get(first["cell"], first["cell"])
    return f"{column.label} by {cell} ({first['value']:.4g} {column.unit} measured, pulls by {first['pull']:+.2g})"


def _both(row: Any, goal: Goal) -> str:
    unit = goal.column.unit
    return f"{goal.column.label} {with_interval(row, goal)} {unit} predicted, {belief(row, goal)} by the model alone"


def _incomplete(result: ScreenResult) -> list[str]:
    missing = result.cells[[goal.target for goal in result.goals]].isna().any(axis=1)
    return cell_names(result.cells[missing])
