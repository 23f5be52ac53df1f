from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from db.instances import Instances
from db.queries import Queries
from db.reviews import Reviews
from db.verdicts import Verdicts
from router.orders import Side
from router.types import Analysis, Event, Outcome
from router.verdicts import Kind, Remark, Review, ReviewAction, Source, Verdict

Receive = Callable[..., Outcome]
MINUTE = timedelta(minutes=1)
FILM, STUDY = "1.2.3.1", "1.2.4.1"


def review(reviewer: str = "ada", view: str | None = "knee_ap", **fields: Any) -> Review:
    action = ReviewAction.CORRECT if view else ReviewAction.DISMISS
    given: dict[str, Any] = {"sop_instance_uid": FILM, "action": action, "reason": None if view else "fine"}
    return Review(reviewer=reviewer, view=view, **given | fields)


@pytest.fixture
def judge(verdicts: Verdicts) -> Callable[..., None]:
    """What is due is judged: the first film is of the wrong region, and another one is missing."""

    def do(*remarks: Remark) -> None:
        for due in verdicts.claim(10, lease=MINUTE):
            films = tuple(film.sop_instance_uid for film in due.films)
            study = due.study_instance_uid
            assert verdicts.record(due.token, Verdict(study_instance_uid=study, remarks=remarks, films=films))

    return do


WRONG = Remark(kind=Kind.WRONG_REGION, sentence="a chest, not a knee", sop_instance_uids=(FILM,))
MISSING = Remark(kind=Kind.MISSING_VIEW, sentence="no lateral", expected="knee_lateral")


@pytest.fixture
def judged(
    receive: Receive, instances: Instances, analysis: Callable[..., Analysis], clock: Any, judge: Any
) -> None:
    scanner = {"Manufacturer": ("Acme",), "ManufacturerModelName": ("X1",), "StationName": ("ROOM1",)}
    receive(1, attributes=scanner)
    receive(2)
    for claim in instances.claim(2, lease=MINUTE, worker="w"):
        instances.finish(claim, analysis())
    clock.forward(MINUTE)
    judge(WRONG, MISSING)


@pytest.mark.usefixtures("judged")
def test_a_correction_becomes_the_answer_and_the_study_is_judged_anew(
    reviews: Reviews, verdicts: Verdicts, clock: Any
) -> None:
    review_id = reviews.add(review(side=Side.LEFT))
    due = verdicts.claim(1, lease=MINUTE)[0]
    film = due.films[0]
    assert (film.view, film.side, film.source, film.score) == ("knee_ap", "L", Source.HUMAN, None)
    truth = reviews.truth(FILM)
    assert (truth.view, truth.side, truth.agreed, truth.reviewers) == ("knee_ap", "L", True, ("ada",))
    stored = reviews.of_study(STUDY)[0]
    assert reviews.get(review_id) == stored
    assert (stored.review.at, stored.view_shown, stored.kinds) == (
        clock(), "chest_pa_ap", {Kind.WRONG_REGION, Kind.MISSING_VIEW},
    )  # fmt: skip
    assert reviews.truths(STUDY) == {FILM: truth}


@pytest.mark.usefixtures("judged")
def test_two_who_differ_are_shown_as_such_and_a_third_decides(reviews: Reviews, verdicts: Verdicts) -> None:
    reviews.add(review("ada", "knee_ap"))
    reviews.add(review("bob", "hand_ap"))
    assert not reviews.truth(FILM).agreed
    assert verdicts.film_facts(STUDY)[0].source == Source.AI
    item = verdicts.page(limit=1).items[0]
    assert (item.disagreed, item.reviewers, item.settled) == (True, ("ada", "bob"), False)
    reviews.add(review("cleo", "hand_ap"))
    assert verdicts.film_facts(STUDY)[0].view == "hand_ap"
    assert not verdicts.page(limit=1).items[0].disagreed


@pytest.mark.usefixtures("judged")
def test_a_word_taken_back_makes_the_earlier_one_hold_again(reviews: Reviews, queries: Queries) -> None:
    first = reviews.add(review("ada", "knee_ap"))
    second = reviews.add(review("ada", "hand_ap"))
    assert reviews.truth(FILM).view == "hand_ap"
    assert not reviews.undo(second, by="bob")
    assert reviews.undo(second, by="bob", anyone=True)
    assert not reviews.undo(second, by="ada")
    assert reviews.truth(FILM).view == "knee_ap"
    assert reviews.undo(first, by="ada")
    assert not reviews.undo(99, by="ada")
    assert reviews.truth(FILM).reviewers == ()
    assert [(one.undone_by, one.stands) for one in reviews.of_study(STUDY)] == [
        ("ada", False),
        ("bob", False),
    ]
    story = [(entry.event, entry.detail) for entry in queries.audit(FILM)][-4:]
    assert [event for event, _ in story] == [
        Event.REVIEWED, Event.REVIEWED, Event.REVIEW_UNDONE, Event.REVIEW_UNDONE,
    ]  # fmt: skip
    assert story[0][1] == {
        "review_id": first, "reviewer": "ada", "action": "correct", "about": None, "view": "knee_ap",
        "side": None,
    }  # fmt: skip


