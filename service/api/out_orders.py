"""Orders as REST takes and tells them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, Field, StringConstraints, model_validator

from db.read_orders import OrderMessage, StoredOrder, UnmappedCount
from router.orders import Order, OrderControl, OrderSource, Procedure, Side
from router.procedures import ProcedureMap
from router.suggestions import suggest
from router.views import Code
from service.api.out import CodeOut
from service.api.shape import UID_LENGTH, UID_PATTERN, In, Out, Shown

MOST_PROCEDURES = 50
Word = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=250, pattern=r"^[^\x00-\x1f\x7f]*$"),
]
Uid = Annotated[str, Field(pattern=UID_PATTERN, max_length=UID_LENGTH)]


class CodeIn(In):
    """A coded concept (PS3.3 Table 8.8-1)."""

    code_value: Word = Field(examples=["37925-5"])
    coding_scheme_designator: Annotated[str, Field(max_length=250)] = Field(default="", examples=["LN"])
    code_meaning: Annotated[str, Field(max_length=250)] = Field(default="", examples=["XR Wrist 2 Views"])

    def code(self) -> Code:
        """The code in our words."""
        return Code(value=self.code_value, scheme=self.coding_scheme_designator, meaning=self.code_meaning)


class ProcedureIn(In):
    """One requested procedure: a code, a description, or both."""

    code: CodeIn | None = None
    description: Word | None = Field(default=None, examples=["XR wrist 2 views"])
    alternatives: tuple[CodeIn, ...] = Field(
        default=(), max_length=10, description="the same procedure in other codes"
    )

    @model_validator(mode="after")
    def _says_something(self) -> ProcedureIn:
        if self.code is None and self.description is None:
            raise ValueError("a procedure needs a code or a description")
        return self

    def procedure(self) -> Procedure:
        """The procedure in our words."""
        return Procedure(
            code=self.code.code() if self.code else None,
            description=self.description,
            alternatives=tuple(each.code() for each in self.alternatives),
        )


class OrderIn(In):
    """One order. The same order number of the same caller again replaces what it said."""

    order_number: Word = Field(description="names the order among this caller's", examples=["RIS-2026-4711"])
    accession_number: Word | None = Field(default=None, examples=["A100"])
    study_instance_uid: Uid | None = Field(default=None, examples=["1.2.826.0.1.3680043.8.498.1"])
    patient_id: Word | None = Field(default=None, examples=["4711"])
    patient_name: Word | None = Field(default=None, examples=["Doe^Jane"])
    procedures: tuple[ProcedureIn, ...] = Field(
        min_length=1,
        max_length=MOST_PROCEDURES,
        examples=[[{"description": "XR wrist 2 views"}]],
    )
    side: Side | None = Field(
        default=None, description="R, L, B (both) or U (unpaired), where it is stated by itself"
    )
    scheduled_at: AwareDatetime | None = Field(default=None, description="RFC 3339, with its time zone")

    @model_validator(mode="after")
    def _names_a_study(self) -> OrderIn:
        if self.accession_number is None and self.study_instance_uid is None:
            raise ValueError("an order needs an accession number or a Study Instance UID")
        return self

    def order(self, origin: str) -> Order:
        """The order in our words."""
        return Order(
            order_number=self.order_number,
            source=OrderSource.REST,
            origin=origin,
            control=OrderControl.NEW,
            accession_number=self.accession_number,
            study_instance_uid=self.study_instance_uid,
            patient_id=self.patient_id,
            patient_name=self.patient_name,
            procedures=tuple(each.procedure() for each in self.procedures),
            side=self.side,
            scheduled_at=self.scheduled_at,
        )


class ProcedureOut(Out):
    """One requested procedure."""

    code: CodeOut | None
    description: Shown | None = Field(examples=["XR wrist 2 views"])
    alternatives: tuple[CodeOut, ...]


class OrderWordsOut(Out):
    """What an order or a message about it says."""

    order_number: Shown = Field(examples=["FI1"])
    accession_number: Shown | None = Field(examples=["A100"])
    study_instance_uid: Shown | None = Field(examples=["1.2.826.0.1.3680043.8.498.1"])
    patient_id: Shown | None = Field(examples=["4711"])
    patient_name: Shown | None = Field(examples=["Doe^Jane"])
    procedures: tuple[ProcedureOut, ...]
    side: str | None = Field(examples=["R"])
    scheduled_at: datetime | None


class OrderOut(OrderWordsOut):
    """An order as it stands after all messages about it."""

    id: int = Field(examples=[17])
    source: str = Field(description="hl7, worklist or rest", examples=["hl7"])
    origin: Shown = Field(description="who sent it", examples=["RIS|CENTRAL"])
    cancelled: bool
    received_at: datetime
    changed_at: datetime


class OrdersOut(Out):
    """A page of orders, the latest first."""

    orders: tuple[OrderOut, ...]
    next: str | None = Field(description="the next page; null at the end")


class OrderMessageOut(Out):
    """One message about an order, as it came."""

    at: datetime
    control: str = Field(description="new, change or cancel", examples=["new"])
    outcome: str = Field(
        description="new, changed, cancelled, duplicate, or unknown: cancelled before it was known",
        examples=["new"],
    )
    order: OrderWordsOut
    message: Shown | None = Field(description="the raw text, where there was one")


class OrderDetailOut(OrderOut):
    """An order with all messages about it, in order."""

    messages: tuple[OrderMessageOut, ...]


class UnmappedOut(Out):
    """A procedure that the map does not know."""

    procedure: ProcedureOut
    reason: str = Field(description="why nobody can say what it is")
    orders: int = Field(examples=[12])
    studies: int = Field(examples=[12])
    first_at: datetime
    last_at: datetime
    suggestion: str = Field(description="TOML to begin with, for the procedure map")


class UnmappedListOut(Out):
    """Procedures that the map does not know, those of most studies first."""

    map_version: str = Field(description="digest of the procedure map in force")
    unmapped: tuple[UnmappedOut, ...]


def code_out(code: Code) -> CodeOut:
    """A code in DICOM's words."""
    return CodeOut(code_value=code.value, coding_scheme_designator=code.scheme, code_meaning=code.meaning)


