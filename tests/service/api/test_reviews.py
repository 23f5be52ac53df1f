"""Reviews over REST: said, listed, taken back; the answer is the people's then; figures."""

from __future__ import annotations

from typing import Any

import pytest

ROOT = "1.2.826.0.1.3680043.8.498"


def bearer(role: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {role[0] if role != 'reviewer' else 'v'}-secret"}


@pytest.fixture
def client(house: Any) -> Any:
    """An API with tokens, and two films whose view is stated."""
    for number in (10, 11):
        house.receive(number, attributes={"ManufacturerModelName": ("Bucky",), "StationName": ("ROOM2",)})
    house.analyse("hand_ap", 0.9)
    return house.client(settings=house.settings(tokens=True))


def say(client: Any, role: str = "reviewer", **word: Any) -> Any:
    body = {"sop_instance_uid": f"{ROOT}.3.10", "action": "confirm"} | word
    return client.post("/api/v1/reviews", json=body, headers=bearer(role))


def test_a_word_is_kept_and_told(client: Any) -> None:
    said = say(client, action="correct", view="wrist_ap", side="L")
    assert said.status_code == 201
    body = said.json()
    assert (body["reviewer"], body["view"], body["side"], body["stands"]) == (
        "reviewer",
        "wrist_ap",
        "L",
        True,
    )
    of_study = client.get(f"/api/v1/studies/{ROOT}.1.1/reviews", headers=bearer("reader")).json()
    assert of_study["reviews"] == [body]
    assert of_study["truths"] == [
        {
            "sop_instance_uid": f"{ROOT}.3.10",
            "view": "wrist_ap",
            "side": "L",
            "agreed": True,
            "reviewers": ["reviewer"],
        }
    ]


def test_a_confirmation_takes_what_is_stated(client: Any) -> None:
    assert say(client).json()["view"] == "hand_ap"


# role, word, status, what the refusal says
REFUSED = [
    ("reader", {}, 403, "reviewer"),
    ("reviewer", {"sop_instance_uid": f"{ROOT}.3.99"}, 404, "no such instance"),
    ("reviewer", {"sop_instance_uid": "x"}, 422, "sop_instance_uid"),
    ("reviewer", {"action": "correct"}, 422, "which view"),
    ("reviewer", {"action": "correct", "view": "left_ear"}, 422, "no view of that name"),
    ("reviewer", {"action": "dismiss"}, 422, "reason"),
    ("reviewer", {"action": "dismiss", "reason": " \n "}, 422, "reason"),
    ("reviewer", {"action": "dismiss", "reason": "x" * 2001}, 422, "2000"),
    ("reviewer", {"action": "shrug"}, 422, "action"),
    ("reviewer", {"reviewer": "somebody else"}, 422, "there is no such field"),
    ("reviewer", {"about": "x" * 129}, 422, "about"),
]


@pytest.mark.parametrize(("role", "word", "status", "says"), REFUSED)
def test_what_cannot_be_used_is_refused(
    client: Any, role: str, word: dict[str, Any], status: int, says: str
) -> None:
    refused = say(client, role, **word)
    assert refused.status_code == status
    assert says in refused.json()["detail"]


def test_own_words_are_taken_back_and_stay_in_the_list(client: Any) -> None:
    first = say(client).json()["id"]
    theirs = say(client, "admin", view="wrist_ap", action="correct").json()["id"]
    remove = "/api/v1/reviews/{}"
    assert client.delete(remove.format(theirs), headers=bearer("reviewer")).status_code == 403
    assert client.delete(remove.format(first), headers=bearer("reader")).status_code == 403
    assert client.delete(remove.format(first), headers=bearer("reviewer")).status_code == 204
    assert client.delete(remove.format(first), headers=bearer("reviewer")).status_code == 404
    assert client.delete(remove.format(999), headers=bearer("admin")).status_code == 404
    listed = client.get("/api/v1/reviews", headers=bearer("reader")).json()["reviews"]
    assert [(each["id"], each["stands"], each["undone_by"]) for each in listed] == [
        (theirs, True, None),
        (first, False, "reviewer"),
    ]
    assert client.delete(remove.format(theirs), headers=bearer("admin")).status_code == 204


def test_the_list_is_read_page_by_page(client: Any) -> None:
    said = [say(client, sop_instance_uid=f"{ROOT}.3.{n}").json()["id"] for n in (10, 11)]
    page = client.get(
        "/api/v1/reviews", params={"limit": 1, "reviewer": "reviewer"}, headers=bearer("reader")
    )
    assert [each["id"] for each in page.json()["reviews"]] == [said[1]]
    rest = client.get(page.json()["next"], headers=bearer("reader")).json()
    assert [each["id"] for each in rest["reviews"]] == [said[0]]
    assert rest["next"] is None
    nobody = client.get("/api/v1/reviews", params={"reviewer": "ben"}, headers=bearer("reader"))
    assert nobody.json()["reviews"] == []
    foreign = client.get("/api/v1/reviews", params={"cursor": "x"}, headers=bearer("reader"))
    assert foreign.status_code == 422


def test_a_study_nobody_knows_has_no_reviews(client: Any) -> None:
    assert client.get("/api/v1/studies/1.2.3/reviews", headers=bearer("reader")).status_code == 404
    assert client.get(f"/api/v1/studies/{ROOT}.1.1/reviews", headers=bearer("reader")).json() == {
        "reviews": [],
        "truths": [],
    }


def test_figures_count_what_was_said(client: Any) -> None:
    empty = client.get("/api/v1/figures", headers=bearer("reader")).json()
    assert (empty["films"], empty["agreement"]["value"], empty["agreement"]["is_enough"]) == (0, None, False)
    say(client)
    say(client, sop_instance_uid=f"{ROOT}.3.11", action="correct", view="wrist_ap")
    found = client.get("/api/v1/figures", headers=bearer("reader"))
    body = found.json()
    assert body["films"] == 2
    assert (body["agreement"]["count"], body["agreement"]["of"]) == (1, 2)
    assert body["confusion"] == {
        "true_views": ["hand_ap", "wrist_ap"],
        "predicted_views": ["hand_ap", "wrist_ap"],
        "counts": [[1, 0], [1, 0]],
    }
    assert [group["name"] for group in body["by_scanner"]] == ["Bucky"]
    assert [group["name"] for group in body["by_sender"]] == ["XRAY1"]
    assert body["by_sender"][0]["worst"] == {
        "true_view": "wrist_ap",
        "predicted_view": "hand_ap",
        "films": 1,
    }
    known = {"If-None-Match": found.headers["etag"]} | bearer("reader")
    assert client.get("/api/v1/figures", headers=known).status_code == 304
    later = client.get("/api/v1/figures", params={"since": "2100-01-01T00:00:00Z"}, headers=bearer("reader"))
    assert later.json()["films"] == 0
