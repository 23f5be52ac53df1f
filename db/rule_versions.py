"""The texts of the rules that were published, for their history and for going back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.orm import Session, sessionmaker

from db.instances import now_utc
from db.read_people import RuleVersion
from db.schema_people import RuleVersionRow
from db.transactions import reading, writing


class RuleVersions:
    """Published rules, only ever added to; the file decides. Every method raises OutOfResources."""

    def __init__(self, sessions: sessionmaker[Session], *, clock: Callable[[], datetime] = now_utc) -> None:
        self._sessions = sessions
        self._clock = clock

    def publish(self, text: str, digest: str, by: str, comment: str) -> None:
        """Keep a text that is in force from now; a roll-back is an older text published again."""
        published = {"published_by": by, "published_at": self._clock(), "comment": comment}
        with writing(self._sessions) as session:
            session.execute(insert(RuleVersionRow).values(digest=digest, content=text, **published))

    def list(self, limit: int = 100) -> list[RuleVersion]:
        """The latest ``limit``, the last one first."""
        latest = select(RuleVersionRow).order_by(RuleVersionRow.id.desc()).limit(limit)
        with reading(self._sessions) as session:
            return [_version(row) for row in session.scalars(latest)]

    def get(self, digest: str) -> RuleVersion | None:
        """The latest publication of this text."""
        wanted = select(RuleVersionRow).where(RuleVersionRow.digest == digest)
        with reading(self._sessions) as session:
            row = session.scalars(wanted.order_by(RuleVersionRow.id.desc()).limit(1)).one_or_none()
        return None if row is None else _version(row)


def _version(row: RuleVersionRow) -> RuleVersion:
    return RuleVersion(
        id=row.id,
        digest=row.digest,
        text=row.content,
        published_by=row.published_by,
        published_at=row.published_at,
        comment=row.comment,
    )
