from __future__ import annotations

from typing import Any

import pytest

from router.consensus import consensus, objection, standing
from router.orders import Side
from router.verdicts import Review, ReviewAction

FILM = "1.2.3.1"


def said(reviewer: str, view: str | None, side: str | None = None, **fields: Any) -> Review:
    action = ReviewAction.CORRECT if view else ReviewAction.DISMISS
    given: dict[str, Any] = {"sop_instance_uid": FILM, "action": action, "reason": "fine"}
    return Review(reviewer=reviewer, view=view, side=side and Side(side), **given | fields)


# what was said, oldest first | view, side, agreed, reviewers
AGREED: list[tuple[list[Review], tuple[str | None, str | None, bool, tuple[str, ...]]]] = [
    ([], (None, None, False, ())),
    ([said("a", "knee_ap")], ("knee_ap", None, True, ("a",))),
    ([said("a", "knee_ap", "L")], ("knee_ap", "L", True, ("a",))),
    ([said("a", "knee_ap"), said("b", "knee_ap")], ("knee_ap", None, True, ("a", "b"))),
    ([said("a", "knee_ap"), said("b", "hand_ap")], (None, None, False, ("a", "b"))),
    (
        [said("a", "knee_ap"), said("b", "hand_ap"), said("c", "hand_ap")],
        ("hand_ap", None, True, ("a", "b", "c")),
    ),
    (
        [said("a", "knee_ap"), said("b", "hand_ap"), said("c", "foot_ap")],
        (None, None, False, ("a", "b", "c")),
    ),
    (
        [said("a", "x"), said("b", "x"), said("c", "y"), said("d", "z")],
        (None, None, False, ("a", "b", "c", "d")),
    ),
    ([said("a", "knee_ap"), said("a", "hand_ap")], ("hand_ap", None, True, ("a",))),
    ([said("a", "knee_ap"), said("b", None)], ("knee_ap", None, True, ("a",))),
    ([said("a", None), said("b", None)], (None, None, False, ())),
    ([said("a", "knee_ap", "L"), said("b", "knee_ap")], ("knee_ap", "L", True, ("a", "b"))),
    ([said("a", "knee_ap", "L"), said("b", "knee_ap", "R")], (None, None, False, ("a", "b"))),
    (
        [said("a", "knee_ap", "L"), said("b", "knee_ap", "R"), said("c", "knee_ap", "R")],
        ("knee_ap", "R", True, ("a", "b", "c")),
    ),
    ([said("a", "knee_ap", about="missing_view:hand_ap")], (None, None, False, ())),
    ([said("a", "knee_ap", sop_instance_uid="1.2.3.2")], (None, None, False, ())),
]


@pytest.mark.parametrize(("words", "expected"), AGREED)
def test_what_reviewers_agree_on(
    words: list[Review], expected: tuple[str | None, str | None, bool, tuple[str, ...]]
) -> None:
    truth = consensus(FILM, words)
    assert (truth.view, truth.side, truth.agreed, truth.reviewers) == expected


def test_the_last_word_on_the_same_thing_stands() -> None:
    first, second = said("a", "knee_ap"), said("a", "hand_ap")
    other, elsewhere = said("a", None, about="rotated"), said("a", "knee_ap", sop_instance_uid="1.2.3.2")
    assert set(standing([first, other, elsewhere, second])) == {second, other, elsewhere}


@pytest.mark.parametrize(
    ("review", "sentence"),
    [
        (said("a", "knee_ap"), None),
        (said("a", "other"), None),
        (said("a", None), None),
        (said("a", None, about="rotated", action=ReviewAction.CONFIRM), None),
        (said(" ", "knee_ap"), "name of its reviewer"),
        (said("a", "unsure"), "no view of that name"),
        (said("a", None, reason=None), "needs a reason"),
        (said("a", None, action=ReviewAction.CONFIRM), "which view"),
        (said("a", "knee_ap", reason="x" * 2001), "2000 characters"),
    ],
)
def test_what_cannot_be_taken_is_said_in_one_sentence(review: Review, sentence: str | None) -> None:
    found = objection(review)
    assert found is None if sentence is None else found is not None and sentence in found
