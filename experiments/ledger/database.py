"""Which database holds a campaign, who may write to it now, and what is said when it cannot be written?"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock
from sqlalchemy import URL, Connection, Engine, create_engine, event, func, insert, inspect, make_url, select, update
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError
from sqlalchemy.pool import NullPool

from datasets.errors import InputError, Problem
from experiments.ledger import tables
from experiments.ledger.tables import CAMPAIGN, METADATA

FILE_NAME = "campaign.db"
BUSY_SECONDS = 60
"""How long a writer waits for the others; each of them writes for some milliseconds."""

MIGRATIONS: dict[int, Callable[[Connection], None]] = {}
"""What turns the tables of a version into those of the next; none is needed yet."""

_POSTGRESQL = ("postgresql", "postgres", "postgresql+psycopg")
_EXPECTED = "a PostgreSQL address such as postgresql://user@host/database"
_WRITES = "lirap_writes"


class Database:
    """The database of one campaign: a SQLite file, or a PostgreSQL database.

    The SQLite file keeps its rollback journal and takes no write-ahead log: a home may lie on a network drive, where
    that log does not work, and a copy of the folder must be whole. The price, one writer at a time, is none here.

    Parameters
    ----------
    home : pathlib.Path
        Folder of the SQLite file.
    name : str
        Of the campaign. A database holds one campaign, so that there is one R7.
    address : str, optional
        Of a PostgreSQL database.

    Raises
    ------
    datasets.errors.InputError
        When the address is none, or PostgreSQL's driver is missing.
    """

    def __init__(self, home: Path, name: str, address: str | None = None) -> None:
        self.home = Path(home)
        self.name = name
        self.path = None if address else self.home / FILE_NAME
        self.url = _postgresql_url(address) if address else URL.create("sqlite", database=str(self.path))
        self.engine = _engine(self.url)

    def __str__(self) -> str:
        shown = self.url.difference_update_query(["password", "sslpassword"])
        return str(self.path or shown.render_as_string(hide_password=True))

    @contextmanager
    def reading(self) -> Iterator[Connection | None]:
        """See one state of the ledger, or None where there is none yet; nothing is created."""
        if self._is_missing:
            yield None
            return
        if self._is_older():
            with self.writing():
                pass  # which migrates it
        with self.plain_errors(), self.engine.connect() as opened:
            # All reads of one block see the same moment; SQLite sees to that by itself.
            connection = opened if self.path else opened.execution_options(isolation_level="REPEATABLE READ")
            with connection.begin():
                yield connection if self._is_ours(connection) else None

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Write all of what is done inside or nothing, one process at a time; creates what is missing."""
        self.home.mkdir(parents=True, exist_ok=True)
        with self.plain_errors(), self.engine.connect() as opened:
            connection = opened.execution_options(**{_WRITES: True})
            with connection.begin():
                if self.path is None:
                    connection.execute(select(func.pg_advisory_xact_lock(_lock_number("write"))))
                if not self._is_ours(connection):
                    self._create(connection)
                elif (version := _version(connection)) < tables.SCHEMA_VERSION:
                    _migrate(connection, version)
                yield connection

    @contextmanager
    def turn(self, what: str) -> Iterator[None]:
        """Wait for one's turn at something that one process may do at a time; a process that ends frees it."""
        if self.path is not None:
            self.home.mkdir(parents=True, exist_ok=True)
            with FileLock(self.path.with_name(f"{self.path.stem}-{what}.lock")):
                yield
            return
        with self.plain_errors():
            connection = self.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            connection.execute(select(func.pg_advisory_lock(_lock_number(what))))
        try:
            yield
        finally:
            connection.close()  # no pool keeps the session, and with it the lock ends

    @property
    def connect_options(self) -> dict[str, Any]:
        """What another library's engine needs so that it waits for its turn at the same database as all others do."""
        if self.path is None:
            return {}
        return {"connect_args": {"timeout": BUSY_SECONDS, "isolation_level": "IMMEDIATE"}}

    @property
    def _is_missing(self) -> bool:
        return self.path is not None and not self.path.exists()

    def _is_older(self) -> bool:
        if not MIGRATIONS:
            return False
        with self.plain_errors(), self.engine.connect() as connection, connection.begin():
            return self._is_ours(connection) and _version(connection) < tables.SCHEMA_VERSION

    def _is_ours(self, connection: Connection) -> bool:
        """Tell a ledger from an empty database, and refuse every other."""
        names = set(inspect(connection).get_table_names())
        if not names:
            return False
        if CAMPAIGN.name not in names:
            found = f"a database with the tables {', '.join(sorted(names)[:3])}"
            raise InputError(self, [Problem("", found, "an empty one, or one that `lirap propose` made")])
        name, version = connection.execute(select(CAMPAIGN.c.name, CAMPAIGN.c.schema_version)).one()
        if version > tables.SCHEMA_VERSION:
            expected = f"version {tables.SCHEMA_VERSION} at most: update with `pip install --upgrade lirap`"
            raise InputError(self, [Problem("", f"a ledger of version {version}", expected)])
        if name != self.name:
            expected = f"name = {name!r} in the campaign file, or another home or database for a campaign of its own"
            raise InputError(self, [Problem("", f"the ledger of the campaign {name!r}", expected)])
        return True

    def _create(self, connection: Connection) -> None:
        from importlib.metadata import version

        METADATA.create_all(connection)
        row = {
            "id": 1,
            "name": self.name,
            "schema_version": tables.SCHEMA_VERSION,
            "created_at": datetime.now(UTC),
            "lirap_version": version("lirap"),
        }
        connection.execute(insert(CAMPAIGN).values(row))

    @contextmanager
    def plain_errors(self) -> Iterator[None]:
        """Say what the disk or the server refuses in plain words, without a password."""
        try:
            yield
        except IntegrityError:
            raise  # a fault of ours, and none of the disk or the server
        except DBAPIError as error:
            raise self._plain_error(error) from error

    def _plain_error(self, error: DBAPIError) -> Exception:
        code = getattr(error.orig, "sqlite_errorname", "")
        if code == "SQLITE_NOTADB":
            expected = "a ledger that `lirap propose` made"
            return InputError(self, [Problem("", "a file that is no SQLite database", expected)])
        busy = f"another program kept it busy for {BUSY_SECONDS} s: end it, or try again"
        said = str(error.orig).strip().partition("\n")[0].rstrip(".")
        return OSError(f"{self}: {busy if code.startswith('SQLITE_BUSY') else said}. Nothing was changed.")


