"""How does a validation run as a command: read the cells, score the models, write the files, track it all?"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.campaign_file import Campaign
from experiments.home import Tracked, home_folder, turn_at_files
from experiments.measured_cells import campaign_cells
from experiments.tracking.labels import VALIDATION, validation_name, verdict_tags
from screening.tables import Column, Table

if TYPE_CHECKING:
    import pandas as pd

    from models.recipe_model import RecipeModel
    from models.validation import Validation

SCORES = "scores.csv"
_PICTURES = ("parity", "calibration", "learning")
_NAMES = ("rmse", "mae", "crps", "coverage", "width", "skill", "skill_low", "skill_high")


@dataclass(frozen=True, kw_only=True)
class TrackedValidation(Tracked):
    """The validation of a campaign's models, and where it went.

    Attributes
    ----------
    validations : dict of str to Validation
        By target.
    running : pandas.DataFrame
        What is expected of cells that are still running, as in `screening.running.running_cells`.
    """

    validations: dict[str, Validation]
    running: pd.DataFrame

    @property
    def sentences(self) -> list[str]:
        """What to make of it, target by target, without the first cycle and with it."""
        return [sentence for one in self.validations.values() for sentence in (one.sentence, one.later) if sentence]

    @property
    def scores(self) -> pd.DataFrame:
        """The scores of all targets, one row for each target, split and model."""
        import pandas as pd

        tables = [one.scores.reset_index().assign(target=target) for target, one in self.validations.items()]
        return pd.concat(tables, ignore_index=True).set_index("target").reset_index()


def tracked_validation(
    campaign: Campaign,
    *,
    cells: Sequence[str | Path] = (),
    home: str | Path | None = None,
    out: str | Path | None = None,
) -> TrackedValidation:
    """Score the models of a campaign on cells they have not seen, write scores and pictures, record one MLflow run.

    Parameters
    ----------
    campaign : Campaign
    cells : sequence of path
        Cell tables that stand in for those of the campaign file.
    home : path, optional
        See `home_folder`.
    out : path, optional
        Where the files go; ``validation/`` in the home when left out.

    Returns
    -------
    TrackedValidation

    Raises
    ------
    datasets.errors.InputError
        Before any work is done, when something is wrong with what the user named.
    """
    from screening.files import refuse_foreign

    folder = home_folder(campaign.folder, home)
    table, options, notes = campaign_cells(campaign, cells, folder)
    files = Path(out) if out else folder / "validation"
    refuse_foreign(files, validation_files(campaign))

    from experiments.tracking.store import log_cells, log_note, log_settings, open_store, quiet_mlflow, tracked_run
    from models.later import LATE
    from models.validation import validate
    from screening.job import fitted_model
    from screening.running import running_cells

    mlflow = quiet_mlflow()
    store = open_store(folder, campaign.name)
    with tracked_run(store, validation_name(len(table)), VALIDATION) as run:
        model = fitted_model(table, campaign.targets, options, campaign.random_state, folder / "cache")
        names = [str(name) for name in model.featurizer_.get_feature_names_out()]
        validations = {
            goal.target: validate(
                model.cells_[goal.target],
                model.surrogates_[goal.target],
                label=goal.column.label,
                unit=goal.column.unit,
                feature_names=names,
                early=model.early_[goal.target] if goal.target in LATE else None,
                random_state=campaign.random_state,
            )
            for goal in campaign.targets
        }
        done = TrackedValidation(
            validations=validations,
            running=running_cells(model, table),
            run_id=run.info.run_id,
            folder=files,
            home=folder,
            notes=[*notes, *_selections(model)],
        )
        with turn_at_files(folder):
            _write(done, model, campaign)
            mlflow.log_artifacts(str(files))
        log_settings({"targets": list(validations), "random_state": campaign.random_state, "features": len(names)})
        mlflow.log_metrics(_metrics(done.scores))
        mlflow.set_tags(verdict_tags({target: one.sentence for target, one in validations.items()}))
        log_cells(table, "cells")
        log_note("\n\n".join(done.sentences))
    return done


def validation_files(campaign: Campaign) -> list[str]:
    """Name the files that a validation may leave."""
    return [SCORES, *(f"{kind}-{goal.target}.png" for kind in _PICTURES for goal in campaign.targets)]


def _write(done: TrackedValidation, model: RecipeModel, campaign: Campaign) -> None:
    from datasets.spreadsheets import csv_text
    from experiments.tracking.validation_pictures import calibration_picture, learning_picture, parity_picture
    from models.validation import HEADLINE, calibration_curve, learning_curve
    from screening.files import whole_folder

    with whole_folder(done.folder, validation_files(campaign)) as new:
        (new / SCORES).write_bytes(csv_text(done.scores).encode())
        for goal in campaign.targets:
            label, unit = goal.column.label, goal.column.unit
            held = done.validations[goal.target].held_out.get((HEADLINE, "surrogate"))
            if held is None:
                continue
            parity_picture(held, label, unit).savefig(new / f"parity-{goal.target}.png", dpi=120)
            calibration_picture(calibration_curve(held), label).savefig(new / f"calibration-{goal.target}.png", dpi=120)
            curve = learning_curve(
                model.cells_[goal.target], model.surrogates_[goal.target], random_state=campaign.random_state
            )
            if len(curve):
                learning_picture(curve, label, unit).savefig(new / f"learning-{goal.target}.png", dpi=120)


def _selections(model: RecipeModel) -> list[str]:
    from datasets.columns import TARGETS

    chosen = {target: surrogate.selection_ for target, surrogate in model.surrogates_.items()}
    said = {target: one.sentence for target, one in chosen.items() if one}
    return [f"{TARGETS[target].label}: {one[0].lower()}{one[1:]}" for target, one in said.items()]


def _metrics(scores: pd.DataFrame) -> dict[str, float]:
    from models.validation import HEADLINE

    headline = scores[scores["split"] == HEADLINE] if len(scores) else scores
    metrics: dict[str, float] = {}
    for _, row in headline.iterrows():
        known = {name: float(row[name]) for name in _NAMES if row[name] == row[name]}  # MLflow stores no missing metric
        prefixes = [f"{row['target']}.{re.sub('[^a-z]+', '_', row['model'])}"]
        # The model that is used has the names that it has in screens and rounds, so that runs compare.
        prefixes += [row["target"]] * (row["model"] == "surrogate")
        metrics |= {f"{prefix}.{name}": value for prefix in prefixes for name, value in known.items()}
    return metrics


def _skill(row: pd.Series) -> str:
    """Write a skill with its interval, which one block alone does not have."""
    known = row["skill_low"] == row["skill_low"]
    return f"{row['skill']:.0%}" + (f" ({row['skill_low']:.0%} to {row['skill_high']:.0%})" if known else "")


def validation_table(validation: Validation, title: str, unit: str) -> Table:
    """Write the scores of one target for people, every split and model side by side.

    Parameters
    ----------
    validation : Validation
    title, unit : str

    Returns
    -------
    screening.tables.Table
    """
    numbers = ("RMSE", "MAE", "CRPS", "held by 90 %", f"width ({unit})", "skill over the mean")
    columns = [Column("left out"), Column("model"), *(Column(name, True) for name in numbers)]
    rows = [
        [
            row["split"],
            row["model"],
            *(f"{row[name]:.3g}" for name in ("rmse", "mae", "crps")),
            f"{row['coverage']:.0%}",
            f"{row['width']:.3g}",
            "" if row["model"] == "mean" else _skill(row),
        ]
        for _, row in validation.scores.reset_index().iterrows()
    ]
    caption = (
        "Left out: what no model has seen when it predicts it; the headline is a recipe. CRPS: error of the whole "
        f"predicted distribution; RMSE, MAE and CRPS in {unit}. Skill: share of the mean's CRPS that is saved, with "
        "its 90 % bootstrap interval."
    )
    return Table(title, caption, columns, rows)
