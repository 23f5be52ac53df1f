"""Recording an arrived object: the statements of one short transaction on the C-STORE response's path.

On PostgreSQL locks are taken in one order, study before instance, so that a re-sent study whose date was
corrected does not meet itself. SQLite has one writer at a time and passes over ``FOR UPDATE``.
What runs for every object is built once (``db/prepared.py``); what runs when one is replaced need not be.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final, Literal

from sqlalchemy import Row, Select, bindparam, delete, insert, select, update
from sqlalchemy.orm import Session

from db.documents import instance_attributes, instance_fields
from db.journal import note
from db.judging import judge_later
from db.prepared import insert_unless_known, table
from db.schema import (
    NO_DATE,
    DecisionRow,
    FindingRow,
    HeaderRow,
    InstanceRow,
    Lane,
    PredictionRow,
    StudyRow,
)
from db.schema_verdicts import JudgementRow, TruthRow, VerdictKindRow
from router.types import Arrival, Event, Instance, Outcome, State, StoredObject

OnConflict = Literal["replace", "keep_first"]

NO_ANSWER: dict[str, Any] = {"view": None, "score": None, "margin": None, "model": None}

_STUDY: Final = table(StudyRow)
_INSTANCE: Final = table(InstanceRow)
_STUDY_OF: Final = select(_STUDY.c.id, _STUDY.c.listed_date).where(
    _STUDY.c.study_instance_uid == bindparam("uid")
)
_STUDY_HELD: Final = _STUDY_OF.with_for_update()
_KNOWN: Final = select(_INSTANCE.c.id, _INSTANCE.c.study_id, _INSTANCE.c.sha256, _INSTANCE.c.path).where(
    _INSTANCE.c.sop_instance_uid == bindparam("uid")
)
_KNOWN_SHARED: Final = _KNOWN.with_for_update(read=True, key_share=True)
_KNOWN_HELD: Final = _KNOWN.with_for_update(key_share=True)
_NEW_HEADER: Final = insert(table(HeaderRow))
_NO_ANSWER: Final = tuple(
    delete(table(of)).where(table(of).c.instance_id == bindparam("id"))
    for of in (PredictionRow, FindingRow, DecisionRow)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """An object at the door: what it says, how it came, where its bytes are."""

    instance: Instance
    arrival: Arrival
    stored: StoredObject


def record_object(
    session: Session, sent: Sent, on_conflict: OnConflict, now: datetime, *, judge_at: datetime
) -> Outcome:
    """New, the same again, or other bytes under a known UID; each with its audit row.

    ``judge_at``: when studies are judged whose instance was replaced; that may be two, for other bytes can
    name another study.
    """
    known = session.execute(_KNOWN_SHARED, _uid(sent)).one_or_none()
    if known is None:
        if _insert(session, sent, now):
            return Outcome.NEW
        known = session.execute(_KNOWN, _uid(sent)).one()  # somebody was faster by a moment
    if known.sha256 == sent.stored.sha256:
        note(session, known.id, now, (Event.DUPLICATE, _arrival(sent)))
        return Outcome.DUPLICATE
    if on_conflict == "keep_first":
        note(session, known.id, now, (Event.KEPT_FIRST, _arrival(sent) | {"kept_sha256": known.sha256}))
        return Outcome.KEPT_FIRST
    replaced = _replace(session, sent, now)
    if replaced:
        judge_later(session, replaced, judge_at)
        return Outcome.REPLACED
    return Outcome.DUPLICATE


def drop_answer(session: Session, instance_id: int) -> None:
    """Take away what was found out so far; the audit keeps what was said."""
    for forgetting in _NO_ANSWER:
        session.execute(forgetting, {"id": instance_id})


def _forget_truth(session: Session, instance_id: int) -> None:
    """People spoke about other bytes; their words stay, with the digest of what they saw."""
    session.execute(delete(TruthRow).where(TruthRow.instance_id == instance_id))


def _uid(sent: Sent) -> dict[str, str]:
    return {"uid": sent.instance.sop_instance_uid}


def _insert(session: Session, sent: Sent, now: datetime) -> bool:
    study_id, listed_date = _study(session, sent.instance)
    columns = _columns(sent, study_id, listed_date, now) | {
        "sop_instance_uid": sent.instance.sop_instance_uid
    }
    instance_id = insert_unless_known(session, _INSTANCE, columns)
    if instance_id is None:
        return False
    session.execute(_NEW_HEADER, {"instance_id": instance_id} | _header(sent.instance))
    note(session, instance_id, now, (Event.RECEIVED, _arrival(sent)))
    return True


def _replace(session: Session, sent: Sent, now: datetime) -> set[int]:
    """Take the bytes in place of the known ones; gives the ids of the studies concerned, none: the same."""
    study_id, listed_date = _study(session, sent.instance)
    known = session.execute(_KNOWN_HELD, _uid(sent)).one()
    if known.sha256 == sent.stored.sha256:
        note(session, known.id, now, (Event.DUPLICATE, _arrival(sent)))
        return set()
    values = (
        _columns(sent, study_id, listed_date, now)
        | NO_ANSWER
        | {"token": None, "worker": None, "reason": None}
    )
    session.execute(update(InstanceRow).where(InstanceRow.id == known.id).values(**values))
    session.execute(
        update(HeaderRow).where(HeaderRow.instance_id == known.id).values(**_header(sent.instance))
    )
    drop_answer(session, known.id)
    _forget_truth(session, known.id)
    was = {"was_path": known.path, "was_sha256": known.sha256}
    note(session, known.id, now, (Event.REPLACED, _arrival(sent) | was))
    return {known.study_id, study_id}


def _study(session: Session, instance: Instance) -> tuple[int, str]:
    """The study's row, made if need be, in this object's words; with its listed date."""
    facts = _study_facts(instance)
    wanted = {"uid": instance.study_instance_uid}
    same = {f"said_{name}": value for name, value in facts.items()}
    # The foreign key takes this lock anyway; taken here it also keeps the listed date still until we commit.
    found = session.execute(_study_saying(*facts), wanted | same).one_or_none()
    if found is not None:
        return found.id, found.listed_date
    columns = {"listed_date": NO_DATE} | facts | {"study_instance_uid": instance.study_instance_uid}
    study_id = insert_unless_known(session, _STUDY, columns)
    if study_id is not None:
        return study_id, columns["listed_date"]
    return _reword(session, session.execute(_STUDY_HELD, wanted).one(), facts)


@cache  # a study has five facts, so there are at most 32 of these
def _study_saying(*names: str) -> Select[int, str]:
    """The study of a UID, if its row says ``said_NAME`` of each of ``names``."""
    said = [_STUDY.c[name] == bindparam(f"said_{name}") for name in names]
    return _STUDY_OF.where(*said).with_for_update(read=True, key_share=True)


def _reword(session: Session, study: Row[int, str], facts: dict[str, str]) -> tuple[int, str]:
    listed_date = facts.get("listed_date", study.listed_date)
    if facts:
        session.execute(update(StudyRow).where(StudyRow.id == study.id).values(**facts))
    if listed_date != study.listed_date:
        moved = update(InstanceRow).where(InstanceRow.study_id == study.id)
        session.execute(moved.values(listed_date=listed_date))
        _relist_verdict(session, study.id, listed_date)
    return study.id, listed_date


def _relist_verdict(session: Session, study_id: int, listed_date: str) -> None:
    held = select(JudgementRow.study_id).where(JudgementRow.study_id == study_id)
    session.execute(held.with_for_update())  # first, as everybody does who changes what belongs to it
    listed = update(VerdictKindRow).where(VerdictKindRow.study_id == study_id)
    session.execute(listed.values(listed_date=listed_date))


def _study_facts(instance: Instance) -> dict[str, str]:
    """What this object says about its study; what it is silent about is not taken away."""
    date = instance.study_date or ""
    said = {
        "listed_date": date if len(date) == 8 and date.isascii() and date.isdigit() else None,
        "patient_id": instance.patient_id,
        "patient_name": instance.patient_name,
        "accession_number": instance.accession_number,
        "study_description": instance.study_description,
    }
    return {name: value for name, value in said.items() if value}


def _columns(sent: Sent, study_id: int, listed_date: str, now: datetime) -> dict[str, Any]:
    instance, arrival, stored = sent.instance, sent.arrival, sent.stored
    return {
        "study_id": study_id,
        "listed_date": listed_date,
        "series_instance_uid": instance.series_instance_uid,
        "sop_class_uid": instance.sop_class_uid,
        "modality": instance.modality,
        "body_part_examined": instance.body_part_examined,
        "view_position": instance.view_position,
        "image_laterality": instance.image_laterality,
        "patient_id": instance.patient_id,
        "accession_number": instance.accession_number,
        "instance_number": instance.instance_number,
        "calling_ae_title": arrival.calling_ae_title,
        "called_ae_title": arrival.called_ae_title,
        "address": arrival.address,
        "via": arrival.via,
        "received_at": arrival.received_at,
        "path": stored.path,
        "size": stored.size,
        "sha256": stored.sha256,
        "state": State.RECEIVED,
        "lane": Lane.BACKLOG if arrival.via == "import" else Lane.LIVE,
        "due_at": now,
        "attempt": 0,
    }


def _header(instance: Instance) -> dict[str, Any]:
    return {"fields": instance_fields(instance), "attributes": instance_attributes(instance)}


def _arrival(sent: Sent) -> dict[str, Any]:
    arrival, stored = sent.arrival, sent.stored
    return {
        "calling_ae_title": arrival.calling_ae_title,
        "called_ae_title": arrival.called_ae_title,
        "address": arrival.address,
        "via": arrival.via,
        "path": stored.path,
        "size": stored.size,
        "sha256": stored.sha256,
    }
