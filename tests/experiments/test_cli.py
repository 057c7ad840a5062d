"""The command line as a user and as a program sees it."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import mlflow
import pytest

from experiments.cli import app, main
from experiments.commands.common import console_here, print_table
from screening.tables import Column, Table

TINY = """
name = "tiny"
[space]
halide_cl = { low = 0, high = 1, step = 0.5 }
antiperovskite_wt_pct = { low = 0, high = 1, step = 0.5 }
oxides = ["none", "LiNbO3"]
oxide_wt_pct = { low = 0, high = 1, step = 0.5 }
melt_temperature_C = { low = 350, high = 350, step = 10 }
coolings = ["quench", "slow"]
"""


def lirap(*arguments, cwd, **options):
    environment = {**os.environ, "LIRAP_HOME": ""}
    return subprocess.run(
        [sys.executable, "-m", "experiments.cli", *map(str, arguments)],
        cwd=cwd, env=environment, capture_output=True, text=True, **options,
    )  # fmt: skip


def exit_code(*arguments):
    with pytest.raises(SystemExit) as stopped:
        main(list(map(str, arguments)))
    return stopped.value.code or 0


def test_help_names_every_command_and_imports_nothing_heavy(tmp_path):
    heavy = ("mlflow", "matminer", "sklearn", "pandas", "pymatgen", "numpy", "rich")
    code = (
        "import sys\nfrom experiments.cli import main\ntry:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]"
    assert all(command.name in done.stdout for command in app.registered_commands if command.name)


def test_every_command_is_documented():
    pages = " ".join(path.read_text(encoding="utf-8") for path in (Path(__file__).parents[2] / "docs").glob("*.md"))
    for command in app.registered_commands:
        assert f"lirap {command.callback.__name__}" in pages


@pytest.mark.slow
def test_init_then_a_screen_of_ones_own_cells(tmp_path, cache_dir):
    assert lirap("init", cwd=tmp_path).returncode == 0
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "cache").symlink_to(cache_dir)
    (tmp_path / "campaign.toml").write_text(TINY)
    rows = ["cell_id,halide_cl,antiperovskite_wt_pct,oxide,oxide_wt_pct,melt_temperature_C,cooling,"
            "q_discharge_first_mAh_g,retention_pct", "bare,,0,none,0,,,190,65"]  # fmt: skip
    rows += [f"own-{n},{n / 10},1,LiNbO3,{n / 10},350,quench,{190 + n},{70 + n}" for n in range(1, 10)]
    (tmp_path / "my_cells.csv").write_text("\n".join(rows))
    done = lirap("screen", "--cells", "my_cells.csv", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    content = json.loads(done.stdout)
    oxide_states = 3
    assert content["n_recipes"] == oxide_states + 2 * 3 * oxide_states * 2
    assert Path(content["files"]["report.html"]).is_file()
    assert "own-" in Path(content["files"]["report.html"]).read_text()
    assert all(ranked for ranked in content["lists"].values())
    assert "scoring" not in done.stderr, "no progress bar in a pipe"


def test_wrong_input_is_told_at_once_and_nothing_is_written(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("cells.csv").write_text(
        "cell_id,halide_cl,antiperovskite_wt_pct,oxide,oxide_wt_pct,melt_temperature_C,cooling,retention_pct\n"
        "a,0.5,1,LiNbO2,1,350,quench,80\n"
        "b,1.5,1,none,0,350,icy,0.8\n"
    )
    assert exit_code("screen", "--cells", "cells.csv") == 2
    told = capsys.readouterr()
    assert told.out == ""
    for words in ("LiNbO2", "did you mean LiNbO3", "1.5", "icy", "0.8", "row 2", "row 3"):
        assert words in told.err
    assert [path.name for path in tmp_path.iterdir()] == ["cells.csv"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["screen", "--campaign", "missing.toml"], "lirap init"),
        (["screen", "--cells", "missing.csv"], "missing.csv"),
        (["screen", "--jobs", "0"], "--jobs: 1 problem"),
        (["xrd", "--halide-cl", "2"], "halide_cl: got 2.0"),
        (["xrd", "--peaks", "15,7;22,3"], "7;22"),
        (["xrd"], "lattice parameter"),
    ],
)
def test_what_a_user_mistypes_is_told_with_exit_code_2(arguments, words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert exit_code(*arguments) == 2
    assert words in capsys.readouterr().err


def test_an_unknown_option_is_told_with_exit_code_2(capsys):
    assert exit_code("screen", "--cellz", "x.csv") == 2
    assert "--cells" in capsys.readouterr().err


def test_a_campaign_file_in_the_folder_is_used(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("campaign.toml").write_text("nmae = 1")
    assert exit_code("screen") == 2
    assert "did you mean name" in capsys.readouterr().err


def test_xrd_answers_lithium_chloride(tmp_path, monkeypatch, capsys, cache_dir):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LIRAP_HOME", str(cache_dir.parent / "xrd-home"))
    arguments = [
        "xrd",
        "--halide-cl",
        "0.5",
        "--lattice-parameter",
        "3.9774",
        "--peaks",
        "15.7,22.3,26.5",
        "-o",
        "p.png",
    ]
    assert exit_code(*arguments) == 0
    assert "LiCl explains the 3 extra peaks" in capsys.readouterr().out
    assert exit_code(*arguments, "--json") == 0
    content = json.loads(capsys.readouterr().out)
    assert [each["name"] for each in content["impurities"]][:2] == ["LiCl", "Li2CO3"]
    assert content["composition"]["halide_cl"] == pytest.approx(0.5, abs=0.03)
    assert Path("p.png").read_bytes().startswith(b"\x89PNG")


_INTERRUPTED = """
import os, signal, sys
import screening.scoring as scoring
from experiments.cli import main
whole = scoring.Scorer.range
def half_way(self, start, stop):
    if start:
        os.kill(os.getpid(), {signal})
    return whole(self, start, stop)
scoring.Scorer.range = half_way
main(["screen", "--campaign", "campaign.toml", "--jobs", "1"])
"""


@pytest.mark.slow
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_stopped_half_way_leaves_no_half_written_file(tmp_path, cache_dir, sent):
    (tmp_path / "campaign.toml").write_text('name = "large"')
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "cache").symlink_to(cache_dir)
    code = _INTERRUPTED.format(signal=int(sent))
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 130, done.stderr
    assert done.stderr.splitlines()[-1] == "Stopped; nothing was left half written."
    assert "Traceback" not in done.stderr
    home = tmp_path / "runs"
    assert sorted(path.name for path in home.iterdir()) == ["cache", "mlflow.db", "mlflow.lock", "running"]
    assert not list((home / "running").iterdir())
    (run,) = mlflow.MlflowClient(f"sqlite:///{home}/mlflow.db").search_runs(["1"])
    assert run.info.status == "KILLED"


def test_names_are_printed_as_they_are(capsys):
    table = Table("Cells of [x]", "", [Column("cell")], [["[/x] :smile: [red]"]])
    print_table(console_here(), table)
    assert "Cells of [x]" in (printed := capsys.readouterr().out)
    assert "[/x] :smile: [red]" in printed
