from __future__ import annotations

from typing import Any

import pytest

from router.order_matching import Standing, after_message, belonging, without_repeats
from router.orders import Order, OrderControl, OrderSource, Procedure, Side
from router.requested import requested_procedures
from router.views import Code


def coded(value: str, *more: str) -> Procedure:
    first, *others = [Code(value=one, scheme="L", meaning="") for one in (value, *more)]
    return Procedure(code=first, description=None, alternatives=tuple(others))


def described(text: str) -> Procedure:
    return Procedure(code=None, description=text)


def order(number: str = "F1", **fields: Any) -> Order:
    given: dict[str, Any] = {"source": OrderSource.HL7, "origin": "RIS", "control": OrderControl.NEW}
    return Order(order_number=number, **given | {"procedures": (coded("A"),)} | fields)


KNOWN = Standing(order=order(accession_number="A1", patient_id="P1"), cancelled=False)
GONE = Standing(order=KNOWN.order, cancelled=True)
CHANGE, CANCEL = OrderControl.CHANGE, OrderControl.CANCEL


@pytest.mark.parametrize(
    ("known", "said", "outcome", "cancelled"),
    [
        (None, order(), "new", False),
        (None, order(control=CHANGE), "new", False),
        (None, order(control=CANCEL), "unknown", True),
        (KNOWN, KNOWN.order, "duplicate", False),
        (KNOWN, order(accession_number="A2"), "changed", False),
        (KNOWN, order(control=CHANGE), "duplicate", False),
        (KNOWN, order(control=CHANGE, side=Side.LEFT), "changed", False),
        (KNOWN, order(control=CANCEL, procedures=()), "cancelled", True),
        (GONE, order(control=CANCEL), "duplicate", True),
        (GONE, order(control=CHANGE, side=Side.LEFT), "changed", True),
        (GONE, KNOWN.order, "changed", False),
    ],
)
def test_what_a_message_does(known: Standing | None, said: Order, outcome: str, cancelled: bool) -> None:
    standing, became = after_message(known, said)
    assert (became, standing.cancelled) == (outcome, cancelled)


def test_a_change_leaves_what_it_does_not_say_and_a_new_order_does_not() -> None:
    changed, _ = after_message(KNOWN, order(control=CHANGE, patient_name="Doe^Jane", procedures=()))
    assert (changed.order.accession_number, changed.order.patient_id) == ("A1", "P1")
    assert (changed.order.patient_name, changed.order.procedures) == ("Doe^Jane", (coded("A"),))
    renewed, _ = after_message(KNOWN, order(patient_name="Doe^Jane"))
    assert renewed.order.accession_number is None


NAMED = order("F1", study_instance_uid="1.2")
FREE = order("F2", procedures=(coded("B"),))
ELSEWHERE = order("F3", study_instance_uid="1.9", procedures=(coded("C"),))
STRANGER = order("F4", patient_id="P2", procedures=(coded("D"),))
OTHERS = order("F6", study_instance_uid="1.2", patient_id="P2")
SAME = order("F5", patient_id=" P1 ", procedures=(coded("E"),))


@pytest.mark.parametrize(
    ("orders", "expected"),
    [
        ([FREE, NAMED], [NAMED, FREE]),
        ([NAMED, ELSEWHERE], [NAMED]),
        ([ELSEWHERE], [ELSEWHERE]),
        ([STRANGER, SAME], [SAME]),
        ([OTHERS], [OTHERS]),  # the UID alone says which study it is
    ],
)
def test_which_orders_belong_to_a_study(orders: list[Order], expected: list[Order]) -> None:
    assert belonging(orders, study_instance_uid="1.2", patient_id="P1") == tuple(expected)


@pytest.mark.parametrize(
    ("first", "second", "repeats"),
    [
        ({"procedures": (coded("A"),)}, {"procedures": (coded("A"),)}, True),
        ({"procedures": (coded("A", "X"),)}, {"procedures": (coded("X"),)}, True),
        ({"procedures": (coded("A"),)}, {"procedures": (coded("B"),)}, False),
        ({"procedures": (coded("A"), coded("B"))}, {"procedures": (coded("B"),)}, True),
        ({"procedures": (coded("A"),)}, {"procedures": (coded("A"), coded("B"))}, False),
        ({"procedures": (described("Hand  AP"),)}, {"procedures": (described("hand ap"),)}, True),
        ({"procedures": (coded("A"),)}, {"procedures": ()}, False),
        ({"side": Side.LEFT}, {"side": Side.RIGHT}, False),
        ({"side": Side.LEFT}, {"side": None}, True),
    ],
)
def test_what_two_senders_say_alike_is_one_order(
    first: dict[str, Any], second: dict[str, Any], repeats: bool
) -> None:
    by_message = order("F1", **first)
    by_worklist = order("S1", source=OrderSource.WORKLIST, origin="MWL", **second)
    assert (without_repeats([by_message, by_worklist]) == (by_message,)) is repeats


def test_one_sender_may_ask_for_the_same_twice() -> None:
    assert len(without_repeats([order("F1"), order("F2")])) == 2


def test_a_header_names_what_was_requested_codes_first_and_each_once() -> None:
    sequence = "RequestAttributesSequence.RequestedProcedureCodeSequence"
    attributes = {
        f"{sequence}.CodeValue": ("A", "", "B"),
        f"{sequence}.CodingSchemeDesignator": ("L", "L"),
        f"{sequence}.CodeMeaning": ("Hand", "", ""),
        "ProcedureCodeSequence.CodeValue": ("A",),
        "ProcedureCodeSequence.CodingSchemeDesignator": ("L",),
        "ProcedureCodeSequence.CodeMeaning": ("Hand",),
        "RequestedProcedureDescription": ("Hand 2 views", ""),
        "RequestAttributesSequence.RequestedProcedureDescription": ("Hand 2 views",),
    }
    assert requested_procedures(attributes) == (
        Procedure(code=Code(value="A", scheme="L", meaning="Hand"), description="Hand"),
        Procedure(code=Code(value="B", scheme="", meaning=""), description=None),
        Procedure(code=None, description="Hand 2 views"),
    )
    assert requested_procedures({}) == ()
