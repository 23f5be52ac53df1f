"""What people say about films, and what they agree on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime

from sqlalchemy import ColumnElement, Row, insert, select, update
from sqlalchemy.orm import Session, sessionmaker

from db.cursor import check_limit, page_of, read_id
from db.instances import now_utc
from db.journal import note
from db.judging import judge_soon
from db.read import Page
from db.read_reviews import ReviewedFilm, StoredReview
from db.reviewed_films import figure_rows, reviewed_films
from db.schema import InstanceRow, StudyRow
from db.schema_verdicts import ReviewRow
from db.transactions import reading, writing
from db.words_on_films import (
    agree,
    current_verdict,
    faults_with,
    reviews_where,
    settle,
    stored_review,
    stored_reviews,
    words_of,
)
from router.consensus import consensus, objection
from router.figures import FigureRow
from router.types import Event
from router.verdicts import Review, Truth


class Reviews:
    """Reviews. Every method raises OutOfResources when the database is away."""

    def __init__(self, sessions: sessionmaker[Session], *, clock: Callable[[], datetime] = now_utc) -> None:
        self._sessions = sessions
        self._clock = clock

    def add(self, review: Review) -> int:
        """Keep a review, and what follows from it: the film's truth, the study's judging; gives its id.

        ``review.at`` is not looked at. Raises LookupError for an unknown SOP Instance UID, and ValueError,
        with the reason in one sentence, for a review that cannot be taken (``router.consensus.objection``).
        """
        problem = objection(review)
        if problem:
            raise ValueError(problem)
        now = self._clock()
        with writing(self._sessions) as session:
            film = _locked(session, InstanceRow.sop_instance_uid == review.sop_instance_uid)
            if film is None:
                raise LookupError("there is no instance of this SOP Instance UID")
            faults = faults_with(current_verdict(session, film.study_id), review.sop_instance_uid)
            review_id: int | None = session.scalar(
                insert(ReviewRow)
                .values(
                    instance_id=film.id,
                    reviewer=review.reviewer,
                    action=review.action,
                    about=review.about,
                    view=review.view,
                    side=review.side,
                    reason=review.reason,
                    at=now,
                    sha256=film.sha256,
                    view_shown=film.view,
                    kinds=sorted(faults),
                )
                .returning(ReviewRow.id)
            )
            assert review_id is not None
            said = {"action": review.action, "about": review.about, "view": review.view, "side": review.side}
            detail = {"review_id": review_id, "reviewer": review.reviewer} | said
            note(session, film.id, now, (Event.REVIEWED, detail))
            _follow(session, film, now)
            return review_id

    def undo(self, review_id: int, *, by: str, anyone: bool = False) -> bool:
        """Take a review back, one's own or ``anyone``'s; False: there is none to take back, or it is not.

        The reviewer's word before it on the same thing holds again.
        """
        now = self._clock()
        of_review = select(ReviewRow.instance_id).where(ReviewRow.id == review_id).scalar_subquery()
        with writing(self._sessions) as session:
            film = _locked(session, InstanceRow.id == of_review)
            taken = update(ReviewRow).where(ReviewRow.id == review_id, ReviewRow.undone_at.is_(None))
            if not anyone:
                taken = taken.where(ReviewRow.reviewer == by)
            undone = taken.values(undone_at=now, undone_by=by).returning(ReviewRow.reviewer)
            reviewer = session.scalar(undone)
            if film is None or reviewer is None:
                return False
            detail = {"review_id": review_id, "reviewer": reviewer, "by": by}
            note(session, film.id, now, (Event.REVIEW_UNDONE, detail))
            _follow(session, film, now)
            return True

    def get(self, review_id: int) -> StoredReview | None:
        """One review."""
        with reading(self._sessions) as session:
            return next(iter(stored_reviews(session, ReviewRow.id == review_id)), None)

    def page(
        self,
        *,
        limit: int,
        cursor: str | None = None,
        since: datetime | None = None,
        reviewer: str | None = None,
    ) -> Page[StoredReview]:
        """Reviews, the latest first, undone ones included.

        Raises ValueError: limit not in 1..1000, or a foreign cursor.
        """
        check_limit(limit)
        wanted = reviews_where().order_by(None).order_by(ReviewRow.id.desc()).limit(limit + 1)
        if since is not None:
            wanted = wanted.where(ReviewRow.at >= since)
        if reviewer is not None:
            wanted = wanted.where(ReviewRow.reviewer == reviewer)
        if cursor is not None:
            wanted = wanted.where(ReviewRow.id < read_id("reviews", cursor))
        with reading(self._sessions) as session:
            found = [stored_review(*row) for row in session.execute(wanted)]
        return page_of("reviews", [(one.id, one) for one in found], limit)

    def of_study(self, study_instance_uid: str) -> list[StoredReview]:
        """All reviews of a study's films, oldest first, undone ones included."""
        with reading(self._sessions) as session:
            return stored_reviews(session, StudyRow.study_instance_uid == study_instance_uid)

    def truth(self, sop_instance_uid: str) -> Truth:
        """What the reviewers of a film agree on; of an unknown film nobody has said anything."""
        with reading(self._sessions) as session:
            stored = stored_reviews(session, InstanceRow.sop_instance_uid == sop_instance_uid)
        return consensus(sop_instance_uid, words_of(stored))

    def truths(self, study_instance_uid: str) -> dict[str, Truth]:
        """The same for every film of a study that somebody has spoken about, by SOP Instance UID."""
        by_film: dict[str, list[StoredReview]] = defaultdict(list)
        for stored in self.of_study(study_instance_uid):
            by_film[stored.review.sop_instance_uid].append(stored)
        return {uid: consensus(uid, words_of(stored)) for uid, stored in by_film.items()}

    def export(self, *, since: datetime | None = None) -> Iterator[ReviewedFilm]:
        """Every film on whose view its reviewers agree, and agreed at ``since`` or later."""
        return reviewed_films(self._sessions, since)

    def figures(self, *, since: datetime | None = None) -> Iterator[FigureRow]:
        """Every film with a word that stands, said at ``since`` or later; once."""
        return figure_rows(self._sessions, since)


def _locked(session: Session, wanted: ColumnElement[bool]) -> Row[int, int, str, str | None] | None:
    """The film that is spoken about; its row is locked, so that its reviewers take turns."""
    columns = InstanceRow.id, InstanceRow.study_id, InstanceRow.sha256, InstanceRow.view
    found = select(*columns).where(wanted)
    return session.execute(found.with_for_update(key_share=True)).one_or_none()


def _follow(session: Session, film: Row[int, int, str, str | None], now: datetime) -> None:
    """What follows from a word said or taken back: instance first, judgement next, as everywhere."""
    agree(session, film.id, now)
    judge_soon(session, [film.study_id], now)
    settle(session, film.study_id, now)
