"""The report of a screen, as a reader's browser shows it."""

import pytest

from screening import screen
from screening.report import report_html


@pytest.fixture(scope="module")
def report(small_space, cache_dir, tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(report_html(screen(space=small_space, cache_dir=cache_dir, n_jobs=1, n_best=5)), encoding="utf-8")
    return path


def test_draws_the_picture_without_a_network(open_page, report):
    page = open_page(report)
    assert page.locator(".js-plotly-plot .point").count() > 0
    assert page.errors == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [375, 1280])
def test_no_accessibility_violations(open_page, report, violations, screenshots, scheme, width):
    page = open_page(report, scheme=scheme, width=width)
    page.screenshot(path=screenshots / f"report-{scheme}-{width}.png", full_page=True)
    assert violations(page) == []
