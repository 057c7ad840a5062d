"""docs/cards.md says what the code does.

`python -m tests.docs.test_cards_page` writes what its Python block prints into the page, and draws its picture.
"""

import contextlib
import io
import re
import shutil
import tempfile
from pathlib import Path

from datasets.cells import recipes
from datasets.recipe import RECIPE_COLUMNS, Recipe
from experiments.cards import CardOptions, NearestCell, Predicted, card_html, recipe_card
from screening import RecipeSpace, screen

DOCS = Path(__file__).parents[2] / "docs"
PAGE, PICTURE = DOCS / "cards.md", DOCS / "images" / "card.png"
PAPER_PX = (711, 1054)
"""A sheet of A4 within its margins."""

_BLOCK = re.compile(r"(```python\n)(?P<code>.*?)(```\n\n```text\n).*?(```)", re.DOTALL)


def with_output(page):
    """Run the Python block of the page in the current folder, and put what it prints below it."""
    printed = io.StringIO()
    code = _BLOCK.search(page)["code"]
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "page", "exec"), {})
    return _BLOCK.sub(lambda found: found[1] + found[2] + found[3] + printed.getvalue() + found[4], page)


def test_the_page_prints_what_it_shows(tmp_path, monkeypatch, cache_dir):
    monkeypatch.chdir(tmp_path)
    Path("runs").mkdir()
    Path("runs/cache").symlink_to(cache_dir)
    page = PAGE.read_text(encoding="utf-8")
    assert with_output(page) == page


def test_every_option_is_explained_with_its_default_and_range():
    rows = re.findall(r"^\| `(\w+)` \| (\S+) \| (.*?) \|", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert rows == [(name, f"{default:g}", span(name)) for name, default in CardOptions().model_dump().items()]


def span(option):
    field = CardOptions.model_json_schema()["properties"][option]
    low = f"{field['minimum']:g}" if "minimum" in field else f"more than {field['exclusiveMinimum']:g},"
    return f"{low} to {field['maximum']:g}"


def best_card(cache_dir):
    """Make the card of the best recipe of a screen near the bundled cells."""
    space = RecipeSpace.model_validate(
        {
            "halide_cl": {"low": 0, "high": 1, "step": 0.25},
            "oxides": ("none", "LiNbO3", "ZrO2"),
            "melt_temperature_C": {"low": 330, "high": 390, "step": 20},
        }
    )
    result = screen(space=space, cache_dir=cache_dir, n_jobs=1, n_best=1)
    row = result.best().iloc[0]
    return recipe_card(
        "R7",
        Recipe(**row[list(RECIPE_COLUMNS)]),
        predictions={goal.target: predicted(row, goal) for goal in result.goals},
        reason=f"Best expected gain of a screen of {result.n_recipes:,} recipes; {row['novelty']} what was measured.",
        nearest=[nearest_cell(result, row)],
        cache_dir=cache_dir,
    )


def predicted(row, goal):
    mean, low, high = (row[f"{goal.target}_{part}"] for part in ("mean", "low", "high"))
    return Predicted(label=goal.column.label, unit=goal.column.unit, mean=mean, low=low, high=high)


def nearest_cell(result, row):
    place = list(result.cells["cell_id"]).index(row["nearest_cell"])
    cell = result.cells.iloc[place]
    return NearestCell(
        cell=cell["cell_id"],
        recipe=recipes(result.cells)[place].label,
        results=", ".join(f"{cell[goal.target]:.0f} {goal.column.unit}" for goal in result.goals),
        distance=row["distance"],
    )


def draw(card, path):
    """Take a picture of a card as it is printed."""
    from PIL import Image
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        page_file, shot = Path(folder) / "card.html", Path(folder) / "card.png"
        page_file.write_text(card_html(card), encoding="utf-8")
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        width, height = PAPER_PX
        page = chromium.new_page(viewport={"width": width, "height": height}, device_scale_factor=1.6)
        page.emulate_media(media="print")
        page.goto(page_file.as_uri())
        page.screenshot(path=shot)
        chromium.close()
        Image.open(shot).convert("L").quantize(16).save(path, optimize=True)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        PAGE.write_text(with_output(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
        draw(best_card(Path("runs/cache")), PICTURE)
