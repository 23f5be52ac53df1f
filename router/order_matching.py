"""What a message does to an order, and which orders belong to a study; ``db/orders.py`` carries it out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from router.orders import Order, OrderControl, OrderOutcome, OrderSource, Procedure

# Who is believed first where the same procedure comes by two ways: messages tell of changes as they happen.
FIRST_SOURCE = (OrderSource.HL7, OrderSource.REST, OrderSource.WORKLIST, OrderSource.HEADER)
_WORDS = (
    "accession_number",
    "study_instance_uid",
    "patient_id",
    "patient_name",
    "procedures",
    "side",
    "scheduled_at",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """An order as it stands."""

    order: Order
    cancelled: bool


def after_message(known: Standing | None, said: Order) -> tuple[Standing, OrderOutcome]:
    """The order as it stands after this message, and what the message did.

    A new order replaces what was known under its number, and revives a cancelled one. A change or a
    cancellation may be brief: what it leaves out stays (HL7 v2.5.1 section 2.5.3.2: an empty field changes
    nothing). A change does not revive a cancelled order.
    """
    cancels = said.control is OrderControl.CANCEL
    if known is None:
        outcome = OrderOutcome.UNKNOWN if cancels else OrderOutcome.NEW
        return Standing(order=said, cancelled=cancels), outcome
    order = said if said.control is OrderControl.NEW else _filled(said, known.order)
    cancelled = cancels or (known.cancelled and said.control is not OrderControl.NEW)
    same = replace(order, control=known.order.control) == known.order and cancelled == known.cancelled
    if same or (cancels and known.cancelled):
        return known, OrderOutcome.DUPLICATE
    outcome = OrderOutcome.CANCELLED if cancels else OrderOutcome.CHANGED
    return Standing(order=order, cancelled=cancelled), outcome


def belonging(
    orders: Iterable[Order], *, study_instance_uid: str, patient_id: str | None
) -> tuple[Order, ...]:
    """Which of these orders a study's films are held against; all share its UID or its accession number.

    Those that name the study come first. Where there are any, an order of the same accession number that
    names another study belongs there, not here; where there are none, the modality may have made up its own
    UID, and the accession number decides. An order of another patient is never taken by its number alone.
    """
    ordered = sorted(orders, key=lambda order: (FIRST_SOURCE.index(order.source), order.order_number))
    named = [order for order in ordered if order.study_instance_uid == study_instance_uid]
    others = [
        order
        for order in ordered
        if order.study_instance_uid != study_instance_uid
        and not _differ(order.patient_id, patient_id)
        and not (named and order.study_instance_uid is not None)
    ]
    return without_repeats([*named, *others])


def without_repeats(orders: Sequence[Order]) -> tuple[Order, ...]:
    """The orders without those that another sender has said already: the first one stays.

    One RIS's order may come by HL7, by its worklist and by REST, each time under another number. Two orders
    of one sender are two orders, whatever they ask for.
    """
    kept: list[Order] = []
    for order in orders:
        sender = order.source, order.origin
        elsewhere = [one for one in kept if (one.source, one.origin) != sender]
        if not any(_repeats(order, one) for one in elsewhere):
            kept.append(order)
    return tuple(kept)


def _filled(said: Order, known: Order) -> Order:
    left_out = [name for name in _WORDS if getattr(said, name) in (None, ())]
    return replace(said, **{name: getattr(known, name) for name in left_out})


def _differ(one: str | None, other: str | None) -> bool:
    """Whether both say something, and not the same."""
    return bool(one and other) and (one or "").strip() != (other or "").strip()


def _repeats(order: Order, known: Order) -> bool:
    if not order.procedures or _differ(order.side, known.side):
        return False
    return all(any(_same(one, other) for other in known.procedures) for one in order.procedures)


def _same(one: Procedure, other: Procedure) -> bool:
    codes, theirs = _codes(one), _codes(other)
    if codes and theirs:
        return bool(codes & theirs)
    return bool(one.description) and _folded(one.description) == _folded(other.description)


def _codes(procedure: Procedure) -> set[tuple[str, str]]:
    first = (procedure.code,) if procedure.code else ()
    return {(code.scheme, code.value) for code in (*first, *procedure.alternatives)}


def _folded(description: str | None) -> str:
    return " ".join((description or "").casefold().split())
