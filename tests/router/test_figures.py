"""What reviews say about us: intervals that are right, flags that are counted once, and silence where due."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from router.figures import FigureRow, figures, wilson
from router.flags import Upheld, flag_outcomes, outcome
from router.verdicts import Kind, Review, ReviewAction

CONFIRM, CORRECT, DISMISS = ReviewAction.CONFIRM, ReviewAction.CORRECT, ReviewAction.DISMISS
WRONG, MISSING, TURNED = Kind.WRONG_PROJECTION, Kind.MISSING_VIEW, Kind.ROTATED


# count, of, low, high: Newcombe 1998, Stat Med 17:857, table I, method 3 (Wilson), to four places
@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
        (29, 29, 0.8830, 1.0000),
        (0, 0, 0.0000, 1.0000),
    ],
)
def test_an_interval_is_wilsons(count: int, of: int, low: float, high: float) -> None:
    share = wilson(count, of)
    assert (round(share.low, 4), round(share.high, 4)) == (low, high)
    assert (share.count, share.of, share.is_enough) == (count, of, of >= 20)
    assert share.value == (count / of if of else None)


def word(action: ReviewAction, reviewer: str = "anna", *, about: str | None = None) -> Review:
    view = None if action is DISMISS or about else "wrist_ap"
    return Review(
        sop_instance_uid="1.1", reviewer=reviewer, action=action, view=view, reason="why", about=about
    )


# kind | words | what is said of the film since | what became of the flag
OUTCOMES = [
    (WRONG, [], {WRONG}, Upheld.OPEN),
    (WRONG, [word(CONFIRM)], {WRONG}, Upheld.CONFIRMED),
    (WRONG, [word(DISMISS)], {WRONG}, Upheld.DISMISSED),
    (WRONG, [word(CORRECT)], set(), Upheld.DISMISSED),  # the view was wrong, not the film
    (WRONG, [word(CORRECT)], {WRONG}, Upheld.CONFIRMED),  # the view was wrong, and the film still is
    (WRONG, [word(CONFIRM), word(DISMISS, "ben")], {WRONG}, Upheld.OPEN),
    (WRONG, [word(CONFIRM), word(DISMISS, "ben"), word(DISMISS, "cleo")], {WRONG}, Upheld.DISMISSED),
    (WRONG, [word(CONFIRM), word(DISMISS, about="wrong_projection:wrist_ap")], {WRONG}, Upheld.DISMISSED),
    (TURNED, [word(CONFIRM), word(DISMISS, about="wrong_projection:wrist_ap")], {TURNED}, Upheld.CONFIRMED),
    (
        MISSING,
        [word(CONFIRM)],
        {MISSING},
        Upheld.OPEN,
    ),  # what a film shows says nothing of one that is not there
    (MISSING, [word(CONFIRM, about="missing_view:wrist_lateral")], {MISSING}, Upheld.CONFIRMED),
    (MISSING, [word(DISMISS, about="missing_view:wrist_lateral")], {MISSING}, Upheld.DISMISSED),
    (MISSING, [word(CORRECT)], set(), Upheld.DISMISSED),  # it was there all along
]


@pytest.mark.parametrize(("kind", "words", "after", "became"), OUTCOMES)
def test_a_flag_falls_or_stands_by_its_reviewers(
    kind: Kind, words: list[Review], after: set[Kind], became: Upheld
) -> None:
    assert outcome(kind, words, after) is became


def test_flags_come_apart_into_upheld_and_taken_away() -> None:
    words = [word(CONFIRM), word(DISMISS, about="rotated")]
    assert flag_outcomes([WRONG, TURNED, MISSING], words, [WRONG, TURNED, MISSING]) == ({WRONG}, {TURNED})


def row(
    number: int, predicted: str | None = "wrist_ap", true: str | None = "wrist_ap", **more: Any
) -> FigureRow:
    return FigureRow(**{
        "sop_instance_uid": f"1.{number}",
        "study_instance_uid": f"2.{number // 2}",
        "predicted_view": predicted,
        "true_view": true,
        "model": "view@2",
        "calling_ae_title": "XRAY1",
        "manufacturer_model_name": "Digital Diagnost",
        "station_name": None,
        "confirmed": frozenset(),
        "dismissed": frozenset(),
        "reviewers": 1,
        "reviewed_at": datetime(2026, 1, 2, tzinfo=UTC),
    } | more)  # fmt: skip


def test_nothing_says_nothing() -> None:
    found = figures([])
    assert (found.films, found.flags, found.confusion.rows, found.by_scanner) == (0, {}, (), ())
    assert found.agreement.value is None


def test_the_matrix_has_what_films_show_in_rows() -> None:
    rows = [row(1), row(2), row(3, "hand_ap"), row(4, None), row(5, "unsure"), row(6, "wrist_ap", "hand_ap")]
    matrix = figures(rows).confusion
    assert matrix.rows == ("wrist_ap", "hand_ap")
    assert matrix.columns == ("wrist_ap", "hand_ap", "no view", "unsure")
    assert matrix.counts == ((2, 1, 1, 1), (1, 0, 0, 0))
    assert matrix.share(0, 0) == 0.4


def test_unsure_is_no_error_and_no_agreement() -> None:
    found = figures([row(1), row(2, "unsure"), row(3, None), row(4, "hand_ap")])
    assert (found.agreement.count, found.agreement.of) == (1, 2)
    assert (found.stated.count, found.stated.of) == (2, 4)


def test_a_film_that_is_disputed_counts_only_between_reviewers() -> None:
    found = figures([row(1, true=None, reviewers=2), row(2, reviewers=2), row(3)])
    assert (found.between.count, found.between.of) == (1, 2)
    assert found.agreement.of == 2


def test_a_missing_view_is_counted_once_a_study() -> None:
    rows = [row(n, confirmed=frozenset({MISSING, WRONG})) for n in (2, 3)]  # of one study
    rows.append(row(4, dismissed=frozenset({MISSING})))
    found = figures(rows).flags
    assert (found[MISSING].count, found[MISSING].of) == (1, 2)
    assert (found[WRONG].count, found[WRONG].of) == (2, 2)
    assert list(found) == [MISSING, WRONG]


def test_scanners_and_senders_are_told_apart() -> None:
    bad = {"manufacturer_model_name": "OldBucky", "calling_ae_title": "XRAY2"}
    rows = [row(n) for n in range(3)]
    rows += [row(n, "hand_ap", **bad) for n in (10, 11)]
    rows += [row(12, "elbow_ap", dismissed=frozenset({WRONG}), manufacturer_model_name=None)]
    found = figures(rows)
    assert [group.name for group in found.by_scanner] == ["Digital Diagnost", "OldBucky", None]
    assert [group.name for group in found.by_sender] == ["XRAY1", "XRAY2"]
    old = found.by_scanner[1]
    assert (old.agreement.count, old.agreement.of) == (0, 2)
    assert old.worst is not None
    assert (old.worst.true_view, old.worst.predicted_view, old.worst.films) == ("wrist_ap", "hand_ap", 2)
    assert found.by_scanner[0].worst is None
    assert (found.by_scanner[2].flags.count, found.by_scanner[2].flags.of) == (0, 1)
    assert [group.name for group in found.by_station] == [None]
