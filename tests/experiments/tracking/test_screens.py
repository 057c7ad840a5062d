"""A whole tracked screen, read back from MLflow."""

import json

import mlflow
import numpy as np
import pandas as pd
import pytest

from datasets.cells import henkel2025
from datasets.errors import InputError
from experiments.campaign_file import Campaign
from experiments.measured_cells import campaign_cells
from experiments.tracking.models import requirements
from experiments.tracking.screens import screen_note, tracked_screen
from experiments.tracking.store import DIGEST, NOTE, table_digest
from screening import ModelOptions


@pytest.fixture(scope="module")
def done(tmp_path_factory, small_space):
    campaign = Campaign(name="tests", space=small_space)
    return tracked_screen(campaign, home=tmp_path_factory.mktemp("home"), n_best=3, n_jobs=1, command="lirap screen")


@pytest.fixture(scope="module")
def run(done):
    return mlflow.MlflowClient(f"sqlite:///{done.home}/mlflow.db").get_run(done.run_id)


def test_the_run_says_what_it_is(run, done):
    assert run.info.run_name == f"screen {len(done.result.space) / 1000:.1f} k recipes, 6 cells"
    assert run.info.status == "FINISHED"
    assert run.data.tags[NOTE] == screen_note(done.result)
    assert run.data.tags[DIGEST] == table_digest(henkel2025())
    best = done.result.best()["label"].iloc[0]
    for words in (
        "no skill yet",
        f"**Make next**\n\n{best}: ",
        "6 cells of 6 recipes from 10.1002",
        "The first screen",
    ):
        assert words in run.data.tags[NOTE]


def test_tags_to_filter_by(run, done):
    store = mlflow.MlflowClient(f"sqlite:///{done.home}/mlflow.db")
    found = store.search_runs(
        ["1"], "tags.`lirap.verdict.retention_pct` = 'no skill yet' and tags.`lirap.kind` = 'screen'"
    )
    assert done.run_id in {each.info.run_id for each in found}
    models = run.data.tags["lirap.models"].split()
    made_by = [store.get_model_version(*uri.removeprefix("models:/").split("/")).run_id for uri in models]
    assert made_by == [done.run_id] * len(done.result.goals)


def test_numbers_and_settings(run, done):
    assert run.data.metrics["recipes_scored"] == done.result.n_recipes
    assert run.data.metrics["best_expected_gain"] == pytest.approx(done.result.best()["expected_gain"].iloc[0])
    assert run.data.metrics["retention_pct.best_measured"] == henkel2025()["retention_pct"].max()
    assert run.data.metrics["retention_pct.rmse"] == pytest.approx(done.result.validation.loc["retention_pct", "rmse"])
    assert run.data.params["gates.largest_total_wt_pct"] == "3.0"
    assert json.loads(run.data.params["targets"].replace("'", '"')) == ["q_discharge_first_mAh_g", "retention_pct"]


def test_files_are_artifacts_of_the_run(done):
    folder = done.home / "artifacts" / done.run_id / "artifacts"
    for name in ("candidates.parquet", "front.csv", "pareto.png", "report.html"):
        assert (folder / name).read_bytes() == (done.folder / name).read_bytes()
    table = pd.DataFrame(**json.loads((folder / "candidates.json").read_text()))
    assert table["label"].tolist() == done.result.candidates["label"].tolist()


def test_models_are_logged_and_predict_the_same(done):
    mlflow.set_tracking_uri(f"sqlite:///{done.home}/mlflow.db")
    models = {model.name: model for model in mlflow.search_logged_models(["1"], output_format="list")}
    features = done.result.model.featurizer_.transform(henkel2025())
    names = done.result.model.featurizer_.get_feature_names_out()
    for target, surrogate in done.result.model.surrogates_.items():
        loaded = mlflow.sklearn.load_model(models[target].model_uri)
        assert loaded.predict(features) == pytest.approx(surrogate.predict(features))
        signature = mlflow.models.get_model_info(models[target].model_uri).signature
        assert signature.inputs.input_names() == list(names)
        logged = done.home / "artifacts" / "models" / models[target].model_id / "artifacts"
        assert not [path for path in logged.rglob("*") if path.suffix in (".pkl", ".pickle")]
        # Given by us: found out by MLflow, they would have cost a new process and 13 seconds.
        assert (logged / "requirements.txt").read_text().split()[1:] == requirements()  # the first is mlflow


