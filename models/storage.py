"""How does a fitted model get into a file and back, without trusting the file?"""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Mapping
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

from datasets.errors import InputError, Problem
from featurizers.registry import FEATURES

TRUSTED_TYPES = (
    "featurizers.featurizer.RecipeFeaturizer",
    "models.crossing.Measured",
    "models.design.Design",
    "models.design.Rows",
    "models.forest.Forest",
    "models.latent.Latent",
    "models.latent.Priors",
    "models.process.CellKernel",
    "models.process.CellProcess",
    "models.recipe_model.RecipeModel",
    "models.selection.Selection",
    "models.surrogate.Surrogate",
    "models.weighing.Mean",
)
"""Every type of this project that a model file may hold; skops knows those of NumPy and scikit-learn."""

LIBRARIES = ("numpy", "scikit-learn", "scipy", "skops")
"""Libraries whose versions are recorded beside a model."""

MODEL_FILE, NOTE_FILE = "model.skops", "model.json"


def feature_version() -> str:
    """Digest what the features mean, so that a model is never fed columns of another meaning.

    Returns
    -------
    str
        Twelve hexadecimal digits.
    """
    return sha256(repr(sorted(FEATURES.items())).encode()).hexdigest()[:12]


def save_model(model: Any, folder: Path | str) -> Path:
    """Write a fitted model and a note about it into a folder.

    Parameters
    ----------
    model : RecipeModel or Surrogate
    folder : path
        Made where it is missing.

    Returns
    -------
    Path
        The model file; the note beside it records its sha256 and the versions of features and libraries.

    Raises
    ------
    ValueError
        When the model holds a type that could not be loaded again.
    """
    from skops.io import dumps, get_untrusted_types

    data = dumps(model)
    unknown = sorted(set(get_untrusted_types(data=data)) - set(TRUSTED_TYPES))
    if unknown:
        raise ValueError(f"Got a model that holds {', '.join(unknown)}, expected only types in TRUSTED_TYPES")
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / MODEL_FILE, data)
    _write(folder / NOTE_FILE, json.dumps(model_note(data), indent=1).encode())
    return folder / MODEL_FILE


def _write(path: Path, data: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_bytes(data)
    temporary.replace(path)


def model_note(data: bytes) -> dict[str, Any]:
    """Describe a model file: what ``load_model`` will compare.

    Parameters
    ----------
    data : bytes
        Content of the model file.

    Returns
    -------
    dict
        ``sha256``, ``features`` and ``libraries``.
    """
    libraries = {name: version(name) for name in LIBRARIES}
    return {"sha256": sha256(data).hexdigest(), "features": feature_version(), "libraries": libraries}


def load_model(folder: Path | str, *, expected_sha256: str | None = None) -> Any:
    """Read a model that ``save_model`` wrote, or refuse it.

    Parameters
    ----------
    folder : path
    expected_sha256 : str, optional
        The digest as recorded somewhere safer than beside the file, such as an MLflow tag.

    Returns
    -------
    RecipeModel or Surrogate

    Raises
    ------
    datasets.errors.InputError
        When a file is missing or was changed, holds a type that is not allowed, or was made with other features.

    Warns
    -----
    UserWarning
        When a library has another version than when the model was saved.
    """
    path = Path(folder) / MODEL_FILE
    note = _note(path.with_name(NOTE_FILE))
    return read_model(path, note if expected_sha256 is None else {**note, "sha256": expected_sha256})


def read_model(path: Path, note: Mapping[str, Any]) -> Any:
    """Read a model file whose note is kept elsewhere, such as in a model registry, or refuse it.

    Parameters
    ----------
    path : pathlib.Path
        The file that skops wrote.
    note : mapping
        What `model_note` said of it.

    Returns
    -------
    RecipeModel or Surrogate

    Raises
    ------
    datasets.errors.InputError
        As `load_model`.

    Warns
    -----
    UserWarning
        As `load_model`.
    """
    from skops.io import get_untrusted_types, loads

    data = _read(path)
    _check(path, data, note)
    unknown = sorted(set(get_untrusted_types(data=data)) - set(TRUSTED_TYPES))
    if unknown:
        raise InputError(path, [Problem("types", ", ".join(unknown), "only those in models.storage.TRUSTED_TYPES")])
    _warn_of_libraries(path, note["libraries"])
    return loads(data, trusted=list(TRUSTED_TYPES))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(path, [Problem("", error.strerror or str(error), "a readable file")]) from error


def _note(path: Path) -> dict[str, Any]:
    data = _read(path)
    try:
        note = json.loads(data)
        return {name: note[name] for name in ("sha256", "features", "libraries")}
    except (ValueError, KeyError, TypeError) as error:
        problem = Problem("", f"{type(error).__name__}: {error}", "the note that was saved with the model")
        raise InputError(path, [problem]) from error


def _check(path: Path, data: bytes, note: Mapping[str, Any]) -> None:
    found = sha256(data).hexdigest()
    problems = []
    if note["sha256"] != found:
        expected = f"{note['sha256']}, as recorded: the file was changed, save the model again"
        problems.append(Problem("sha256", found, expected))
    if note["features"] != feature_version():
        expected = f"{feature_version()}: the features have changed since, fit the model again"
        problems.append(Problem("features", note["features"], expected))
    if problems:
        raise InputError(path, problems)


def _warn_of_libraries(path: Path, saved: dict[str, str]) -> None:
    differ = [f"{name} {saved.get(name)} -> {version(name)}" for name in LIBRARIES if saved.get(name) != version(name)]
    if differ:
        warnings.warn(f"{path}: libraries differ since it was saved: {', '.join(differ)}", UserWarning, stacklevel=3)
