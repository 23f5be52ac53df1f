"""The tables of webhooks: how far each has read the audit, and what is to be delivered."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.columns import Word
from db.read_webhooks import DeliveryState
from db.schema import BIG, Json, SchemaRow, index_where, words_of


class WebhookCursorRow(SchemaRow):
    """The last audit entry of which a webhook has its deliveries."""

    __tablename__ = "webhook_cursor"

    webhook: Mapped[str] = mapped_column(Word, primary_key=True)
    audit_id: Mapped[int] = mapped_column(BIG)


class DeliveryRow(SchemaRow):
    """One message to one webhook. Never a patient's field in its body."""

    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("webhook", "event_id"),
        index_where("state = 'pending'", "ix_delivery_due", "webhook", "next_at", "id"),
        index_where("state = 'pending'", "ix_delivery_film", "webhook", "sop_instance_uid", "id"),
        index_where("ended_at IS NOT NULL", "ix_delivery_ended", "ended_at"),
        Index("ix_delivery_listed", "webhook", "id"),
        Index("ix_delivery_state", "state", "id"),
    )

    id: Mapped[int] = mapped_column(BIG, primary_key=True)
    webhook: Mapped[str] = mapped_column(Word)
    event_id: Mapped[str] = mapped_column(String(64))
    event: Mapped[str] = mapped_column(String(32))
    sop_instance_uid: Mapped[str | None] = mapped_column(String(64))
    study_instance_uid: Mapped[str] = mapped_column(String(64))
    body: Mapped[Json]
    state: Mapped[DeliveryState] = mapped_column(words_of(DeliveryState))
    attempts: Mapped[int]
    next_at: Mapped[datetime]
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(Word)
