"""The tables of people: who may sign in, who is signed in, and what they did."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.columns import Word
from db.schema import BIG, Json, SchemaRow


class UserRow(SchemaRow):
    """Somebody who may sign in, by a password of ours or by an OpenID Connect issuer's word."""

    __tablename__ = "app_user"  # USER is a word of SQL
    __table_args__ = (UniqueConstraint("issuer", "subject"),)

    id: Mapped[int] = mapped_column(BIG, primary_key=True)
    name: Mapped[str] = mapped_column(Word, unique=True)
    role: Mapped[str] = mapped_column(String(16))
    password_hash: Mapped[str | None] = mapped_column(String)
    issuer: Mapped[str | None] = mapped_column(Word)
    subject: Mapped[str | None] = mapped_column(Word)
    added_by: Mapped[str] = mapped_column(Word)
    added_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]
    signed_in_at: Mapped[datetime | None]


class WebSessionRow(SchemaRow):
    """Somebody signed in, by the digest of the token that only the browser has."""

    __tablename__ = "web_session"
    __table_args__ = (Index("ix_web_session_user", "user_id"), Index("ix_web_session_expires", "expires_at"))

    token_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.id"))
    csrf: Mapped[str] = mapped_column(String(128))
    opened_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class FailedSignInRow(SchemaRow):
    """A sign-in that failed; the name may be nobody's."""

    __tablename__ = "failed_sign_in"
    __table_args__ = (
        Index("ix_failed_sign_in_name", "name", "at"),
        Index("ix_failed_sign_in_address", "address", "at"),
    )

    id: Mapped[int] = mapped_column(BIG, primary_key=True)
    name: Mapped[str] = mapped_column(Word)
    address: Mapped[str] = mapped_column(Word)
    at: Mapped[datetime]


class ActionRow(SchemaRow):
    """One thing that somebody did. Triggers refuse UPDATE and DELETE."""

    __tablename__ = "action"

    id: Mapped[int] = mapped_column(BIG, primary_key=True)
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(Word)
    action: Mapped[str] = mapped_column(String(64))
    detail: Mapped[Json]


class RuleVersionRow(SchemaRow):
    """A text of the rules that was published; a roll-back is published again. Triggers refuse changes."""

    __tablename__ = "rule_version"
    __table_args__ = (Index("ix_rule_version_digest", "digest", "id"),)

    id: Mapped[int] = mapped_column(BIG, primary_key=True)
    digest: Mapped[str] = mapped_column(String(64))
    content: Mapped[str] = mapped_column(JSON)  # the text; as a JSON string it may hold any character
    published_by: Mapped[str] = mapped_column(Word)
    published_at: Mapped[datetime]
    comment: Mapped[str] = mapped_column(JSON)
