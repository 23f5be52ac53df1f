"""What was acknowledged against what is there: pure, so that it can be shown to see each fault.

It knows the tables and the storage folder as they are on the disk, not through the code that wrote them.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg

from bench.radiographs import data_set_of

ENDS = frozenset({"done", "failed"})
REOPENS = frozenset({"requeued", "replaced"})
ROWS = "select sop_instance_uid, state, path, sha256 from instance"
EVENTS = (
    "select sop_instance_uid, event from audit join instance on instance.id = instance_id order by audit.id"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An instance's row, as far as the proof goes."""

    sop_instance_uid: str
    state: str
    path: str  # below the objects folder
    sha256: str  # of the data set


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """What senders know: each UID's data set digest, and which UIDs got SUCCESS."""

    sent: Mapping[str, str]
    acknowledged: Collection[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is there afterwards: rows, audit by UID in order, files with their data set's digest, partial
    files.
    """

    rows: Sequence[Row]
    events: Mapping[str, Sequence[str]]
    files: Mapping[str, str]
    partial: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One promise broken. ``kind``: lost, altered, duplicated, open (no end) or litter (nobody's file)."""

    kind: str
    what: str
    reason: str


def faults(ledger: Ledger, evidence: Evidence) -> list[Fault]:
    """Every promise that was broken; empty when all were kept."""
    return [
        *_acknowledged(ledger, evidence),
        *_rows(ledger, evidence),
        *_stories(evidence),
        *_files(ledger, evidence),
        *(Fault(kind="litter", what=part, reason="a partial file is left") for part in evidence.partial),
    ]


def orphans(evidence: Evidence) -> set[str]:
    """Files without a row: their senders got no SUCCESS."""
    return set(evidence.files) - {row.path for row in evidence.rows}


def _acknowledged(ledger: Ledger, evidence: Evidence) -> Iterator[Fault]:
    counts: dict[str, int] = {}
    for row in evidence.rows:
        counts[row.sop_instance_uid] = counts.get(row.sop_instance_uid, 0) + 1
    for uid in ledger.acknowledged:
        if uid not in counts:
            yield Fault(kind="lost", what=uid, reason="SUCCESS, but no row")
    for uid, count in counts.items():
        if count > 1:
            yield Fault(kind="duplicated", what=uid, reason=f"{count} rows")


def _rows(ledger: Ledger, evidence: Evidence) -> Iterator[Fault]:
    """Also a row whose sender heard nothing must be true to its file: its answer will be read."""
    for row in evidence.rows:
        uid = row.sop_instance_uid
        digest = evidence.files.get(row.path)
        if digest is None:
            yield Fault(kind="lost", what=uid, reason=f"its file {row.path} is not there")
        elif digest != ledger.sent.get(uid) or digest != row.sha256:
            yield Fault(kind="altered", what=uid, reason=f"the bytes of {row.path} are not those sent")
        if row.state not in ENDS:
            yield Fault(kind="open", what=uid, reason=f"it ends as {row.state}")


def _stories(evidence: Evidence) -> Iterator[Fault]:
    for row in evidence.rows:
        ended = False
        for event in evidence.events.get(row.sop_instance_uid, ()):
            if event in ENDS and ended:
                yield Fault(kind="duplicated", what=row.sop_instance_uid, reason="it ended twice")
            ended = (ended or event in ENDS) and event not in REOPENS
        if row.state in ENDS and not ended:
            yield Fault(kind="open", what=row.sop_instance_uid, reason="no end in its audit")


def _files(ledger: Ledger, evidence: Evidence) -> Iterator[Fault]:
    """A file without a row is explained only by a sender that got no SUCCESS for exactly these bytes."""
    owners = {digest: uid for uid, digest in ledger.sent.items()}
    for path in sorted(orphans(evidence)):
        uid = owners.get(evidence.files[path])
        if uid is None:
            yield Fault(kind="litter", what=path, reason="nobody sent these bytes")
        elif uid in ledger.acknowledged:
            yield Fault(kind="litter", what=path, reason="its sender got SUCCESS, it has no row")


def look(objects: Path, database: str) -> Evidence:
    """Read all of it: ``database`` is a SQLite file's path or a postgresql URL."""
    rows, events = _from_postgresql(database) if "://" in database else _from_sqlite(database)
    stories: dict[str, list[str]] = {}
    for uid, event in events:
        stories.setdefault(uid, []).append(event)
    files = {
        path.relative_to(objects).as_posix(): digest(data_set_of(path.read_bytes()))
        for path in objects.glob("*/*/*.dcm")
    }
    partial = [path.relative_to(objects).as_posix() for path in objects.glob("incoming/*/*.part")]
    return Evidence(
        rows=[Row(sop_instance_uid=u, state=s, path=p, sha256=d) for u, s, p, d in rows],
        events=stories,
        files=files,
        partial=partial,
    )


def waiting(database: str) -> int:
    """How many instances are not done or failed yet."""
    rows, _ = _from_postgresql(database) if "://" in database else _from_sqlite(database)
    return sum(1 for _, state, _, _ in rows if state not in ENDS)


def digest(data_set: bytes) -> str:
    """Hex SHA-256."""
    return hashlib.sha256(data_set).hexdigest()


Tables = tuple[list[tuple[str, str, str, str]], list[tuple[str, str]]]


def _from_sqlite(file: str) -> Tables:
    connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=20)
    try:
        connection.execute("begin")
        return connection.execute(ROWS).fetchall(), connection.execute(EVENTS).fetchall()
    finally:
        connection.close()


def _from_postgresql(url: str) -> Tables:
    with psycopg.connect(url) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        rows = connection.execute(ROWS).fetchall()
        events = connection.execute(EVENTS).fetchall()
    return [(r[0], r[1], r[2], r[3]) for r in rows], [(e[0], e[1]) for e in events]
