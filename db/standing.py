"""Making a verdict the current one: the history, the worklist and the unmapped procedures with it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from db.schema import InstanceRow, StudyRow
from db.schema_orders import UnmappedRow
from db.schema_verdicts import JudgementRow, VerdictKindRow, VerdictRow
from db.verdict_documents import procedure_document, procedure_key, verdict_document
from db.words_on_films import current_verdict, stored_reviews, words_of
from router.orders import Unmapped
from router.settling import is_settled, severity
from router.verdicts import Verdict


def keep_verdict(session: Session, study_id: int, verdict: Verdict, now: datetime) -> None:
    """Write what follows from a verdict. The caller holds the study's judgement. Raises ValueError."""
    study = session.get_one(StudyRow, study_id)
    if study.study_instance_uid != verdict.study_instance_uid:
        raise ValueError("the verdict is on another study than the one that was taken")
    judged: dict[str, Any] = {"token": None, "due_at": None, "judged_at": now}
    if verdict != current_verdict(session, study_id):
        judged["verdict_id"] = session.scalar(
            insert(VerdictRow)
            .values(study_id=study_id, judged_at=now, document=verdict_document(verdict))
            .returning(VerdictRow.id)
        )
        _list_kinds(session, study, verdict, now)
        _list_unmapped(session, study_id, verdict.unmapped, now)
    held = update(JudgementRow).where(JudgementRow.study_id == study_id)
    session.execute(held.values(**judged))


def _list_kinds(session: Session, study: StudyRow, verdict: Verdict, now: datetime) -> None:
    session.execute(delete(VerdictKindRow).where(VerdictKindRow.study_id == study.id))
    words = words_of(stored_reviews(session, InstanceRow.study_id == study.id))
    row = {
        "study_id": study.id,
        "listed_date": study.listed_date,
        "severity": severity(verdict.kinds),
        "settled_at": now if is_settled(verdict, words) else None,
    }
    if verdict.kinds:
        session.execute(insert(VerdictKindRow), [row | {"kind": kind} for kind in sorted(verdict.kinds)])


def _list_unmapped(session: Session, study_id: int, unmapped: tuple[Unmapped, ...], now: datetime) -> None:
    """What is still unmapped keeps the time at which it was first met here."""
    found = {
        (procedure_key(one.procedure), one.order_number or ""): procedure_document(one.procedure)
        for one in unmapped
    }
    known = select(UnmappedRow).where(UnmappedRow.study_id == study_id)
    for row in session.scalars(known).all():
        if found.pop((row.procedure_key, row.order_number), None) is None:
            session.delete(row)
    session.flush()
    rows = [
        {"study_id": study_id, "procedure_key": key, "order_number": number, "procedure": document, "at": now}
        for (key, number), document in found.items()
    ]
    if rows:
        session.execute(insert(UnmappedRow), rows)
