"""Making a verdict the current one: the history, the worklist and the unmapped procedures with it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, bindparam, delete, insert, select, update
from sqlalchemy.orm import Session

from db.prepared import table
from db.schema import StudyRow
from db.schema_orders import UnmappedRow
from db.schema_verdicts import JudgementRow, VerdictKindRow, VerdictRow
from db.verdict_documents import procedure_document, procedure_key, verdict_document
from db.words_on_films import current_verdict, words_on_study
from router.orders import Unmapped
from router.settling import is_settled, severity
from router.verdicts import Verdict

_STUDY: Final = table(StudyRow)
_VERDICT: Final = table(VerdictRow)
_KIND: Final = table(VerdictKindRow)
_JUDGEMENT: Final = table(JudgementRow)
_LISTED: Final = select(_STUDY.c.id, _STUDY.c.study_instance_uid, _STUDY.c.listed_date).where(
    _STUDY.c.id == bindparam("study_id")
)
_NEW_VERDICT: Final = insert(_VERDICT).returning(_VERDICT.c.id)
_JUDGED: Final = update(_JUDGEMENT).where(_JUDGEMENT.c.study_id == bindparam("study"))  # with what is new
_NO_KIND: Final = delete(_KIND).where(_KIND.c.study_id == bindparam("study"))
_NEW_KIND: Final = insert(_KIND)
_UNMAPPED: Final = select(UnmappedRow).where(UnmappedRow.study_id == bindparam("study_id"))


def keep_verdict(session: Session, study_id: int, verdict: Verdict, now: datetime) -> None:
    """Write what follows from a verdict. The caller holds the study's judgement. Raises ValueError."""
    study = session.execute(_LISTED, {"study_id": study_id}).one()
    if study.study_instance_uid != verdict.study_instance_uid:
        raise ValueError("the verdict is on another study than the one that was taken")
    judged: dict[str, Any] = {"token": None, "due_at": None, "judged_at": now}
    if verdict != current_verdict(session, study_id):
        judged["verdict_id"] = session.scalar(
            _NEW_VERDICT, {"study_id": study_id, "judged_at": now, "document": verdict_document(verdict)}
        )
        _list_kinds(session, study, verdict, now)
        _list_unmapped(session, study_id, verdict.unmapped, now)
    session.execute(_JUDGED, judged | {"study": study_id})


def _list_kinds(session: Session, study: Row[int, str, str], verdict: Verdict, now: datetime) -> None:
    session.execute(_NO_KIND, {"study": study.id})
    words = words_on_study(session, study.id)
    row = {
        "study_id": study.id,
        "listed_date": study.listed_date,
        "severity": severity(verdict.kinds),
        "settled_at": now if is_settled(verdict, words) else None,
    }
    if verdict.kinds:
        session.execute(_NEW_KIND, [row | {"kind": kind} for kind in sorted(verdict.kinds)])


def _list_unmapped(session: Session, study_id: int, unmapped: tuple[Unmapped, ...], now: datetime) -> None:
    """What is still unmapped keeps the time at which it was first met here."""
    found = {
        (procedure_key(one.procedure), one.order_number or ""): procedure_document(one.procedure)
        for one in unmapped
    }
    for row in session.scalars(_UNMAPPED, {"study_id": study_id}).all():
        if found.pop((row.procedure_key, row.order_number), None) is None:
            session.delete(row)
    session.flush()
    rows = [
        {"study_id": study_id, "procedure_key": key, "order_number": number, "procedure": document, "at": now}
        for (key, number), document in found.items()
    ]
    if rows:
        session.execute(insert(UnmappedRow), rows)
