"""Reading the audit."""

from __future__ import annotations

from sqlalchemy import ColumnElement, literal_column, select
from sqlalchemy.orm import Session

from db.read import AuditEntry
from db.schema import AuditRow, InstanceRow

# A row that we see is unsettled while its transaction is not older than every one still open: a smaller id
# may still be committed. A row's transaction id has 32 bits and wraps; the window of open ones is small.
_OLDEST = "pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
_NEXT = "pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
_SETTLED = f"((audit.xmin::text::bigint - {_OLDEST}) & 4294967295) >= ({_NEXT} - {_OLDEST})"


def settled(session: Session) -> list[ColumnElement[bool]]:
    """The condition that holds for audit entries before which none can appear any more."""
    if session.get_bind().dialect.name != "postgresql":
        return []  # one writer at a time: numbers and commits come in the same order
    return [literal_column(_SETTLED)]


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
