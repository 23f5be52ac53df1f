"""A SQLite database with rows in every table, carried over into PostgreSQL: all of it or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Double,
    Engine,
    Enum,
    Integer,
    Text,
    cast,
    func,
    insert,
    select,
    text,
)
from sqlalchemy.orm import Session, sessionmaker

from db.columns import UtcDateTime
from db.copying import CARRIED, LEFT_BEHIND, copy_database
from db.engine import connect, sessions
from db.instances import Instances
from db.prepared import table
from db.queries import Queries
from db.schema import AuditRow, FindingRow, InstanceRow
from db.schema_orders import OrderMessageRow
from db.tables import TABLES
from router.errors import NotCopied, OutOfResources, SettingsError
from router.types import Outcome, State

Receive = Callable[..., Outcome]
NOW = datetime(2026, 3, 4, 10, 0, 0, 123456, tzinfo=UTC)
IDS = (3, 4, 907)  # with gaps, and none that counting anew would give
STRANGE = "Müller^Zoë \\ ' \N{GRINNING FACE}"

pytestmark = pytest.mark.parametrize("kind", ["sqlite"])


def value_of(column: Column[Any], number: int) -> Any:
    """Something that the column may hold, other in each row; None in the last one where it may be."""
    if column.name in ("token", "due_at") or (column.nullable and number == IDS[-1]):
        return None
    if isinstance(column.type, Enum):
        words: Any = column.type.enum_class
        return State.DONE if words is State else list(words)[number % len(words)]
    if isinstance(column.type, JSON):
        return {"said": [STRANGE, "\0", "\ud800", 0.1 + number, None, True], "n": number}
    if isinstance(column.type, Boolean):
        return number % 2 == 0
    if isinstance(column.type, UtcDateTime):
        return NOW + timedelta(hours=number)
    if isinstance(column.type, Integer):
        return number
    if isinstance(column.type, Double):
        return number / 7
    return f"{number} {STRANGE}"[: getattr(column.type, "length", None)]


@pytest.fixture
def full(engine: Engine, url: str) -> Path:
    """A SQLite database with three rows in each table, whatever tables there are."""
    with engine.begin() as connection:
        for each in TABLES:
            rows = [{column.name: value_of(column, number) for column in each.c} for number in IDS]
            connection.execute(insert(each), rows)
    engine.dispose()
    return Path(url.removeprefix("sqlite:///"))


@pytest.fixture
def copied(postgresql_url: str) -> Iterator[Engine]:
    engine = connect(postgresql_url)
    yield engine
    engine.dispose()


def contents(engine: Engine) -> dict[str, list[Any]]:
    """All rows of all tables; of a document its very text, so that null and no value differ."""
    with engine.connect() as connection:
        return {
            each.name: connection.execute(
                select(*(cast(c, Text) if isinstance(c.type, JSON) else c for c in each.c)).order_by(
                    *each.primary_key
                )
            ).all()
            for each in TABLES
        }


def quietly(count: int) -> None:
    assert count > 0


def test_every_row_of_every_table_is_in_the_copy(
    full: Path, engine: Engine, postgresql_url: str, copied: Engine
) -> None:
    before = contents(engine)
    engine.dispose()
    assert all(len(rows) == len(IDS) for rows in before.values()) and len(before) == len(TABLES)
    heard: list[int] = []
    rows = copy_database(full, postgresql_url, progress=heard.append)
    after = contents(copied)
    assert {name: after[name] for name in rows} == {name: before[name] for name in rows}
    left = {name for name, found in after.items() if not found}
    assert left == {*before} - {*rows} == {*LEFT_BEHIND} == {"web_session", "failed_sign_in"}
    assert set(rows.values()) == {len(IDS)} and sum(heard) == sum(rows.values())
    assert contents(engine) == before


def test_new_rows_are_numbered_after_the_copied_ones(full: Path, postgresql_url: str, copied: Engine) -> None:
    copy_database(full, postgresql_url, progress=quietly)
    with copied.connect() as connection:
        for each in CARRIED:
            if each.autoincrement_column is not None:
                sequence = func.pg_get_serial_sequence(each.name, each.autoincrement_column.name)
                assert connection.scalar(select(func.nextval(sequence))) == IDS[-1] + 1, each.name


def test_the_service_goes_on_where_it_was(
    url: str,
    engine: Engine,
    receive: Receive,
    instances: Instances,
    analysis: Callable[..., Any],
    film: Callable[..., Any],
    postgresql_url: str,
    copied: Engine,
) -> None:
    for number in range(1, 4):
        receive(number)
    (claim,) = instances.claim(1, lease=timedelta(minutes=1), worker="w")
    instances.finish(claim, analysis())
    uid = claim.instance.sop_instance_uid
    before = Queries(sessions(engine)).instance(uid)
    last = Queries(sessions(engine)).counts().audit_id
    engine.dispose()
    copy_database(Path(url.removeprefix("sqlite:///")), postgresql_url, progress=quietly)
    moved, there = Instances(sessions(copied)), Queries(sessions(copied))
    assert there.instance(uid) == before
    sent = film(4)
    moved.record(sent.instance, sent.arrival, sent.stored, on_conflict="replace")
    assert there.counts().audit_id == last + 1
    assert len(moved.claim(9, lease=timedelta(minutes=1), worker="w")) == 3


def test_what_postgresql_refuses_in_a_text_is_replaced_and_in_a_document_kept(
    full: Path, engine: Engine, postgresql_url: str, copied: Engine
) -> None:
    with engine.begin() as connection:
        connection.execute(table(InstanceRow).update().values(reason="no\0thing"))
    engine.dispose()
    copy_database(full, postgresql_url, progress=quietly)
    with copied.connect() as connection:
        assert {*connection.scalars(select(InstanceRow.reason))} == {"no\N{REPLACEMENT CHARACTER}thing"}
        assert "\0" in connection.scalars(select(OrderMessageRow.document)).all()[0]["said"]


@pytest.mark.parametrize("filled", ["knock", "web_session"])
def test_a_database_that_is_not_empty_is_left_alone(
    full: Path, postgresql_url: str, copied: Engine, filled: str
) -> None:
    with copied.begin() as connection:
        for each in TABLES:
            if each.name in ("app_user", filled):
                connection.execute(insert(each), {column.name: value_of(column, 3) for column in each.c})
    before = contents(copied)
    with pytest.raises(NotCopied, match=f"not empty: it has rows in .*{filled}"):
        copy_database(full, postgresql_url, progress=quietly)
    assert contents(copied) == before


def test_twice_is_refused_and_doubles_nothing(full: Path, postgresql_url: str, copied: Engine) -> None:
    copy_database(full, postgresql_url, progress=quietly)
    before = contents(copied)
    with pytest.raises(NotCopied, match="not empty"):
        copy_database(full, postgresql_url, progress=quietly)
    assert contents(copied) == before


def test_a_row_that_does_not_fit_undoes_all_and_is_not_shown(
    full: Path, engine: Engine, postgresql_url: str, copied: Engine
) -> None:
    with engine.begin() as connection:
        secret = "SENTINEL" * 20  # SQLite holds no text to its length
        connection.execute(table(FindingRow).update().values(label="x"))
        connection.execute(text("UPDATE delivery SET study_instance_uid = :uid"), {"uid": secret})
    engine.dispose()
    with pytest.raises(NotCopied, match="a row of delivery cannot be copied: value too long") as refused:
        copy_database(full, postgresql_url, progress=quietly)
    assert "SENTINEL" not in str(refused.value) and refused.value.__suppress_context__
    assert not any(contents(copied).values())


def test_rows_that_got_lost_on_the_way_are_missed(full: Path, postgresql_url: str, copied: Engine) -> None:
    """A trigger of the site's swallows rows."""
    with copied.begin() as connection:
        connection.execute(
            text(
                "CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;"
                "CREATE TRIGGER swallow BEFORE INSERT ON truth FOR EACH ROW EXECUTE FUNCTION swallow()"
            )
        )
    try:
        with pytest.raises(NotCopied, match="truth has 3 rows, and 0 in the copy"):
            copy_database(full, postgresql_url, progress=quietly)
        assert not any(contents(copied).values())
    finally:
        with copied.begin() as connection:
            connection.execute(text("DROP FUNCTION swallow CASCADE"))


