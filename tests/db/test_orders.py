from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker

from db.orders import Orders
from db.verdicts import Verdicts
from router.orders import Order, OrderControl, OrderOutcome, OrderSource, Procedure, Side, Unmapped
from router.types import Outcome
from router.verdicts import Verdict
from router.views import Code

Receive = Callable[..., Outcome]
MINUTE = timedelta(minutes=1)
CHEST = Procedure(
    code=Code(value="36643-5", scheme="LN", meaning="XR Chest 2 Views"),
    description="Thorax 2 Ebenen",
    alternatives=(Code(value="TH2", scheme="L", meaning=""),),
)
WRIST = Procedure(code=None, description="Handgelenk rechts")


def order(number: str = "F1", **fields: Any) -> Order:
    given: dict[str, Any] = {
        "order_number": number,
        "source": OrderSource.HL7,
        "origin": "RIS|CENTRAL",
        "control": OrderControl.NEW,
        "accession_number": "A1",
        "patient_id": "P1",
        "patient_name": "Doe^Jane",
        "procedures": (CHEST,),
        "side": Side.RIGHT,
        "scheduled_at": datetime(2026, 3, 4, 9, 30, tzinfo=UTC),
    }
    return Order(**given | fields)


def test_an_order_comes_back_as_it_was_sent(orders: Orders) -> None:
    odd = order(patient_name="Doe\0^\ud83d Jane", accession_number="A" * 300)
    assert orders.record(odd, message="MSH|^~\\&|\r\x0bPID|\0") == OrderOutcome.NEW
    stored = orders.page(limit=10).items[0]
    assert (stored.order, stored.cancelled) == (odd, False)
    assert orders.get(stored.id) == stored
    messages = orders.messages(stored.id)
    assert [(one.message, one.order, one.outcome) for one in messages] == [
        ("MSH|^~\\&|\r\x0bPID|\0", odd, OrderOutcome.NEW)
    ]
    assert orders.page(limit=10, accession_number="A" * 300).items == (stored,)


def test_every_message_is_kept_and_the_last_one_holds(orders: Orders) -> None:
    outcomes = [
        orders.record(order()),
        orders.record(order()),
        orders.record(Order(
            order_number="F1", source=OrderSource.HL7, origin="RIS|CENTRAL", control=OrderControl.CHANGE,
            procedures=(WRIST,),
        )),
        orders.record(order(control=OrderControl.CANCEL)),
        orders.record(order(control=OrderControl.CANCEL)),
        orders.record(order(procedures=(WRIST,))),
    ]  # fmt: skip
    assert outcomes == ["new", "duplicate", "changed", "cancelled", "duplicate", "changed"]
    stored = orders.page(limit=10).items[0]
    assert (stored.order, stored.cancelled) == (order(procedures=(WRIST,)), False)
    assert [message.outcome for message in orders.messages(stored.id)] == outcomes


def test_a_cancellation_of_an_unknown_order_is_kept_as_a_cancelled_order(orders: Orders) -> None:
    assert orders.record(order(control=OrderControl.CANCEL)) == OrderOutcome.UNKNOWN
    assert orders.page(limit=10).items[0].cancelled
    assert orders.for_study(study_instance_uid="1.2.4.1", accession_number="A1", patient_id="P1") == ()


def test_the_same_number_of_another_sender_is_another_order(orders: Orders) -> None:
    orders.record(order())
    for other in (order(origin="RIS|NORTH"), order(source=OrderSource.REST)):
        assert orders.record(other) == OrderOutcome.NEW
    assert len(orders.page(limit=10).items) == 3


def test_the_current_orders_of_a_study_are_those_of_its_uid_or_accession_number(orders: Orders) -> None:
    named = order("F1", study_instance_uid="1.2.4.1", accession_number=None)
    shared = order("F2", procedures=(WRIST,))
    for one in (named, shared, order("F3", accession_number="A2"), order("F4", patient_id="P2")):
        orders.record(one)
    orders.record(order("F5"))
    orders.record(order("F5", control=OrderControl.CANCEL))
    found = orders.for_study(study_instance_uid="1.2.4.1", accession_number="A1", patient_id="P1")
    assert found == (named, shared)
    assert orders.for_study(study_instance_uid="1.2.4.9", accession_number=None, patient_id="P1") == ()


