"""Recipe cards on paper: one sheet each, black on white."""

import re
from functools import partial

import pytest

from experiments.cards import card_html
from tests.experiments.cards.example_cards import example, longest_round, recipe

pytestmark = pytest.mark.slow


def n_sheets(page):
    """Count the pages of the PDF that a browser prints."""
    return len(re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True)))


@pytest.fixture
def make(cache_dir):
    return partial(example, cache_dir=cache_dir)


@pytest.fixture
def opened(open_page, tmp_path):
    def opened(card, **how):
        path = tmp_path / "card.html"
        path.write_text(card_html(card), encoding="utf-8")
        return open_page(path, **how)

    return opened


def test_an_ordinary_card_prints_on_one_sheet(make, opened):
    page = opened(make(of=recipe(0.65, 0.8, "Nb2O5", 0.1, 290), reason="best expected gain: more capacity than LHC"))
    assert n_sheets(page) == 1
    assert page.errors == []


def test_the_longest_card_prints_on_one_sheet(cache_dir, opened, screenshots):
    page = opened(longest_round(cache_dir)[0], width=711, height=1054)
    assert n_sheets(page) == 1
    page.emulate_media(media="print")
    page.screenshot(path=screenshots / "longest-card.png", full_page=True)


def test_print_is_black_on_white_in_a_dark_room_too(make, opened):
    page = opened(make(), scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != "rgb(255, 255, 255)"
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"


def test_nothing_bars_anyone_from_reading_it(make, opened, violations):
    page = opened(make(of=recipe(0.65, 0.1, "Nb2O5", 0.1, 290)))
    assert violations(page) == []
    page.emulate_media(color_scheme="dark")
    assert violations(page) == []


def test_a_phone_shows_it_without_scrolling_sideways(make, opened):
    page = opened(make(), width=375)
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