def test_a_database_in_use_is_not_copied(
    full: Path, maker: sessionmaker[Session], postgresql_url: str, copied: Engine
) -> None:
    with maker() as session:
        assert session.scalar(select(func.count()).select_from(AuditRow)) == len(IDS)
        with pytest.raises(NotCopied, match="in use: stop all that runs on it"):
            copy_database(full, postgresql_url, progress=quietly)
    assert not any(contents(copied).values())


def test_nobody_writes_while_it_is_copied(full: Path, postgresql_url: str) -> None:
    refused: list[BaseException] = []

    def write(_count: int) -> None:
        if refused:
            return
        other = connect(f"sqlite:///{full}", busy_seconds=0.1)
        with pytest.raises(OutOfResources) as error:
            Instances(sessions(other)).claim(1, lease=timedelta(minutes=1), worker="w")
        other.dispose()
        refused.append(error.value)
        with (
            psycopg.connect(postgresql_url, options="-c lock_timeout=100ms") as late,
            pytest.raises(psycopg.errors.LockNotAvailable),
        ):
            late.execute("DELETE FROM knock")

    copy_database(full, postgresql_url, progress=write)
    assert len(refused) == 1


def test_a_table_that_no_version_knows_is_not_left_behind_unsaid(
    full: Path, engine: Engine, postgresql_url: str
) -> None:
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE of_the_site (x integer)"))
    engine.dispose()
    with pytest.raises(NotCopied, match="the table of_the_site, which this version does not know"):
        copy_database(full, postgresql_url, progress=quietly)


def test_both_have_the_schema_of_this_version(
    full: Path, engine: Engine, postgresql_url: str, copied: Engine, tmp_path: Path
) -> None:
    bare = tmp_path / "bare.sqlite"
    connect(f"sqlite:///{bare}").connect().close()
    with pytest.raises(NotCopied, match=r"bare\.sqlite is at revision none.*radrouter migrate"):
        copy_database(bare, postgresql_url, progress=quietly)
    with copied.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0006'"))
    with pytest.raises(NotCopied, match="the database to copy into is at revision 0006"):
        copy_database(full, postgresql_url, progress=quietly)
    with copied.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = (:head)"), {"head": head(engine)})


def head(engine: Engine) -> str:
    with engine.connect() as connection:
        return str(connection.scalar(text("SELECT version_num FROM alembic_version")))


def test_what_cannot_be_meant(full: Path, tmp_path: Path, postgresql_url: str) -> None:
    with pytest.raises(SettingsError, match="no database to copy"):
        copy_database(tmp_path / "absent.sqlite", postgresql_url, progress=quietly)
    with pytest.raises(SettingsError, match="name the PostgreSQL database"):
        copy_database(full, f"sqlite:///{tmp_path}/other.sqlite", progress=quietly)
    (tmp_path / "film.dcm").write_bytes(b"DICM" * 200)
    with pytest.raises(SettingsError, match=r"film\.dcm cannot be opened: file is not a database"):
        copy_database(tmp_path / "film.dcm", postgresql_url, progress=quietly)
