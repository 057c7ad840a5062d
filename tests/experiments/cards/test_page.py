"""How a card is written."""

import json
from html.parser import HTMLParser

import pytest

from datasets.errors import InputError
from experiments.cards import CardOptions, card_html, write_cards
from tests.experiments.cards.example_cards import longest_round, recipe


class Page(HTMLParser):
    """The tags of a page, and its words."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.words = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.words.append(data)


def test_the_files_are_named_for_the_recipes_and_say_the_same(make, tmp_path):
    paths = write_cards([make("R7"), make("R8", recipe(0.5, 0.7))], tmp_path / "new" / "cards")
    assert [path.name for path in paths] == ["R7.html", "R7.json", "R8.html", "R8.json"]
    assert sorted(paths) == sorted((tmp_path / "new" / "cards").iterdir())
    content = json.loads(paths[1].read_text(encoding="utf-8"))
    page = paths[0].read_text(encoding="utf-8")
    assert content["stock"]["also_for"] == ["R8"]
    assert all(f"<strong>{salt['mass_g']:.4f}</strong>" in page for salt in content["stock"]["weighing"]["salts"])


def test_cards_of_earlier_rounds_stay(make, tmp_path):
    (first, _) = write_cards([make("R7")], tmp_path)
    before = first.read_bytes()
    write_cards([make("R8")], tmp_path)
    assert first.read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 4


@pytest.mark.parametrize("name", ["", "../R7", "R7/x", "<script>", ".R7", "R" * 17])
def test_names_that_are_no_names_of_files_are_refused(make, tmp_path, name):
    with pytest.raises(InputError, match="expected letters, digits"):
        write_cards([make("R1"), make(name)], tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_same_recipe_twice_is_refused(make, tmp_path):
    with pytest.raises(InputError, match="'r7', expected each recipe once"):
        write_cards([make("R7"), make("r7")], tmp_path)


def test_a_write_that_fails_leaves_what_was_there(make, tmp_path, monkeypatch):
    write_cards([make("R7")], tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    monkeypatch.setattr("json.dumps", lambda *_, **__: "\ud800")  # cannot be written as UTF-8
    with pytest.raises(UnicodeEncodeError):
        write_cards([make("R7", recipe(1)), make("R8")], tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_whatever_is_typed_is_text(make):
    bad = "<script>alert('1')</script>"
    nearest = [{"cell": bad, "recipe": bad, "results": bad}]
    card = make(bad, note=bad, reason=bad, nearest=nearest)
    page = Page(card_html(card))
    assert "script" not in {tag for tag, _ in page.tags}
    assert sum(word.count(bad) for word in page.words) >= 6


def test_headings_tables_and_language_are_marked(make):
    page = Page(card_html(make()))
    assert ("html", {"lang": "en"}) in page.tags
    assert "".join(page.words).count("R7: 1 % Li2OHCl0.5Br0.5, 350 C, quench") == 2
    assert [tag for tag, _ in page.tags if tag in ("h1", "h2")] == ["h1", "h2", "h2", "h2", "h2"]
    assert all(attributes.get("scope") in ("row", "col") for tag, attributes in page.tags if tag == "th")


def test_a_page_needs_nothing_else(make):
    page = card_html(make())
    assert not {"src", "href"} & {name for _, attributes in Page(page).tags for name in attributes}
    assert "url(" not in page
    assert "@import" not in page


def test_masses_are_written_as_the_balance_shows_them(make):
    assert "<strong>2.00000</strong>" in card_html(make(options=CardOptions(balance_mg=0.01)))
    assert "<strong>2.000</strong>" in card_html(make(options=CardOptions(balance_mg=1)))


def test_an_interval_ends_at_zero(make):
    assert "0 to 99" in card_html(make())


def test_what_cannot_be_weighed_is_said_to_be(make):
    page = " ".join("".join(Page(card_html(make(of=recipe(0.5, 0.1)))).words).split())
    assert (
        "Too small to weigh: 2 mg of Li2OHCl0.5Br0.5, uncertain by 5.0 % on this balance. Make a batch of at least 5 g."
        in page
    )
    assert "Too small" not in card_html(make())


def test_only_a_full_page_is_printed_smaller(make, cache_dir):
    assert '<body class="dense">' in card_html(longest_round(cache_dir)[0])
    assert "<body>" in card_html(make())
