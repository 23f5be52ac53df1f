"""What hanging-protocol software asks over HTTP: answers, waiting, late changes, and what costs nothing."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime

import pytest
from sqlalchemy import event

from router.known_films import Trust
from router.orders import Side
from router.verdicts import Review, ReviewAction, Source

API = "/api/v1/hanging"
ROOT = "1.2.826.0.1.3680043.8.498"
STUDY = f"{ROOT}.1.0"


def test_a_study_tells_what_each_film_is(house) -> None:
    first = house.receive(1, attributes={"ImageLaterality": ("L",)})
    house.analyse("knee_ap", 0.97)
    waiting = house.receive(2)
    body = house.client().get(f"{API}/studies/{STUDY}").json()
    assert (body["study_instance_uid"], body["state"], body["pending"]) == (STUDY, "pending", 1)
    knee, other = body["films"]
    assert (knee["sop_instance_uid"], other["sop_instance_uid"]) == (first, waiting)
    assert (knee["state"], knee["view"], knee["source"], knee["score"]) == ("done", "knee_ap", "ai", 0.97)
    assert knee["anatomic_region_sequence"] == [
        {"code_value": "72696002", "coding_scheme_designator": "SCT", "code_meaning": "Knee"}
    ]
    (code,) = knee["view_code_sequence"]
    assert (code["code_value"], code["view_modifier_code_sequence"]) == ("399348003", [])
    assert (knee["view_position"], knee["view_position_source"]) == ("AP", "view")
    assert (knee["image_laterality"], knee["image_laterality_source"]) == ("L", "header_image_laterality")
    assert knee["prediction"]["model"]["version"] == "1"
    assert knee["prediction"]["runners_up"] == [{"label": "chest_lateral", "score": 0.03}]
    assert (other["state"], other["view"], other["anatomic_region_sequence"]) == ("pending", None, [])


def test_modifiers_and_eponyms_are_told(house) -> None:
    uid = house.receive(1)
    house.analyse("shoulder_outlet", 0.97)
    body = house.client().get(f"{API}/instances/{uid}").json()
    (code,) = body["view_code_sequence"]
    assert code["code_meaning"] == "tangential"
    assert [one["code_meaning"] for one in code["view_modifier_code_sequence"]] == ["caudad"]
    assert [one["code_meaning"] for one in body["projection_eponymous_name_code_sequence"]] == ["Neer"]


def test_no_answer_names_a_patient(house) -> None:
    house.receive(1)
    house.analyse()
    text = house.client().get(f"{API}/studies/{STUDY}").text
    assert not any(word in text for word in ("4711", "Doe", "A100"))


def test_a_film_that_failed_says_why(house) -> None:
    uid = house.receive(1)
    house.fail("the pixels cannot be decoded")
    body = house.client().get(f"{API}/instances/{uid}").json()
    assert (body["state"], body["view"], body["reason"]) == ("failed", None, "the pixels cannot be decoded")


def test_a_late_change_says_what_it_was(house) -> None:
    uid = house.receive(1)
    house.analyse("wrist_ap", 0.9)
    house.instances.requeue(uid, "test")
    client = house.client()
    again = client.get(f"{API}/instances/{uid}").json()
    assert (again["state"], again["view"]) == ("pending", "wrist_ap")
    house.analyse("hand_ap", 0.97)
    body = client.get(f"{API}/instances/{uid}").json()
    assert (body["state"], body["view"]) == ("done", "hand_ap")
    assert (body["before"]["view"], body["before"]["model"]) == ("wrist_ap", "view@1")


def test_whom_to_believe_is_a_setting(house) -> None:
    uid = house.receive(1)
    house.analyse()
    client = house.client(trust=Trust(sources=(Source.HUMAN,)))
    body = client.get(f"{API}/instances/{uid}").json()
    assert (body["view"], body["source"]) == (None, None)
    assert body["prediction"]["view"] == "chest_pa_ap"


def test_a_batch_keeps_the_order_and_names_the_unknown(house) -> None:
    uids = [house.receive(number) for number in (1, 12, 23)]
    house.analyse()
    asked = [uids[2], "1.2.3", uids[0], uids[2]]
    body = house.client().post(f"{API}/instances", json={"sop_instance_uids": asked}).json()
    assert [film["sop_instance_uid"] for film in body["films"]] == [uids[2], uids[0]]
    assert body["unknown"] == ["1.2.3"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"sop_instance_uids": []}, 422),
        ({"sop_instance_uids": ["x"]}, 422),
        ({"sop_instance_uids": ["1.2"] * 501}, 422),
        ({"sop_instance_uids": [f"1.2.{number}" for number in range(500)]}, 200),
        ({}, 422),
        ({"sop_instance_uids": ["1.2"], "more": 1}, 422),
    ],
)
def test_a_batch_has_its_limits(house, body: dict[str, object], status: int) -> None:
    assert house.client().post(f"{API}/instances", json=body).status_code == status


def test_what_nobody_sent_is_not_found(house) -> None:
    client = house.client()
    for path in ("/studies/1.2.3", "/instances/1.2.3"):
        answer = client.get(API + path)
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


def started() -> datetime:
    """No later than anything that a test does."""
    return datetime.now(UTC) - timedelta(minutes=1)


def later() -> datetime:
    return datetime.now(UTC) + timedelta(minutes=1)


@pytest.mark.parametrize("path", [f"/studies/{STUDY}", f"/instances/{ROOT}.3.1"])
def test_nothing_is_read_again_while_nothing_changes(house, path: str) -> None:
    house.receive(1)
    house.analyse()
    client = house.client(clock=later)
    statements: list[str] = []
    first = client.get(API + path)
    event.listen(house.engine, "before_cursor_execute", lambda *said: statements.append(said[2]))
    known = [
        {"If-None-Match": first.headers["ETag"]},
        {"If-Modified-Since": first.headers["Last-Modified"]},
        {"If-None-Match": first.headers["ETag"], "If-Modified-Since": "Sat, 01 Jan 2000 00:00:00 GMT"},
    ]
    for headers in known:
        answer = client.get(API + path, headers=headers)
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["ETag"] == first.headers["ETag"]
    assert not any("prediction" in statement or "header" in statement for statement in statements)
    changed = [
        {"If-None-Match": 'W/"other"'},
        {"If-None-Match": 'W/"other"', "If-Modified-Since": first.headers["Last-Modified"]},
        {"If-Modified-Since": "Sat, 01 Jan 2000 00:00:00 GMT"},
        {"If-Modified-Since": "yesterday"},
    ]
    assert {client.get(API + path, headers=headers).status_code for headers in changed} == {200}


def test_every_change_changes_the_tag(house) -> None:
    client = house.client()
    tags = []
    uid = house.receive(1)
    tags.append(client.get(f"{API}/studies/{STUDY}").headers["ETag"])
    house.analyse()
    tags.append(client.get(f"{API}/studies/{STUDY}").headers["ETag"])
    house.instances.requeue(uid, "test")
    tags.append(client.get(f"{API}/studies/{STUDY}").headers["ETag"])
    house.receive(2)
    tags.append(client.get(f"{API}/studies/{STUDY}").headers["ETag"])
    assert len(set(tags)) == 4


def test_another_order_of_belief_is_another_state(house) -> None:
    house.receive(1)
    tags = {
        house.client(trust=trust).get(f"{API}/studies/{STUDY}").headers["ETag"]
        for trust in (Trust(), Trust(sources=(Source.AI,)))
    }
    assert len(tags) == 2


def test_a_change_within_the_second_is_not_missed(house) -> None:
    # HTTP's dates have seconds: while the second of a change lasts, another may follow it unseen.
    house.receive(1)
    at_once = house.client(clock=started)
    assert "Last-Modified" not in at_once.get(f"{API}/studies/{STUDY}").headers
    modified = house.client(clock=later).get(f"{API}/studies/{STUDY}").headers["Last-Modified"]
    assert abs(parsedate_to_datetime(modified).timestamp() - time.time()) < 10
    headers = {"If-Modified-Since": format_datetime(later(), usegmt=True)}
    assert at_once.get(f"{API}/studies/{STUDY}", headers=headers).status_code == 200


def test_answers_carry_who_may_keep_them(house) -> None:
    house.receive(1)
    answer = house.client().get(f"{API}/studies/{STUDY}")
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert json.loads(answer.content)["films"]


def test_a_token_is_needed_where_there_are_tokens(house) -> None:
    client = house.client(settings=house.settings(tokens=True))
    assert client.get(f"{API}/studies/{STUDY}").status_code == 401
    reader = {"Authorization": "Bearer r-secret"}
    assert client.get(f"{API}/studies/{STUDY}", headers=reader).status_code == 404


def test_a_humans_word_is_the_answer_and_is_told(house) -> None:
    uid = house.receive(1, body_part_examined="WRIST", attributes={"BodyPartExamined": ("WRIST",)})
    house.analyse("wrist_ap", 0.9)
    client = house.client()
    before = client.get(f"{API}/instances/{uid}")
    review = Review(
        sop_instance_uid=uid,
        reviewer="ann",
        action=ReviewAction.CORRECT,
        view="knee_ap",
        side=Side.LEFT,
    )
    number = house.reviews.add(review)
    after = client.get(f"{API}/instances/{uid}", headers={"If-None-Match": before.headers["ETag"]})
    body = after.json()
    assert (body["view"], body["source"], body["score"]) == ("knee_ap", "human", None)
    assert (body["image_laterality"], body["image_laterality_source"]) == ("L", "human")
    assert (body["before"]["view"], body["before"]["source"]) == ("wrist_ap", "ai")
    assert body["prediction"]["view"] == "wrist_ap"
    (conflict,) = body["conflicts"]
    assert conflict == {"attribute": "BodyPartExamined", "header": "WRIST", "answer": "Knee"}
    house.reviews.undo(number, by="ann")
    again = client.get(f"{API}/instances/{uid}").json()
    assert (again["view"], again["source"]) == ("wrist_ap", "ai")
