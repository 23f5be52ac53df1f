"""What became of the flags of a film: upheld by its reviewers, or taken away."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from enum import StrEnum

from router.verdicts import Kind, Review, ReviewAction

OF_THE_STUDY = frozenset({Kind.MISSING_VIEW})  # said once of a study, however many films it has


class Upheld(StrEnum):
    """What became of a flag."""

    CONFIRMED = "confirmed"
    DISMISSED = "dismissed"
    OPEN = "open"  # nobody spoke about it, or as many for it as against


def outcome(kind: Kind, words: Iterable[Review], after: Collection[Kind]) -> Upheld:
    """What became of a flag of ``kind`` on a film, by the majority of its reviewers.

    ``words`` are those that stand, one a reviewer and thing; ``after`` is what the comparison says of the
    film since. A word on the remark alone comes before one on the film: a dismissal takes every flag of the
    film away, a confirmation upholds them, and a correction upholds what is still said after it.
    """
    votes = {}
    for word in sorted(words, key=lambda word: word.about is not None):
        vote = _vote(kind, word, kind in after)
        if vote is not None:
            votes[word.reviewer] = vote
    upheld = sum(votes.values())
    if 2 * upheld == len(votes):
        return Upheld.OPEN
    return Upheld.CONFIRMED if 2 * upheld > len(votes) else Upheld.DISMISSED


def _vote(kind: Kind, word: Review, still: bool) -> bool | None:
    if word.about is not None:
        about = word.about.partition(":")[0]
        return word.action is not ReviewAction.DISMISS if about == kind else None
    if word.action is ReviewAction.CORRECT:
        return still
    if kind in OF_THE_STUDY:
        return None  # what a film shows says nothing of one that is not there
    return word.action is ReviewAction.CONFIRM


def flag_outcomes(
    before: Collection[Kind], words: Sequence[Review], after: Collection[Kind]
) -> tuple[frozenset[Kind], frozenset[Kind]]:
    """The flags of a film that its reviewers upheld, and those that they took away."""
    found = {kind: outcome(kind, words, after) for kind in before}
    return (
        frozenset(kind for kind, came in found.items() if came is Upheld.CONFIRMED),
        frozenset(kind for kind, came in found.items() if came is Upheld.DISMISSED),
    )
