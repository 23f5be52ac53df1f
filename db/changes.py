"""Reading the audit, by instance and as it grows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select, text
from sqlalchemy.orm import Session

from db.read import AuditEntry
from db.schema import AuditRow, InstanceRow

PATIENCE = timedelta(seconds=60)  # PostgreSQL ends a transaction of ours that idles for so long: db/engine.py


def entries(session: Session, limit: int | None, *wanted: ColumnElement[bool]) -> list[AuditEntry]:
    """The audit entries for which all of ``wanted`` holds, in order."""
    found = session.execute(
        select(AuditRow, InstanceRow.sop_instance_uid)
        .join(InstanceRow, InstanceRow.id == AuditRow.instance_id)
        .where(*wanted)
        .order_by(AuditRow.id)
        .limit(limit)
    )
    return [
        AuditEntry(id=row.id, sop_instance_uid=uid, event=row.event, at=row.at, detail=row.detail)
        for row, uid in found
    ]


def entries_after(session: Session, after_id: int, limit: int, now: datetime) -> list[AuditEntry]:
    """The next entries, up to the first number that an open transaction may still fill."""
    found = entries(session, limit, AuditRow.id > after_id)
    if session.get_bind().dialect.name != "postgresql":
        return found  # one writer at a time: numbers and commits come in the same order
    open_ones = session.scalar(text("SELECT count(*) FROM pg_snapshot_xip(pg_current_snapshot())"))
    return unbroken(found, after_id, now) if open_ones else found


def unbroken(found: Sequence[AuditEntry], after_id: int, now: datetime) -> list[AuditEntry]:
    """The entries before the first gap in their numbers that may still be filled.

    A gap behind which an entry has waited for longer than ``PATIENCE`` was left by a transaction rolled back.
    """
    known: list[AuditEntry] = []
    for entry in found:
        if entry.id != after_id + 1 and now - entry.at < PATIENCE:
            break
        known.append(entry)
        after_id = entry.id
    return known
