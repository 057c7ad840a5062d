"""The commands of docs/campaign.md run as written.

After a change that alters what they print, `python tests/docs/test_campaign_page.py` writes their output into the page.
"""

import contextlib
import difflib
import io
import os
import re
import shlex
import sys
import tempfile
from pathlib import Path

import pytest

from experiments.cli import main

PAGE = Path(__file__).parents[2] / "docs" / "campaign.md"
TABLE = """cell_id,q_discharge_first_mAh_g,ce_first_pct,retention_pct,n_cycles
R2,186.5,84,77,100
R4,201.3,87,,
R4,197.8,86,,
"""
REFUSED = ("--retention 0.815", "record R12 ", "lirap record R1-1 --retention 80.5\n")
_BLOCK = re.compile(r"^```console\n(?P<lines>.*?)^```\n", re.DOTALL | re.MULTILINE)


def run(command):
    """Run one line of the page, and give what it prints and its exit code."""
    words = shlex.split(command)
    if words[0] == "cat":
        return Path(words[1]).read_text(encoding="utf-8"), 0
    printed, code = io.StringIO(), 0
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        try:
            main(words[1:])
        except SystemExit as ended:
            code = ended.code or 0
    return printed.getvalue(), code


def with_outputs(page, check):
    """Run every command of a page in the current folder, and put its output below it."""

    def run_block(block):
        lines = []
        for command in re.findall(r"^\$ (.*)$", block["lines"], re.MULTILINE):
            output, code = run(command)
            check(command, code)
            lines += [f"$ {command}", *(line.rstrip() for line in tidy(output).splitlines())]
        return "```console\n" + "\n".join(lines) + "\n```\n"

    return _BLOCK.sub(run_block, page)


def tidy(output):
    """Leave out what differs from one run to the next."""
    output = output.replace(str(Path.cwd().resolve()) + os.sep, "").replace(str(Path.cwd()) + os.sep, "")
    output = re.sub(r"\b[0-9a-f]{32}\b", "0123456789abcdef0123456789abcdef", output)
    return re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d", "2026-01-01 12:00", output).strip("\n")


def words(page):
    """Read a page as words, with all numbers alike: what a machine rounds otherwise is no difference."""
    return re.sub(r"\d+(\.\d+)?", "#", page).split()


def right_code(command, code):
    refused = any(part in f"{command}\n" for part in REFUSED)
    assert code == (2 if refused else 0), command


@pytest.mark.slow
def test_the_campaign_runs_as_its_page_says(tmp_path, monkeypatch, cache_dir):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LIRAP_HOME", raising=False)
    monkeypatch.setattr(sys, "argv", ["lirap"])
    Path("runs").mkdir()
    Path("runs/cache").symlink_to(cache_dir)
    Path("cells.csv").write_text(TABLE, encoding="utf-8")
    page = PAGE.read_text(encoding="utf-8")
    found = with_outputs(page, right_code)
    alike = difflib.SequenceMatcher(None, words(found), words(page), autojunk=False).ratio()
    assert alike > 0.95, "run python tests/docs/test_campaign_page.py, and read what changed"
    assert {f"R{number}.html" for number in range(1, 8)} <= {path.name for path in Path("runs/cards").iterdir()}


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        Path("cells.csv").write_text(TABLE, encoding="utf-8")
        written = with_outputs(PAGE.read_text(encoding="utf-8"), right_code)
        PAGE.write_text(written, encoding="utf-8")
