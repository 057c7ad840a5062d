"""A store whose folder was moved, read back by MLflow itself."""

import shutil
from pathlib import Path

import mlflow
import numpy as np
import pytest
from sqlalchemy import URL, MetaData, create_engine, select

from datasets.cells import henkel2025
from experiments.tracking.models import load_champion, log_models
from experiments.tracking.moved import find_moved_files
from experiments.tracking.store import log_cells, log_note, open_store, tracked_run

TARGET = "retention_pct"


@pytest.fixture(scope="module")
def moved(tmp_path_factory, fitted):
    """A home with a run and a champion, moved to a folder with a name that URLs must quote, and opened there."""
    old = tmp_path_factory.mktemp("old") / "runs"
    with tracked_run(open_store(old, "tests"), "a screen", "screen"):
        mlflow.log_text("words", "words.txt")
        log_cells(henkel2025(), "cells")
        log_note("note")
        log_models(fitted, "tests", {TARGET: 0.1})
    new = tmp_path_factory.mktemp("new") / "lab #1, 50%20 ü" / "runs"
    new.parent.mkdir()
    shutil.move(old, new)
    return open_store(new, "tests"), fitted, old


def test_artifacts_are_found(moved, tmp_path):
    store, *_ = moved
    client = mlflow.MlflowClient(store.uri)
    (run,) = client.search_runs([store.experiment_id])
    assert Path(client.download_artifacts(run.info.run_id, "words.txt", str(tmp_path))).read_text() == "words"
    assert {each.path for each in client.list_artifacts(run.info.run_id)} == {"words.txt", "cells.csv"}


def test_the_champion_is_found(moved):
    store, model, _ = moved
    features = model.featurizer_.transform(henkel2025())
    loaded = load_champion(store, "tests", TARGET)
    assert np.array_equal(loaded.predict(features), model.surrogates_[TARGET].predict(features))


def test_a_new_run_goes_where_the_home_is_now(moved):
    store, _, old = moved
    with tracked_run(store, "another", "screen") as run:
        mlflow.log_text("more", "more.txt")
    assert (store.home / "artifacts" / run.info.run_id / "artifacts" / "more.txt").is_file()
    assert not old.exists()


def test_nothing_in_the_store_holds_a_path_outside_of_it(moved):
    store, _, old = moved
    here, checkout = store.home.as_uri().removeprefix("file:"), str(Path(__file__).parents[3])
    for table, column, value in values(store):
        assert str(old.parent) not in value, (table, column)
        assert checkout not in value, (table, column)
        if column in ("artifact_location", "artifact_uri", "storage_location"):
            assert value.startswith((f"file:{here}", f"file://{here}")), (table, value)
    for path in (store.home / "artifacts").rglob("*"):
        assert not path.is_file() or str(old.parent).encode() not in path.read_bytes(), path


def values(store):
    """Every text in the database, with the table and the column that hold it."""
    engine = create_engine(URL.create("sqlite", database=str(store.home / "mlflow.db")))
    schema = MetaData()
    schema.reflect(engine)
    with engine.connect() as connection:
        for table in schema.sorted_tables:
            for row in connection.execute(select(table)).mappings():
                yield from ((table.name, column, value) for column, value in row.items() if isinstance(value, str))
    engine.dispose()


def test_nothing_is_done_to_a_store_that_stayed_and_to_files_kept_elsewhere(store):
    client = mlflow.MlflowClient(store.uri)
    elsewhere = client.create_experiment("elsewhere", artifact_location="s3://bucket/artifacts")
    assert find_moved_files(store.home) == []
    assert client.get_experiment(elsewhere).artifact_location == "s3://bucket/artifacts"
