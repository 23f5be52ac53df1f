"""The database as the hub uses it: its rooms bound to one engine, which is closed at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

from db import engine as engines
from db.actions import Actions
from db.callers import Callers
from db.copying import copy_database
from db.deliveries import Deliveries
from db.drift import Drift
from db.hanging import Hanging
from db.instances import Instances
from db.matching import Matching
from db.news import Newsroom
from db.orders import Orders
from db.queries import Queries
from db.reviews import Reviews
from db.rule_versions import RuleVersions
from db.users import Users
from db.verdicts import Verdicts
from router.errors import SettingsError
from service.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """One process' way to the database. Nothing is opened before it is asked."""

    instances: Instances
    queries: Queries
    callers: Callers
    hanging: Hanging
    matching: Matching
    newsroom: Newsroom
    drift: Drift
    orders: Orders
    verdicts: Verdicts
    reviews: Reviews
    users: Users
    actions: Actions
    rule_versions: RuleVersions
    deliveries: Deliveries
    revision: Callable[[], tuple[str | None, str | None]]  # in the database, of this version
    doubt: Callable[[], str | None]  # why a commit might not survive a power cut


@contextmanager
def open_database(settings: Settings) -> Iterator[Database]:
    """Raises SettingsError for a URL that cannot be used."""
    engine = engines.connect(settings.database_url)
    sessions = engines.sessions(engine)
    try:
        yield Database(
            instances=Instances(sessions, quiet=timedelta(seconds=settings.orders.quiet_s)),
            queries=Queries(sessions),
            callers=Callers(sessions),
            hanging=Hanging(sessions),
            matching=Matching(sessions),
            newsroom=Newsroom(sessions),
            drift=Drift(sessions),
            orders=Orders(sessions),
            verdicts=Verdicts(sessions),
            reviews=Reviews(sessions),
            users=Users(sessions),
            actions=Actions(sessions),
            rule_versions=RuleVersions(sessions),
            deliveries=Deliveries(sessions),
            revision=partial(engines.revision, engine),
            doubt=partial(engines.durability, engine),
        )
    finally:
        engine.dispose()


def sqlite_file(settings: Settings) -> Path | None:
    """Where the SQLite database lies; None for PostgreSQL."""
    url = engines.parse_url(settings.database_url)
    return Path(url.database or "") if url.get_backend_name() == "sqlite" else None


def migrate(settings: Settings) -> tuple[str | None, str | None]:
    """Bring the schema up to date; the revisions before and after. Raises OutOfResources."""
    if file := sqlite_file(settings):
        file.parent.mkdir(parents=True, exist_ok=True)
    with open_database(settings) as database:
        before, _ = database.revision()
        engines.migrate(settings.database_url)
        after, _ = database.revision()
    return before, after


def require_schema(settings: Settings) -> None:
    """Raises SettingsError unless the database has this version's schema, OutOfResources when it is away."""
    with open_database(settings) as database:
        current, head = database.revision()
    if current != head:
        raise SettingsError(
            f"the database is at revision {current or 'none'}, this version needs {head}: "
            "run `radrouter migrate`"
        )


def stored_paths(settings: Settings) -> Iterator[str]:
    """The path of every row's file, below the objects folder."""
    with open_database(settings) as database:
        yield from database.queries.stored_paths()


def nobody_yet(settings: Settings) -> bool:
    """Whether nobody has an account for the pages. Raises OutOfResources."""
    with open_database(settings) as database:
        return database.users.count() == 0


def copy_from(
    settings: Settings, source: Path, by: str, progress: Callable[[int], None]
) -> Mapping[str, int]:
    """Copy a SQLite database into the PostgreSQL database of the settings; gives the rows by table.

    Raises as ``db.copying.copy_database`` does.
    """
    rows = copy_database(source, settings.database_url, progress=progress)
    with open_database(settings) as database:
        database.actions.note(by, "database copied", {"from": str(source), "rows": sum(rows.values())})
    return rows
