"""How do fitted models get into MLflow, so that they can be loaded again without trusting the file?"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from models.recipe_model import RecipeModel

_REQUIREMENTS = ("scikit-learn", "skops", "numpy", "pandas")


def log_models(model: RecipeModel) -> list[str]:
    """Log the surrogate of each target to the open run, in the skops format.

    Parameters
    ----------
    model : RecipeModel
        Fitted.

    Returns
    -------
    list of str
        URIs of the logged models, in the order of the targets.
    """
    import mlflow.sklearn
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema

    names = [str(name) for name in model.featurizer_.get_feature_names_out()]
    uris = []
    for target, surrogate in model.surrogates_.items():
        signature = ModelSignature(
            inputs=Schema([ColSpec("double", name, required=True) for name in names]),
            outputs=Schema([ColSpec("double", target)]),
        )
        info = mlflow.sklearn.log_model(
            surrogate,
            name=target,
            serialization_format="skops",
            skops_trusted_types=list(trusted_types()),
            signature=signature,
            pip_requirements=requirements(),
        )
        uris.append(info.model_uri)
    return uris


def trusted_types() -> tuple[str, ...]:
    """Give the allow-list of types that a stored model may hold."""
    from models.storage import TRUSTED_TYPES

    return TRUSTED_TYPES


def requirements() -> list[str]:
    """Pin what a stored model needs: to find out, MLflow would import the model in a new process, for 13 seconds."""
    from importlib.metadata import version

    return [f"{package}=={version(package)}" for package in _REQUIREMENTS]
