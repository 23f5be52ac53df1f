"""What REST, pages and ``radrouter check`` read; each call sees one moment, and none waits for a writer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from db.arrivals import arriving
from db.changes import entries, entries_after
from db.counting import Counting
from db.cursor import check_limit, read_cursor, write_cursor
from db.details import instance_details
from db.history import decided_since, paths
from db.instances import now_utc
from db.read import (
    AuditEntry,
    Counts,
    InstanceDetail,
    InstanceFilter,
    InstanceSummary,
    Page,
    StudyDetail,
    StudyFilter,
    StudySummary,
)
from db.read_arrivals import Arriving
from db.schema import InstanceRow, StudyRow
from db.search import instance_rows
from db.studies import study_keys, summaries
from db.transactions import reading
from router.facts import Facts
from router.types import Decision


class Queries:
    """Reading. Every method raises OutOfResources when the database is away."""

    def __init__(self, sessions: sessionmaker[Session], *, clock: Callable[[], datetime] = now_utc) -> None:
        self._sessions = sessions
        self._clock = clock
        self._counting = Counting()

    def studies(self, wanted: StudyFilter, limit: int, cursor: str | None = None) -> Page[StudySummary]:
        """Studies, newest study date first. Raises ValueError: limit not in 1..1000, or a foreign cursor."""
        check_limit(limit)
        after = None if cursor is None else read_cursor("studies", cursor)
        with reading(self._sessions) as session:
            keys = session.execute(study_keys(wanted, after, limit + 1)).all()
            items = summaries(session, [study_id for _, study_id in keys[:limit]])
        more = write_cursor("studies", *keys[limit - 1]) if len(keys) > limit else None
        return Page(items=tuple(items), next_cursor=more)

    def instances(
        self, wanted: InstanceFilter, limit: int, cursor: str | None = None
    ) -> Page[InstanceSummary]:
        """Instances, newest study date first. Raises ValueError: limit not in 1..1000, foreign cursor."""
        check_limit(limit)
        after = None if cursor is None else read_cursor("instances", cursor)
        with reading(self._sessions) as session:
            found = session.execute(instance_rows(wanted, after, limit + 1)).all()
        items = tuple(_summary(row, study_uid) for row, study_uid in found[:limit])
        if len(found) <= limit:
            return Page(items=items, next_cursor=None)
        last = found[limit - 1][0]
        more = write_cursor("instances", last.listed_date, last.study_id, last.id)
        return Page(items=items, next_cursor=more)

    def study(self, study_instance_uid: str) -> StudyDetail | None:
        """One study with its instances; None if no such study has any."""
        with reading(self._sessions) as session:
            known = select(StudyRow.id).where(StudyRow.study_instance_uid == study_instance_uid)
            study_id = session.scalar(known)
            found = summaries(session, [study_id]) if study_id is not None else []
            if not found:
                return None
            instances = tuple(instance_details(session, InstanceRow.study_id == study_id))
        latest = max(one.audit_id for one in instances)
        return StudyDetail(summary=found[0], instances=instances, audit_id=latest)

    def instance(self, sop_instance_uid: str) -> InstanceDetail | None:
        """One instance; None if it is not known."""
        with reading(self._sessions) as session:
            found = instance_details(session, InstanceRow.sop_instance_uid == sop_instance_uid)
        return found[0] if found else None

    def audit(self, sop_instance_uid: str) -> list[AuditEntry]:
        """All that happened to one instance, in order; empty if it is not known."""
        with reading(self._sessions) as session:
            return entries(session, None, InstanceRow.sop_instance_uid == sop_instance_uid)

    def changes(self, after_id: int, limit: int) -> list[AuditEntry]:
        """What happened after the audit entry ``after_id``, in order, at most ``limit``; nothing is missed.

        PostgreSQL gives numbers out before transactions commit, so an entry behind a gap is held back
        until the gap is filled or cannot be any more, for a minute at most.
        """
        with reading(self._sessions) as session:
            return entries_after(session, after_id, limit, self._clock())

    def counts(self) -> Counts:
        """How the whole stands; cheap enough to be asked every few seconds."""
        with reading(self._sessions) as session:
            return self._counting.count(session, self._clock())

    def arriving(self, *, minutes: int, most: int) -> Arriving:
        """The latest ``most`` films of the last ``minutes``; rate, waits and senders of these minutes."""
        with reading(self._sessions) as session:
            return arriving(session, self._clock(), minutes=minutes, most=most)

    def stored_bytes(self) -> int:
        """The size of all objects that instances point to; looks at every row."""
        with reading(self._sessions) as session:
            return int(session.scalar(select(func.sum(InstanceRow.size))) or 0)

    def history(self, since: datetime) -> Iterator[tuple[Facts, Decision]]:
        """What was decided since then, oldest first, with the facts that decided: for trying out other rules.

        Of an instance that was analysed again there is the latest decision. The facts hold its findings and
        name the specialists that ran.
        """
        return decided_since(self._sessions, since)

    def stored_paths(self) -> Iterator[str]:
        """Every path that something here points to, bytes that were replaced or not taken included.

        List the files first and ask this afterwards: what arrives in between is then no orphan.
        """
        return paths(self._sessions)


def _summary(row: InstanceRow, study_instance_uid: str) -> InstanceSummary:
    return InstanceSummary(
        sop_instance_uid=row.sop_instance_uid,
        study_instance_uid=study_instance_uid,
        series_instance_uid=row.series_instance_uid,
        sop_class_uid=row.sop_class_uid,
        study_date=row.listed_date or None,
        patient_id=row.patient_id,
        accession_number=row.accession_number,
        modality=row.modality,
        body_part_examined=row.body_part_examined,
        view_position=row.view_position,
        image_laterality=row.image_laterality,
        instance_number=row.instance_number,
        calling_ae_title=row.calling_ae_title,
        received_at=row.received_at,
        state=row.state,
        attempt=row.attempt,
        reason=row.reason,
        view=row.view,
        score=row.score,
        margin=row.margin,
        model=row.model,
    )
