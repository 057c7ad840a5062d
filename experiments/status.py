"""Where does a campaign stand, and what is late?"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from screening.tables import Column, Table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from experiments.campaign_file import Campaign
    from experiments.ledger import Event, Ledger, LedgerRecipe, Round
    from experiments.proposals.rounds import Outcome
    from screening.goals import Goal

DAY_S = 86_400.0
_NOTHING_YET = "Nothing was proposed yet: `lirap propose` picks the first recipes."


@dataclass(frozen=True)
class RecipeStanding:
    """What became of one proposed recipe.

    Attributes
    ----------
    id, label, state : str
        ``proposed`` without a cell, ``running`` with some results, ``measured`` with all targets, ``rejected``.
    round : int
    cells : list of str
        Its cells that count.
    measured : dict of str to float or None
        Mean over its cells of each target.
    predicted : dict of str to dict
        What was predicted when it was proposed.
    later : dict of str to dict
        What is predicted of a target that is missing, now that the first cycle is known.
    days : float
        Since it was proposed, or since its last result.
    is_overdue : bool
    """

    id: str
    label: str
    state: str
    round: int
    cells: list[str]
    measured: dict[str, float | None]
    predicted: dict[str, dict[str, float]]
    days: float
    is_overdue: bool
    later: dict[str, dict[str, float]] = field(default_factory=dict)


@dataclass(frozen=True)
class Status:
    """A campaign at a glance.

    Attributes
    ----------
    name : str
    recipes : list of RecipeStanding
    front : list of dict
        The measured recipes that no other beats in the model's eyes: ``name``, ``label`` and the mean of each target.
    reached : list of dict
        Volume dominated by round, with its interval, as `experiments.proposals.prospects.Reached`.
    chance : float or None
        That any recipe left beats the front by more than the noise; None before the first round.
    sentence : str
        Whether to go on, and why.
    as_of : str
        Which round the front, the volumes and the chance are from.
    goals : sequence of Goal
    notes : list of str
    """

    name: str
    recipes: list[RecipeStanding]
    front: list[dict[str, Any]]
    reached: list[dict[str, Any]]
    chance: float | None
    sentence: str
    as_of: str
    goals: Sequence[Goal]
    notes: list[str]

    def to_dict(self) -> dict[str, Any]:
        """Give what JSON can hold."""
        from dataclasses import asdict

        content = asdict(self)
        content["goals"] = [goal.target for goal in self.goals]
        return content


def standing_of(
    one: LedgerRecipe,
    targets: Sequence[str],
    now: datetime,
    overdue_days: float,
    later: Mapping[str, Any] | None = None,
) -> RecipeStanding:
    """Say what became of a recipe.

    Parameters
    ----------
    one : LedgerRecipe
    targets : sequence of str
    now : datetime
    overdue_days : float
        See `ProposalOptions`.
    later : mapping, optional
        What is predicted of the targets that are missing.

    Returns
    -------
    RecipeStanding
    """
    since = max((cell.at for cell in one.usable), default=one.proposed_at)
    waiting = one.state in ("proposed", "running") or one.awaits_replicate
    days = (now - since).total_seconds() / DAY_S
    return RecipeStanding(
        id=one.id,
        label=one.recipe.label,
        state=f"{one.state}, one more cell proposed" if one.awaits_replicate and one.usable else one.state,
        round=one.round,
        cells=[cell.id for cell in one.usable],
        measured={target: one.means(targets).get(target) for target in targets},
        predicted=one.prediction,
        days=days,
        is_overdue=waiting and days > overdue_days,
        later=dict(later or {}),
    )


def standing_now(ledger: Ledger, campaign: Campaign, home: Path, refresh: bool = False) -> Status:
    """Say where a campaign stands, from what the last round stored.

    Parameters
    ----------
    ledger : Ledger
    campaign : Campaign
    home : pathlib.Path
    refresh : bool
        Learn from all cells anew instead, which takes as long as a round.

    Returns
    -------
    Status
    """
    targets = [goal.target for goal in campaign.targets]
    recipes, rounds = ledger.recipes(targets), ledger.rounds()
    found, later = _learned(campaign, home, recipes) if refresh else (rounds[-1].summary if rounds else None, {})
    prospects = found["prospects"] if found else {"reached": [], "chance": None, "sentence": _NOTHING_YET}
    now, overdue_days = datetime.now(UTC), campaign.proposals.overdue_days
    return Status(
        name=campaign.name,
        recipes=[standing_of(one, targets, now, overdue_days, later.get(one.id)) for one in recipes],
        front=found["front"] if found else [],
        reached=prospects["reached"],
        chance=prospects["chance"],
        sentence=prospects["sentence"],
        as_of="as of now" if refresh else f"as of round {len(rounds)}",
        goals=campaign.targets,
        notes=[
            *_counts(recipes),
            *([] if refresh else _since(recipes, rounds)),
            *changed_space(campaign, recipes, rounds),
        ],
    )


def _learned(
    campaign: Campaign, home: Path, recipes: Sequence[LedgerRecipe]
) -> tuple[dict[str, Any], dict[str, dict[str, dict[str, float]]]]:
    from experiments.proposals.rounds import learn, outlook_summary

    found = learn(campaign, home, recipes, campaign.random_state)
    return outlook_summary(campaign, found), _later(found, recipes)


def _later(found: Outcome, recipes: Sequence[LedgerRecipe]) -> dict[str, dict[str, dict[str, float]]]:
    """Predict the late results of recipes that run, from what their cells gave first."""
    table = found.measured.table
    running = [one for one in recipes if one.state == "running"]
    cells = {one.id: [cell.id for cell in one.usable] for one in running}
    said: dict[str, dict[str, dict[str, float]]] = {}
    for name, ids in cells.items():
        predicted = found.now.model.predict_later(table[table["cell_id"].isin(ids)])
        columns = [str(column).removesuffix("_mean") for column in predicted if str(column).endswith("_mean")]
        said[name] = {
            target: {part: float(predicted[f"{target}_{part}"].mean()) for part in ("mean", "low", "high")}
            for target in columns
        }
    return said


def _counts(recipes: Sequence[LedgerRecipe]) -> list[str]:
    states = [one.state for one in recipes]
    counts = [f"{states.count(state)} {state}" for state in ("measured", "running", "proposed", "rejected")]
    return [f"Of {len(recipes)} proposed recipes: {', '.join(counts)}."] if recipes else []


def _since(recipes: Sequence[LedgerRecipe], rounds: Sequence[Round]) -> list[str]:
    new = [cell.id for one in recipes for cell in one.cells if rounds and cell.at > rounds[-1].at]
    if not new:
        return []
    cells = f"{len(new)} cell{'s' * (len(new) > 1)}"
    return [f"{cells} came in since round {len(rounds)}; --refresh counts them in what follows."]


def changed_space(campaign: Campaign, recipes: Sequence[LedgerRecipe], rounds: Sequence[Round]) -> list[str]:
    """Say which recipes lie outside of the space, where the campaign file changed since the last round.

    Parameters
    ----------
    campaign : Campaign
    recipes : sequence of LedgerRecipe
    rounds : sequence of Round

    Returns
    -------
    list of str
        Sentences, none where nothing changed.
    """
    if not rounds or rounds[-1].space == campaign.space.model_dump(mode="json"):
        return []
    outside = [one.id for one in recipes if one.recipe not in campaign.space]
    kept = "all recipes proposed so far lie in it"
    if outside:
        kept = f"outside of it now, and kept all the same: {', '.join(outside)}; the others carry over"
    return [f"The space of the campaign file changed since round {len(rounds)}: {kept}."]


def recipes_table(status: Status) -> Table:
    """Write what became of each proposed recipe: measured beside predicted."""
    columns = [Column("recipe"), Column("what it is"), Column("state"), Column("cells")]
    columns += [Column(f"{goal.column.label} ({goal.column.unit})", True) for goal in status.goals]
    columns.append(Column("days", True))
    rows = [
        [
            one.id,
            one.label,
            f"{one.state}, overdue" if one.is_overdue else one.state,
            ", ".join(one.cells),
            *(_result(one, goal.target) for goal in status.goals),
            f"{one.days:.0f}",
        ]
        for one in status.recipes
    ]
    caption = (
        "Results are means over the cells of a recipe; in brackets, the 90 % interval predicted where there is none "
        "yet. Days: since it was proposed, or since its last result."
    )
    return Table("Proposed recipes", caption, columns, rows)


def _result(one: RecipeStanding, target: str) -> str:
    value = one.measured.get(target)
    if value is not None:
        return f"{value:.1f}"
    if one.state == "rejected":
        return ""
    prediction = one.later.get(target) or one.predicted.get(target)
    return f"({prediction['low']:.0f} to {prediction['high']:.0f})" if prediction else ""


def front_table(status: Status) -> Table:
    """Write the measured recipes that none other beats."""
    columns = [Column("recipe"), Column("what it is")]
    columns += [Column(f"{goal.column.label} ({goal.column.unit})", True) for goal in status.goals]
    rows = [[one["name"], one["label"], *(f"{one[goal.target]:.1f}" for goal in status.goals)] for one in status.front]
    return Table("The front so far", f"What the model believes of them, {status.as_of}.", columns, rows)


def reached_table(status: Status) -> Table:
    """Write the volume that was dominated after each round."""
    unit = " ".join(goal.column.unit for goal in status.goals)
    columns = [Column("after round"), Column("recipes measured", True), Column(f"reached ({unit})", True)]
    rows = [
        [
            str(one["round"] or "start"),
            str(one["recipes"]),
            f"{one['median']:.0f} ({one['low']:.0f} to {one['high']:.0f})",
        ]
        for one in status.reached
    ]
    caption = "Volume above the reference that the measured recipes dominate: median and 90 % interval of the model."
    return Table("What was reached", caption, columns, rows)


def history_table(events: Sequence[Event]) -> Table:
    """Write all that happened, the first first."""
    columns = [Column("when (UTC)"), Column("what"), Column("recipe or cell"), Column("in words")]
    rows = [[f"{one.at:%Y-%m-%d %H:%M}", one.what, one.id, one.words] for one in events]
    return Table("History", "Nothing is ever overwritten or deleted.", columns, rows)


def lineage_table(lineage: Mapping[str, Any]) -> Table:
    """Write what a proposal rests on, and what became of it."""
    rows = [[name.replace("_", " "), _shown(value)] for name, value in lineage.items()]
    caption = "Digests are those of the cell tables: the run of the round holds the table itself as cells.csv."
    return Table(f"{lineage['recipe']}: {lineage['label']}", caption, [Column("what"), Column("which")], rows)


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{key} {_shown(each)}" for key, each in value.items())
    if isinstance(value, list):
        return "\n".join(_shown(each) for each in value)
    return f"{value:.4g}" if isinstance(value, float) else str(value)
