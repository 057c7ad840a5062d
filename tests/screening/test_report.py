"""What a reader finds on the page, in the files and in the pictures."""

import re
from dataclasses import replace
from io import BytesIO

import pandas as pd
import pytest

from datasets.errors import InputError
from screening import Gates, screen
from screening.files import write_effects, write_screen
from screening.left_out import calibration_table, held_out, held_out_table
from screening.picture import BEST_LABEL, PREDICTED_LABEL, drawn_front, interactive_picture, pareto_picture
from screening.report import (
    candidate_table,
    cells_table,
    gates_table,
    picture_table,
    report_html,
    settings_table,
    sources_table,
    stopped_table,
    validation_table,
    verdict,
)


@pytest.fixture(scope="module")
def page(result):
    return report_html(result, "lirap screen")


@pytest.fixture
def blank_report(monkeypatch):
    """A report with nothing in it, since the real one takes seconds to draw."""
    monkeypatch.setattr("screening.files.report_html", lambda *_: "page")


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
    assert page.index("no skill yet") < page.index('<h2 id="next"') < page.index('id="picture"')


def test_needs_no_network(page):
    assert not re.findall(r"<(?:script|link|img)[^>]+(?:src|href)=\"(?!data:)", page)
    assert len(page) < 6_000_000


def test_a_long_front_is_thinned_from_end_to_end(result):
    front = pd.concat([result.front] * 500, ignore_index=True)
    assert len(front) > 2000
    drawn = drawn_front(front)
    assert (len(drawn), drawn.index[0], drawn.index[-1]) == (200, 0, len(front) - 1)
    assert len(drawn_front(result.front)) == len(result.front)
    page = report_html(replace(result, front=front, cells=result.cells.assign(evidence="simulated")))
    assert len(page) < 6_000_000
    assert f"200 of {len(front):,} are drawn" in page
    assert "6 of the cells are simulated" in page


def test_names_of_samples_stay_text(result):
    hostile = "<script>alert(1)</script>"
    cells = result.cells.assign(sample_label=[hostile, *result.cells["sample_label"][1:]], source=hostile)
    page = report_html(replace(result, cells=cells))
    assert hostile not in page
    assert "&lt;script&gt;alert(1)" in page


def test_a_name_that_looks_like_mathematics_is_drawn_as_it_is(result, single_goal):
    for screened in (result, single_goal):
        cells = screened.cells.assign(sample_label="$\\frac{")
        pareto_picture(replace(screened, cells=cells)).savefig(BytesIO(), format="svg")


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
        tables = (
            cells_table,
            gates_table,
            picture_table,
            settings_table,
            sources_table,
            stopped_table,
            validation_table,
        )
        for table in (candidate_table(screened, screened.lists[0]), *(write(screened) for write in tables)):
            assert {len(row) for row in table.rows} == {len(table.columns)}


def test_interactive_picture_shows_every_measured_cell(result):
    figure = interactive_picture(result)
    names = [name for trace in figure.data if trace.marker.color == "#0072B2" for name in trace.hovertext]
    assert sorted(names) == sorted(result.cells["sample_label"])
    assert BEST_LABEL in [trace.name for trace in figure.data]


@pytest.mark.usefixtures("blank_report")
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


@pytest.mark.usefixtures("blank_report")
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


@pytest.mark.usefixtures("blank_report")
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


@pytest.mark.usefixtures("blank_report")
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
    assert text.count('alt="How ') == 2


def test_pictures_of_the_effects_replace_those_of_before(result, tmp_path):
    paths = write_effects(result.explanations, tmp_path / "explanation")
    assert paths == write_effects(result.explanations, tmp_path / "explanation")
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in paths)
    assert [path.name for path in paths] == ["effects-q_discharge_first_mAh_g.png", "effects-retention_pct.png"]


