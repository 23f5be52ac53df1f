"""What of a verdict is still for somebody to look at, and what to look at first."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from router.consensus import consensus
from router.verdicts import NO_FAULT, Kind, Remark, Review, ReviewAction, Verdict

# Worst first: another part of the body or the other side may lead to the wrong treatment, a missing film to a
# second visit; the rest is a nuisance.
WORST_FIRST: tuple[Kind, ...] = (
    Kind.WRONG_REGION,
    Kind.SIDE_CONFLICT,
    Kind.WRONG_PROJECTION,
    Kind.MISSING_VIEW,
    Kind.UNEXPECTED_VIEW,
    Kind.HEADER_CONTRADICTS,
    Kind.INVERTED,
    Kind.ROTATED,
    Kind.DUPLICATE,
    Kind.UNSURE,
    Kind.UNMAPPED,
    Kind.NO_ORDER,
    Kind.COMPLETE,
)
RANK = {kind: rank for rank, kind in enumerate(WORST_FIRST)}


def worst_first(kinds: Iterable[Kind]) -> tuple[Kind, ...]:
    """The kinds, each once, the worst first."""
    return tuple(sorted(set(kinds), key=RANK.__getitem__))


def severity(kinds: Collection[Kind]) -> int:
    """A number to sort studies by: the worst kind decides, the number of faults after it; 0 without fault."""
    faults = set(kinds) - NO_FAULT
    if not faults:
        return 0
    return 16 * (len(RANK) - min(RANK[kind] for kind in faults)) + len(faults)


def anchor(verdict: Verdict, remark: Remark) -> str | None:
    """The SOP Instance UID that a word on this remark hangs at; None where the study has no film."""
    return next(iter(remark.sop_instance_uids or verdict.films), None)


def open_remarks(verdict: Verdict, words: Sequence[Review]) -> tuple[Remark, ...]:
    """The faults that nobody has spoken about, or about which the reviewers differ.

    ``words`` are those that stand on any of the study's films, one a reviewer and thing.
    """
    return tuple(
        remark
        for remark in verdict.remarks
        if remark.kind not in NO_FAULT and not is_answered(verdict, remark, words)
    )


def is_settled(verdict: Verdict, words: Sequence[Review]) -> bool:
    """Whether nobody needs to look at it any more."""
    return not open_remarks(verdict, words)


def is_answered(verdict: Verdict, remark: Remark, words: Sequence[Review]) -> bool:
    """Whether a word on the remark, or words on all films that it names, settle it.

    Of words on the same thing those of the majority hold; as many against as for it settle nothing.
    """
    place = anchor(verdict, remark)
    alone = [word for word in words if word.about == remark.key and word.sop_instance_uid == place]
    if alone:
        return _agree(alone)
    films = remark.sop_instance_uids
    return bool(films) and all(
        _agree([word for word in words if word.sop_instance_uid == film and word.about is None])
        for film in films
    )


def _agree(words: Sequence[Review]) -> bool:
    """Whether most of those who spoke on one thing say the same; nobody's silence does not."""
    dismissals = sum(word.action is ReviewAction.DISMISS for word in words)
    others = len(words) - dismissals
    if others <= dismissals:
        return others < dismissals
    if any(word.about for word in words):
        return True
    return consensus(words[0].sop_instance_uid, words).agreed
