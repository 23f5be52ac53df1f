from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session, sessionmaker

from db.engine import connect, durability, migrate, parse_url, revision, sessions
from db.instances import Instances
from db.queries import Queries
from db.recording import Sent
from db.tables import METADATA
from db.transactions import database_is_away, writing
from router.errors import OutOfResources, SettingsError
from router.types import Outcome


def test_migrating_an_empty_database_makes_exactly_the_tables_of_the_schema(empty_url: str) -> None:
    migrate(empty_url)
    engine = connect(empty_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []
    engine.dispose()


def test_the_revision_of_an_empty_database_is_none_and_after_migrating_the_head(empty_url: str) -> None:
    engine = connect(empty_url)
    before, head = revision(engine)
    migrate(empty_url)
    assert (before, revision(engine)) == (None, (head, head))
    engine.dispose()


def test_several_processes_may_migrate_at_the_same_moment(empty_url: str) -> None:
    errors: list[BaseException] = []

    def run() -> None:
        try:
            migrate(empty_url)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


def test_migrating_again_changes_nothing(url: str, queries: Queries) -> None:
    migrate(url)
    assert queries.counts().audit_id == 0


def test_a_commit_survives_a_power_cut_here(engine: Engine) -> None:
    assert durability(engine) is None


@pytest.mark.parametrize("kind", ["sqlite"])
def test_sqlite_is_opened_for_several_processes(engine: Engine) -> None:
    with engine.connect() as connection:
        found = {
            name: connection.scalar(text(f"PRAGMA {name}"))
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("nonsense", "cannot be read"),
        ("mysql://host/name", "not mysql"),
        ("sqlite://", "must be a file"),
        ("sqlite:///:memory:", "must be a file"),
        ("sqlite:///file:x?uri=true", "must be a file"),
    ],
)
def test_a_url_that_cannot_work_is_refused_in_one_sentence(url: str, sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence):
        connect(url)


@pytest.mark.parametrize("url", ["postgres://u@h/d", "postgresql://u@h/d", "postgresql+psycopg://u@h/d"])
def test_postgresql_is_spoken_by_psycopg_3(url: str) -> None:
    assert parse_url(url).drivername == "postgresql+psycopg"


def test_an_unreachable_server_is_out_of_resources() -> None:
    with pytest.raises(OutOfResources, match="not to be had"):
        Queries(sessions(connect("postgresql://nobody@127.0.0.1:1/none"))).counts()


def test_a_missing_folder_is_out_of_resources(tmp_path: Path) -> None:
    with pytest.raises(OutOfResources, match="not to be had"):
        Queries(sessions(connect(f"sqlite:///{tmp_path}/absent/radrouter.sqlite"))).counts()


@pytest.mark.parametrize("kind", ["sqlite"])
def test_a_writer_that_waits_too_long_is_out_of_resources_and_nothing_is_written(
    url: str, film: Callable[..., Sent], queries: Queries, receive: Callable[..., Outcome]
) -> None:
    impatient = Instances(sessions(connect(url, busy_seconds=0.05)))
    other = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    sent = film(1)
    with pytest.raises(OutOfResources, match="locked"):
        impatient.record(sent.instance, sent.arrival, sent.stored, on_conflict="replace")
    assert queries.instance("1.2.3.1") is None  # and readers do not wait
    other.execute("ROLLBACK")
    other.close()
    assert receive(1) == "new"


@pytest.mark.parametrize("kind", ["sqlite"])
def test_a_full_disk_is_out_of_resources(engine: Engine, film: Callable[..., Sent]) -> None:
    with engine.connect() as connection:
        pages = connection.scalar(text("PRAGMA page_count"))
    full = connect(str(engine.url))
    instances = Instances(sessions(full))
    with full.connect() as connection:
        connection.execute(text(f"PRAGMA max_page_count={pages}"))  # of this connection, which the pool keeps
    sent = film(1, attributes={"ImageComments": ("x" * 30_000,)})
    with pytest.raises(OutOfResources, match="full"):
        instances.record(sent.instance, sent.arrival, sent.stored, on_conflict="replace")
    full.dispose()


def test_a_database_that_was_never_migrated_is_not_mistaken_for_one_that_is_away(empty_url: str) -> None:
    engine = connect(empty_url)
    with pytest.raises(Exception, match=r"instance") as caught:
        Queries(sessions(engine)).counts()
    assert not isinstance(caught.value, OutOfResources)
    engine.dispose()


def test_an_error_in_the_block_rolls_all_back(maker: sessionmaker[Session], queries: Queries) -> None:
    with pytest.raises(ZeroDivisionError), writing(maker) as session:
        session.execute(text("INSERT INTO study (id, study_instance_uid, listed_date) VALUES (1, '1.2', '')"))
        _ = 1 / 0
    assert queries.counts().studies == 0


def _sqlite(code: int) -> sqlite3.Error:
    error = sqlite3.OperationalError("...")
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    ("error", "away"),
    [
        (_sqlite(sqlite3.SQLITE_BUSY), True),
        (_sqlite(sqlite3.SQLITE_BUSY_SNAPSHOT), True),
        (_sqlite(sqlite3.SQLITE_FULL), True),
        (_sqlite(sqlite3.SQLITE_IOERR_FSYNC), True),
        (_sqlite(sqlite3.SQLITE_CANTOPEN), True),
        (_sqlite(sqlite3.SQLITE_READONLY), True),
        (_sqlite(sqlite3.SQLITE_ERROR), False),
        (_sqlite(sqlite3.SQLITE_CONSTRAINT), False),
        (_sqlite(sqlite3.SQLITE_CORRUPT), False),
        (sqlite3.ProgrammingError("closed"), False),
        (psycopg.OperationalError("connection refused"), True),
        (psycopg.errors.AdminShutdown("..."), True),
        (psycopg.errors.DiskFull("..."), True),
        (psycopg.errors.TooManyConnections("..."), True),
        (psycopg.errors.DeadlockDetected("..."), True),
        (psycopg.errors.LockNotAvailable("..."), True),
        (psycopg.errors.ReadOnlySqlTransaction("..."), True),
        (psycopg.errors.UniqueViolation("..."), False),
        (psycopg.errors.UndefinedTable("..."), False),
        (psycopg.errors.InvalidPassword("..."), False),
        (ValueError("..."), False),
        (None, False),
    ],
)
def test_which_errors_mean_that_the_database_is_away(error: BaseException | None, away: bool) -> None:
    assert database_is_away(error) is away
