"""Writing the audit: one row for each thing that happens, in the transaction in which it happens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import insert
from sqlalchemy.orm import Session

from db.prepared import table
from db.schema import AuditRow
from router.types import Event

# An event with its detail. Never a patient's field: an audit is read by more people than a chart.
Entry = tuple[Event, Mapping[str, Any]]

_NEW_ENTRY: Final = insert(table(AuditRow))


def note(session: Session, instance_id: int, at: datetime, *entries: Entry) -> None:
    """Append ``entries`` for one instance, in order."""
    note_all(session, at, [(instance_id, entry) for entry in entries])


def note_all(session: Session, at: datetime, entries: Sequence[tuple[int, Entry]]) -> None:
    """Append one entry for each (instance_id, entry), in order."""
    rows = [
        {"instance_id": instance_id, "event": event, "at": at, "detail": dict(detail)}
        for instance_id, (event, detail) in entries
    ]
    if rows:
        session.execute(_NEW_ENTRY, rows)
