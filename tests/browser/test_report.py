"""The report of a screen, as a reader's browser shows it."""

from dataclasses import replace
from html import escape

import pytest

from screening.changes import changes
from screening.report import report_html
from screening.snapshot import snapshot

pytestmark = pytest.mark.slow

A4_TEXT_WIDTH = 688  # 210 mm less two margins of 14 mm, at 96 pixels an inch

HOSTILE = (
    "<script>alert(1)</script>",
    "</script><script>alert(2)</script>",
    "<img src=x onerror=alert(3)>",
    "<b>bold</b> &lt;i&gt;",
    '"><svg onload=alert(4)>',
    "$_{",
)


@pytest.fixture(scope="module")
def report(result, tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    now = snapshot(result)
    before = replace(now, cells=now.cells.iloc[1:], candidates=now.candidates[now.candidates["rank"] > 1])
    path.write_text(report_html(result, "Command: lirap screen.", changes(before, now)), encoding="utf-8")
    return path


def is_hidden(page, selector):
    return not page.locator(selector).first.is_visible()


def column(page, table, number):
    return page.locator(f"table[aria-describedby={table}-about] tbody tr > :nth-child({number})").all_text_contents()


@pytest.mark.parametrize(("scheme", "width"), [("light", 375), ("dark", 1280)])
def test_no_accessibility_violations(open_page, report, violations, screenshots, scheme, width):
    page = open_page(report, scheme=scheme, width=width)
    assert page.locator("#picture .point").count() > len(HOSTILE)  # drawn, and without a network
    assert page.errors == []
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == width
    # Words in the picture have the colour of the page's, whichever that is.
    colours = "[document.body, document.querySelector('#picture .xtick text')].map(one => getComputedStyle(one))"
    ink, word = page.evaluate(f"(([body, text]) => [body.color, text.fill])({colours})")
    assert ink == word
    page.screenshot(path=screenshots / f"report-{scheme}-{width}.png", full_page=True)


def test_tables_sort_by_keyboard_and_mouse(open_page, report):
    page = open_page(report)
    heads = page.locator("table[aria-describedby=ranked-1-about] th[scope=col]")
    ranks = column(page, "ranked-1", 1)
    gain = heads.nth(2).locator("[role=button]")
    gain.focus()
    page.keyboard.press("Enter")
    assert heads.nth(2).get_attribute("aria-sort") == "ascending"
    gains = [float(text) for text in column(page, "ranked-1", 3)]
    assert gains == sorted(gains)
    page.keyboard.press("Space")
    assert heads.nth(2).get_attribute("aria-sort") == "descending"
    assert column(page, "ranked-1", 1) == ranks
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert [heads.nth(place).get_attribute("aria-sort") for place in (2, 3)] == [None, "ascending"]
    heads.nth(1).locator("[role=button]").click()
    names = column(page, "ranked-1", 2)
    assert [float(name.split()[0]) for name in names] == sorted(float(name.split()[0]) for name in names)
    retention = page.locator("table[aria-describedby=data-2-about] th[scope=col]").nth(3).locator("[role=button]")
    for _ in range(2):
        retention.click()
        values = column(page, "data-2", 4)
        assert values[-1] == ""
        assert "" not in values[:-1]


def test_marks_are_hidden_and_shown_by_keyboard(open_page, report):
    page = open_page(report)
    points = page.locator("#picture .point")
    before = points.count()
    box = page.get_by_role("checkbox", name="measured cells", exact=True)
    box.focus()
    page.keyboard.press("Space")
    assert points.count() < before
    page.keyboard.press("Space")
    assert points.count() == before


def test_the_keyboard_reaches_the_content_first(open_page, report):
    page = open_page(report)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_on_paper_it_is_light_whole_and_has_a_still_picture(open_page, report):
    page = open_page(report, scheme="dark", width=A4_TEXT_WIDTH)
    page.emulate_media(media="print")
    wide = "[...document.querySelectorAll('main *')].filter(one => one.getBoundingClientRect().right > innerWidth + 1)"
    assert page.evaluate(f"{wide}.map(one => one.outerHTML.slice(0, 80))") == []
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(28, 28, 30)"
    assert is_hidden(page, "#picture")
    assert not is_hidden(page, "img.on-paper")


def test_names_stay_text(open_page, result, tmp_path):
    cells = result.cells.assign(sample_label=HOSTILE, source=HOSTILE[::-1], note=HOSTILE)
    path = tmp_path / "report.html"
    before = snapshot(result)
    changed = changes(before, replace(before, cells=cells.assign(cell_id=HOSTILE)))
    path.write_text(report_html(replace(result, cells=cells), HOSTILE[0], changed), encoding="utf-8")
    page = open_page(path)
    assert page.errors == []
    shown = page.locator("#picture .textpoint text").all_text_contents()
    assert set(HOSTILE) <= set(shown)
    assert page.locator("main img[src=x], main b, main svg[onload]").count() == 0
    names = column(page, "data-2", 1)
    assert names == list(HOSTILE)
    page.locator("#picture .trace").nth(3).locator(".point").first.hover(force=True)
    page.wait_for_selector("#picture .hovertext")
    assert any(name in page.locator("#picture .hovertext").first.text_content() for name in HOSTILE)
    assert page.errors == []


def test_it_works_in_the_frame_in_which_mlflow_shows_it(open_page, report, tmp_path):
    """MLflow's UI gives an artifact scripts and nothing else: no storage, no origin, no way out."""
    around = tmp_path / "around.html"
    around.write_text(
        f'<iframe sandbox="allow-scripts" style="width: 60rem; height: 50rem" srcdoc="{escape(report.read_text())}">'
    )
    page = open_page(around)
    frame = page.frame_locator("iframe")
    frame.locator("nav a", has_text="Gates").click()
    frame.locator("#picture .point").first.wait_for(state="attached")
    assert frame.locator("#picture .point").count() > 0
    top = frame.locator("#gates").evaluate("one => one.getBoundingClientRect().top")
    assert 0 <= top < 400
    assert page.errors == []


def test_one_target_is_drawn_too(open_page, result, tmp_path):
    path = tmp_path / "report.html"
    goals = result.goals[:1]
    validation = result.validation.loc[[goals[0].target]]
    one = replace(result, goals=goals, validation=validation, explanations=result.explanations[:1])
    path.write_text(report_html(one), encoding="utf-8")
    page = open_page(path)
    assert page.locator("#picture .point").count() > len(result.cells)
    assert page.errors == []
