"""The audit read on for those who wait for answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from db.changes import entries_after
from db.instances import now_utc
from db.read import AuditEntry
from db.schema import InstanceRow, StudyRow
from db.transactions import reading
from router.news import WORD_OF, News
from router.types import State


@dataclass(frozen=True, slots=True, kw_only=True)
class Bulletin:
    """What is new, and up to which audit entry."""

    news: tuple[News, ...]
    upto: int


class Newsroom:
    """Reading. Every method raises OutOfResources when the database is away."""

    def __init__(self, sessions: sessionmaker[Session], *, clock: Callable[[], datetime] = now_utc) -> None:
        self._sessions = sessions
        self._clock = clock

    def after(self, audit_id: int, limit: int) -> Bulletin:
        """What is new after this audit entry, from at most ``limit`` entries; nothing is missed."""
        with reading(self._sessions) as session:
            entries = entries_after(session, audit_id, limit, self._clock())
            told = [entry for entry in entries if entry.event in WORD_OF]
            return Bulletin(news=_news(session, told), upto=entries[-1].id if entries else audit_id)


def _news(session: Session, entries: Sequence[AuditEntry]) -> tuple[News, ...]:
    uids = {entry.sop_instance_uid for entry in entries}
    films = {
        row.sop_instance_uid: (row, study_uid)
        for row, study_uid in session.execute(
            select(InstanceRow, StudyRow.study_instance_uid)
            .join(StudyRow, StudyRow.id == InstanceRow.study_id)
            .where(InstanceRow.sop_instance_uid.in_(uids))
        )
    }
    studies = {row.study_id for row, _ in films.values()}
    is_open = InstanceRow.state.in_((State.RECEIVED, State.PROCESSING))
    counted = select(InstanceRow.study_id, func.count()).where(InstanceRow.study_id.in_(studies), is_open)
    waiting = {row[0]: row[1] for row in session.execute(counted.group_by(InstanceRow.study_id))}
    return tuple(
        News(
            id=entry.id,
            word=WORD_OF[entry.event],
            sop_instance_uid=entry.sop_instance_uid,
            series_instance_uid=row.series_instance_uid,
            study_instance_uid=study_uid,
            modality=row.modality,
            calling_ae_title=row.calling_ae_title,
            at=entry.at,
            study_pending=waiting.get(row.study_id, 0),
        )
        for entry in entries
        for row, study_uid in (films[entry.sop_instance_uid],)
    )
