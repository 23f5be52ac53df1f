"""What the database answers about people and what they did. Times are timezone-aware UTC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Somebody who may sign in."""

    name: str
    role: str  # reader, reviewer or admin
    password_hash: str | None = field(repr=False)  # None: signs in by an issuer
    issuer: str | None
    subject: str | None
    added_by: str
    added_at: datetime
    disabled_at: datetime | None  # None: may sign in
    signed_in_at: datetime | None  # the last time


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSession:
    """Somebody signed in: the role is the user's present one."""

    name: str
    role: str
    csrf: str = field(repr=False)
    opened_at: datetime
    seen_at: datetime  # the last click or key, to the minute
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInFailure:
    """Sign-ins that failed, with one name from one address."""

    name: str
    address: str
    last_at: datetime
    times: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionEntry:
    """One thing that somebody did."""

    id: int
    at: datetime
    actor: str
    action: str
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleVersion:
    """A text of the rules that was published."""

    id: int
    digest: str
    text: str = field(repr=False)
    published_by: str
    published_at: datetime
    comment: str
