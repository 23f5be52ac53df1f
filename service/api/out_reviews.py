"""What people say about films, as REST takes and tells it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from db.read_reviews import StoredReview
from router.consensus import LONGEST_ABOUT, LONGEST_REASON, objection
from router.orders import Side
from router.verdicts import Review, ReviewAction
from service.api.problems import not_understood
from service.api.shape import UID_LENGTH, UID_PATTERN, In, Out, Shown

Uid = Annotated[
    str, Field(pattern=UID_PATTERN, max_length=UID_LENGTH, examples=["1.2.826.0.1.3680043.8.498.3"])
]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, max_length=LONGEST_REASON)]


class ReviewIn(In):
    """One word on one film, or on one remark about it."""

    sop_instance_uid: Uid
    action: ReviewAction = Field(
        description="confirm: the stated view is right; correct: it is `view`; "
        "dismiss: the remark is no fault",
        examples=["correct"],
    )
    view: str | None = Field(
        default=None,
        max_length=64,
        description="the view that the film shows, or `other`; "
        "a confirmation may leave it to what is stated now",
        examples=["wrist_lateral"],
    )
    side: Side | None = Field(default=None, description="R, L, B (both) or U (unpaired)")
    reason: Reason | None = Field(default=None, description="needed for a dismissal; name no patient")
    about: str | None = Field(
        default=None,
        max_length=LONGEST_ABOUT,
        description="a remark's `key` of the verdict, for a word on that remark alone",
        examples=["missing_view:wrist_lateral"],
    )

    def review(self, reviewer: str, stated: str | None) -> Review:
        """The word of ``reviewer``; ``stated`` is the view that is stated now.

        Raises:
            Problem: 422, it says nothing that could be used.
        """
        review = Review(
            sop_instance_uid=self.sop_instance_uid,
            reviewer=reviewer,
            action=self.action,
            view=self._view(stated),
            side=self.side,
            reason=self.reason or None,
            about=self.about,
        )
        why_not = objection(review)
        if why_not is not None:
            field = "reason" if self.action is ReviewAction.DISMISS else "view"
            raise not_understood("body", field, why_not)
        return review

    def _view(self, stated: str | None) -> str | None:
        if self.action is ReviewAction.DISMISS or (self.about and self.action is ReviewAction.CONFIRM):
            return None
        return self.view or (stated if self.action is ReviewAction.CONFIRM else None)


class ReviewOut(Out):
    """One word on one film, or on one remark about it."""

    id: int
    sop_instance_uid: str
    study_instance_uid: str
    reviewer: Shown = Field(examples=["anna"])
    action: ReviewAction
    view: str | None = Field(examples=["wrist_lateral"])
    side: Side | None
    reason: Shown | None
    about: str | None = Field(description="the remark that it is about; null: the film")
    at: datetime | None
    undone_at: datetime | None = Field(description="when it was taken back")
    undone_by: Shown | None
    stands: bool = Field(description="not taken back, and said of the bytes that are stored now")


class ReviewsOut(Out):
    """Reviews, the latest first."""

    reviews: tuple[ReviewOut, ...]
    next: str | None = Field(description="link to the next page; null at the end")


class TruthOut(Out):
    """What the reviewers of one film agree on, or that they do not."""

    sop_instance_uid: str
    view: str | None = Field(description="null: nobody has said, or they disagree")
    side: Side | None
    agreed: bool
    reviewers: tuple[Shown, ...]


class StudyReviewsOut(Out):
    """All that was said of a study's films, in order, and what they agree on."""

    reviews: tuple[ReviewOut, ...]
    truths: tuple[TruthOut, ...]


def review_out(stored: StoredReview) -> ReviewOut:
    """One stored review."""
    said = stored.review
    return ReviewOut(
        id=stored.id,
        sop_instance_uid=said.sop_instance_uid,
        study_instance_uid=stored.study_instance_uid,
        reviewer=said.reviewer,
        action=said.action,
        view=said.view,
        side=said.side,
        reason=said.reason,
        about=said.about,
        at=said.at,
        undone_at=stored.undone_at,
        undone_by=stored.undone_by,
        stands=stored.stands,
    )
