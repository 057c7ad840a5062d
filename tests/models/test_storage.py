import io
import json
import zipfile

import numpy as np
import pytest
import skops.io

from datasets.cells import henkel2025
from datasets.errors import InputError
from models import storage
from models.recipe_model import RecipeModel
from models.storage import MODEL_FILE, NOTE_FILE, load_model, save_model
from models.surrogate import Surrogate


class Stranger:
    """A type that is not on the list."""


@pytest.fixture
def folder(tmp_path):
    save_model(Surrogate().fit(np.arange(12.0).reshape(6, 2), np.arange(6.0)), tmp_path)
    return tmp_path


def test_a_loaded_model_predicts_the_same(tmp_path):
    model = RecipeModel().fit(henkel2025())
    save_model(model, tmp_path / "new")
    loaded = load_model(tmp_path / "new")
    assert loaded.predict(henkel2025()).equals(model.predict(henkel2025()))
    assert loaded.verdicts() == model.verdicts()


def test_a_changed_file_is_refused(folder):
    path = folder / MODEL_FILE
    data = bytearray(path.read_bytes())
    data[100] ^= 1
    path.write_bytes(data)
    with pytest.raises(InputError, match="the file was changed"):
        load_model(folder)


def test_a_file_that_fits_its_note_but_not_the_tag_is_refused(folder):
    with pytest.raises(InputError, match="expected 0000, as recorded"):
        load_model(folder, expected_sha256="0000")


def test_a_foreign_type_is_refused_even_with_a_true_note(folder):
    data = skops.io.dumps(Stranger())
    (folder / MODEL_FILE).write_bytes(data)
    (folder / NOTE_FILE).write_text(json.dumps(storage.model_note(data)))
    with pytest.raises(InputError, match="Stranger"):
        load_model(folder)


def test_a_foreign_type_is_not_saved(tmp_path):
    with pytest.raises(ValueError, match=r"Got a model that holds .*Stranger"):
        save_model(Surrogate(own_source=Stranger()), tmp_path)
    assert not list(tmp_path.iterdir())


def test_other_features_are_refused(folder, monkeypatch):
    monkeypatch.setattr(storage, "feature_version", lambda: "other")
    with pytest.raises(InputError, match="the features have changed since"):
        load_model(folder)


def test_another_library_version_is_named(folder):
    note = json.loads((folder / NOTE_FILE).read_text())
    note["libraries"]["skops"] = "0.0"
    (folder / NOTE_FILE).write_text(json.dumps(note))
    with pytest.warns(UserWarning, match=r"skops 0\.0 -> "):
        load_model(folder)


def test_missing_or_broken_files_are_named(folder):
    (folder / NOTE_FILE).write_text("{}")
    with pytest.raises(InputError, match="expected the note"):
        load_model(folder)
    with pytest.raises(InputError, match="No such file"):
        load_model(folder / "nowhere")


def test_the_file_holds_no_pickle(folder):
    with zipfile.ZipFile(io.BytesIO((folder / MODEL_FILE).read_bytes())) as archive:
        assert {name.rsplit(".", 1)[-1] for name in archive.namelist()} <= {"json", "npy"}