def test_a_screen_is_one_run_whatever_it_found(done):
    runs = mlflow.MlflowClient(f"sqlite:///{done.home}/mlflow.db").search_runs(["1"])
    assert [run.info.run_id for run in runs] == [done.run_id]


@pytest.fixture
def two_tables(tmp_path):
    own = henkel2025().assign(cell_id=lambda table: "own-" + table["cell_id"], source="own lab")
    own.to_csv(tmp_path / "own.csv", index=False)
    return Campaign(cells=("henkel2025", "own.csv"), folder=tmp_path)


def test_cells_of_several_tables(two_tables):
    cells, _, notes = campaign_cells(two_tables)
    assert not notes
    assert len(cells) == 12
    assert cells.index.tolist() == list(range(12))
    assert len(campaign_cells(two_tables, [two_tables.folder / "own.csv"]).table) == 6
    with pytest.raises(InputError, match="each table once"):
        campaign_cells(two_tables, ["henkel2025", "henkel2025"])
    copied = two_tables.folder / "copy.csv"
    copied.write_bytes((two_tables.folder / "own.csv").read_bytes())
    with pytest.raises(InputError, match="in one table only"):
        campaign_cells(two_tables, [two_tables.folder / "own.csv", copied])


def test_predictions_are_for_the_own_lab(two_tables):
    assert campaign_cells(two_tables).options.own_source == "own lab"
    with_literature = campaign_cells(two_tables, ["henkel2025", "literature"])
    assert with_literature.options.own_source == "10.1002/celc.202500286"
    assert "3 of 16 rows" in with_literature.notes[0]
    named = ModelOptions(own_source="10.1002/celc.202500286")
    assert campaign_cells(two_tables.model_copy(update={"model": named})).options == named
    wrong = two_tables.model_copy(update={"model": ModelOptions(own_source="own lap")})
    with pytest.raises(InputError, match=r"own_source in the campaign file: got 'own lap'.* did you mean own lab"):
        campaign_cells(wrong)


def test_nothing_is_begun_when_the_input_is_wrong(tmp_path):
    (tmp_path / "bad.csv").write_text("cell_id\n")
    with pytest.raises(InputError, match=r"bad\.csv"):
        tracked_screen(Campaign(folder=tmp_path), cells=[tmp_path / "bad.csv"], home=tmp_path / "home")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.docx").write_text("years of work")
    with pytest.raises(InputError, match=r"thesis\.docx"):
        tracked_screen(Campaign(folder=tmp_path), home=tmp_path / "home", out=tmp_path / "mine")
    assert not (tmp_path / "home").exists()


def test_everything_wrong_with_several_tables_is_told_at_once(tmp_path):
    for name, oxide in (("one.csv", "LiNbO2"), ("two.csv", "ZrO3")):
        table = henkel2025().assign(oxide=oxide, oxide_wt_pct=1.0)
        table.to_csv(tmp_path / name, index=False)
    with pytest.raises(InputError) as caught:
        campaign_cells(Campaign(folder=tmp_path), [tmp_path / "one.csv", tmp_path / "two.csv"])
    assert "one.csv, row 2, column oxide: got 'LiNbO2'" in str(caught.value)
    assert "two.csv, row 2, column oxide: got 'ZrO3'" in str(caught.value)


def test_a_target_without_a_value_is_told_before_any_work(tmp_path):
    henkel2025().assign(retention_pct=np.nan).to_csv(tmp_path / "cells.csv", index=False)
    with pytest.raises(InputError, match=r"cells\.csv: 1 problem\n  column retention_pct: got 'no value'"):
        tracked_screen(Campaign(folder=tmp_path), cells=[tmp_path / "cells.csv"])
    assert [path.name for path in tmp_path.iterdir()] == ["cells.csv"]


def test_an_error_on_the_way_is_recorded_as_failed(done, small_space, monkeypatch):
    def broken(*_, **__):
        raise RuntimeError("the roof fell in")

    monkeypatch.setattr("screening.files.write_screen", broken)
    with pytest.raises(RuntimeError, match="the roof"):
        tracked_screen(Campaign(name="tests", space=small_space), home=done.home, n_jobs=1)
    latest = mlflow.MlflowClient(f"sqlite:///{done.home}/mlflow.db").search_runs(["1"])[0]
    assert latest.info.status == "FAILED"
