"""What does the user want screened, and where are things kept: the campaign file, read and written."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from datasets.columns import TARGETS
from datasets.errors import InputError, Problem, nearest
from experiments.cards.options import CardOptions
from experiments.proposals.options import ProposalOptions
from screening.gates import Gates
from screening.goals import DEFAULT_GOALS, MOST_GOALS, Goal
from screening.model_options import ModelOptions
from screening.space import RecipeSpace

FILE_NAME = "campaign.toml"
HENKEL, LITERATURE = "henkel2025", "literature"
"""The names by which a campaign file asks for the measured cells that come with LiRAP."""


class Campaign(BaseModel):
    """A campaign file: everything that a screen depends on besides the cells.

    Attributes
    ----------
    name : str
        Names the experiment under which runs are tracked.
    cells : tuple of str
        Cell tables, as paths relative to the campaign file, or ``henkel2025`` or ``literature`` for those bundled.
    targets : tuple of Goal
        One or two targets.
    space : RecipeSpace
        Which recipes may be made.
    gates : Gates
        Which of them are turned away.
    model : ModelOptions
        How recipes are modelled.
    proposals : ProposalOptions
        What the lab says about the recipes proposed next.
    cards : CardOptions
        How much is made at once, for the recipe cards.
    random_state : int
        Seed of everything random.
    database : str or None
        Address of a PostgreSQL database for the ledger. It may hold a password, and is left out wherever a campaign is
        shown or kept.
    folder : pathlib.Path
        Where the file lies: relative paths start here. Not a key of the file.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(default="lirap", min_length=1, max_length=100)
    cells: tuple[str, ...] = Field(default=(HENKEL,), min_length=1)
    targets: tuple[Goal, ...] = Field(default=DEFAULT_GOALS, min_length=1, max_length=MOST_GOALS)
    random_state: int = Field(default=0, ge=0, le=2**32 - 1)
    space: RecipeSpace = RecipeSpace()
    gates: Gates = Gates()
    model: ModelOptions = ModelOptions()
    proposals: ProposalOptions = ProposalOptions()
    cards: CardOptions = CardOptions()
    database: str | None = Field(default=None, min_length=1, exclude=True, repr=False)
    folder: Path = Field(default=Path(), exclude=True)

    @model_validator(mode="after")
    def _distinct_targets(self) -> Self:
        names = [goal.target for goal in self.targets]
        if len(set(names)) < len(names):
            raise ValueError(f"Got {', '.join(names)}, expected each target once")
        return self


def read_campaign(path: str | Path | None = None) -> Campaign:
    """Read a campaign file, or take the packaged default, which makes every command work with no file at all.

    Parameters
    ----------
    path : str or pathlib.Path, optional
        The file; without it, the default.

    Returns
    -------
    Campaign

    Raises
    ------
    datasets.errors.InputError
        With every problem of the file: a key that is not known (and the nearest that is), a value out of range.
    """
    if path is None:
        return Campaign(folder=Path.cwd())
    path = Path(path)
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise InputError(path, [Problem("", "no such file", "a campaign file; `lirap init` writes one")]) from error
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(path, [Problem("", str(error), "a text file in UTF-8")]) from error
    except tomllib.TOMLDecodeError as error:
        raise InputError(path, [Problem("", str(error), "TOML, see https://toml.io")]) from error
    return _checked(path, content)


def _checked(path: Path, content: dict[str, Any]) -> Campaign:
    content = _without_lifted_gates(content)
    try:
        return Campaign.model_validate({**content, "folder": path.resolve().parent})
    except ValidationError as error:
        details = error.errors(include_url=False)
        # A list whose every member is wrong is also said to be too short: what is wrong inside says more.
        wrong_inside = {detail["loc"][:1] for detail in details if len(detail["loc"]) > 1}
        told = [each for each in details if each["type"] != "too_short" or each["loc"] not in wrong_inside]
        raise InputError(path, [_problem(detail) for detail in told]) from error


def overridden(campaign: Campaign, options: Mapping[str, Mapping[str, Any]]) -> Campaign:
    """Put what was said on the command line in place of what a campaign says.

    Parameters
    ----------
    campaign : Campaign
    options : mapping of str to mapping
        By section of the campaign file, the keys to change.

    Returns
    -------
    Campaign

    Raises
    ------
    datasets.errors.InputError
        With every value that is out of range.
    """
    sections: dict[str, BaseModel] = {}
    problems: list[Problem] = []
    for name, given in options.items():
        section: BaseModel = getattr(campaign, name)
        try:
            sections[name] = type(section).model_validate({**section.model_dump(exclude_unset=True), **given})
        except ValidationError as error:
            problems += [_problem(detail) for detail in error.errors(include_url=False)]
    if problems:
        raise InputError("the command line", problems)
    return campaign.model_copy(update=sections)


def _without_lifted_gates(content: dict[str, Any]) -> dict[str, Any]:
    """Read ``false`` as a gate that is lifted, since TOML has no word for nothing."""
    gates = content.get("gates")
    if not isinstance(gates, dict):
        return content
    lifted = {key: None if value is False and key != "coated_only" else value for key, value in gates.items()}
    return {**content, "gates": lifted}


def _problem(detail: Any) -> Problem:
    where = ".".join(str(part) for part in detail["loc"])
    if detail["type"] == "extra_forbidden":
        key = str(detail["loc"][-1])
        known = _keys_beside(detail["loc"][:-1])
        return Problem(where, key, f"one of the keys {', '.join(known)}{nearest(key, known)}")
    message = detail["msg"].removeprefix("Value error, ")
    expected = re.sub(r"^Got .*?[,;] expected ", "", message, flags=re.DOTALL)  # what was got stands in `input`
    return Problem(where, detail["input"], expected[0].lower() + expected[1:])


def _keys_beside(location: tuple[str | int, ...]) -> list[str]:
    model: type[BaseModel] = Campaign
    by_key: dict[str | int, type[BaseModel]] = {
        "space": RecipeSpace,
        "gates": Gates,
        "model": ModelOptions,
        "proposals": ProposalOptions,
        "cards": CardOptions,
        "targets": Goal,
    }
    if location:
        model = by_key.get(location[0], Campaign)
        if location[0] == "space" and len(location) > 1:
            return ["low", "high", "step"]
    return [key for key in model.model_fields if key != "folder"]


def campaign_template() -> str:
    """Give the text of the commented default campaign file."""
    text = files("experiments").joinpath("campaign_template.toml").read_text(encoding="utf-8")
    return text.replace("@TARGETS@", ", ".join(TARGETS))


def init(path: str | Path = FILE_NAME) -> Path:
    """Write the commented default campaign file, and leave a file that is there alone.

    Parameters
    ----------
    path : str or pathlib.Path
        Where to write, a file or an existing folder.

    Returns
    -------
    pathlib.Path
        The file written.

    Raises
    ------
    datasets.errors.InputError
        When there is such a file already, or its folder is missing or cannot be written to.
    """
    path = Path(path)
    path = path / FILE_NAME if path.is_dir() else path
    try:
        with path.open("x", encoding="utf-8") as handle:
            handle.write(campaign_template())
    except FileExistsError as error:
        raise InputError(
            path, [Problem("", "a file that is there already", "a new name, or remove it first")]
        ) from error
    except OSError as error:
        raise InputError(
            path, [Problem("", error.strerror or str(error), "a folder that can be written to")]
        ) from error
    return path