def _postgresql_url(address: str) -> URL:
    try:
        url = make_url(address)
    except (ArgumentError, ValueError):
        # The text is not shown: it may hold a password.
        raise InputError("database", [Problem("", "a text that is no address", _EXPECTED)]) from None
    if url.drivername not in _POSTGRESQL:
        raise InputError("database", [Problem("", f"an address of {url.drivername}", _EXPECTED)])
    return url.set(drivername="postgresql+psycopg")


def _engine(url: URL) -> Engine:
    """Open no connection that outlives its use: a campaign rests for weeks, and a fork must not share one."""
    if url.get_backend_name() == "sqlite":
        # The driver would begin its transactions late and upgrade their locks; `_begin` takes the right lock at once.
        options = {"timeout": BUSY_SECONDS, "isolation_level": None}
        engine = create_engine(url, poolclass=NullPool, connect_args=options)
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin)
        return engine
    try:
        return create_engine(url, poolclass=NullPool)
    except ImportError as error:
        expected = 'PostgreSQL\'s driver: pip install "lirap[postgres]"'
        raise InputError("database", [Problem("", "an address of PostgreSQL", expected)]) from error


def _set_up_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("PRAGMA foreign_keys = ON")
    # A record that was acknowledged outlives a power cut.
    connection.execute("PRAGMA synchronous = EXTRA")


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _version(connection: Connection) -> int:
    return connection.execute(select(CAMPAIGN.c.schema_version)).scalar_one()


def _migrate(connection: Connection, version: int) -> None:
    for step in range(version, tables.SCHEMA_VERSION):
        MIGRATIONS[step](connection)
    connection.execute(update(CAMPAIGN).values(schema_version=tables.SCHEMA_VERSION))


def _lock_number(what: str) -> int:
    return zlib.crc32(f"lirap {what}".encode())
