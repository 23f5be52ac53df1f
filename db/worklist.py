"""The worklist: which judged studies to show, and what to show of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, select, tuple_, union
from sqlalchemy.orm import Session

from db.read_verdicts import WorklistItem
from db.schema import InstanceRow, StudyRow
from db.schema_verdicts import JudgementRow, ReviewRow, VerdictKindRow, VerdictRow
from db.search import listed_between
from db.verdict_documents import verdict_of
from db.words_on_films import words_by_study
from router.consensus import consensus
from router.settling import is_settled, severity, worst_first
from router.verdicts import Kind, Review

Key = tuple[int, str, int]  # severity, listed date, study id


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the worklist is asked for, as in ``Verdicts.page``."""

    kinds: frozenset[Kind]
    settled: bool | None
    reviewed_by: str | None
    not_reviewed_by: str | None
    study_date_from: str | None
    study_date_to: str | None
    calling_ae_title: str | None
    worst_first: bool


def worklist_keys(session: Session, wanted: Wanted, after: tuple[Any, ...] | None, limit: int) -> list[Key]:
    """The studies to show, in order and each once; behind ``after`` (listed date, severity, study id).

    Each kind streams from its own index up to the limit, and the best of all of them are taken: a rare kind
    is found as fast as a common one.
    """
    if not wanted.kinds:
        return []
    columns = VerdictKindRow.severity, VerdictKindRow.listed_date, VerdictKindRow.study_id
    start = 0 if wanted.worst_first else 1
    conditions = list(_conditions(wanted))
    if after is not None:
        listed_date, worst, study_id = after
        conditions.append(tuple_(*columns[start:]) < tuple_(*(worst, listed_date, study_id)[start:]))
    newest = [column.desc() for column in columns[start:]]
    streams = [
        select(
            select(*columns)
            .where(VerdictKindRow.kind == kind, *conditions)
            .order_by(*newest)
            .limit(limit)
            .subquery()
        )
        for kind in sorted(wanted.kinds)
    ]
    merged = union(*streams).subquery()
    order = [merged.c.severity, merged.c.listed_date, merged.c.study_id][start:]
    shown = select(merged).order_by(*(column.desc() for column in order)).limit(limit)
    return [(row.severity, row.listed_date, row.study_id) for row in session.execute(shown)]


def worklist_items(session: Session, study_ids: Sequence[int]) -> list[WorklistItem]:
    """The studies with these ids, in this order, with their current verdicts."""
    current = (
        select(StudyRow, VerdictRow, JudgementRow.judged_at)
        .join(JudgementRow, JudgementRow.study_id == StudyRow.id)
        .join(VerdictRow, VerdictRow.id == JudgementRow.verdict_id)
        .where(StudyRow.id.in_(study_ids))
    )
    rows = {row.StudyRow.id: row for row in session.execute(current)}
    words = words_by_study(session, study_ids)
    films = {row.study_id: row for row in session.execute(_films(study_ids))}
    return [
        _item(rows[one], words[rows[one].StudyRow.study_instance_uid], films[one])
        for one in study_ids
        if one in rows and one in films
    ]


def _films(study_ids: Sequence[int]) -> Select[int, int, str]:
    columns = InstanceRow.study_id, func.count().label("instances")
    caller = func.min(InstanceRow.calling_ae_title).label("calling_ae_title")
    ours = InstanceRow.study_id.in_(study_ids)
    return select(*columns, caller).where(ours).group_by(InstanceRow.study_id)


def _conditions(wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    yield from listed_between(VerdictKindRow.listed_date, wanted.study_date_from, wanted.study_date_to)
    if wanted.settled is not None:
        ended = VerdictKindRow.settled_at
        yield ended.is_not(None) if wanted.settled else ended.is_(None)
    ours = InstanceRow.study_id == VerdictKindRow.study_id
    if wanted.calling_ae_title is not None:
        yield exists().where(ours, InstanceRow.calling_ae_title == wanted.calling_ae_title)
    spoken = ReviewRow.instance_id == InstanceRow.id, ReviewRow.undone_at.is_(None)
    if wanted.reviewed_by is not None:
        yield exists().where(ours, *spoken, ReviewRow.reviewer == wanted.reviewed_by)
    if wanted.not_reviewed_by is not None:
        yield ~exists().where(ours, *spoken, ReviewRow.reviewer == wanted.not_reviewed_by)


def _item(row: Any, words: Sequence[Review], films: Any) -> WorklistItem:
    study, verdict = row.StudyRow, verdict_of(row.VerdictRow.document)
    spoken = [consensus(uid, words) for uid in {word.sop_instance_uid for word in words}]
    return WorklistItem(
        study_instance_uid=study.study_instance_uid,
        study_date=study.listed_date or None,
        patient_id=study.patient_id,
        patient_name=study.patient_name,
        accession_number=study.accession_number,
        study_description=study.study_description,
        verdict=verdict,
        judged_at=row.judged_at,
        kinds=worst_first(verdict.kinds),
        severity=severity(verdict.kinds),
        calling_ae_title=films.calling_ae_title,
        instances=films.instances,
        reviewers=tuple(sorted({word.reviewer for word in words})),
        disagreed=any(len(truth.reviewers) > 1 and not truth.agreed for truth in spoken),
        settled=is_settled(verdict, words),
    )
