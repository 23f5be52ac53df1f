"""The tables. Rows never leave ``db/``: what others see is in ``db/read.py`` and ``router/types.py``.

    study ──< instance ──1 header          what was sent
                  ├──< audit               what happened, append-only
                  ├──1 decision            the current answer and its reasons; a new analysis replaces them
                  ├──< prediction
                  └──< finding
    knock, allowed_caller                  who may send: db/schema_callers.py
    study_order, order_message, unmapped   what was ordered: db/schema_orders.py
    judgement, verdict, review, truth      what is said of studies and films: db/schema_verdicts.py
    app_user, web_session, action          who signs in, and what they did: db/schema_people.py
    webhook_cursor, delivery               who is told: db/schema_webhooks.py

The instance row is the job, narrow because every list, claim and search reads it; what is read one film at a
time is in the tables around it. ``listed_date`` repeats the study's date in each of its instances, so that
"view and date, newest first" streams from one index.
"""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Double,
    Enum,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from db.columns import UtcDateTime, Word
from router.types import Event, Mode, State

BIG = BigInteger().with_variant(Integer, "sqlite")  # only INTEGER is SQLite's row id
Words = list[str]
Json = dict[str, Any]
JsonList = list[dict[str, Any]]
OTHER_BYTES = text("event IN ('replaced', 'kept_first')")  # audit entries that name a file nobody else names
NO_DATE = ""  # sorts behind every date


class Lane(IntEnum):
    """Who is served first: the lowest lane that has work."""

    ASKED_FOR = 0  # somebody waits for this one
    LIVE = 1
    BACKLOG = 2  # an import or a bulk requeue never delays a patient on the table


def words_of(of: type[StrEnum], length: int = 16) -> Enum:
    """A column of the enumeration's words, as text: a new word needs no migration."""
    return Enum(
        of, native_enum=False, length=length, values_callable=lambda kind: [member.value for member in kind]
    )


def index_where(condition: str, name: str, *columns: str, unique: bool = False) -> Index:
    where = text(condition)
    return Index(name, *columns, unique=unique, sqlite_where=where, postgresql_where=where)


