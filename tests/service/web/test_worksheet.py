"""Which film stands in which place of the card, and whose words count."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from db.read_reviews import StoredReview
from db.read_verdicts import StoredVerdict
from router.comparison import compare
from router.evidence import Thresholds
from router.orders import Expectation, ExpectedView, OrderSource, Side
from router.types import Candidate
from router.verdicts import FilmFacts, Review, ReviewAction, Source
from service.web.review_words import day, plainly, spoken
from service.web.worksheet import Card, card_of, standing

NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)


def film(number: int, view: str, score: float = 0.99, **more: Any) -> FilmFacts:
    stated = "unsure" if score < 0.6 else view
    rest = Candidate(label="wrist_lateral" if view != "wrist_lateral" else "hand_ap", score=1 - score)
    return FilmFacts(**{
        "sop_instance_uid": f"1.{number}",
        "view": stated,
        "score": score,
        "margin": 2 * score - 1,
        "runner_up": rest.label,
        "source": Source.AI,
        "model": "view@2",
        "modality": "DX",
        "candidates": (Candidate(label=view, score=score), rest),
    } | more)  # fmt: skip


def wrist(*views: ExpectedView | str, side: Side | None = None, name: str = "wrist") -> Expectation:
    return Expectation(
        procedure=name,
        source=OrderSource.HL7,
        regions=(name,),
        side=side,
        views=tuple(ExpectedView(views=(view,)) if isinstance(view, str) else view for view in views),
        evidence="ordered",
    )


def card(expectations: list[Expectation], films: list[FilmFacts], reviews: Any = (), **more: Any) -> Card:
    verdict = compare(
        "1",
        expectations,
        (),
        films,
        has_order=True,
        thresholds=Thresholds(),
        map_version="",
    )
    stored = StoredVerdict(id=1, verdict=verdict, judged_at=NOW, superseded_at=None)
    return card_of(stored, films, reviews, {}, reader="anna", now=more.get("now", NOW))


def drawn(found: Card) -> list[tuple[str, str | None, str]]:
    """Each place: what was ordered, the film in it, what became of it."""
    frames = [frame for group in found.ordered for frame in group.frames] + list(found.others)
    return [
        (
            frame.slot.name if frame.slot else "",
            frame.film.facts.sop_instance_uid if frame.film else None,
            frame.standing,
        )
        for frame in frames
    ]


AP, LATERAL = "wrist_ap", "wrist_lateral"
WELCOME = ExpectedView(views=("hand_ap",), optional=True)
# what was ordered | films | the places drawn
PLACES = [
    (
        [wrist(AP, LATERAL)],
        [film(1, LATERAL), film(2, AP)],
        [(AP, "1.2", "there"), (LATERAL, "1.1", "there")],
    ),
    ([wrist(AP, LATERAL)], [film(1, AP)], [(AP, "1.1", "there"), (LATERAL, None, "missing")]),
    (
        [wrist(AP, LATERAL)],
        [film(1, AP), film(2, "knee_ap")],
        [(AP, "1.1", "there"), (LATERAL, "1.2", "another film")],
    ),
    (
        [wrist(AP, LATERAL)],
        [film(1, AP), film(2, "hand_ap", 0.5)],
        [(AP, "1.1", "there"), (LATERAL, "1.2", "perhaps")],
    ),
    ([wrist(AP)], [film(1, AP), film(2, AP)], [(AP, "1.1", "there"), ("", "1.2", "not asked for")]),
    ([wrist(AP, WELCOME)], [film(1, AP)], [(AP, "1.1", "there")]),
    (
        [wrist(ExpectedView(views=(AP, LATERAL)))],
        [film(1, LATERAL)],
        [("wrist_ap or wrist_lateral", "1.1", "there")],
    ),
    ([wrist()], [film(1, AP)], [("", "1.1", "not asked for")]),
    (
        [wrist(AP, side=Side.BOTH)],
        [film(1, AP, side=Side.LEFT), film(2, AP, side=Side.RIGHT)],
        [(f"{AP}, right", "1.2", "there"), (f"{AP}, left", "1.1", "there")],
    ),
]


@pytest.mark.parametrize(("ordered", "films", "places"), PLACES)
def test_films_stand_in_the_places_that_were_ordered(
    ordered: list[Expectation], films: list[FilmFacts], places: list[tuple[str, str | None, str]]
) -> None:
    assert drawn(card(ordered, films)) == places


def said(number: int, reviewer: str = "anna", view: str = AP, **more: Any) -> StoredReview:
    about = more.pop("about", None)
    review = Review(
        sop_instance_uid="1.1",
        reviewer=reviewer,
        action=ReviewAction.CORRECT,
        view=view,
        about=about,
        at=NOW + timedelta(seconds=number),
    )
    return StoredReview(**{
        "id": number,
        "review": review,
        "study_instance_uid": "1",
        "undone_at": None,
        "undone_by": None,
        "of_other_bytes": False,
        "view_shown": None,
        "kinds": frozenset(),
    } | more)  # fmt: skip


def test_the_last_word_on_each_thing_stands() -> None:
    taken_back = said(5, "ben", undone_at=NOW, undone_by="ben")
    reviews = [
        said(1),
        said(2),
        said(3, about="rotated"),
        said(4, "ben"),
        taken_back,
        said(6, "cleo", of_other_bytes=True),
    ]
    assert [one.id for one in standing(reviews)] == [2, 3, 4]
    found = card([wrist(AP)], [film(1, "knee_ap")], reviews)
    assert [one.id for one in found.past] == [1, 5, 6]


def test_an_unsure_film_cannot_be_confirmed() -> None:
    (frame,) = card([wrist()], [film(1, AP, 0.5)]).others
    assert frame.film is not None
    assert not frame.film.can_be_confirmed


def test_a_verdict_is_awaited_for_a_while_after_a_word() -> None:
    films = [film(1, AP)]
    assert card([wrist(AP)], films, [said(1)], now=NOW + timedelta(seconds=3)).is_stale
    assert not card([wrist(AP)], films, [said(1)], now=NOW + timedelta(seconds=30)).is_stale
    assert not card([wrist(AP)], films, [said(-1)], now=NOW + timedelta(seconds=3)).is_stale


def test_words_are_plain() -> None:
    assert day("20260102") == "2026-01-02"
    assert day("2026?") == "2026?"
    assert (
        plainly('wrist_ap was expected, "wrist_ap" stands there')
        == 'wrist ap was expected, "wrist_ap" stands there'
    )
    assert spoken(said(1).review) == "anna: it is wrist ap"
