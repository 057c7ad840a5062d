"""How does a recipe card look on screen and on one sheet of paper, and where is it written?"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from datasets.errors import InputError, Problem
from experiments.cards.card import RecipeCard, share_stocks
from experiments.cards.parts import Statement
from experiments.cards.procedure import ASSUMED, HENKEL, KNOWN, SET

if TYPE_CHECKING:
    from jinja2 import Template

MOST_LETTERS = 4250
"""Pages with more text than this are printed smaller, to stay on one sheet."""

_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,15}")


def card_html(card: RecipeCard) -> str:
    """Write a card as a page that needs nothing else and prints on one sheet of A4.

    Parameters
    ----------
    card : RecipeCard

    Returns
    -------
    str
    """
    decimals = _decimals(card.options.balance_mg)
    content = {"card": card, "decimals": decimals, "sources": _sources(card)}
    page = _template().render(content, dense=False)
    return _template().render(content, dense=True) if _n_letters(page) > MOST_LETTERS else page


@cache
def _template() -> Template:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("experiments.cards"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    return environment.get_template("card.html")


def _n_letters(page: str) -> int:
    from markupsafe import Markup

    return len(Markup(page.partition("<body")[2]).striptags())


def _sources(card: RecipeCard) -> list[str]:
    """List what statements rest on, in the order in which the page comes to them."""
    stock, batch = card.stock, card.batch
    said = [*card.warnings]
    if stock is not None:
        said += [*(each for step in stock.steps for each in step), *stock.checks]
    said += [batch.thickness, *(each for step in batch.steps for each in step), Statement(text="", basis=HENKEL)]
    return list(dict.fromkeys(each.basis for each in said if each.basis not in ("", ASSUMED, KNOWN, SET)))


def _decimals(balance_mg: float) -> int:
    """Decimals of a gram that a balance shows: 4 for 0.1 mg."""
    return len(f"{balance_mg / 1000:.9f}".rstrip("0").partition(".")[2])


def write_cards(cards: Sequence[RecipeCard], folder: Path) -> list[Path]:
    """Write the cards of a round, an HTML page and a JSON file each, all of them or none.

    Cards of earlier rounds stay where they are; those of the same recipes are replaced.

    Parameters
    ----------
    cards : sequence of RecipeCard
        Those that share a stock are made to say so, see `share_stocks`.
    folder : path
        Made where it is missing.

    Returns
    -------
    list of pathlib.Path
        ``R7.html``, ``R7.json`` and so on.

    Raises
    ------
    datasets.errors.InputError
        When the recipes' names are no names of files, or not different.
    OSError
        When the folder cannot be written to; nothing is left there then.
    """
    _check_names(cards, folder)
    texts: dict[str, str] = {}
    for card in share_stocks(cards):
        texts[f"{card.recipe_id}.html"] = card_html(card)
        texts[f"{card.recipe_id}.json"] = json.dumps(card.to_dict(), ensure_ascii=False, indent=2) + "\n"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".cards-") as temporary:
        for name, text in texts.items():
            (Path(temporary) / name).write_text(text, encoding="utf-8")
        return [(Path(temporary) / name).replace(folder / name) for name in texts]


def _check_names(cards: Sequence[RecipeCard], folder: Path) -> None:
    names = [card.recipe_id for card in cards]
    expected = "letters, digits, dots, hyphens and underscores, at most 16"
    problems = [Problem("recipe", name, expected) for name in names if not _FILE_NAME.fullmatch(name)]
    # Some file systems take R7 and r7 for one name.
    lower = [name.lower() for name in names]
    twice = [name for place, name in enumerate(names) if name.lower() in lower[:place]]
    problems += [Problem("recipe", name, "each recipe once") for name in twice]
    if problems:
        raise InputError(folder, problems)
