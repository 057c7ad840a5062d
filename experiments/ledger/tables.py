"""What is kept of a campaign, and what makes it impossible to keep a thing twice?"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
)

SCHEMA_VERSION = 1
"""Version of the tables below."""


class UtcTime(TypeDecorator[datetime]):
    """A moment, kept in UTC without zone, since SQLite keeps none, and given back with it."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:  # noqa: ARG002
        """Write a moment of any zone."""
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:  # noqa: ARG002
        """Read it in UTC."""
        return None if value is None else value.replace(tzinfo=UTC)


METADATA = MetaData()

CAMPAIGN = Table(
    "lirap_campaign",
    METADATA,
    Column("id", Integer, CheckConstraint("id = 1"), primary_key=True, autoincrement=False),
    Column("name", String(100), nullable=False),
    Column("schema_version", Integer, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("lirap_version", String(100), nullable=False),
)
"""One row: the campaign that the database belongs to."""

ROUNDS = Table(
    "lirap_rounds",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", UtcTime, nullable=False),
    Column("options", JSON, nullable=False),
    Column("summary", JSON, nullable=False),
    Column("cells_digest", String(64), nullable=False),
    Column("space", JSON, nullable=False),
)
"""A row for each time that recipes were proposed."""

RUNS = Table(
    "lirap_runs",
    METADATA,
    Column("round", ForeignKey("lirap_rounds.number"), primary_key=True),
    Column("run_id", String(64), primary_key=True),
    Column("at", UtcTime, nullable=False),
)
"""The MLflow runs of a round; the last one counts."""

RECIPES = Table(
    "lirap_recipes",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("halide_cl", Double),
    Column("antiperovskite_wt_pct", Double, nullable=False),
    Column("oxide", String(100), nullable=False),
    Column("oxide_wt_pct", Double, nullable=False),
    Column("melt_temperature_C", Double),
    Column("cooling", String(20)),
    Column("key", String(400), nullable=False, unique=True),
)
"""R1, R2, ...: each recipe once, which its key sees to."""

PROPOSALS = Table(
    "lirap_proposals",
    METADATA,
    Column("round", ForeignKey("lirap_rounds.number"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("recipe", ForeignKey("lirap_recipes.number"), nullable=False, index=True),
    Column("is_replicate", Boolean, nullable=False),
    Column("prediction", JSON, nullable=False),
    Column("reason", Text, nullable=False),
    Column("nearest", JSON, nullable=False),
)
"""What each round proposed, in order; a recipe that was made before only as a replicate."""

CELLS = Table(
    "lirap_cells",
    METADATA,
    Column("recipe", ForeignKey("lirap_recipes.number"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", UtcTime, nullable=False),
)
"""R7-1, R7-2, ...: the cells that were built of a recipe."""


def _of_a_cell() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["recipe", "cell"], ["lirap_cells.recipe", "lirap_cells.number"])


MEASUREMENTS = Table(
    "lirap_measurements",
    METADATA,
    Column("recipe", Integer, primary_key=True, autoincrement=False),
    Column("cell", Integer, primary_key=True, autoincrement=False),
    Column("column", String(60), primary_key=True),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("number", Double),
    Column("text", Text),
    Column("at", UtcTime, nullable=False),
    Column("because", Text, nullable=False),
    _of_a_cell(),
    CheckConstraint("(number IS NULL) <> (text IS NULL)", name="lirap_one_value"),
)
"""A value for each column of a cell; a correction is a row of the next revision, and the last revision counts."""

RETRACTIONS = Table(
    "lirap_retractions",
    METADATA,
    Column("recipe", Integer, primary_key=True, autoincrement=False),
    Column("cell", Integer, primary_key=True, autoincrement=False),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("holds", Boolean, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("because", Text, nullable=False),
    _of_a_cell(),
)
"""Cells taken back, and taken back no more; the last revision counts."""

REJECTIONS = Table(
    "lirap_rejections",
    METADATA,
    Column("recipe", ForeignKey("lirap_recipes.number"), primary_key=True),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("holds", Boolean, nullable=False),
    Column("only_replicate", Boolean, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("because", Text, nullable=False),
)
"""Proposals declined, and declined no more; the last revision counts. A recipe that was made is only not made again."""

PASSED_ON = Table(
    "lirap_passed_on",
    METADATA,
    Column("what", String(100), primary_key=True),
    Column("digest", String(64), nullable=False),
)
"""What the Optuna study and the MLflow runs were last told. No record: it is replaced, and may be lost without harm."""
