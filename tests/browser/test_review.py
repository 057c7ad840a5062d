"""What was tracked, as a reviewer's browser shows it, with no network but the server on this machine."""

import re
import shutil

import pytest

from experiments.campaign_file import Campaign
from experiments.tracking.compare import compare
from experiments.tracking.screens import tracked_screen

AWAY = re.compile(r"^(?!http://127\.0\.0\.1|data:|blob:|about:)")


@pytest.fixture(scope="module")
def home(small_space, cache_dir, tmp_path_factory):
    """Two screens, the second in a narrower space, in a home that was moved since."""
    old = tmp_path_factory.mktemp("old") / "runs"
    (old / "cache").parent.mkdir()
    (old / "cache").symlink_to(cache_dir)
    tracked_screen(Campaign(space=small_space), home=old, n_best=5, n_jobs=1)
    narrower = small_space.model_copy(update={"oxides": ("none", "LiNbO3")})
    tracked_screen(Campaign(space=narrower), home=old, n_best=5, n_jobs=1)
    return shutil.move(old, tmp_path_factory.mktemp("new") / "runs")


@pytest.fixture(scope="module")
def page(browser, reviewing, home):
    """The list of runs, and on the page what it asked of other machines and every message of an error."""
    with reviewing(home, "--port", "5700") as (address, _):
        context = browser.new_context(viewport={"width": 1500, "height": 900})
        page = context.new_page()
        page.away, page.broken = [], []
        context.route(AWAY, lambda route: (page.away.append(route.request.url), route.abort()))
        page.on("pageerror", lambda error: page.broken.append(str(error)))
        page.goto(address["page"])
        yield page
        context.close()


@pytest.mark.slow
def test_a_reviewer_finds_the_runs_and_reads_the_report(page, screenshots):
    name = "screen 2.7 k recipes, 6 cells"
    run = page.get_by_role("link", name=name)
    run.wait_for(timeout=60_000)
    assert page.get_by_role("link", name=re.compile("^screen ")).count() == 2
    assert page.get_by_text("best_expected_gain").first.is_visible(), "what compares is a column at once"
    assert not page.get_by_text("Welcome to MLflow Assistant").is_visible()
    page.screenshot(path=screenshots / "review-runs.png")

    run.click()
    page.get_by_text("Make next").wait_for(timeout=30_000)
    page.get_by_text("no skill yet").first.wait_for()
    page.screenshot(path=screenshots / "review-run.png")

    page.get_by_role("tab", name="Artifacts").click()
    page.get_by_text("report.html").first.click()
    report = page.frame_locator("iframe")
    report.get_by_role("heading", level=1).wait_for(timeout=30_000)
    report.locator(".js-plotly-plot .point").first.wait_for(timeout=30_000)
    report.locator(".js-plotly-plot").scroll_into_view_if_needed()
    page.screenshot(path=screenshots / "review-report.png")
    assert page.away == []
    assert page.broken == []


@pytest.mark.slow
def test_the_page_of_a_comparison(open_page, home, screenshots, violations, tmp_path):
    done = compare(Campaign(), home=home, out=tmp_path / "compare.html")
    assert "space.oxides" in {change.name for change in done.changes.settings}
    shown = open_page(done.page)
    assert shown.get_by_role("heading", level=1).inner_text().endswith("what differs")
    assert shown.get_by_text("space.oxides").first.is_visible()
    shown.screenshot(path=screenshots / "compare.png", full_page=True)
    assert shown.errors == []
    assert violations(shown) == []