class SchemaRow(DeclarativeBase):
    """What all rows share: names of constraints that Alembic can find again."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UtcDateTime,
        float: Double,
        Words: JSON,
        Json: JSON,
        JsonList: JSON,
        State: words_of(State),
        Event: words_of(Event),
        Mode: words_of(Mode),
    }


class StudyRow(SchemaRow):
    """One study in the words of its latest object; how it stands is a roll-up of its instances."""

    __tablename__ = "study"
    __table_args__ = (
        Index("ix_study_listed", "listed_date", "id"),
        Index("ix_study_accession", "accession_number"),
    )

    id: Mapped[int] = mapped_column(BIG, primary_key=True)
    study_instance_uid: Mapped[str] = mapped_column(String(64), unique=True)
    listed_date: Mapped[str] = mapped_column(Word)  # study_date, or NO_DATE
    patient_id: Mapped[str | None] = mapped_column(Word)
    patient_name: Mapped[str | None] = mapped_column(Word)
    accession_number: Mapped[str | None] = mapped_column(Word)
    study_description: Mapped[str | None] = mapped_column(Word)


class InstanceRow(SchemaRow):
    """One SOP Instance and its job."""

    __tablename__ = "instance"
    __table_args__ = (
        CheckConstraint("(state = 'processing') = (token IS NOT NULL)", name="token_while_processing"),
        CheckConstraint(
            "(state IN ('received', 'processing')) = (due_at IS NOT NULL)", name="due_while_open"
        ),
        index_where("due_at IS NOT NULL", "ix_instance_due", "lane", "due_at", "id"),
        Index("ix_instance_study", "study_id"),
        Index("ix_instance_listed", "listed_date", "study_id", "id"),
        Index("ix_instance_view", "view", "listed_date", "study_id", "id"),
        Index("ix_instance_modality", "modality", "listed_date", "study_id", "id"),
        Index("ix_instance_state", "state", "listed_date", "study_id", "id"),
        Index("ix_instance_patient", "patient_id", "listed_date", "study_id", "id"),
        Index("ix_instance_accession", "accession_number", "listed_date", "study_id", "id"),
        Index("ix_instance_received", "received_at"),
    )

    id: Mapped[int] = mapped_column(BIG, primary_key=True)
    sop_instance_uid: Mapped[str] = mapped_column(String(64), unique=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id"))
    series_instance_uid: Mapped[str] = mapped_column(String(64))
    sop_class_uid: Mapped[str] = mapped_column(String(64))
    listed_date: Mapped[str] = mapped_column(Word)
    modality: Mapped[str | None] = mapped_column(Word)
    body_part_examined: Mapped[str | None] = mapped_column(Word)
    view_position: Mapped[str | None] = mapped_column(Word)
    image_laterality: Mapped[str | None] = mapped_column(Word)
    patient_id: Mapped[str | None] = mapped_column(Word)
    accession_number: Mapped[str | None] = mapped_column(Word)
    instance_number: Mapped[int | None] = mapped_column(BigInteger)

    calling_ae_title: Mapped[str] = mapped_column(Word)
    called_ae_title: Mapped[str] = mapped_column(Word)
    address: Mapped[str] = mapped_column(String)
    via: Mapped[str] = mapped_column(String(16))
    received_at: Mapped[datetime]
    path: Mapped[str] = mapped_column(String)
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))

    state: Mapped[State]
    lane: Mapped[int]
    due_at: Mapped[datetime | None]  # received: not before; processing: the lease's end; else nothing is due
    token: Mapped[str | None] = mapped_column(String(64))
    worker: Mapped[str | None] = mapped_column(String)
    attempt: Mapped[int]
    reason: Mapped[str | None] = mapped_column(String)  # why it waits again, failed, or has no view

    view: Mapped[str | None] = mapped_column(String(64))
    score: Mapped[float | None]
    margin: Mapped[float | None]
    model: Mapped[str | None] = mapped_column(String)


class HeaderRow(SchemaRow):
    """The header facts exactly as sent: ``fields`` are those of ``router.types.Instance``."""

    __tablename__ = "header"

    instance_id: Mapped[int] = mapped_column(ForeignKey("instance.id"), primary_key=True)
    fields: Mapped[Json]
    attributes: Mapped[Json]


class AuditRow(SchemaRow):
    """One thing that happened to an instance. Triggers refuse UPDATE and DELETE; ``id`` orders."""

    __tablename__ = "audit"
    __table_args__ = (
        Index("ix_audit_instance", "instance_id", "id"),
        index_where(OTHER_BYTES.text, "ix_audit_other_bytes", "id"),
    )

    id: Mapped[int] = mapped_column(BIG, primary_key=True)
    instance_id: Mapped[int] = mapped_column(ForeignKey("instance.id"))
    event: Mapped[Event]
    at: Mapped[datetime]
    detail: Mapped[Json]


class PredictionRow(SchemaRow):
    """What one model said the view is, the active one's and the shadows'."""

    __tablename__ = "prediction"
    __table_args__ = (Index("ix_prediction_instance", "instance_id"),)

    id: Mapped[int] = mapped_column(BIG, primary_key=True)
    instance_id: Mapped[int] = mapped_column(ForeignKey("instance.id"))
    view: Mapped[str] = mapped_column(String(64))
    score: Mapped[float]
    margin: Mapped[float]
    candidates: Mapped[JsonList]
    further: Mapped[Json]  # what the model says beside the view: candidates by the name of its head
    model: Mapped[Json]
    mode: Mapped[Mode]


class FindingRow(SchemaRow):
    """What a specialist states about a film, and what shadows and members of ensembles say beside it."""

    __tablename__ = "finding"
    __table_args__ = (Index("ix_finding_instance", "instance_id"),)

    id: Mapped[int] = mapped_column(BIG, primary_key=True)
    instance_id: Mapped[int] = mapped_column(ForeignKey("instance.id"))
    label: Mapped[str] = mapped_column(String)
    score: Mapped[float]  # the network's own number
    probability: Mapped[float]  # calibrated: what the threshold is held against
    threshold: Mapped[float]
    model: Mapped[Json]
    box: Mapped[Json | None] = mapped_column(JSON(none_as_null=True))
    mode: Mapped[Mode]


class DecisionRow(SchemaRow):
    """What the rules asked for, rule by rule, and what was run for it."""

    __tablename__ = "decision"
    __table_args__ = (Index("ix_decision_decided", "decided_at", "instance_id"),)

    instance_id: Mapped[int] = mapped_column(ForeignKey("instance.id"), primary_key=True)
    decided_at: Mapped[datetime]
    rules_version: Mapped[str] = mapped_column(String)
    priority: Mapped[int]
    analyse: Mapped[Words]
    destinations: Mapped[Words]
    outcomes: Mapped[JsonList]
    models_run: Mapped[JsonList]
    models_absent: Mapped[Words]
    models_silent: Mapped[JsonList]  # model, reason
    no_view_reason: Mapped[str | None] = mapped_column(String)
    duration_ms: Mapped[float]
