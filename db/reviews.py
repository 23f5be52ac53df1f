"""What people say about films, and what they agree on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from sqlalchemy.orm import Session, sessionmaker

from db.instances import now_utc
from db.read_reviews import FigureRow, ReviewedFilm, StoredReview
from router.verdicts import Review, Truth


class Reviews:
    """Reviews. Every method raises OutOfResources when the database is away."""

    def __init__(self, sessions: sessionmaker[Session], *, clock: Callable[[], datetime] = now_utc) -> None:
        self._sessions = sessions
        self._clock = clock

    def add(self, review: Review) -> int:
        """Keep a review, and what follows from it; gives its id.

        Raises LookupError for an unknown instance, ValueError for a review that says nothing usable.
        """
        raise NotImplementedError

    def undo(self, review_id: int, *, by: str, anyones: bool = False) -> bool:
        """Take a review back; False if there is none to take back, or it is another's."""
        raise NotImplementedError

    def get(self, review_id: int) -> StoredReview | None:
        """One review."""
        raise NotImplementedError

    def of_study(self, study_instance_uid: str) -> list[StoredReview]:
        """All reviews of a study's films, in order, undone ones included."""
        raise NotImplementedError

    def truth(self, sop_instance_uid: str) -> Truth:
        """What the reviewers of a film agree on."""
        raise NotImplementedError

    def truths(self, study_instance_uid: str) -> dict[str, Truth]:
        """The same for all films of a study that have reviews, by SOP Instance UID."""
        raise NotImplementedError

    def export(self) -> Iterator[ReviewedFilm]:
        """Every film with an agreed view, oldest first."""
        raise NotImplementedError

    def figures(self, *, since: datetime | None = None) -> Iterator[FigureRow]:
        """Every film reviewed at ``since`` or later, once."""
        raise NotImplementedError
