"""One function, one transaction: the only place where one begins, and where a lost database gets its name."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoFreeConnection
from sqlalchemy.orm import Session, sessionmaker

from router.errors import OutOfResources

READING = "radrouter_reading"  # execution option: this transaction only reads

_SQLITE_AWAY = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_PERM,
    }
)
# Classes of SQLSTATE: connection, transaction rollback (deadlock), insufficient resources, operator
# intervention, system error; and single ones: lock not available, read-only
# (a standby), idle in transaction for too long.
_POSTGRESQL_AWAY_CLASSES = ("08", "40", "53", "57", "58")
_POSTGRESQL_AWAY = frozenset({"55P03", "25006", "25P03"})


def database_is_away(error: BaseException | None) -> bool:
    """Whether a driver's error says that the database cannot be had now, not that we asked nonsense."""
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", None)  # absent when Python's wrapper itself complains
        return code is not None and code & 0xFF in _SQLITE_AWAY
    if isinstance(error, psycopg.Error):
        if error.sqlstate is None:
            return isinstance(error, psycopg.OperationalError)
        return error.sqlstate[:2] in _POSTGRESQL_AWAY_CLASSES or error.sqlstate in _POSTGRESQL_AWAY
    return False


@contextmanager
def naming_lost_database() -> Iterator[None]:
    """Turn a driver's "not now" into OutOfResources; every other error stays what it is."""
    try:
        yield
    except DBAPIError as error:
        if not (error.connection_invalidated or database_is_away(error.orig)):
            raise
        raise OutOfResources(f"the database is not to be had: {first_line(error.orig)}") from error
    except (sqlite3.Error, psycopg.Error) as error:  # from the driver itself, before SQLAlchemy sees it
        if not database_is_away(error):
            raise
        raise OutOfResources(f"the database is not to be had: {first_line(error)}") from error
    except NoFreeConnection as error:
        raise OutOfResources("every connection to the database is in use") from error


@contextmanager
def writing(sessions: sessionmaker[Session]) -> Iterator[Session]:
    """One transaction that writes; committed at the end of the block. Raises OutOfResources."""
    with naming_lost_database(), sessions.begin() as session:
        yield session


@contextmanager
def reading(sessions: sessionmaker[Session]) -> Iterator[Session]:
    """One transaction that only reads and sees one moment throughout. Raises OutOfResources."""
    with naming_lost_database(), sessions.begin() as session:
        options: dict[str, object] = {READING: True}
        bind = session.get_bind()
        if isinstance(bind, Engine) and bind.dialect.name == "postgresql":
            options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        session.connection(execution_options=options)
        yield session


def first_line(error: BaseException | None) -> str:
    """What a driver says, without the lines that show values of the row."""
    return (str(error).splitlines() or [type(error).__name__])[0]
