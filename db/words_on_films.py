"""The reviews of a study's films, as values; and what they leave open of its verdict."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Select, bindparam, insert, select, update
from sqlalchemy.orm import Session

from db.read_reviews import StoredReview
from db.schema import InstanceRow, StudyRow
from db.schema_verdicts import JudgementRow, ReviewRow, TruthRow, VerdictKindRow, VerdictRow
from db.verdict_documents import verdict_of
from router.consensus import consensus, standing
from router.orders import Side
from router.settling import anchor, is_settled
from router.verdicts import NO_FAULT, Kind, Review, Verdict

_CURRENT: Final = (
    select(VerdictRow.document)
    .join(JudgementRow, JudgementRow.verdict_id == VerdictRow.id)
    .where(JudgementRow.study_id == bindparam("study_id"))
)


def reviews_where(*wanted: ColumnElement[bool]) -> Select[ReviewRow, str, str, str]:
    """The reviews for which all of ``wanted`` holds, with instance, its digest and its study; by id."""
    columns = InstanceRow.sop_instance_uid, InstanceRow.sha256, StudyRow.study_instance_uid
    joined = select(ReviewRow, *columns).join(InstanceRow, InstanceRow.id == ReviewRow.instance_id)
    return joined.join(StudyRow, StudyRow.id == InstanceRow.study_id).where(*wanted).order_by(ReviewRow.id)


_ON_STUDY: Final = reviews_where(InstanceRow.study_id == bindparam("study_id"))


def stored_reviews(session: Session, *wanted: ColumnElement[bool]) -> list[StoredReview]:
    """The reviews for which all of ``wanted`` holds, oldest first."""
    return [stored_review(*row) for row in session.execute(reviews_where(*wanted))]


def stored_review(
    row: ReviewRow, sop_instance_uid: str, sha256: str, study_instance_uid: str
) -> StoredReview:
    """One review as a value."""
    return StoredReview(
        id=row.id,
        study_instance_uid=study_instance_uid,
        review=Review(
            sop_instance_uid=sop_instance_uid,
            reviewer=row.reviewer,
            action=row.action,
            view=row.view,
            side=None if row.side is None else Side(row.side),
            reason=row.reason,
            about=row.about,
            at=row.at,
        ),
        undone_at=row.undone_at,
        undone_by=row.undone_by,
        of_other_bytes=row.sha256 != sha256,
        view_shown=row.view_shown,
        kinds=frozenset(Kind(kind) for kind in row.kinds),
    )


def words_on_study(session: Session, study_id: int) -> tuple[Review, ...]:
    """The words that hold on the films of a study."""
    return words_of(stored_review(*row) for row in session.execute(_ON_STUDY, {"study_id": study_id}))


def words_of(stored: Iterable[StoredReview]) -> tuple[Review, ...]:
    """The words that hold among these reviews."""
    return standing(one.review for one in stored if one.stands)


def words_by_study(session: Session, study_ids: Collection[int]) -> dict[str, tuple[Review, ...]]:
    """The words that hold on the films of each study, by Study Instance UID."""
    found: dict[str, list[StoredReview]] = defaultdict(list)
    for one in stored_reviews(session, InstanceRow.study_id.in_(study_ids)):
        found[one.study_instance_uid].append(one)
    return defaultdict(tuple, {uid: words_of(stored) for uid, stored in found.items()})


def current_verdict(session: Session, study_id: int) -> Verdict | None:
    """The study's current verdict."""
    document = session.scalar(_CURRENT, {"study_id": study_id})
    return None if document is None else verdict_of(document)


def faults_with(verdict: Verdict | None, sop_instance_uid: str) -> frozenset[Kind]:
    """The faults found with this film; those that name no film belong to the study's first."""
    remarks = () if verdict is None else verdict.remarks
    return frozenset(
        remark.kind
        for remark in remarks
        if remark.kind not in NO_FAULT
        and verdict is not None
        and (sop_instance_uid in remark.sop_instance_uids or anchor(verdict, remark) == sop_instance_uid)
    )


def agree(session: Session, instance_id: int, now: datetime) -> None:
    """Write what the reviewers of a film agree on now. The caller holds the instance."""
    stored = stored_reviews(session, ReviewRow.instance_id == instance_id)
    truth = consensus(stored[0].review.sop_instance_uid, words_of(stored))
    known = session.get(TruthRow, instance_id)
    if known is not None and (known.view, known.side) == (truth.view, truth.side):
        return
    if known is not None:
        session.delete(known)
        session.flush()
    if truth.view is not None:
        row = {"instance_id": instance_id, "view": truth.view, "side": truth.side, "at": now}
        session.execute(insert(TruthRow).values(**row))


def settle(session: Session, study_id: int, now: datetime) -> None:
    """Say anew whether the current verdict is settled. The caller holds the study's judgement."""
    verdict = current_verdict(session, study_id)
    if verdict is None:
        return
    words = words_on_study(session, study_id)
    settled_at = now if is_settled(verdict, words) else None
    of_study = VerdictKindRow.study_id == study_id
    session.execute(update(VerdictKindRow).where(of_study).values(settled_at=settled_at))
