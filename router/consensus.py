"""What several reviewers of one film agree on, and which words can be taken at all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TypeVar

from router.verdicts import Review, ReviewAction, Truth
from router.views import OTHER, VIEWS

LONGEST_REASON = 2000  # characters
LONGEST_ABOUT = 128

Said = TypeVar("Said")


def standing(reviews: Iterable[Review]) -> tuple[Review, ...]:
    """The words that hold: of each reviewer, film and thing the last one. ``reviews``: oldest first."""
    last = {(review.sop_instance_uid, review.reviewer, review.about): review for review in reviews}
    return tuple(review for review in last.values())


def consensus(sop_instance_uid: str, reviews: Iterable[Review]) -> Truth:
    """What the reviewers of this film say it is, if they agree. ``reviews``: oldest first, none taken back.

    One reviewer's word holds; of several, that of more than half. A dismissal is a word on a remark, not on
    the view, and so is every word about a remark alone. Who names no side leaves it to those who do; if they
    differ without a majority, the film is not agreed upon.
    """
    words = [word for word in standing(reviews) if _is_vote(word, sop_instance_uid)]
    reviewers = tuple(sorted(word.reviewer for word in words))
    view = _majority([word.view for word in words])
    sides = [word.side for word in words if word.view == view and word.side is not None]
    side = _majority(sides)
    agreed = view is not None and (not sides or side is not None)
    return Truth(
        sop_instance_uid=sop_instance_uid,
        view=view if agreed else None,
        side=side if agreed else None,
        agreed=agreed,
        reviewers=reviewers,
    )


def objection(review: Review) -> str | None:
    """Why this review cannot be taken, in one sentence; None where it can."""
    if not review.reviewer.strip():
        return "a review needs the name of its reviewer"
    if len(review.reason or "") > LONGEST_REASON or len(review.about or "") > LONGEST_ABOUT:
        return f"a reason has at most {LONGEST_REASON} characters"
    if review.action is ReviewAction.DISMISS:
        return None if (review.reason or "").strip() else "a dismissal needs a reason"
    if review.about is not None and review.view is None:
        return None
    if review.view is None:
        return "say which view it is"
    return None if review.view in VIEWS or review.view == OTHER else "there is no view of that name"


def _is_vote(word: Review, sop_instance_uid: str) -> bool:
    spoken = word.about is None and word.action is not ReviewAction.DISMISS and word.view is not None
    return spoken and word.sop_instance_uid == sop_instance_uid


def _majority(said: Sequence[Said | None]) -> Said | None:
    """What more than half say; None: nothing."""
    first = Counter(said).most_common(1)
    return first[0][0] if first and 2 * first[0][1] > len(said) else None
