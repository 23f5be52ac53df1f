"""What people did: signing in, users, callers, rules, webhooks, exports. Only ever added to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session, sessionmaker

from db.cursor import check_limit, page_of, read_id
from db.instances import now_utc
from db.read import Page
from db.read_people import ActionEntry
from db.schema_people import ActionRow
from db.transactions import reading, writing


class Actions:
    """The journal of people, as the audit is that of instances. Every method raises OutOfResources."""

    def __init__(self, sessions: sessionmaker[Session], *, clock: Callable[[], datetime] = now_utc) -> None:
        self._sessions = sessions
        self._clock = clock

    def note(self, actor: str, action: str, detail: Mapping[str, Any]) -> None:
        """Append what ``actor`` did; never a patient's field, a password or a token in ``detail``."""
        noted = {"at": self._clock(), "actor": actor, "action": action, "detail": dict(detail)}
        with writing(self._sessions) as session:
            session.execute(insert(ActionRow).values(**noted))

    def page(self, limit: int, cursor: str | None = None) -> Page[ActionEntry]:
        """What was done, latest first. Raises ValueError: limit not in 1..1000, or a foreign cursor."""
        check_limit(limit)
        wanted = select(ActionRow).order_by(ActionRow.id.desc()).limit(limit + 1)
        if cursor is not None:
            wanted = wanted.where(ActionRow.id < read_id("actions", cursor))
        with reading(self._sessions) as session:
            found = [(row.id, _entry(row)) for row in session.scalars(wanted)]
        return page_of("actions", found, limit)


def _entry(row: ActionRow) -> ActionEntry:
    return ActionEntry(id=row.id, at=row.at, actor=row.actor, action=row.action, detail=row.detail)
