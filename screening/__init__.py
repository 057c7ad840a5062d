"""The batch job: recipe space, gates, streamed scoring, ranking and report."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from screening.gates import Gates
    from screening.goals import Goal
    from screening.job import ScreenResult, screen
    from screening.model_options import ModelOptions
    from screening.space import RecipeSpace

__all__ = ["Gates", "Goal", "ModelOptions", "RecipeSpace", "ScreenResult", "screen"]

_HOME = {
    "Gates": "gates",
    "Goal": "goals",
    "ModelOptions": "model_options",
    "RecipeSpace": "space",
    "ScreenResult": "job",
    "screen": "job",
}


def __getattr__(name: str) -> object:
    # Names are looked up when first used, so that importing one part does not import them all.
    if name not in _HOME:
        raise AttributeError(f"module 'screening' has no attribute {name!r}")
    return getattr(import_module(f"screening.{_HOME[name]}"), name)
