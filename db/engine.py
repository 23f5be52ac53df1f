"""Where the database is and which revision it has: SQLite in a folder, or PostgreSQL by psycopg 3.

SQLite: write-ahead log, so readers never wait for the writer; synchronous=FULL, so a commit is on the disk
before SUCCESS; writers begin IMMEDIATE, so that nobody reads first and then deadlocks on the way to writing.
"""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError
from sqlalchemy.orm import Session, sessionmaker

from db.transactions import READING, naming_lost_database
from router.errors import SettingsError

if TYPE_CHECKING:  # Alembic is for those who migrate or ask for the revision: most processes never do
    from alembic.config import Config

MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_SECONDS = 10.0  # how long a writer waits for its turn in SQLite
MIGRATION_LOCK = 0x5ADB  # any constant, the same in every process
LOGGED_PAGES = 4000  # pages in the write-ahead log before a commit also moves them to the database file

_POSTGRESQL: dict[str, Any] = {
    "connect_timeout": 5,
    # A server that vanished without a word is noticed in seconds: an association waits for this.
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
    "options": "-c lock_timeout=10s -c idle_in_transaction_session_timeout=60s -c timezone=UTC",
}


def connect(url: str, *, busy_seconds: float = BUSY_SECONDS) -> Engine:
    """An engine for ``url`` (``sqlite:///path`` or ``postgresql://...``); nothing is opened yet.

    Make one per process, after forking. Raises SettingsError for a URL that cannot be used.
    """
    parsed = parse_url(url)
    if parsed.get_backend_name() == "postgresql":
        return create_engine(parsed, pool_pre_ping=True, connect_args=_POSTGRESQL | dict(parsed.query))
    engine = create_engine(parsed, connect_args={"timeout": busy_seconds})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", lambda connection: _begin_sqlite(connection, busy_seconds))
    return engine


def parse_url(url: str) -> URL:
    """The URL with its driver named. Raises SettingsError for anything but a SQLite file or PostgreSQL."""
    try:
        parsed = make_url(
            url.replace("postgres://", "postgresql://", 1) if url.startswith("postgres://") else url
        )
    except ArgumentError as error:
        raise SettingsError(f"the database URL cannot be read: {error}") from error
    kind = parsed.get_backend_name()
    if kind == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    if kind != "sqlite":
        raise SettingsError(f"the database is sqlite:///PATH or postgresql://..., not {kind}")
    if parsed.database in (None, "", ":memory:") or (parsed.database or "").startswith("file:"):
        raise SettingsError(
            "the SQLite database must be a file that several processes can open: sqlite:///PATH"
        )
    return parsed


def sessions(engine: Engine) -> sessionmaker[Session]:
    """What ``Instances``, ``Queries`` and ``Callers`` work with."""
    return sessionmaker(engine, expire_on_commit=False)


def migrate(url: str) -> None:
    """Bring the database to this version's schema; safe while others do the same. Raises OutOfResources."""
    from alembic import command

    engine = connect(url)
    try:
        with naming_lost_database(), engine.begin() as connection:
            if engine.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})
            command.upgrade(_alembic(connection), "head")
    finally:
        engine.dispose()


def revision(engine: Engine) -> tuple[str | None, str | None]:
    """The schema's revision in the database (None: empty) and in this version. Raises OutOfResources."""
    with naming_lost_database(), _reading(engine) as connection:
        return revisions(connection)


def revisions(connection: Connection) -> tuple[str | None, str | None]:
    """``revision`` within a transaction of somebody else's."""
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    head = ScriptDirectory.from_config(_alembic(None)).get_current_head()
    return MigrationContext.configure(connection).get_current_revision(), head


def durability(engine: Engine) -> str | None:
    """One sentence on why a commit might not survive a power cut here, or None. Raises OutOfResources."""
    with naming_lost_database(), _reading(engine) as connection:
        if engine.dialect.name == "postgresql":
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                if connection.scalar(text(f"SHOW {setting}")) == "off":
                    return f"PostgreSQL runs with {setting} = off: a commit can be lost in a power cut"
            return None
        mode = connection.scalar(text("PRAGMA journal_mode"))
        return (
            None
            if mode == "wal"
            else f"SQLite keeps its journal as {mode}, not as wal: the disk may not allow it"
        )


@contextmanager
def _reading(engine: Engine) -> Iterator[Connection]:
    with engine.connect() as connection:
        yield connection.execution_options(**{READING: True})


def _alembic(connection: Connection | None) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves, below
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"wal_autocheckpoint={LOGGED_PAGES}",
        "journal_size_limit=67108864",  # bytes
        "cache_size=-65536",  # KiB, so 64 MiB a connection at most
        "temp_store=MEMORY",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection, busy_seconds: float) -> None:
    driver: Any = connection.connection.driver_connection
    if connection.get_execution_options().get(READING, False):
        driver.execute("BEGIN")
        return
    _take_the_turn(driver, busy_seconds)


def _take_the_turn(driver: sqlite3.Connection, busy_seconds: float) -> None:
    """BEGIN IMMEDIATE, asking often: SQLite's own wait grows to 100 ms, and a sender would feel it."""
    deadline = time.monotonic() + busy_seconds
    driver.execute("PRAGMA busy_timeout=0")
    try:
        while True:
            try:
                driver.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                    raise
            time.sleep(random.uniform(0.0005, 0.0015))
    finally:
        driver.execute(f"PRAGMA busy_timeout={int(busy_seconds * 1000)}")
