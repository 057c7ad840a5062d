"""How do fitted models get into the MLflow registry, and back without trusting the file?"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datasets.errors import InputError, Problem, nearest
from experiments.tracking.labels import MODELS

if TYPE_CHECKING:
    import pandas as pd

    from experiments.tracking.store import Store
    from models.recipe_model import RecipeModel
    from models.surrogate import Surrogate

CHAMPION = "champion"
NOTE, SKILL = "lirap.note", "lirap.skill"
_REQUIREMENTS = ("scikit-learn", "skops", "numpy", "pandas")


def registered_name(campaign: str, target: str) -> str:
    """Name the registered model of one campaign and target; MLflow allows neither slashes nor colons in it."""
    return f"{campaign.replace('/', '-').replace(':', '-')}.{target}"


def log_models(model: RecipeModel, campaign: str, skills: Mapping[str, float]) -> dict[str, str]:
    """Log and register the surrogate of each target from the open run; the champion moves only to more skill.

    Parameters
    ----------
    model : RecipeModel
        Fitted.
    campaign : str
        Name of the campaign.
    skills : mapping of str to float
        Skill of each target over the mean under leave-one-recipe-out; NaN where it could not be tested.

    Returns
    -------
    dict of str to str
        By target: what became of the champion, in a sentence. The run is tagged with the versions it made.
    """
    import mlflow.sklearn
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema

    from experiments.tracking.store import source_tags
    from models.storage import TRUSTED_TYPES

    names = [str(name) for name in model.featurizer_.get_feature_names_out()]
    verdicts, made = {}, []
    for target, surrogate in model.surrogates_.items():
        info = mlflow.sklearn.log_model(
            surrogate,
            name=target,
            serialization_format="skops",
            skops_trusted_types=list(TRUSTED_TYPES),
            signature=ModelSignature(
                inputs=Schema([ColSpec("double", name, required=True) for name in names]),
                outputs=Schema([ColSpec("double", target)]),
            ),
            pip_requirements=requirements(),
            tags=source_tags("lirap"),
        )
        name = registered_name(campaign, target)
        version, verdicts[target] = _register(name, info, skills.get(target, math.nan))
        made.append(f"models:/{name}/{version}")
    mlflow.set_tag(MODELS, " ".join(made))
    return verdicts


def skills(scores: pd.DataFrame) -> dict[str, float]:
    """Collect the skill over the mean of each target, recipes left out; NaN where it could not be tested.

    Parameters
    ----------
    scores : pandas.DataFrame
        From ``RecipeModel.leave_one_out``.
    """
    return {str(target): float(row.get("skill", math.nan)) for target, row in scores.iterrows()}


def requirements() -> list[str]:
    """Pin what a stored model needs: to find out, MLflow would import the model in a new process, for 13 seconds."""
    from importlib.metadata import version

    return [f"{package}=={version(package)}" for package in _REQUIREMENTS]


def _register(name: str, info: Any, skill: float) -> tuple[str, str]:
    """Register a logged model: give its version, and what became of the champion."""
    import mlflow
    from mlflow.exceptions import MlflowException

    from models.storage import model_note

    client = mlflow.MlflowClient()
    try:
        client.create_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    note = model_note(_model_file(info.model_uri).read_bytes())
    champion = _champion(client, name)
    tags = {NOTE: json.dumps(note), SKILL: repr(skill)}
    verdict = _verdict(skill, champion)
    version = client.create_model_version(
        name, info.model_uri, info.run_id, tags=tags, description=verdict, model_id=info.model_id, await_creation_for=0
    )
    if verdict.startswith("Champion"):
        client.set_registered_model_alias(name, CHAMPION, version.version)
    return version.version, verdict


def _verdict(skill: float, champion: Any) -> str:
    reached = "skill not testable" if math.isnan(skill) else f"skill {skill:.1%} over the mean, recipes left out"
    if champion is None:
        return f"Champion, as the first: {reached}."
    held = float(champion.tags[SKILL])
    # A skill that could not be tested neither beats nor holds against one that could.
    if skill > held or (math.isnan(held) and not math.isnan(skill)):
        gained = "" if math.isnan(held) else f", {100 * (skill - held):.1f} points more than version {champion.version}"
        return f"Champion: {reached}{gained}."
    return f"Not the champion: {reached}; version {champion.version} holds with {held:.1%}."


def _champion(client: Any, name: str) -> Any:
    from mlflow.exceptions import MlflowException

    try:
        return client.get_model_version_by_alias(name, CHAMPION)
    except MlflowException:
        return None


def _model_file(uri: str) -> Path:
    import mlflow

    from models.storage import MODEL_FILE

    return Path(mlflow.artifacts.download_artifacts(uri)) / MODEL_FILE


def load_champion(store: Store, campaign: str, target: str) -> Surrogate:
    """Load the champion of one campaign and target, or refuse it.

    Parameters
    ----------
    store : Store
        From `experiments.tracking.store.open_store`.
    campaign : str
    target : str

    Returns
    -------
    Surrogate
        Predicts from the features that `featurizers.featurizer.RecipeFeaturizer` gives.

    Raises
    ------
    datasets.errors.InputError
        When there is none, when its file was changed since it was registered, holds a type that is not allowed, or
        was made with other features.

    Warns
    -----
    UserWarning
        When a library has another version than when it was saved.
    """
    import mlflow

    from models.storage import read_model

    mlflow.set_tracking_uri(store.uri)
    client = mlflow.MlflowClient(store.uri)
    name = registered_name(campaign, target)
    champion = _champion(client, name)
    if champion is None:
        known = [each.name for each in client.search_registered_models()]
        expected = f"one of {', '.join(known) or 'none yet; run lirap screen'}{nearest(name, known)}"
        raise InputError(store.home / "mlflow.db", [Problem("registered model", name, expected)])
    model: Surrogate = read_model(_model_file(champion.source), json.loads(champion.tags[NOTE]))
    return model
