"""What differs between two screens?"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from screening.snapshot import plain_words
from screening.tables import Column, Table

if TYPE_CHECKING:
    import pandas as pd

    from screening.snapshot import Snapshot


MOST_LISTED = 10
"""Recipes of the front, or settings in a sentence, that are listed for people; programs get them all."""


class CellChange(NamedTuple):
    """A cell that came, went, or has another value.

    Attributes
    ----------
    cell : str
        Its ``cell_id``.
    what : {"added", "removed", "changed"}
    column : str
        The column that has another value; empty for a whole cell.
    before, after : str
        The values, empty where there is none; of a whole cell its recipe.
    """

    cell: str
    what: Literal["added", "removed", "changed"]
    column: str
    before: str
    after: str


class SettingChange(NamedTuple):
    """A setting that differs.

    Attributes
    ----------
    name : str
        Dotted, as ``space.oxides``.
    before, after : str
        Empty where there was none.
    """

    name: str
    before: str
    after: str


class SkillChange(NamedTuple):
    """How well one target is predicted of recipes left out, before and after.

    Attributes
    ----------
    target, label, unit : str
    before, after : dict
        Scores as in `screening.snapshot.Snapshot.about`, with the ``verdict``; None for a number there is not.
    """

    target: str
    label: str
    unit: str
    before: dict[str, Any]
    after: dict[str, Any]


class RankMove(NamedTuple):
    """A recipe of a ranked list, before and after.

    Attributes
    ----------
    criterion : str
        By what the list is ranked.
    recipe : str
        Its label.
    before, after : int or None
        Its ranks, None where it is not on the list.
    now : str
        Where another recipe within half a step stands for it after: that one's label; else empty.
    gain_before, gain_after : float or None
        Expected gains.
    """

    criterion: str
    recipe: str
    before: int | None
    after: int | None
    now: str = ""
    gain_before: float | None = None
    gain_after: float | None = None

    @property
    def moved(self) -> bool:
        """Whether the rank is another one."""
        return self.before != self.after


@dataclass(frozen=True)
class Changes:
    """What differs between two screens.

    Attributes
    ----------
    before, after : str
        Names of the screens.
    cells : list of CellChange
    settings : list of SettingChange
    features_added, features_removed : list of str
        Names of features.
    skills : list of SkillChange
        Of every target that either screen has.
    front_entered, front_left : list of str
        Labels of the recipes that only the later or only the earlier front has.
    front_sizes : tuple of int
        Before and after.
    ranks : list of RankMove
        Of every recipe on either list, also those that did not move, in the order of the later list.
    """

    before: str
    after: str
    cells: list[CellChange]
    settings: list[SettingChange]
    features_added: list[str]
    features_removed: list[str]
    skills: list[SkillChange]
    front_entered: list[str]
    front_left: list[str]
    front_sizes: tuple[int, int]
    ranks: list[RankMove]

    @property
    def sentence(self) -> str:
        """Say what matters of it."""
        parts = [_cells_words(self.cells), _settings_words(self), _leader_words(self.ranks)]
        return f"Since {self.before}: {'; '.join(part for part in parts if part)}."

    def tables(self) -> list[Table]:
        """Write as tables for people what differs, and nothing of what does not."""
        tables = [
            _cells_table(self.cells),
            *(_ranks_table(name, self.ranks) for name in dict.fromkeys(move.criterion for move in self.ranks)),
            _skills_table(self.skills),
            _settings_table(self),
            _front_table(self),
        ]
        return [table for table in tables if table.rows]

    def to_dict(self) -> dict[str, Any]:
        """Give everything as plain lists and numbers, for JSON."""
        lists = ("cells", "settings", "skills", "ranks")
        plain = {name: [one._asdict() for one in getattr(self, name)] for name in lists}
        return {**vars(self), **plain, "front_sizes": list(self.front_sizes), "sentence": self.sentence}


def changes(before: Snapshot, after: Snapshot) -> Changes:
    """Compare two screens.

    Parameters
    ----------
    before, after : Snapshot
        From `screening.snapshot.snapshot` or `read_snapshot`.

    Returns
    -------
    Changes
    """
    old, new = before.about, after.about
    fronts = [list(one.front["label"]) for one in (before, after)]
    return Changes(
        before=before.name,
        after=after.name,
        cells=_cell_changes(before.cells, after.cells),
        settings=_setting_changes(old["settings"], new["settings"]),
        features_added=_only(new["features"], old["features"]),
        features_removed=_only(old["features"], new["features"]),
        skills=_skill_changes(old["targets"], new["targets"]),
        front_entered=_only(fronts[1], fronts[0]),
        front_left=_only(fronts[0], fronts[1]),
        front_sizes=(len(fronts[0]), len(fronts[1])),
        ranks=_rank_moves(before.candidates, after.candidates),
    )


def _only(names: list[str], others: list[str]) -> list[str]:
    known = set(others)
    return [name for name in names if name not in known]


def _cell_changes(before: pd.DataFrame, after: pd.DataFrame) -> list[CellChange]:
    from datasets.cells import recipes

    old, new = (dict(zip(table["cell_id"], recipes(table), strict=True)) for table in (before, after))
    found = [CellChange(cell, "added", "", "", new[cell].label) for cell in new if cell not in old]
    found += [CellChange(cell, "removed", "", old[cell].label, "") for cell in old if cell not in new]
    columns = [name for name in after.columns if name in before.columns and name != "cell_id"]
    words = [_words(table, columns) for table in (before, after)]
    for cell in new:
        if cell in old:
            both = zip(columns, words[0][cell], words[1][cell], strict=True)
            found += [CellChange(cell, "changed", *each) for each in both if each[1] != each[2]]
    return found


def _words(table: pd.DataFrame, columns: list[str]) -> dict[str, list[str]]:
    rows = table[columns].astype(object).to_numpy()
    return {cell: list(map(plain_words, row)) for cell, row in zip(table["cell_id"], rows, strict=True)}


def _setting_changes(before: dict[str, Any], after: dict[str, Any]) -> list[SettingChange]:
    names = list(dict.fromkeys((*before, *after)))
    words = [(name, plain_words(before.get(name)), plain_words(after.get(name))) for name in names]
    return [SettingChange(*each) for each in words if each[1] != each[2]]


def _skill_changes(before: dict[str, Any], after: dict[str, Any]) -> list[SkillChange]:
    found = []
    for target in dict.fromkeys((*before, *after)):
        old, new = before.get(target, {}), after.get(target, {})
        named = new or old
        found.append(SkillChange(target, named["label"], named["unit"], old, new))
    return found


def _rank_moves(before: pd.DataFrame, after: pd.DataFrame) -> list[RankMove]:
    moves = []
    for criterion in after["list"].unique():
        old, new = (table[table["list"] == criterion].reset_index(drop=True) for table in (before, after))
        if len(old):
            moves += _moves_of_list(criterion, old, new)
    return moves


def _moves_of_list(criterion: str, old: pd.DataFrame, new: pd.DataFrame) -> list[RankMove]:
    stands_for = _heirs(old, new)
    was = {heir: row for row, heir in stands_for.items()}
    moves = []
    for row in range(len(new)):
        kept = row in was
        label = old["label"][was[row]] if kept else new["label"][row]
        now = new["label"][row] if new["label"][row] != label else ""
        rank, gain = (int(old["rank"][was[row]]), float(old["expected_gain"][was[row]])) if kept else (None, None)
        moves.append(
            RankMove(criterion, label, rank, int(new["rank"][row]), now, gain, float(new["expected_gain"][row]))
        )
    return moves + [
        RankMove(criterion, old["label"][row], int(old["rank"][row]), None, "", float(old["expected_gain"][row]))
        for row in range(len(old))
        if row not in stands_for
    ]


def _heirs(old: pd.DataFrame, new: pd.DataFrame) -> dict[int, int]:
    """Find for each earlier row the later one that is the same recipe, or else the nearest within half a step."""
    from screening.neighbourhood import INSIDE, distances

    apart = distances(old, new)
    near = zip(*np.nonzero(apart <= INSIDE), strict=True)
    found: dict[int, int] = {}
    taken = set()
    for row, heir in sorted(near, key=lambda pair: apart[pair]):
        if row not in found and heir not in taken:
            found[int(row)] = int(heir)
            taken.add(heir)
    return found


def _cells_words(cells: list[CellChange]) -> str:
    counts = {what: len({one.cell for one in cells if one.what == what}) for what in ("added", "removed", "changed")}
    said = [f"{count} cell{'s' * (count != 1)} {what}" for what, count in counts.items() if count]
    return ", ".join(said) or "the same cells"


def _settings_words(changes: Changes) -> str:
    names = [one.name for one in changes.settings]
    n_features = len(changes.features_added) + len(changes.features_removed)
    listed = ", ".join(names[:MOST_LISTED]) + (
        f" and {len(names) - MOST_LISTED} more" if len(names) > MOST_LISTED else ""
    )
    said = [f"other settings ({listed})"] if names else []
    said += [f"{n_features} feature{'s' * (n_features != 1)} more or less"] if n_features else []
    return ", ".join(said) or "the same settings and features"


def _leader_words(ranks: list[RankMove]) -> str:
    leader = next((move for move in ranks if move.after == 1), None)
    if leader is None:
        return ""
    name = leader.now or leader.recipe
    if leader.before == 1:
        return (
            f"{name} still leads" if not leader.now else f"{name} leads in the place of its neighbour {leader.recipe}"
        )
    came = "which is new on the list" if leader.before is None else f"which had rank {leader.before}"
    return f"{name} leads, {came}"


def _cells_table(cells: list[CellChange]) -> Table:
    columns = [Column("cell"), Column("what"), Column("column"), Column("before"), Column("after")]
    rows = [list(one) for one in cells]
    return Table("Cells that came, went or changed", "Of a whole cell: its recipe.", columns, rows)


def _ranks_table(criterion: str, ranks: list[RankMove]) -> Table:
    moves = [move for move in ranks if move.criterion == criterion]
    columns = [Column("rank", True), Column("before", True), Column("recipe"), Column("now stands as")]
    columns += [Column("gain before", True), Column("gain", True)]
    rows = [
        [_rank(move.after), _rank(move.before), move.recipe, move.now, _gain(move.gain_before), _gain(move.gain_after)]
        for move in moves
    ]
    caption = (
        "Blank where a recipe is not on the list. Now stands as: the recipe within half a step that took its place."
    )
    changed = any(move.moved or move.now or _gain(move.gain_before) != _gain(move.gain_after) for move in moves)
    return Table(f"Ranks by {_label(criterion)}", caption, columns, rows if changed else [])


def _label(criterion: str) -> str:
    from datasets.columns import TARGETS

    return TARGETS[criterion].label if criterion in TARGETS else criterion


def _rank(value: int | None) -> str:
    return "" if value is None else str(value)


def _gain(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}"


def _skills_table(skills: list[SkillChange]) -> Table:
    columns = [Column("target"), Column("what"), Column("before", True), Column("after", True)]
    shown = (
        ("cells", "cells", "{:.0f}"),
        ("recipes", "recipes", "{:.0f}"),
        ("rmse", "missed by", "{:.1f}"),
        ("skill", "skill over the mean", "{:.0%}"),
        ("coverage", "held by 90 % intervals", "{:.0%}"),
        ("weight", "share of the model", "{:.0%}"),
    )
    rows = [
        [f"{one.label} ({one.unit})", words, *values]
        for one in skills
        for name, words, form in shown
        for values in ([_score(each.get(name), form) for each in (one.before, one.after)],)
        if values[0] != values[1]
    ]
    return Table("How far the predictions can be trusted", "Each recipe left out in turn.", columns, rows)


def _score(value: float | None, form: str) -> str:
    return "" if value is None else form.format(value)


def _settings_table(changes: Changes) -> Table:
    rows = [list(one) for one in changes.settings]
    rows += [["feature", "", name] for name in changes.features_added]
    rows += [["feature", name, ""] for name in changes.features_removed]
    columns = [Column("setting"), Column("before"), Column("after")]
    return Table("Settings and features", "", columns, rows)


def _front_table(changes: Changes) -> Table:
    size_before, size_after = changes.front_sizes
    entered, left = changes.front_entered, changes.front_left
    rows = [list(pair) for pair in zip_longest(entered[:MOST_LISTED], left[:MOST_LISTED], fillvalue="")]
    caption = (
        f"Recipes on the front of the model's means: {size_before:,} before, {size_after:,} after; {len(entered):,} "
        f"entered and {len(left):,} left, the first {MOST_LISTED} of each listed."
    )
    return Table("Front", caption, [Column("entered"), Column("left")], rows)
