"""What happens now: the last minutes, read so that a busy hour costs no more than a quiet one."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.read_arrivals import ActiveSender, ArrivedFilm, Arriving
from db.schema import DecisionRow, InstanceRow, StudyRow

MINUTE = timedelta(minutes=1)
MOST_ANSWERS = 500
MOST_ARRIVALS = 2000  # looked through for who sends


def arriving(session: Session, now: datetime, *, minutes: int, most: int) -> Arriving:
    """The latest ``most`` films of the last ``minutes``, with rate, waits and senders of these minutes."""
    since = now.replace(second=0, microsecond=0) - (minutes - 1) * MINUTE
    return Arriving(
        films=_films(session, since, most),
        per_minute=_per_minute(session, since, minutes),
        waits_s=_waits(session, since),
        senders=_senders(session, since),
    )


def _films(session: Session, since: datetime, most: int) -> tuple[ArrivedFilm, ...]:
    wanted = (
        select(InstanceRow, StudyRow.study_instance_uid, DecisionRow.decided_at)
        .join(StudyRow, StudyRow.id == InstanceRow.study_id)
        .outerjoin(DecisionRow, DecisionRow.instance_id == InstanceRow.id)
        .where(InstanceRow.received_at >= since)
        .order_by(InstanceRow.received_at.desc(), InstanceRow.id.desc())
        .limit(most)
    )
    return tuple(_film(row, study, decided) for row, study, decided in session.execute(wanted))


def _film(row: InstanceRow, study_instance_uid: str, decided_at: datetime | None) -> ArrivedFilm:
    # An answer from before the arrival is that of bytes which were replaced.
    answered = decided_at is not None and decided_at >= row.received_at
    return ArrivedFilm(
        sop_instance_uid=row.sop_instance_uid,
        study_instance_uid=study_instance_uid,
        calling_ae_title=row.calling_ae_title,
        modality=row.modality,
        received_at=row.received_at,
        state=row.state,
        reason=row.reason,
        view=row.view,
        score=row.score,
        seconds=(decided_at - row.received_at).total_seconds() if decided_at and answered else None,
    )


def _per_minute(session: Session, since: datetime, minutes: int) -> tuple[int, ...]:
    """One statement of counts over an index, the same for SQLite and PostgreSQL."""
    starts = [since + number * MINUTE for number in range(minutes)]
    counts = [
        select(func.count())
        .where(InstanceRow.received_at >= start, InstanceRow.received_at < start + MINUTE)
        .scalar_subquery()
        for start in starts
    ]
    return tuple(session.execute(select(*counts)).one())


def _waits(session: Session, since: datetime) -> tuple[float, ...]:
    wanted = (
        select(InstanceRow.received_at, DecisionRow.decided_at)
        .join(DecisionRow, DecisionRow.instance_id == InstanceRow.id)
        .where(DecisionRow.decided_at >= since, InstanceRow.received_at <= DecisionRow.decided_at)
        .order_by(DecisionRow.decided_at.desc())
        .limit(MOST_ANSWERS)
    )
    return tuple(
        sorted((decided - received).total_seconds() for received, decided in session.execute(wanted))
    )


def _senders(session: Session, since: datetime) -> tuple[ActiveSender, ...]:
    latest = (
        select(InstanceRow.calling_ae_title, InstanceRow.address, InstanceRow.received_at)
        .where(InstanceRow.received_at >= since)
        .order_by(InstanceRow.received_at.desc())
        .limit(MOST_ARRIVALS)
        .subquery()
    )
    last = func.max(latest.c.received_at)
    wanted = (
        select(latest.c.calling_ae_title, latest.c.address, func.count(), last)
        .group_by(latest.c.calling_ae_title, latest.c.address)
        .order_by(last.desc())
    )
    return tuple(
        ActiveSender(calling_ae_title=title, address=address, films=films, last_at=at)
        for title, address, films, at in session.execute(wanted)
    )
