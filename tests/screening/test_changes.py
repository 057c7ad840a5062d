"""What is said of two screens that differ in a known way."""

from dataclasses import replace
from datetime import UTC, datetime

import pandas as pd
import pytest

from datasets.cells import henkel2025
from datasets.errors import InputError
from screening.changes import changes
from screening.snapshot import ABOUT, SNAPSHOT_FILES, read_snapshot, snapshot, write_snapshot

THEN, NOW = datetime(2026, 10, 1, 8, 0, tzinfo=UTC), datetime(2026, 11, 2, 9, 30, tzinfo=UTC)


@pytest.fixture
def before(result):
    return snapshot(result, "lirap screen", THEN)


def rows(changes):
    return {table.title: table.rows for table in changes.tables()}


def test_a_screen_does_not_differ_from_itself(result, before):
    same = changes(before, snapshot(result, time=NOW))
    assert same.sentence == (
        "Since the screen of 2026-10-01 08:00 UTC: the same cells; the same settings and features; "
        f"{result.best()['label'].iloc[0]} still leads."
    )
    assert same.tables() == []
    assert not any(move.moved for move in same.ranks)


def test_cells_that_came_went_and_changed(before):
    first, *others = henkel2025()["cell_id"]
    cells = henkel2025().assign(cell_id=["own-1", *others])
    cells.loc[1, "retention_pct"] = 71.0
    found = changes(before, replace(before, cells=cells))
    assert found.cells == [
        ("own-1", "added", "", "", "uncoated"),
        (first, "removed", "", "uncoated", ""),
        (others[0], "changed", "retention_pct", "69", "71"),
    ]
    assert "1 cell added, 1 cell removed, 1 cell changed" in found.sentence


def test_ranks_that_moved(before):
    table = before.candidates[before.candidates["list"] == "expected gain"].reset_index(drop=True)
    labels = list(table["label"])
    # The first goes, the second is made a little hotter, which is the same neighbourhood.
    later = table.iloc[1:].assign(rank=range(1, len(table)), expected_gain=lambda rows: rows["expected_gain"] + 1)
    later.iloc[0, later.columns.get_loc("label")] = "hotter"
    later.iloc[0, later.columns.get_loc("melt_temperature_C")] += 5
    found = changes(before, replace(before, candidates=later))
    moves = [(move.recipe, move.before, move.after, move.now) for move in found.ranks]
    assert moves[0] == (labels[1], 2, 1, "hotter")
    assert moves[1] == (labels[2], 3, 2, "")
    assert moves[-1] == (labels[0], 1, None, "")
    assert found.sentence.endswith("hotter leads, which had rank 2.")
    assert found.ranks[1].gain_after == pytest.approx(found.ranks[1].gain_before + 1)


def test_front_settings_features_and_skill(before):
    about = {
        **before.about,
        "settings": {**before.about["settings"], "gates.furnace_limit_C": 380.0},
        "features": [*before.about["features"][1:], "new"],
        "targets": {"retention_pct": {**before.about["targets"]["retention_pct"], "skill": 0.25}},
    }
    found = changes(before, replace(before, about=about, front=before.front.iloc[1:]))
    assert found.settings == [("gates.furnace_limit_C", "400", "380")]
    assert (found.features_added, found.features_removed) == (["new"], before.about["features"][:1])
    assert found.front_left == [before.front["label"].iloc[0]]
    assert found.front_entered == []
    skill = next(row for row in rows(found)["How far the predictions can be trusted"] if row[1].startswith("skill"))
    assert skill[3] == ""  # the target that is no longer there comes first
    assert found.skills[1].after["skill"] == 0.25
    assert "gates.furnace_limit_C" in found.sentence
    assert "2 features more or less" in found.sentence


def test_a_snapshot_is_read_back_as_it_was_written(before, tmp_path):
    hostile = replace(before, cells=before.cells.assign(sample_label="=1+1", note="a\r\nb;@c"))
    write_snapshot(hostile, tmp_path)
    back = read_snapshot(tmp_path)
    assert back.about == hostile.about
    for name in ("cells", "candidates", "front"):
        pd.testing.assert_frame_equal(getattr(back, name), getattr(hostile, name))
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(SNAPSHOT_FILES)
    assert changes(hostile, back).tables() == []


def test_what_is_no_screen_is_refused(before, tmp_path):
    with pytest.raises(InputError, match=r"cells\.csv: got 'no such file'"):
        read_snapshot(tmp_path)
    write_snapshot(before, tmp_path)
    (tmp_path / ABOUT).write_text("{}")
    with pytest.raises(InputError, match="expected the files of a screen"):
        read_snapshot(tmp_path)
