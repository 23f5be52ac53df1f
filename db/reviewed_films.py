"""Walks through what was reviewed, in steps: as labelled examples, and as figures about us."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from db.documents import instance_of
from db.read_reviews import ReviewedFilm, StoredReview
from db.schema import HeaderRow, InstanceRow
from db.schema_verdicts import JudgementRow, ReviewRow, TruthRow, VerdictRow
from db.transactions import reading
from db.verdict_documents import verdict_of
from db.words_on_films import faults_with, stored_reviews, words_of
from router.consensus import consensus
from router.figures import FigureRow
from router.flags import flag_outcomes
from router.orders import Side
from router.types import Instance
from router.verdicts import Verdict

FILMS_AT_ONCE = 200


def reviewed_films(sessions: sessionmaker[Session], since: datetime | None) -> Iterator[ReviewedFilm]:
    """Every film with a truth, in the order in which they were received for the first time."""
    after = 0
    while True:
        step = select(TruthRow).where(TruthRow.instance_id > after)
        if since is not None:
            step = step.where(TruthRow.at >= since)
        with reading(sessions) as session:
            truths = session.scalars(step.order_by(TruthRow.instance_id).limit(FILMS_AT_ONCE)).all()
            films = _films(session, [truth.instance_id for truth in truths])
            spoken = _spoken(session, [truth.instance_id for truth in truths])
        if not truths:
            return
        for truth in truths:
            yield _reviewed(truth, *films[truth.instance_id], spoken[truth.instance_id])
        after = truths[-1].instance_id


def figure_rows(sessions: sessionmaker[Session], since: datetime | None) -> Iterator[FigureRow]:
    """Every film with a word that stands and was said at ``since`` or later."""
    after = 0
    while True:
        step = select(ReviewRow.instance_id).where(
            ReviewRow.instance_id > after, ReviewRow.undone_at.is_(None)
        )
        if since is not None:
            step = step.where(ReviewRow.at >= since)
        with reading(sessions) as session:
            ids = session.scalars(step.distinct().order_by(ReviewRow.instance_id).limit(FILMS_AT_ONCE)).all()
            films, spoken, verdicts = _films(session, ids), _spoken(session, ids), _verdicts(session, ids)
        if not ids:
            return
        for one in ids:
            if any(stored.stands for stored in spoken[one]):
                yield _figures(*films[one], spoken[one], verdicts.get(films[one][0].study_id))
        after = ids[-1]


def _films(session: Session, ids: Sequence[int]) -> dict[int, tuple[InstanceRow, Instance]]:
    rows = session.execute(
        select(InstanceRow, HeaderRow)
        .join(HeaderRow, HeaderRow.instance_id == InstanceRow.id)
        .where(InstanceRow.id.in_(ids))
    )
    return {row.id: (row, instance_of(header.fields, header.attributes)) for row, header in rows}


def _spoken(session: Session, ids: Sequence[int]) -> Mapping[int, list[StoredReview]]:
    uids = select(InstanceRow.sop_instance_uid, InstanceRow.id).where(InstanceRow.id.in_(ids))
    known = {row.sop_instance_uid: row.id for row in session.execute(uids)}
    found: dict[int, list[StoredReview]] = defaultdict(list)
    for stored in stored_reviews(session, ReviewRow.instance_id.in_(ids)):
        found[known[stored.review.sop_instance_uid]].append(stored)
    return found


def _verdicts(session: Session, ids: Sequence[int]) -> dict[int, Verdict]:
    """The current verdicts on the studies of these instances, by study id."""
    studies = select(InstanceRow.study_id).where(InstanceRow.id.in_(ids))
    current = select(VerdictRow).join(JudgementRow, JudgementRow.verdict_id == VerdictRow.id)
    rows = session.scalars(current.where(JudgementRow.study_id.in_(studies)))
    return {row.study_id: verdict_of(row.document) for row in rows}


def _reviewed(
    truth: TruthRow, row: InstanceRow, instance: Instance, spoken: Sequence[StoredReview]
) -> ReviewedFilm:
    return ReviewedFilm(
        sop_instance_uid=row.sop_instance_uid,
        series_instance_uid=row.series_instance_uid,
        study_instance_uid=instance.study_instance_uid,
        patient_id=instance.patient_id,
        path=row.path,
        sha256=row.sha256,
        view=truth.view,
        side=None if truth.side is None else Side(truth.side),
        reviewers=consensus(row.sop_instance_uid, words_of(spoken)).reviewers,
        agreed_at=truth.at,
        predicted_view=row.view,
        predicted_score=row.score,
        **_scanner(row, instance),
    )


def _figures(
    row: InstanceRow, instance: Instance, spoken: Sequence[StoredReview], verdict: Verdict | None
) -> FigureRow:
    words = words_of(spoken)
    truth = consensus(row.sop_instance_uid, words)
    first = next(stored for stored in spoken if not stored.of_other_bytes)
    confirmed, dismissed = flag_outcomes(first.kinds, words, faults_with(verdict, row.sop_instance_uid))
    scanner = _scanner(row, instance)
    del scanner["manufacturer"]
    return FigureRow(
        sop_instance_uid=row.sop_instance_uid,
        study_instance_uid=instance.study_instance_uid,
        predicted_view=row.view,
        true_view=truth.view,
        confirmed=confirmed,
        dismissed=dismissed,
        reviewers=len(truth.reviewers),
        reviewed_at=max(stored.review.at for stored in spoken if stored.stands and stored.review.at),
        **scanner,
    )


def _scanner(row: InstanceRow, instance: Instance) -> dict[str, Any]:
    def first(keyword: str) -> str | None:
        return next((value for value in instance.attributes.get(keyword, ()) if value), None)

    return {
        "model": row.model,
        "calling_ae_title": row.calling_ae_title,
        "manufacturer": first("Manufacturer"),
        "manufacturer_model_name": first("ManufacturerModelName"),
        "station_name": first("StationName"),
    }