@pytest.mark.usefixtures("judged")
def test_the_worklist_knows_at_once_what_is_settled(reviews: Reviews, verdicts: Verdicts) -> None:
    reviews.add(review(action=ReviewAction.CONFIRM))
    assert [item.settled for item in verdicts.page(limit=9, settled=False).items] == [False]
    reviews.add(review(view=None, about=MISSING.key))
    assert verdicts.page(limit=9, settled=False).items == ()
    assert verdicts.page(limit=9, settled=True, reviewed_by="ada").items[0].settled
    assert verdicts.page(limit=9, not_reviewed_by="ada").items == ()
    assert verdicts.counts()[Kind.WRONG_REGION] == 0


@pytest.mark.usefixtures("judged")
def test_words_about_other_bytes_no_longer_count(
    reviews: Reviews, verdicts: Verdicts, receive: Receive
) -> None:
    reviews.add(review())
    receive(1, content="b")
    assert reviews.of_study(STUDY)[0].of_other_bytes
    assert reviews.truth(FILM).view is None
    assert list(reviews.export()) == [] and list(reviews.figures()) == []
    assert verdicts.page(limit=1).items[0].reviewers == ()


@pytest.mark.parametrize(
    ("given", "error"),
    [
        (review(sop_instance_uid="1.2.9"), LookupError),
        (review(view="nonsense"), ValueError),
        (review(view=None, reason=" "), ValueError),
        (review(reviewer=""), ValueError),
    ],
)
@pytest.mark.usefixtures("judged")
def test_a_review_that_cannot_be_taken_is_refused(
    given: Review, error: type[Exception], reviews: Reviews
) -> None:
    with pytest.raises(error):
        reviews.add(given)
    assert reviews.page(limit=9).items == ()


@pytest.mark.usefixtures("judged")
def test_reviews_are_listed_page_by_page(reviews: Reviews, clock: Any) -> None:
    ids = []
    for reviewer in ("ada", "bob", "ada"):
        ids.append(reviews.add(review(reviewer)))
        clock.forward(MINUTE)
    first = reviews.page(limit=2)
    rest = reviews.page(limit=2, cursor=first.next_cursor)
    assert [one.id for one in (*first.items, *rest.items)] == ids[::-1]
    assert [one.id for one in reviews.page(limit=9, reviewer="bob").items] == [ids[1]]
    assert [one.id for one in reviews.page(limit=9, since=clock() - MINUTE).items] == [ids[2]]


@pytest.mark.usefixtures("judged")
def test_what_is_agreed_is_exported_with_where_it_came_from(reviews: Reviews, clock: Any) -> None:
    reviews.add(review("ada", side=Side.RIGHT))
    reviews.add(review("bob", side=Side.RIGHT))
    reviews.add(review("ada", "hand_ap", sop_instance_uid="1.2.3.2"))
    reviews.add(review("bob", "knee_ap", sop_instance_uid="1.2.3.2"))
    (film,) = reviews.export()
    assert (film.sop_instance_uid, film.study_instance_uid, film.patient_id) == (FILM, STUDY, "P1")
    assert (film.view, film.side, film.reviewers) == ("knee_ap", "R", ("ada", "bob"))
    assert (film.predicted_view, film.predicted_score, film.model) == ("chest_pa_ap", 0.9, "view@2")
    assert (film.calling_ae_title, film.manufacturer, film.station_name) == ("MODALITY", "Acme", "ROOM1")
    assert film.path.startswith("aa/1/1.2.3.1.")
    assert list(reviews.export(since=clock() + MINUTE)) == []


@pytest.mark.usefixtures("judged")
def test_the_figures_say_what_became_of_each_flag(reviews: Reviews, judge: Any, clock: Any) -> None:
    reviews.add(review())
    reviews.add(review("bob", None, sop_instance_uid="1.2.3.2"))
    judge(MISSING)
    rows = {row.sop_instance_uid: row for row in reviews.figures()}
    assert set(rows) == {FILM, "1.2.3.2"}
    row = rows[FILM]
    assert (row.predicted_view, row.true_view, row.model, row.reviewers) == (
        "chest_pa_ap", "knee_ap", "view@2", 1,
    )  # fmt: skip
    assert (row.manufacturer_model_name, row.station_name, row.calling_ae_title) == (
        "X1",
        "ROOM1",
        "MODALITY",
    )
    assert (row.confirmed, row.dismissed) == ({Kind.MISSING_VIEW}, {Kind.WRONG_REGION})
    assert rows["1.2.3.2"].true_view is None and not rows["1.2.3.2"].confirmed
    assert list(reviews.figures(since=clock() + MINUTE)) == []
