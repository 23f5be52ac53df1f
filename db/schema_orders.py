"""The tables of orders: the current words of each, and every message as it was received."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.columns import Word
from db.schema import BIG, Json, SchemaRow, words_of
from router.orders import OrderControl, OrderOutcome, OrderSource


class OrderRow(SchemaRow):
    """One order as it stands; the columns are for searching, ``document`` has every word as sent."""

    __tablename__ = "study_order"  # ORDER is a word of SQL
    __table_args__ = (
        UniqueConstraint("source", "origin", "order_number"),
        Index("ix_study_order_accession", "accession_number", "id"),
        Index("ix_study_order_study", "study_instance_uid", "id"),
        Index("ix_study_order_patient", "patient_id", "id"),
    )

    id: Mapped[int] = mapped_column(BIG, primary_key=True)
    source: Mapped[OrderSource] = mapped_column(words_of(OrderSource))
    origin: Mapped[str] = mapped_column(Word)
    order_number: Mapped[str] = mapped_column(Word)
    accession_number: Mapped[str | None] = mapped_column(Word)
    study_instance_uid: Mapped[str | None] = mapped_column(Word)
    patient_id: Mapped[str | None] = mapped_column(Word)
    cancelled: Mapped[bool]
    received_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    document: Mapped[Json]


class OrderMessageRow(SchemaRow):
    """One message about an order. Triggers refuse UPDATE and DELETE."""

    __tablename__ = "order_message"
    __table_args__ = (Index("ix_order_message_order", "order_id", "id"),)

    id: Mapped[int] = mapped_column(BIG, primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("study_order.id"))
    at: Mapped[datetime]
    control: Mapped[OrderControl] = mapped_column(words_of(OrderControl))
    outcome: Mapped[OrderOutcome] = mapped_column(words_of(OrderOutcome))
    document: Mapped[Json]  # the order as this message states it
    # As a JSON string: PostgreSQL's text refuses a NUL, and a stranger's message is kept as it came.
    message: Mapped[str | None] = mapped_column(JSON(none_as_null=True))


class UnmappedRow(SchemaRow):
    """A procedure that the map does not know, in the current verdict on a study."""

    __tablename__ = "unmapped"
    __table_args__ = (Index("ix_unmapped_procedure", "procedure_key", "study_id"),)

    study_id: Mapped[int] = mapped_column(BIG, primary_key=True, autoincrement=False)
    procedure_key: Mapped[str] = mapped_column(String(64), primary_key=True)  # digest of ``procedure``
    order_number: Mapped[str] = mapped_column(Word, primary_key=True)  # "": none
    procedure: Mapped[Json]
    at: Mapped[datetime]
