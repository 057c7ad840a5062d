"""What a reader finds on the page, in the files and in the pictures."""

import re

import pandas as pd
import pytest

from datasets.errors import InputError
from screening.files import write_effects, write_screen
from screening.picture import BEST_LABEL, interactive_picture, pareto_picture
from screening.report import candidate_table, cells_table, gates_table, report_html


@pytest.fixture(scope="module")
def page(result):
    return report_html(result, "lirap screen")


def without_scripts(page):
    return re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)


def test_names_the_measured_cells_and_the_two_best_recipes(page, result):
    text = without_scripts(page)
    for name in ("uncoated NCM85", "LHC@NCM85", "LHCb@NCM85 (slow)", "LHCb:LNbO(0.5)@NCM85"):
        assert name in text
    first, second = result.best()["label"].head(2)
    assert f"<li><strong>{first}</strong>" in text
    assert f"<li><strong>{second}</strong>" in text


def test_verdicts_stand_before_everything_else(page):
    assert page.index("no skill yet") < page.index("What to make next") < page.index("plotly")


def test_needs_no_network(page):
    assert not re.findall(r"<(?:script|link|img)[^>]+(?:src|href)=\"(?!data:)", page)
    assert len(page) < 6_000_000


def test_names_of_samples_stay_text(result):
    hostile = "<script>alert(1)</script>"
    cells = result.cells.assign(sample_label=[hostile, *result.cells["sample_label"][1:]])
    page = report_html(type(result)(**{**vars(result), "cells": cells}))
    assert hostile not in page
    assert "&lt;script&gt;alert(1)" in page


def test_one_target(single_goal):
    page = report_html(single_goal)
    assert "interfacial resistance (ohm)" in page
    pareto_picture(single_goal)


def test_gates_are_counted_by_reason(result):
    rows = dict(gates_table(result).rows)
    assert rows["nothing to coat"] == "1"
    assert rows["more than 3 wt% of coating in all"] == f"{result.rejected['more than 3 wt% of coating in all']:,}"


def test_tables_have_as_many_cells_as_columns(result, single_goal):
    for screened in (result, single_goal):
        for table in (candidate_table(screened, screened.lists[0]), cells_table(screened), gates_table(screened)):
            assert {len(row) for row in table.rows} == {len(table.columns)}


def test_interactive_picture_shows_every_measured_cell(result):
    figure = interactive_picture(result)
    names = [name for trace in figure.data if trace.marker.color == "#0072B2" for name in trace.text]
    assert sorted(names) == sorted(result.cells["sample_label"])
    assert BEST_LABEL in [trace.name for trace in figure.data]


def test_files_hold_what_the_result_holds(result, tmp_path):
    folder = write_screen(result, tmp_path / "screen")
    assert sorted(path.name for path in folder.iterdir()) == [
        "candidates.parquet",
        "cells.csv",
        "front.csv",
        "pareto.png",
        "report.html",
        "screen.json",
    ]
    pd.testing.assert_frame_equal(pd.read_parquet(folder / "candidates.parquet"), result.candidates)
    assert len(pd.read_csv(folder / "front.csv")) == len(result.front)
    assert (folder / "pareto.png").read_bytes().startswith(b"\x89PNG")


def test_an_earlier_screen_is_replaced_and_anything_else_is_not(result, tmp_path):
    folder = write_screen(result, tmp_path / "screen")
    (folder / "front.csv").write_text("old")
    write_screen(result, folder)
    assert (folder / "front.csv").read_text() != "old"
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match="notes"):
        write_screen(result, folder)
    assert (folder / "notes.txt").read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["screen"]


def test_a_failure_leaves_what_was_there(result, tmp_path, monkeypatch):
    folder = write_screen(result, tmp_path / "screen")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("screening.files.report_html", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_screen(result, folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["screen"]


def test_what_a_file_browser_leaves_is_not_in_the_way(result, tmp_path):
    folder = write_screen(result, tmp_path / "screen")
    (folder / ".DS_Store").write_text("")
    (folder / "~$front.csv").write_text("")
    assert len(list(write_screen(result, folder).iterdir())) == 6


def test_what_moves_the_targets_and_why_the_best_are_best_stand_on_the_page(page, result):
    text = without_scripts(page)
    for goal in result.goals:
        assert f"What moves {goal.column.label}" in text
        for label in result.best()["label"].head(2):
            assert f"Why {label}: {goal.column.label}" in text
    assert text.count('<img src="data:image/svg+xml;base64,') == 2


def test_pictures_of_the_effects_replace_those_of_before(result, tmp_path):
    paths = write_effects(result.explanations, tmp_path / "explanation")
    assert paths == write_effects(result.explanations, tmp_path / "explanation")
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in paths)
    assert [path.name for path in paths] == ["effects-q_discharge_first_mAh_g.png", "effects-retention_pct.png"]
