"""The registry of models: who is champion, and what is refused."""

import math
from pathlib import Path

import mlflow
import numpy as np
import pytest

from datasets.cells import henkel2025
from datasets.errors import InputError
from experiments.tracking.models import CHAMPION, load_champion, log_models, registered_name
from experiments.tracking.store import tracked_run

TARGET = "retention_pct"


def logged(store, fitted, campaign, skill):
    with tracked_run(store, "a screen", "screen"):
        return log_models(fitted, campaign, {TARGET: skill})[TARGET]


def test_the_champion_moves_only_to_more_skill_and_the_note_says_by_how_much(store, fitted):
    said = [logged(store, fitted, "climb", skill) for skill in (math.nan, 0.05, 0.02, 0.05, 0.12, math.nan)]
    assert [sentence.startswith("Champion") for sentence in said] == [True, True, False, False, True, False]
    assert "7.0 points more than version 2" in said[4]
    client = mlflow.MlflowClient(store.uri)
    champion = client.get_model_version_by_alias(registered_name("climb", TARGET), CHAMPION)
    assert int(champion.version) == 5
    assert champion.description == said[4]


def test_the_champion_predicts_what_was_fitted(store, fitted):
    logged(store, fitted, "same", 0.1)
    features = fitted.featurizer_.transform(henkel2025())
    loaded = load_champion(store, "same", TARGET)
    assert np.array_equal(loaded.predict(features), fitted.surrogates_[TARGET].predict(features))


def test_a_model_file_that_was_tampered_with_is_refused(store, fitted):
    logged(store, fitted, "tampered", 0.1)
    client = mlflow.MlflowClient(store.uri)
    version = client.get_model_version_by_alias(registered_name("tampered", TARGET), CHAMPION)
    path = Path(mlflow.artifacts.download_artifacts(version.source)) / "model.skops"
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(InputError, match="the file was changed"):
        load_champion(store, "tampered", TARGET)


def test_a_model_that_is_not_registered_is_told(store, fitted):
    logged(store, fitted, "known", 0.1)
    with pytest.raises(InputError, match=rf"did you mean known\.{TARGET}"):
        load_champion(store, "knwon", TARGET)