def procedure_out(procedure: Procedure) -> ProcedureOut:
    """A procedure with its codes in DICOM's words."""
    return ProcedureOut(
        code=code_out(procedure.code) if procedure.code else None,
        description=procedure.description,
        alternatives=tuple(map(code_out, procedure.alternatives)),
    )


def order_out(stored: StoredOrder) -> OrderOut:
    """An order as it stands."""
    return OrderOut(
        id=stored.id,
        source=stored.order.source,
        origin=stored.order.origin,
        cancelled=stored.cancelled,
        received_at=stored.received_at,
        changed_at=stored.changed_at,
        **words_of(stored.order).__dict__,
    )


def order_detail_out(stored: StoredOrder, messages: Sequence[OrderMessage]) -> OrderDetailOut:
    """An order with its messages."""
    said = tuple(
        OrderMessageOut(
            at=each.at,
            control=each.control,
            outcome=each.outcome,
            order=words_of(each.order),
            message=each.message,
        )
        for each in messages
    )
    return OrderDetailOut(messages=said, **order_out(stored).__dict__)


def words_of(order: Order) -> OrderWordsOut:
    """What an order says."""
    return OrderWordsOut(
        order_number=order.order_number,
        accession_number=order.accession_number,
        study_instance_uid=order.study_instance_uid,
        patient_id=order.patient_id,
        patient_name=order.patient_name,
        procedures=tuple(map(procedure_out, order.procedures)),
        side=order.side,
        scheduled_at=order.scheduled_at,
    )


def unmapped_out(count: UnmappedCount, procedures: ProcedureMap) -> UnmappedOut:
    """An unmapped procedure with a line to begin with."""
    found = procedures.find(count.procedure)
    return UnmappedOut(
        procedure=procedure_out(count.procedure),
        reason=found if isinstance(found, str) else "the map knows it by now: its studies are judged again",
        orders=count.orders,
        studies=count.studies,
        first_at=count.first_at,
        last_at=count.last_at,
        suggestion=suggest(count.procedure, procedures),
    )
