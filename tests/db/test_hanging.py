"""What hanging protocols, DICOMweb's search and those who wait read, on both databases."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session, sessionmaker

from db.deliveries import Deliveries
from db.hanging import Hanging
from db.instances import Instances
from db.matching import Match, Matching
from db.news import Newsroom
from db.read_webhooks import NewDelivery
from db.reviews import Reviews
from router.news import Word
from router.orders import Side
from router.types import Analysis, State
from router.verdicts import Review, ReviewAction

STUDY = "1.2.4.1"
MINUTE = timedelta(minutes=1)
Receive = Callable[..., Any]
Make = Callable[..., Analysis]


@pytest.fixture
def hanging(maker: sessionmaker[Session]) -> Hanging:
    return Hanging(maker)


@pytest.fixture
def matching(maker: sessionmaker[Session]) -> Matching:
    return Matching(maker)


@pytest.fixture
def newsroom(maker: sessionmaker[Session], clock: Any) -> Newsroom:
    return Newsroom(maker, clock=clock)


@pytest.fixture
def analyse(instances: Instances, analysis: Make, clock: Any) -> Callable[[str], None]:
    """All that wait are answered, a minute later."""

    def do(view: str) -> None:
        clock.forward(MINUTE)
        for claim in instances.claim(100, lease=MINUTE, worker="test"):
            instances.finish(claim, analysis(view))

    return do


def test_a_study_nobody_sent_does_not_stand(hanging: Hanging) -> None:
    assert hanging.study_standing(STUDY) is None
    assert hanging.instance_standing("1.2.3.1") is None
    assert (hanging.study(STUDY), hanging.instances(["1.2.3.1"])) == ((), ())


def test_a_film_is_known_with_its_prediction_and_its_story(
    hanging: Hanging, receive: Receive, analyse: Callable[[str], None], instances: Instances, clock: Any
) -> None:
    receive(1)
    arrived = clock()
    analyse("wrist_ap")
    instances.requeue("1.2.3.1", "test")
    analyse("hand_ap")
    (film,) = hanging.study(STUDY)
    assert film.prediction is not None
    assert (film.state, film.prediction.view, film.truth) == (State.DONE, "hand_ap", None)
    assert film.prediction.further["rotation"][0].label == "0"
    assert [(said.view, said.model) for said in film.said] == [("wrist_ap", "view@2"), ("hand_ap", "view@2")]
    assert (film.said[0].at, film.changed_at) == (arrived + MINUTE, clock())
    assert film.instance.attributes["KVP"] == ("70",)


def test_a_film_without_a_view_is_known_all_the_same(
    hanging: Hanging, receive: Receive, analyse: Callable[[Any], None]
) -> None:
    receive(1)
    analyse(None)
    (film,) = hanging.instances(["1.2.3.1", "1.2.3.9"])
    assert (film.prediction, film.said) == (None, ())


def test_what_reviewers_agree_on_comes_along(
    hanging: Hanging, receive: Receive, analyse: Callable[[str], None], reviews: Reviews, clock: Any
) -> None:
    receive(1)
    analyse("wrist_ap")
    clock.forward(MINUTE)
    review = Review(
        sop_instance_uid="1.2.3.1",
        reviewer="ann",
        action=ReviewAction.CORRECT,
        view="hand_ap",
        side=Side.LEFT,
    )
    reviews.add(review)
    (film,) = hanging.study(STUDY)
    assert film.truth is not None
    assert (film.truth.view, film.truth.side, film.truth_at) == ("hand_ap", Side.LEFT, clock())


def test_every_change_is_another_standing(
    hanging: Hanging, receive: Receive, analyse: Callable[[str], None], clock: Any
) -> None:
    receive(1)
    standings = [hanging.study_standing(STUDY)]
    analyse("hand_ap")
    standings.append(hanging.study_standing(STUDY))
    receive(2)
    standings.append(hanging.study_standing(STUDY))
    assert all(standings) and len(set(standings)) == 3
    assert standings[-1] is not None and standings[-1].changed_at == clock()
    receive(3, study=2)
    assert hanging.study_standing(STUDY) == standings[-1]


# what must hold | the films that match, newest study first
MATCHES: list[tuple[dict[str, Any], list[int]]] = [
    ({}, [4, 3, 2, 1]),
    ({"study_instance_uid": (STUDY,)}, [2, 1]),
    ({"study_instance_uid": (STUDY, "1.2.4.3")}, [4, 2, 1]),
    ({"sop_instance_uid": ("1.2.3.1", "1.2.3.4")}, [4, 1]),
    ({"series_instance_uid": ("1.2.5.2",)}, [3]),
    ({"modality": ("CR",)}, [4]),
    ({"modality": ("CR", "DX")}, [4, 3, 2, 1]),
    ({"patient_id": "P1"}, [2, 1]),
    ({"patient_id": "P?"}, [4, 3, 2, 1]),
    ({"patient_id": "p*"}, [4, 3, 2, 1]),
    ({"patient_id": "P_"}, []),
    ({"patient_id": "P%"}, []),
    ({"patient_name": "doe^j*"}, [4, 3, 2, 1]),
    ({"patient_name": "roe"}, []),
    ({"accession_number": "A2"}, [3]),
    ({"instance_number": 7}, [2]),
    ({"study_date_from": "20260201"}, [4]),
    ({"study_date_to": "20260131"}, [3, 2, 1]),
    ({"body_part_examined": "H*"}, [4]),
]


@pytest.fixture
def filled(receive: Receive, matching: Matching) -> Matching:
    receive(1)
    receive(2, instance_number=7)
    receive(3, study=2, study_date="20260103")
    receive(4, study=3, study_date="20260301", modality="CR", body_part_examined="HAND")
    return matching


@pytest.mark.parametrize(("wanted", "expected"), MATCHES)
def test_what_matches(filled: Matching, wanted: dict[str, Any], expected: Sequence[int]) -> None:
    found = filled.instances(Match(**wanted), 100, 0)
    assert {int(one.instance.sop_instance_uid.split(".")[-1]) for one in found.items} == set(expected)
    assert found.remaining == 0


def test_pages_by_offset_tell_what_is_left(filled: Matching) -> None:
    pages = [filled.instances(Match(), 2, offset) for offset in (0, 2, 4)]
    assert [len(page.items) for page in pages] == [2, 2, 0]
    assert [page.remaining for page in pages] == [2, 0, 0]
    shown = [film.instance.sop_instance_uid for page in pages for film in page.items]
    assert len(set(shown)) == 4


def test_studies_and_series_are_found_once(filled: Matching) -> None:
    studies = filled.studies(Match(), 2, 0)
    assert [one.summary.study_instance_uid for one in studies.items] == ["1.2.4.3", "1.2.4.2"]
    assert (studies.remaining, studies.items[0].latest.instance.modality) == (1, "CR")
    series = filled.series(Match(study_instance_uid=(STUDY,)), 10, 0)
    assert [(one.latest.instance.series_instance_uid, one.instances) for one in series.items] == [
        ("1.2.5.1", 2)
    ]
    assert filled.studies(Match(patient_id="nobody"), 10, 0).items == ()
    assert filled.series(Match(patient_id="nobody"), 10, 0).items == ()


def test_news_say_what_happened_and_what_still_waits(
    newsroom: Newsroom, receive: Receive, analyse: Callable[[str], None], instances: Instances
) -> None:
    receive(1)
    receive(2)
    first = newsroom.after(0, 100)
    assert [(one.word, one.study_pending) for one in first.news] == [(Word.PENDING, 2)] * 2
    analyse("hand_ap")
    second = newsroom.after(first.upto, 100)
    assert [(one.word, one.study_pending) for one in second.news] == [(Word.ANSWERED, 0)] * 2
    instances.requeue("1.2.3.1", "test")
    (third,) = newsroom.after(second.upto, 100).news
    assert (third.word, third.study_instance_uid, third.calling_ae_title) == (
        Word.PENDING,
        STUDY,
        "MODALITY",
    )


def test_news_move_on_past_what_is_none(
    newsroom: Newsroom, receive: Receive, analyse: Callable[[str], None]
) -> None:
    receive(1)
    analyse("hand_ap")
    seen, upto = [], 0
    while (bulletin := newsroom.after(upto, 1)).upto > upto:
        seen += [one.word for one in bulletin.news]
        upto = bulletin.upto
    assert seen == [Word.PENDING, Word.ANSWERED]


def test_of_one_film_only_the_earliest_delivery_is_due(maker: sessionmaker[Session], clock: Any) -> None:
    outbox = Deliveries(maker, clock=clock)
    place = outbox.place("viewer")
    told = [
        NewDelivery(
            event_id=str(number), event="answered", sop_instance_uid=film, study_instance_uid="1.2", body={}
        )
        for number, film in enumerate(["1.1", "1.1", "1.2", None, None])
    ]
    assert outbox.fill("viewer", told, after=place, upto=place + 5)
    first = outbox.take("viewer", 10, lease=MINUTE)
    assert [one.event_id for one in first] == ["0", "2", "3", "4"]
    assert outbox.take("viewer", 10, lease=MINUTE) == []
    outbox.again(first[0].id, "it answered 500", clock() + MINUTE)
    assert outbox.take("viewer", 10, lease=MINUTE) == []
    outbox.give_up(first[0].id, "it answered 500")
    assert [one.event_id for one in outbox.take("viewer", 10, lease=MINUTE)] == ["1"]
    assert outbox.take("another", 10, lease=MINUTE) == []
