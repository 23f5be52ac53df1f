"""A SQLite database carried over, whole, into an empty PostgreSQL database.

One transaction writes all rows or none. All tables of the schema are copied; those that stay behind are named
here. Ids stay what they were, and both sides are counted before anything is committed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import (
    Connection,
    Engine,
    RowMapping,
    String,
    Table,
    event,
    func,
    insert,
    inspect,
    select,
    text,
)
from sqlalchemy.exc import DBAPIError

from db.engine import connect, parse_url, revisions
from db.tables import METADATA, TABLES
from db.transactions import database_is_away, first_line, naming_lost_database
from router.errors import NotCopied, OutOfResources, SettingsError

LEFT_BEHIND: Final = MappingProxyType(
    {
        "web_session": "people sign in again",
        "failed_sign_in": "it only slows down who guesses passwords now; the actions name each failure",
    }
)
CARRIED: Final = tuple(table for table in TABLES if table.name not in LEFT_BEHIND)
REVISION_TABLE = "alembic_version"
ROWS_AT_ONCE = 2000
ALONE_SECONDS = 2.0  # how long whoever uses the SQLite database may take to let it go


def copy_database(source: Path, target: str, *, progress: Callable[[int], None]) -> Mapping[str, int]:
    """Copy the SQLite database in the file ``source`` to the PostgreSQL database ``target``; rows by table.

    ``progress`` hears how many rows were written just now. Nobody else may use ``source`` meanwhile. A NUL in
    a text, which PostgreSQL refuses, becomes U+FFFD.

    Raises:
        SettingsError: there is no file ``source``, or ``target`` is not PostgreSQL.
        NotCopied: somebody uses ``source``, ``target`` is not empty, one of them has not this version's
            schema, or a row cannot be written. ``target`` is as it was.
        OutOfResources: ``target`` is away; it is as it was.
    """
    if not source.is_file():
        raise SettingsError(f"there is no database to copy at {source}")
    if parse_url(target).get_backend_name() != "postgresql":
        raise SettingsError("database.url names a SQLite database; name the PostgreSQL database to copy into")
    engine = connect(target)
    try:
        with _alone(source) as old, naming_lost_database(), engine.begin() as new:
            _check_schema(old, str(source))
            _check_schema(new, "the database to copy into")
            _take_empty(new)
            rows = {table.name: _copy(table, old, new, progress) for table in CARRIED}
            for table in CARRIED:
                _check_count(table, old, new)
                _number_on(table, new)
            new.execute(text(f"ANALYZE {_names()}"))  # or the first questions would be planned blindly
        return rows
    finally:
        engine.dispose()


@contextmanager
def _alone(source: Path) -> Iterator[Connection]:
    """The SQLite database, while nobody else can read or write it: what is acknowledged is in the copy."""
    engine = connect(f"sqlite:///{source}", busy_seconds=ALONE_SECONDS)
    event.listen(engine, "connect", lambda driver, _record: driver.execute("PRAGMA locking_mode=EXCLUSIVE"))
    try:
        with _opened(engine, source) as connection:
            yield connection
    finally:
        engine.dispose()


def _opened(engine: Engine, source: Path) -> Connection:
    try:
        with naming_lost_database():
            connection = engine.connect()
            connection.begin()
    except OutOfResources as error:
        raise NotCopied(f"{source} is in use: stop all that runs on it first ({error})") from error
    except DBAPIError as error:
        raise SettingsError(f"{source} cannot be opened: {first_line(error.orig)}") from error
    return connection


def _check_schema(connection: Connection, named: str) -> None:
    """Raises NotCopied unless the database has the tables of this version, and none besides."""
    current, head = revisions(connection)
    if current != head:
        raise NotCopied(
            f"{named} is at revision {current or 'none'}, this version needs {head}: "
            "run `radrouter migrate` with database.url set to it"
        )
    if strange := sorted({*inspect(connection).get_table_names()} - {*METADATA.tables, REVISION_TABLE}):
        raise NotCopied(f"{named} has the table {strange[0]}, which this version does not know")


def _take_empty(connection: Connection) -> None:
    """Keep all other writers away until the end. Raises NotCopied when a table has rows."""
    connection.execute(text(f"LOCK TABLE {_names()} IN EXCLUSIVE MODE"))
    filled = [table.name for table in TABLES if connection.scalar(select(select(table).exists()))]
    if filled:
        raise NotCopied(
            "the database to copy into is not empty: it has rows in "
            f"{', '.join(filled)}; make a new one, and nothing is mixed"
        )


def _copy(table: Table, old: Connection, new: Connection, progress: Callable[[int], None]) -> int:
    """How many rows were written. Raises NotCopied, without a word of the row, when one cannot be."""
    rows = select(table).order_by(*table.primary_key)
    texts = [column.name for column in table.columns if type(column.type) is String]
    copied = 0
    try:
        found = old.execute(rows, execution_options={"yield_per": ROWS_AT_ONCE}).mappings()
        for part in found.partitions():
            new.execute(insert(table), [_writable(row, texts) for row in part])
            copied += len(part)
            progress(len(part))
    except DBAPIError as error:
        if error.connection_invalidated or database_is_away(error.orig):
            raise
        raise NotCopied(f"a row of {table.name} cannot be copied: {first_line(error.orig)}") from None
    return copied


def _writable(row: RowMapping, texts: list[str]) -> dict[str, Any]:
    values = dict(row)
    for name in texts:
        if values[name] is not None:
            values[name] = values[name].replace("\0", "\N{REPLACEMENT CHARACTER}")
    return values


def _check_count(table: Table, old: Connection, new: Connection) -> None:
    counted = select(func.count()).select_from(table)
    before, after = old.scalar(counted), new.scalar(counted)
    if before != after:
        raise NotCopied(f"{table.name} has {before} rows, and {after} in the copy")


def _number_on(table: Table, connection: Connection) -> None:
    """New rows are numbered after the highest copied one."""
    column = table.autoincrement_column
    if column is None:
        return
    highest = connection.scalar(select(func.max(column)))
    if highest is not None:
        sequence = func.pg_get_serial_sequence(table.name, column.name)
        connection.execute(select(func.setval(sequence, highest)))


def _names() -> str:
    return ", ".join(table.name for table in TABLES)
