"""The pages say what the code does.

After a change that alters what the pages show, `python tests/docs/test_pages.py` runs docs/python.md and docs/review.md
and writes their output into them, the row and the error that docs/screen.md quotes, and the output of the main job and
its picture into README.md.
"""

import contextlib
import io
import json
import os
import re
import tempfile
from pathlib import Path

import pytest
from rich.console import Console

from datasets.cells import read_cells
from datasets.errors import InputError
from experiments.campaign_file import Campaign, campaign_template
from experiments.commands.common import PIPE_WIDTH
from experiments.commands.screens import print_result, screen_content
from screening import Gates, RecipeSpace, screen
from screening.files import SCREEN_FILES
from screening.goals import Goal
from screening.picture import pareto_picture
from screening.report import candidate_table

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
NOTEBOOKS = ("python.md", "review.md", "sampler.md")
"""Pages whose Python blocks run, one after the other in one folder."""

PAGES = sorted([*ROOT.glob("*.md"), *DOCS.glob("*.md")])

_BLOCK = re.compile(r"^```python\n(?P<code>.*?)^```\n(?:\n```text\n.*?^```\n)?", re.DOTALL | re.MULTILINE)


def read(name):
    return (DOCS / name).read_text(encoding="utf-8")


def section(page, name):
    return page.split(f"<!-- {name}: begin -->\n")[1].split(f"<!-- {name}: end -->")[0]


def rows(page, name):
    """Read the table of a section: a list of cells for each row below the header."""
    lines = [line for line in section(page, name).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def words(page, name):
    return [row[0].strip("`") for row in rows(page, name)]


def with_outputs(page, names):
    """Run the Python blocks of a page in one namespace, and put what each prints into the text block after it."""

    def run(block):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(block["code"], "page", "exec"), names)
        lines = "\n".join(line.rstrip() for line in printed.getvalue().splitlines())
        return f"```python\n{block['code']}```\n" + (f"\n```text\n{lines}\n```\n" if lines else "")

    return _BLOCK.sub(run, page)


def with_row(page, cache_dir=None):
    """Score the one recipe that docs/screen.md reads aloud, and put it there as a screen prints it."""
    fixed = {name: {"low": value, "high": value, "step": 1} for name, value in (
        ("halide_cl", 0.95), ("antiperovskite_wt_pct", 0.8), ("oxide_wt_pct", 0), ("melt_temperature_C", 350)
    )}  # fmt: skip
    space = RecipeSpace.model_validate({**fixed, "oxides": ["none"], "coolings": ["ambient"]})
    result = screen(space=space, cache_dir=cache_dir, n_jobs=1)
    table = candidate_table(result, result.lists[0])
    lines = [[column.name for column in table.columns], ["---"] * len(table.columns), *table.rows]
    return replaced(page, "row", "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n")


def with_error(page):
    """Read the spoilt table of docs/screen.md from the current folder, and put there what is said of it."""
    before, table, after = re.match(r"(.*```csv\n)(.*?)(```.*```text\n)", section(page, "error"), re.DOTALL).groups()
    Path("my_cells.csv").write_text(table, encoding="utf-8")
    with pytest.raises(InputError) as refused:
        read_cells("my_cells.csv")
    return replaced(page, "error", f"{before}{table}{after}{refused.value}\n```\n")


def with_screen(page, result):
    """Put what `lirap screen` prints into a pipe into README.md."""
    printed = io.StringIO()
    print_result(Console(file=printed, width=PIPE_WIDTH), result)
    lines = "\n".join(line.rstrip() for line in printed.getvalue().strip().splitlines())
    return replaced(page, "screen", f"```text\n{lines}\n```\n")


def replaced(page, name, content):
    begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->"
    return f"{page.split(begin)[0]}{begin}{content}{end}{page.split(end)[1]}"


@pytest.fixture(scope="module")
def result(small_space, cache_dir):
    return screen(space=small_space, cache_dir=cache_dir, n_jobs=1, n_best=2)


@pytest.mark.slow
def test_notebooks_print_what_their_pages_show(tmp_path, monkeypatch, cache_dir):
    monkeypatch.chdir(tmp_path)
    Path("runs").mkdir()
    Path("runs/cache").symlink_to(cache_dir)
    names = {}
    for page in NOTEBOOKS:
        assert with_outputs(read(page), names) == read(page)
    assert list(screen_content(names["done"])) == words(read("screen.md"), "json")


