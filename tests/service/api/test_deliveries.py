"""What webhooks were told, over REST: seen and resent by admins, and written down."""

from __future__ import annotations

from datetime import timedelta

from db.read_webhooks import NewDelivery

API = "/api/v1/webhooks/deliveries"


def fill(house, count: int) -> None:
    """Some messages in the outbox; the first is given up."""
    place = house.deliveries.place("viewer")
    told = [
        NewDelivery(
            event_id=f"{number}.answered",
            event="answered",
            sop_instance_uid=f"1.2.{number}",
            study_instance_uid="1.2",
            body={"event": "answered"},
        )
        for number in range(count)
    ]
    house.deliveries.fill("viewer", told, after=place, upto=place + count)
    (first,) = house.deliveries.take("viewer", 1, lease=timedelta(minutes=1))
    house.deliveries.give_up(first.id, "it answered 500")


def test_what_was_given_up_is_seen_and_resent(house) -> None:
    fill(house, 3)
    client = house.client()
    body = client.get(f"{API}?state=given_up").json()
    (given_up,) = body["deliveries"]
    assert (given_up["webhook"], given_up["attempts"]) == ("viewer", 1)
    assert given_up["last_error"] == "it answered 500"
    assert client.post(f"{API}/{given_up['id']}/resend").status_code == 204
    assert client.get(f"{API}?state=given_up").json()["deliveries"] == []
    (action,) = house.actions.page(10).items
    assert (action.actor, action.detail) == ("local", {"delivery_id": given_up["id"]})


def test_the_list_comes_page_by_page(house) -> None:
    fill(house, 3)
    client = house.client()
    first = client.get(f"{API}?limit=2&webhook=viewer").json()
    rest = client.get(first["next"]).json()
    assert [len(page["deliveries"]) for page in (first, rest)] == [2, 1]
    assert rest["next"] is None
    assert client.get(f"{API}?webhook=another").json()["deliveries"] == []


def test_what_is_not_there_or_not_understood(house) -> None:
    client = house.client()
    assert client.post(f"{API}/17/resend").status_code == 404
    assert client.post(f"{API}/{2**70}/resend").status_code == 422
    assert client.get(f"{API}?cursor=x").status_code == 422
    assert client.get(f"{API}?state=lost").status_code == 422


def test_admins_alone(house) -> None:
    client = house.client(settings=house.settings(tokens=True))
    reviewer, admin = ({"Authorization": f"Bearer {one}-secret"} for one in "va")
    assert client.get(API, headers=reviewer).status_code == 403
    assert client.post(f"{API}/1/resend", headers=reviewer).status_code == 403
    assert client.get(API, headers=admin).status_code == 200
