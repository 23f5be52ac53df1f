"""Order check: the worklist, the card of a study, and what reviewers say there."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from db.engine import sessions
from db.instances import Instances
from router.comparison import compare
from router.evidence import Thresholds
from router.orders import Expectation, ExpectedView, OrderSource, Side
from router.verdicts import Kind

Judge = Callable[..., str]
WRIST = Expectation(
    procedure="wrist_2_views",
    source=OrderSource.REST,
    regions=("wrist",),
    side=Side.LEFT,
    views=(ExpectedView(views=("wrist_ap",)), ExpectedView(views=("wrist_lateral",))),
    evidence="the code 37034-3 of LN says wrist 2 views",
    order_number="A100",
)


@pytest.fixture
def judge(house: Any) -> Judge:
    """A study with films of these views, held against an order of two views of a wrist."""
    house.instances = Instances(sessions(house.engine), quiet=timedelta(0))

    def of(number: int, *views: str, expectation: Expectation = WRIST, **facts: Any) -> str:
        for offset, view in enumerate(views):
            house.receive(number + offset, **facts)
            house.analyse(view, 0.99)
        study: str = house.queries.instance(
            f"1.2.826.0.1.3680043.8.498.3.{number}"
        ).instance.study_instance_uid
        again(house, study, expectation)
        return study

    return of


def again(house: Any, study: str, expectation: Expectation = WRIST) -> None:
    """The judge's turn."""
    assert house.verdicts.again(study)
    for due in house.verdicts.claim(10, lease=timedelta(minutes=1)):
        verdict = compare(
            due.study_instance_uid,
            (expectation,),
            (),
            due.films,
            has_order=True,
            thresholds=Thresholds(),
            map_version="test",
        )
        assert house.verdicts.record(due.token, verdict)


def film(number: int) -> str:
    return f"1.2.826.0.1.3680043.8.498.3.{number}"


def ids(page: str) -> list[int]:
    """Words that the visitor may take back, by id."""
    return [int(found) for found in re.findall(r'name="review_id" value="(\d+)"', page)]


def test_an_empty_list_says_what_to_do(reviewer: Any) -> None:
    assert "Nothing to look at" in reviewer.text("/order-check")
    assert "No study fits these filters" in reviewer.text("/order-check?kind=rotated")


def test_a_study_stands_beside_what_was_ordered(reviewer: Any, judge: Judge) -> None:
    study = judge(10, "wrist_ap", "knee_ap")
    said = reviewer.text("/order-check")
    assert "Ordered: wrist 2 views, left" in said
    assert "the code 37034-3 of LN says wrist 2 views" in said
    page = reviewer.get(f"/order-check/{study}").text
    assert page.count('class="frame ') == 2
    assert f"/films/{film(10)}/preview.png" in page
    assert reviewer.get(f"/films/{film(10)}/preview.png").headers["content-type"] == "image/png"
    assert "another film" in said
    assert "Doe^Jane" in said


def test_what_is_missing_is_an_empty_frame(reviewer: Any, judge: Judge) -> None:
    study = judge(10, "wrist_ap")
    page = reviewer.get(f"/order-check/{study}").text
    assert page.count("frame missing") == 1
    assert "no film can be it" in page
    done = reviewer.send(
        f"/order-check/{study}/words", sop_instance_uid=film(10), action="confirm", about=about(page)
    )
    assert done.status_code == 303
    assert "reviewer: confirmed (missing view" in reviewer.text(f"/order-check/{study}")
    assert "No study fits" not in reviewer.text("/order-check?show=settled")


def about(page: str) -> str:
    found = re.search(r'name="about" value="([^"]+)"', page)
    assert found
    return found[1]


def test_a_word_answers_with_the_card_and_can_be_taken_back(reviewer: Any, judge: Judge, house: Any) -> None:
    study = judge(10, "wrist_ap", "knee_ap")
    form = {"csrf": reviewer.csrf, "sop_instance_uid": film(11), "action": "correct", "view": "wrist_lateral"}
    answer = reviewer.client.post(
        f"/order-check/{study}/words", data={**form, "side": "L"}, headers={"HX-Request": "true"}
    )
    assert answer.status_code == 200
    assert "<html" not in answer.text
    assert "reviewer: it is wrist lateral, left" in answer.text
    assert 'data-stale="true"' in answer.text
    assert "hx-swap-oob" in answer.text
    again(house, study)
    assert house.verdicts.current(study).verdict.kinds == {Kind.COMPLETE}
    assert house.queries.instance(film(11)).instance.sop_instance_uid == film(11)
    (review_id,) = ids(answer.text)
    back = reviewer.client.post(
        f"/order-check/{study}/undo",
        data={"csrf": reviewer.csrf, "review_id": review_id},
        headers={"HX-Request": "true"},
    )
    assert "Taken back." in back.text
    assert "1 earlier word" in back.text
    again(house, study)
    assert Kind.WRONG_REGION in house.verdicts.current(study).verdict.kinds