def test_the_verdict_says_what_to_make_and_what_that_is_worth(page, result):
    first = result.best().iloc[0]
    said = verdict(result)
    assert said.startswith(f"Make {first['label']} next")
    assert said.count("by a model with no skill yet") == 2
    assert page.index(f'<p class="lead">{said}') < page.index("How far to trust it") < page.index("<h2")
    assert "No recipe passed" in verdict(replace(result, candidates=result.candidates.iloc[:0]))


def test_every_interval_is_in_the_picture(result):
    traces = {trace.name: trace for trace in interactive_picture(result).data}
    believed, predicted = traces[BEST_LABEL], traces[PREDICTED_LABEL]
    first = result.best().iloc[0]
    # From its 5th to its 95th percentile, a normal distribution reaches 1.645 standard deviations either way.
    assert believed.error_y.array[0] == pytest.approx(1.645 * first["retention_pct_model_std"], rel=1e-3)
    assert predicted.x[0] + predicted.error_x.array[0] == pytest.approx(first["q_discharge_first_mAh_g_high"])
    assert predicted.y[0] - predicted.error_y.arrayminus[0] == pytest.approx(first["retention_pct_low"])
    # Without skill the same is predicted of every recipe, and drawn once.
    assert list(predicted.hovertext) == ["any recipe"]


def test_a_cell_with_one_target_alone_is_marked_at_the_edge(result):
    figure = interactive_picture(result)
    [mark] = [trace for trace in figure.data if trace.marker.symbol == "triangle-up-open"]
    assert list(mark.hovertext) == ["LHCb@NCM85 (slow)"]
    assert list(mark.y) == [figure.layout.yaxis.range[0]]


def test_many_cells_are_not_all_named_in_the_picture(result):
    cells = pd.concat([result.cells] * 5, ignore_index=True)
    many = replace(result, cells=cells, predictions=pd.concat([result.predictions] * 5, ignore_index=True))
    assert not any(trace.mode.endswith("text") for trace in interactive_picture(many).data if trace.name != BEST_LABEL)


def test_the_best_that_a_gate_turned_away_fail_it(result, cache_dir):
    stopped = result.stopped
    heavy = stopped[stopped["gate"] == "more than 3 wt% of coating in all"]
    assert len(heavy) == 2
    assert (heavy["antiperovskite_wt_pct"] + heavy["oxide_wt_pct"] > 3).all()
    # A small space is looked at as a whole, so the same screen without the gate finds nothing better among those.
    free = screen(space=result.space, gates=Gates(largest_total_wt_pct=None), cache_dir=cache_dir, n_jobs=1, n_best=300)
    ranked = free.best()
    over = ranked[ranked["antiperovskite_wt_pct"] + ranked["oxide_wt_pct"] > 3 + 1e-9]
    assert heavy["label"].iloc[0] == over["label"].iloc[0]
    assert "nothing to coat" in set(stopped["gate"])


def test_what_intervals_held_is_counted(result):
    for goal in result.goals:
        held = held_out(result, goal)
        inside = [row[-1] for row in held_out_table(result, goal, held).rows].count("yes")
        share = calibration_table({goal.column.label: held}).rows[0][3]
        assert share == f"{inside / len(held.y):.0%}"
        assert inside / len(held.y) == pytest.approx(result.validation.loc[goal.target, "coverage"])


def test_sources_are_told_with_their_evidence(result):
    [row] = sources_table(result).rows
    assert row[:2] == ["10.1002/celc.202500286", "6"]
    assert "running text" in row[2]


def test_what_changed_since_the_screen_that_is_replaced(page, result, tmp_path, monkeypatch):
    assert "There was no earlier screen" in page
    monkeypatch.setattr("screening.files.report_html", lambda _, __, changes: changes.sentence if changes else "")
    folder = write_screen(result, tmp_path / "screen")
    cells = (folder / "cells.csv").read_text().splitlines()
    (folder / "cells.csv").write_text("\n".join(cells[:-1]))
    write_screen(result, folder)
    assert "1 cell added; the same settings and features" in (folder / "report.html").read_text()
