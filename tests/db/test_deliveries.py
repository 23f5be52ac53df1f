from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session, sessionmaker

from db.deliveries import Deliveries
from db.queries import Queries
from db.read_webhooks import DeliveryState, NewDelivery
from router.types import Outcome

MINUTE = timedelta(minutes=1)


@pytest.fixture
def deliveries(maker: sessionmaker[Session], clock: Callable[[], datetime]) -> Deliveries:
    return Deliveries(maker, clock=clock)


def news(number: int) -> NewDelivery:
    return NewDelivery(
        event_id=f"e{number}",
        event="done",
        sop_instance_uid=f"1.2.3.{number}",
        study_instance_uid="1.2.4.1",
        body={"view": "knee_ap"},
    )


@pytest.fixture
def filled(deliveries: Deliveries) -> Deliveries:
    """Three deliveries for the webhook "pacs"."""
    after = deliveries.place("pacs")
    assert deliveries.fill("pacs", [news(1), news(2), news(3)], after=after, upto=after + 10)
    return deliveries


def test_a_new_webhook_begins_at_the_latest_entry_and_moves_on(
    deliveries: Deliveries, receive: Callable[..., Outcome], queries: Queries
) -> None:
    receive(1)
    latest = queries.counts().audit_id
    assert deliveries.place("pacs") == latest
    receive(2)
    assert deliveries.place("pacs") == latest
    assert deliveries.fill("pacs", [], after=latest, upto=latest + 1)
    assert deliveries.place("pacs") == latest + 1


def test_only_one_moves_on_from_a_place_and_an_event_is_told_once(filled: Deliveries) -> None:
    assert not filled.fill("pacs", [news(4)], after=0, upto=20)
    assert filled.fill("pacs", [news(3), news(4)], after=10, upto=20)
    assert [one.event_id for one in filled.page(limit=9).items] == ["e4", "e3", "e2", "e1"]


def test_what_is_taken_is_nobody_elses_until_the_lease_ends(filled: Deliveries, clock: Any) -> None:
    first = filled.take("pacs", 2, lease=MINUTE)
    assert [(one.event_id, one.attempts, one.body) for one in first] == [
        ("e1", 1, {"view": "knee_ap"}), ("e2", 1, {"view": "knee_ap"}),
    ]  # fmt: skip
    assert [one.event_id for one in filled.take("pacs", 9, lease=MINUTE)] == ["e3"]
    clock.forward(MINUTE)
    assert [one.attempts for one in filled.take("pacs", 9, lease=MINUTE)] == [2, 2, 2]


def test_a_delivery_arrives_is_tried_again_or_given_up(filled: Deliveries, clock: Any) -> None:
    one, two, three = filled.take("pacs", 9, lease=MINUTE)
    filled.delivered(one.id)
    filled.again(two.id, "HTTP 503\0", clock() + 5 * MINUTE)
    filled.give_up(three.id, "HTTP 410")
    clock.forward(4 * MINUTE)
    assert filled.take("pacs", 9, lease=MINUTE) == []
    states = {item.event_id: (item.state, item.last_error) for item in filled.page(limit=9).items}
    assert states == {
        "e1": (DeliveryState.DELIVERED, None),
        "e2": (DeliveryState.PENDING, "HTTP 503\N{REPLACEMENT CHARACTER}"),
        "e3": (DeliveryState.GIVEN_UP, "HTTP 410"),
    }
    clock.forward(MINUTE)
    assert [one.event_id for one in filled.take("pacs", 9, lease=MINUTE)] == ["e2"]
    assert filled.resend(three.id) and not filled.resend(99)
    assert [(one.event_id, one.attempts) for one in filled.take("pacs", 9, lease=MINUTE)] == [("e3", 1)]


def test_deliveries_are_listed_by_webhook_and_state_page_by_page(filled: Deliveries) -> None:
    place = filled.place("viewer")
    filled.fill("viewer", [news(1)], after=place, upto=place + 1)
    first = filled.page(limit=2)
    assert [one.webhook for one in first.items] == ["viewer", "pacs"]
    assert len(filled.page(limit=9, cursor=first.next_cursor).items) == 2
    assert len(filled.page(limit=9, webhook="viewer", state=DeliveryState.PENDING).items) == 1
    assert filled.page(limit=9, state=DeliveryState.DELIVERED).items == ()


def test_what_ended_long_ago_is_forgotten(filled: Deliveries, clock: Any) -> None:
    for one in filled.take("pacs", 2, lease=MINUTE):
        filled.delivered(one.id)
    assert filled.forget(clock()) == 0
    clock.forward(MINUTE)
    assert filled.forget(clock()) == 2
    assert [one.event_id for one in filled.page(limit=9).items] == ["e3"]
