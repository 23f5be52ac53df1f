"""A copy of the database while everything runs."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from db.engine import parse_url
from db.transactions import naming_lost_database
from router.errors import SettingsError

PAGES_AT_ONCE = 2000


def backup(url: str, target: Path) -> None:
    """Copy a SQLite database to the new file ``target``: one moment of it, whole, checked and on the disk.

    Writers go on meanwhile. Raises SettingsError for PostgreSQL, whose way is ``pg_dump``, and for a source
    that is not there; FileExistsError if ``target`` is; OutOfResources when the disk is full.
    """
    parsed = parse_url(url)
    if parsed.get_backend_name() != "sqlite":
        raise SettingsError(
            "PostgreSQL is backed up by its own tool: pg_dump --format=custom, and pg_restore back"
        )
    source = Path(str(parsed.database))
    if not source.is_file():
        raise SettingsError(f"there is no database to back up at {source}")
    if target.exists():
        raise FileExistsError(f"{target} is there already; a backup never overwrites one")
    aside = target.with_name(target.name + ".part")
    aside.unlink(missing_ok=True)
    try:
        with naming_lost_database():
            _copy(source, aside)
        _make_durable(aside)
        aside.rename(target)
        _make_durable(target.parent)
    finally:
        aside.unlink(missing_ok=True)


def _copy(source: Path, aside: Path) -> None:
    uri = f"{source.resolve().as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True, timeout=10)) as live, closing(sqlite3.connect(aside)) as copy:
        live.execute("BEGIN")  # a writer in between would otherwise start the copy over, again and again
        live.execute("SELECT count(*) FROM sqlite_master").fetchone()
        live.backup(copy, pages=PAGES_AT_ONCE)
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, nothing beside it
        problem = copy.execute("PRAGMA quick_check").fetchone()[0]
    if problem != "ok":
        raise sqlite3.DatabaseError(f"the copy is damaged: {problem}")


def _make_durable(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