@pytest.mark.slow
def test_the_readme_shows_what_the_main_job_prints(cache_dir):
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    assert with_screen(page, screen(cache_dir=cache_dir)) == page


def test_the_row_read_aloud_is_the_one_that_is_printed(cache_dir):
    assert with_row(read("screen.md"), cache_dir) == read("screen.md")


def test_the_error_shown_is_the_one_that_is_raised(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert with_error(read("screen.md")) == read("screen.md")


def test_the_columns_of_the_files_are_explained(result):
    described = []
    for name in words(read("screen.md"), "columns"):
        described += [name.replace("<target>", goal.target) for goal in result.goals] if "<" in name else [name]
    assert sorted(described) == sorted(result.candidates.columns)
    assert set(result.candidates.columns) - set(result.front.columns) == {"list", "rank"}


def test_the_files_are_named():
    assert set(SCREEN_FILES) == set(words(read("screen.md"), "files"))


def written(value):
    """Write a default of the campaign file as its page does."""
    if value is None:
        return ""
    if isinstance(value, dict):
        return f"`{value['low']:g}` to `{value['high']:g}` by `{value['step']:g}`"
    return f"`{json.dumps(value)}`".replace(".0`", "`")


def test_every_key_of_the_campaign_file_is_explained_with_its_default():
    page = {row[0].strip("`"): row[1] for row in rows(read("screen.md"), "keys")}
    content = Campaign().model_dump(mode="json")
    expected = {f"targets.{key}": "" for key in Goal.model_fields}
    expected["database"] = ""  # it may hold a password, so that no campaign shows it
    expected["targets.target"] = ", ".join(written(goal["target"]) for goal in content.pop("targets"))
    for key, value in content.items():
        inner = {f"{key}.{name}": each for name, each in value.items()} if isinstance(value, dict) else {key: value}
        expected |= {name: written(each) for name, each in inner.items()}
    expected["space.oxides"] = f"`none` and {len(content['space']['oxides']) - 1} co-coatings"
    assert page == expected
    assert all(key.rpartition(".")[2] in campaign_template() for key in page)


def test_every_gate_is_explained_with_its_default():
    page = {row[0].strip("`"): row[1] for row in rows(read("screen.md"), "gates")}
    assert list(page) == list(Gates.model_fields)
    defaults = Gates().model_dump()
    assert {name: text.split()[0] for name, text in page.items()} == {
        name: written(value).strip("`") for name, value in defaults.items()
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page):
    for target, anchor in links(page.read_text(encoding="utf-8")):
        file = page.parent / target if target else page
        assert file.exists(), f"{page.name} links to {target}"
        if anchor:
            assert anchor in anchors(file.read_text(encoding="utf-8")), f"{page.name} links to {target}#{anchor}"


def links(text):
    """Find the links and images of a page that stay within the repository, as pairs of file and anchor."""
    text = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    found = re.findall(r"\]\(([^)\s]+)\)|(?:src|href)=\"([^\"]+)\"", text)
    inside = [link for pair in found for link in pair if link and not re.match(r"[a-z]+:", link)]
    return [tuple(link.partition("#")[::2]) for link in inside]


def anchors(text):
    """Name the headings of a page as GitHub does."""
    headings = re.findall(r"^#+ (.*)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_links_are_found():
    text = '[a](b.md#c) ![d](e.png)\n```sh\n[no](no.md)\n```\n[f](https://g) <img src="h.svg"> [i](#j-k)'
    assert links(text) == [("b.md", "c"), ("e.png", ""), ("h.svg", ""), ("", "j-k")]
    assert anchors("## J, `k`\n") == {"j-k"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_page_knows_the_machine_it_was_written_on(page):
    assert not re.search(r"(?<![\w.])/(work|home|root|tmp|Users|mnt|opt)/", page.read_text(encoding="utf-8"))


def test_every_page_is_in_the_index():
    listed = {target for target, _ in links(read("index.md"))}
    assert {page.name for page in DOCS.glob("*.md")} - {"index.md"} <= listed


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        names = {}
        for page in NOTEBOOKS:
            (DOCS / page).write_text(with_outputs(read(page), names), encoding="utf-8")
        (DOCS / "screen.md").write_text(with_error(with_row(read("screen.md"))), encoding="utf-8")
        main_job = screen()
        pareto_picture(main_job).savefig(DOCS / "images" / "pareto.png", dpi=100)
        readme = ROOT / "README.md"
        readme.write_text(with_screen(readme.read_text(encoding="utf-8"), main_job), encoding="utf-8")
