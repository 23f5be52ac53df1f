"""Reviews: what people say of films, taken back, listed."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from pydantic import Field
from starlette.responses import Response

from db.read_reviews import StoredReview
from service.api.etags import answer_by_content, as_json
from service.api.filters import LIMIT_DEFAULT, LIMIT_MOST, Moment, Text, next_page
from service.api.out_reviews import ReviewIn, ReviewOut, ReviewsOut, StudyReviewsOut, TruthOut, review_out
from service.api.ports import Needed, Needs
from service.api.problems import Problem, documented, not_found, not_understood
from service.api.shape import In, StudyInstanceUid
from service.api.tokens import READER, REVIEWER, Asking, Principal, Role

router = APIRouter(tags=["reviews"])


class ReviewListIn(In):
    """Which reviews."""

    since: Moment | None = Field(default=None, description="RFC 3339, with its time zone")
    reviewer: Text | None = None
    limit: int = Field(default=LIMIT_DEFAULT, ge=1, le=LIMIT_MOST)
    cursor: str | None = Field(default=None, max_length=1024)


@router.post(
    "/reviews",
    status_code=HTTPStatus.CREATED,
    response_model=ReviewOut,
    dependencies=REVIEWER,
    responses=documented(HTTPStatus.NOT_FOUND),
)
def create_review(asked: ReviewIn, needs: Needed, asking: Asking) -> Response:
    """Say what a film shows, or that a remark about it is no fault; your later word replaces the earlier."""
    return as_json(review_out(add_review(needs, asked, asking)), HTTPStatus.CREATED)


@router.get("/reviews", response_model=ReviewsOut, dependencies=READER)
def list_reviews(request: Request, needs: Needed, asked: Annotated[ReviewListIn, Query()]) -> Response:
    """Reviews, the latest first; those that were taken back too."""
    try:
        page = needs.reviews.page(
            since=asked.since, reviewer=asked.reviewer, limit=asked.limit, cursor=asked.cursor
        )
    except ValueError as error:
        raise not_understood("query", "cursor", "this is not a cursor of this list") from error
    found = tuple(review_out(stored) for stored in page.items)
    return answer_by_content(request, ReviewsOut(reviews=found, next=next_page(request, page.next_cursor)))


@router.delete(
    "/reviews/{review_id}",
    status_code=HTTPStatus.NO_CONTENT,
    dependencies=REVIEWER,
    responses=documented(HTTPStatus.NOT_FOUND),
)
def undo(review_id: Annotated[int, Path(ge=1, le=2**62)], needs: Needed, asking: Asking) -> Response:
    """Take a review back: your own, or as admin anyone's. It stays in the list, as taken back."""
    undo_review(needs, review_id, asking)
    return Response(status_code=HTTPStatus.NO_CONTENT)


@router.get("/studies/{study_instance_uid}/reviews", response_model=StudyReviewsOut, dependencies=READER)
def list_study_reviews(request: Request, needs: Needed, study_instance_uid: StudyInstanceUid) -> Response:
    """All that was said of a study's films, and what the reviewers of each agree on."""
    said = needs.reviews.of_study(study_instance_uid)
    if not said and needs.queries.study(study_instance_uid) is None:
        raise not_found("study")
    truths = needs.reviews.truths(study_instance_uid).values()
    return answer_by_content(
        request,
        StudyReviewsOut(
            reviews=tuple(review_out(stored) for stored in said),
            truths=tuple(TruthOut.model_validate(truth) for truth in truths),
        ),
    )


def add_review(needs: Needs, asked: ReviewIn, who: Principal) -> StoredReview:
    """Keep a word; the review as it is stored.

    Raises:
        Problem: 404, there is no such film; 422, the word says nothing that could be used.
    """
    known = needs.queries.instance(asked.sop_instance_uid)
    if known is None:
        raise not_found("instance")
    review = asked.review(who.name, known.view.view if known.view else None)
    try:
        stored = needs.reviews.get(needs.reviews.add(review))
    except LookupError as error:
        raise not_found("instance") from error
    except ValueError as error:
        raise not_understood("body", "(whole)", str(error)) from error
    assert stored is not None
    return stored


def undo_review(needs: Needs, review_id: int, who: Principal) -> StoredReview:
    """Take a word back; the review as it was.

    Raises:
        Problem: 404, there is none, or it was taken back before; 403, it is another's.
    """
    stored = needs.reviews.get(review_id)
    if stored is None:
        raise not_found("review")
    may_all = who.role >= Role.ADMIN
    if not may_all and stored.review.reviewer != who.name:
        raise Problem(HTTPStatus.FORBIDDEN, "only an admin takes back what another said")
    if not needs.reviews.undo(review_id, by=who.name, anyone=may_all):
        raise not_found("review that stands")
    return stored
