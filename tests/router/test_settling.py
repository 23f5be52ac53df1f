"""What of a verdict is still for somebody to look at, and what to look at first."""

from __future__ import annotations

import pytest

from router.settling import is_settled, severity, worst_first
from router.verdicts import Kind, Remark, Review, ReviewAction, Verdict

TURNED = Remark(kind=Kind.ROTATED, sentence="", sop_instance_uids=("1.1",))
BOTH = Remark(kind=Kind.DUPLICATE, sentence="", sop_instance_uids=("1.1", "1.2"))
MISSING = Remark(kind=Kind.MISSING_VIEW, sentence="", expected="wrist_lateral")
UNSURE = Remark(kind=Kind.UNSURE, sentence="", sop_instance_uids=("1.1",))


def said(film: str, what: str, reviewer: str = "anna", about: str | None = None) -> Review:
    dismissed = what == "no fault"
    return Review(
        sop_instance_uid=film,
        reviewer=reviewer,
        action=ReviewAction.DISMISS if dismissed else ReviewAction.CONFIRM,
        view=None if dismissed or about else what,
        about=about,
    )


# remark | words | is it settled
CASES = [
    (UNSURE, [], True),
    (TURNED, [], False),
    (TURNED, [said("1.1", "hand_ap")], True),
    (TURNED, [said("1.2", "hand_ap")], False),
    (TURNED, [said("1.1", "no fault")], True),
    (TURNED, [said("1.1", "hand_ap"), said("1.1", "wrist_ap", "ben")], False),
    (TURNED, [said("1.1", "hand_ap"), said("1.1", "no fault", "ben")], False),
    (TURNED, [said("1.1", "hand_ap"), said("1.1", "wrist_ap", "ben"), said("1.1", "hand_ap", "cleo")], True),
    (
        TURNED,
        [said("1.1", "hand_ap"), said("1.1", "wrist_ap", "ben"), said("1.1", "no fault", "cleo")],
        False,
    ),
    (TURNED, [said("1.1", "no fault", about="rotated")], True),
    (TURNED, [said("1.1", "no fault", about="duplicate")], False),
    (BOTH, [said("1.1", "hand_ap")], False),
    (BOTH, [said("1.1", "hand_ap"), said("1.2", "no fault")], True),
    (MISSING, [said("1.1", "hand_ap"), said("1.2", "hand_ap")], False),
    (MISSING, [said("1.1", "yes", about="missing_view:wrist_lateral")], True),
    (MISSING, [said("1.1", "yes", about="missing_view:wrist_ap")], False),
]


@pytest.mark.parametrize(("remark", "words", "settled"), CASES)
def test_a_remark_is_settled_by_its_words(remark: Remark, words: list[Review], settled: bool) -> None:
    verdict = Verdict(study_instance_uid="1", remarks=(remark,), films=("1.1", "1.2"))
    assert is_settled(verdict, words) is settled


def test_the_worst_kind_decides_then_their_number() -> None:
    studies = [
        {Kind.WRONG_REGION},
        {Kind.MISSING_VIEW, Kind.ROTATED, Kind.DUPLICATE},
        {Kind.MISSING_VIEW},
        {Kind.ROTATED, Kind.DUPLICATE},
        {Kind.COMPLETE, Kind.UNSURE},
    ]
    ranked = [severity(kinds) for kinds in studies]
    assert ranked == sorted(ranked, reverse=True)
    assert ranked[-1] == 0
    assert worst_first([Kind.ROTATED, Kind.WRONG_REGION, Kind.ROTATED]) == (Kind.WRONG_REGION, Kind.ROTATED)


def test_every_kind_has_its_rank() -> None:
    assert set(worst_first(Kind)) == set(Kind)
