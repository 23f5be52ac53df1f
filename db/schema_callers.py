"""The tables of who may send, and of who was turned away."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from db.columns import Word
from db.schema import BIG, SchemaRow, index_where


class KnockRow(SchemaRow):
    """A caller that was turned away, counted up while it keeps knocking."""

    __tablename__ = "knock"
    __table_args__ = (
        Index("ix_knock_caller", "calling_ae_title", "address", "called_ae_title", "last_at"),
        Index("ix_knock_last", "last_at"),
    )

    id: Mapped[int] = mapped_column(BIG, primary_key=True)
    calling_ae_title: Mapped[str] = mapped_column(Word)
    called_ae_title: Mapped[str] = mapped_column(Word)
    address: Mapped[str] = mapped_column(Word)
    reason: Mapped[str] = mapped_column(String)
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
    times: Mapped[int]


class AllowedCallerRow(SchemaRow):
    """A caller that an admin let in; a revoked one stays as history."""

    __tablename__ = "allowed_caller"
    __table_args__ = (
        index_where(
            "revoked_at IS NULL", "uq_allowed_caller_active", "calling_ae_title", "network", unique=True
        ),
    )

    id: Mapped[int] = mapped_column(BIG, primary_key=True)
    calling_ae_title: Mapped[str] = mapped_column(Word)
    network: Mapped[str] = mapped_column(String(64))
    allowed_by: Mapped[str] = mapped_column(String)
    allowed_at: Mapped[datetime]
    revoked_by: Mapped[str | None] = mapped_column(String)
    revoked_at: Mapped[datetime | None]