def test_two_who_differ_are_shown_and_a_third_decides(pages: Any, judge: Judge) -> None:
    study = judge(10, "wrist_ap", "knee_ap")
    for name, view in (("anna", "hand_ap"), ("ben", "wrist_lateral"), ("cleo", "wrist_lateral")):
        person = pages.person("reviewer", name)
        done = person.send(
            f"/order-check/{study}/words", sop_instance_uid=film(11), action="correct", view=view
        )
        assert done.status_code == 303
        said = person.text(f"/order-check/{study}")
        disputed = "anna says hand ap; ben says wrist lateral; a further reviewer decides" in said
        assert disputed is (name == "ben")
    assert "cleo: it is wrist lateral" in said


def test_a_dismissal_needs_a_reason(reviewer: Any, judge: Judge) -> None:
    study = judge(10, "wrist_ap", "knee_ap")
    path = f"/order-check/{study}/words"
    refused = reviewer.send(path, sop_instance_uid=film(11), action="dismiss", reason="  ")
    assert refused.status_code == 422
    taken = reviewer.send(path, sop_instance_uid=film(11), action="dismiss", reason="taken so on purpose")
    assert taken.status_code == 303
    assert "reviewer: no fault, taken so on purpose" in reviewer.text(f"/order-check/{study}")


def test_readers_look_and_do_not_speak(pages: Any, judge: Judge) -> None:
    study = judge(10, "wrist_ap")
    reader = pages.person("reader")
    page = reader.get(f"/order-check/{study}").text
    assert "Ordered: wrist 2 views" in page
    assert 'data-do="' not in page
    refused = reader.send(f"/order-check/{study}/words", sop_instance_uid=film(10), action="confirm")
    assert refused.status_code == 403


def test_a_form_of_another_page_is_refused(reviewer: Any, judge: Judge) -> None:
    study = judge(10, "wrist_ap")
    form = {"csrf": "x", "sop_instance_uid": film(10), "action": "confirm"}
    assert reviewer.client.post(f"/order-check/{study}/words", data=form).status_code == 403


def test_nobody_takes_back_what_another_said_but_an_admin(pages: Any, judge: Judge) -> None:
    study = judge(10, "wrist_ap", "knee_ap")
    anna, ben, admin = (
        pages.person(role, name)
        for role, name in (("reviewer", "anna"), ("reviewer", "ben"), ("admin", "admin"))
    )
    anna.send(f"/order-check/{study}/words", sop_instance_uid=film(11), action="confirm", view="knee_ap")
    assert ids(ben.get(f"/order-check/{study}").text) == []
    (review_id,) = ids(anna.get(f"/order-check/{study}").text)
    assert ben.send(f"/order-check/{study}/undo", review_id=review_id).status_code == 403
    assert admin.send(f"/order-check/{study}/undo", review_id=review_id).status_code == 303
    assert admin.send(f"/order-check/{study}/undo", review_id=review_id).status_code == 404


# filter | studies found of: one with a knee in it from XRAY1, one that lacks a view
FILTERS = [
    ("", {"1", "2"}),
    ("kind=wrong_region", {"1"}),
    ("kind=missing_view", {"2"}),
    ("kind=rotated", set()),
    ("study_date_from=2026-01-03", {"2"}),
    ("study_date_to=2026-01-03&study_date_from=", {"1"}),
    ("calling_ae_title=XRAY1", {"1", "2"}),
    ("calling_ae_title=OTHER", set()),
    ("show=settled", set()),
    ("show=all&said=me", set()),
    ("show=all&said=not+me", {"1", "2"}),
    ("first=worst", {"1", "2"}),
]


@pytest.mark.parametrize(("query", "found"), FILTERS)
def test_the_list_is_narrowed(reviewer: Any, judge: Judge, query: str, found: set[str]) -> None:
    judge(10, "wrist_ap", "knee_ap")
    judge(20, "wrist_ap", study_date="20260104")
    page = reviewer.get(f"/order-check?{query}")
    assert page.status_code == 200
    listed = re.findall(r'data-study="[\d.]+\.1\.(\d)"\s+hx-get', page.text)
    assert set(listed) == found
    if query == "first=worst":
        assert listed == ["1", "2"]
    if query == "":
        assert listed == ["2", "1"]
    assert reviewer.get("/order-check?show=everything").status_code == 422


def test_others_at_the_same_study_are_named(pages: Any, judge: Judge) -> None:
    study = judge(10, "wrist_ap")
    anna, ben = (pages.person("reviewer", name) for name in ("anna", "ben"))
    assert "Also open by" not in anna.text(f"/order-check/{study}")
    assert "Also open by anna" in ben.text(f"/order-check/{study}")


def test_a_study_that_nobody_judged_is_not_there_yet(reviewer: Any) -> None:
    answer = reviewer.get("/order-check/1.2.3")
    assert answer.status_code == 404
    assert "has not been judged yet" in answer.text
    assert reviewer.fragment("/order-check/1.2.3").status_code == 404


def test_figures_say_when_they_say_nothing(reviewer: Any, judge: Judge) -> None:
    assert "No film has been reviewed" in reviewer.text("/order-check/figures")
    study = judge(10, "wrist_ap", "knee_ap")
    path = f"/order-check/{study}/words"
    reviewer.send(path, sop_instance_uid=film(10), action="confirm", view="wrist_ap")
    reviewer.send(path, sop_instance_uid=film(11), action="correct", view="wrist_lateral")
    said = reviewer.text("/order-check/figures?days=30")
    assert "Too few reviews to say anything yet" in said
    assert "2 films reviewed" in said
    assert "wrist lateral taken for knee ap (1)" in said