def test_orders_are_listed_page_by_page_the_latest_first(orders: Orders) -> None:
    for number in range(5):
        orders.record(order(f"F{number}", patient_id=f"P{number % 2}"))
    first = orders.page(limit=2)
    second = orders.page(limit=3, cursor=first.next_cursor)
    assert [one.order.order_number for one in (*first.items, *second.items)] == ["F4", "F3", "F2", "F1", "F0"]
    assert second.next_cursor is None
    assert [one.order.order_number for one in orders.page(limit=9, patient_id="P1").items] == ["F3", "F1"]
    with pytest.raises(ValueError, match="orders"):
        orders.page(limit=2, cursor="nonsense")


def test_an_order_makes_its_studies_due_and_a_duplicate_does_not(
    orders: Orders, verdicts: Verdicts, receive: Receive
) -> None:
    receive(1)
    receive(2, study=2)
    orders.record(order())
    due = verdicts.claim(10, lease=MINUTE)
    assert [one.study_instance_uid for one in due] == ["1.2.4.1"]
    verdicts.record(due[0].token, Verdict(study_instance_uid="1.2.4.1", remarks=()))
    orders.record(order())
    assert verdicts.claim(10, lease=MINUTE) == []
    orders.record(order(control=OrderControl.CHANGE, accession_number="A2"))
    due = verdicts.claim(10, lease=MINUTE)
    assert {one.study_instance_uid for one in due} == {"1.2.4.1", "1.2.4.2"}


def test_unmapped_procedures_are_counted_and_forgotten_when_they_are_mapped(
    orders: Orders, verdicts: Verdicts, receive: Receive, clock: Any
) -> None:
    def judge(study: int, *procedures: Procedure) -> None:
        verdicts.again(f"1.2.4.{study}")
        due = verdicts.claim(1, lease=MINUTE)[0]
        unmapped = tuple(Unmapped(procedure=one, order_number=f"F{study}") for one in procedures)
        verdict = Verdict(study_instance_uid=due.study_instance_uid, remarks=(), unmapped=unmapped)
        assert verdicts.record(due.token, verdict)
        clock.forward(MINUTE)

    start = clock()
    for study in (1, 2):
        receive(study, study=study)
    judge(1, WRIST, CHEST)
    judge(2, WRIST)
    judge(2, WRIST, CHEST)
    counted = orders.unmapped(10)
    assert {(one.procedure, one.studies, one.orders) for one in counted} == {(WRIST, 2, 2), (CHEST, 2, 2)}
    wrist = next(one for one in counted if one.procedure == WRIST)
    assert (wrist.first_at, wrist.last_at) == (start, start + MINUTE)
    assert verdicts.again_unmapped() == 2
    assert len(verdicts.claim(10, lease=MINUTE)) == 2
    judge(1)
    judge(2, WRIST)
    assert [(one.procedure, one.studies) for one in orders.unmapped(10)] == [(WRIST, 1)]


@pytest.mark.parametrize(
    "statement", ["UPDATE order_message SET outcome = 'new'", "DELETE FROM order_message"]
)
def test_the_database_itself_refuses_to_change_messages(
    statement: str, orders: Orders, maker: sessionmaker[Session]
) -> None:
    orders.record(order())
    with pytest.raises(DBAPIError, match="append-only"), maker.begin() as session:
        session.execute(text(statement))


def test_messages_about_one_order_at_the_same_moment_take_turns(orders: Orders) -> None:
    outcomes: list[str] = []

    def send(number: int) -> None:
        outcomes.append(orders.record(replace(order(), patient_name=f"Doe^{number % 3}")))

    threads = [threading.Thread(target=send, args=(number,)) for number in range(9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stored = orders.page(limit=10).items
    assert len(stored) == 1 and len(outcomes) == 9 and outcomes.count("new") == 1
    assert len(orders.messages(stored[0].id)) == 9
