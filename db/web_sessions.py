"""Who is signed in, and who tried in vain: the part of ``Users`` that changes all day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session, sessionmaker

from db.columns import fit
from db.instances import now_utc
from db.read_people import SignInFailure, WebSession
from db.schema_people import FailedSignInRow, UserRow, WebSessionRow
from db.transactions import reading, writing

FAILURES_KEPT = 10_000  # a stranger who guesses names must not fill the disk
SEEN_EVERY = timedelta(minutes=1)  # so that reading rarely writes


class WebSessions:
    """Sessions and failed sign-ins. Every method raises OutOfResources when the database is away."""

    def __init__(
        self,
        sessions: sessionmaker[Session],
        *,
        clock: Callable[[], datetime] = now_utc,
        failures_kept: int = FAILURES_KEPT,
    ) -> None:
        self._sessions = sessions
        self._clock = clock
        self._failures_kept = failures_kept

    def open_session(self, name: str, token_sha256: str, expires_at: datetime, csrf: str) -> bool:
        """Keep a session until ``expires_at``, forget those that are over; False if the user may not in."""
        now = self._clock()
        with writing(self._sessions) as session:
            session.execute(delete(WebSessionRow).where(WebSessionRow.expires_at <= now))
            wanted = update(UserRow).where(UserRow.name == name, UserRow.disabled_at.is_(None))
            user_id = session.scalar(wanted.values(signed_in_at=now).returning(UserRow.id))
            if user_id is None:
                return False
            opened = {"user_id": user_id, "csrf": csrf, "opened_at": now, "seen_at": now}
            session.execute(
                insert(WebSessionRow).values(token_sha256=token_sha256, expires_at=expires_at, **opened)
            )
            return True

    def session(self, token_sha256: str, *, idle: timedelta, counts: bool = True) -> WebSession | None:
        """Who is signed in by this token; None when it is unknown, over or idle, or the user disabled.

        ``counts``: somebody is there, not a page that asks by itself: ``seen_at`` moves on.
        """
        now = self._clock()
        wanted = (
            select(WebSessionRow, UserRow)
            .join(UserRow, UserRow.id == WebSessionRow.user_id)
            .where(WebSessionRow.token_sha256 == token_sha256, UserRow.disabled_at.is_(None))
        )
        with reading(self._sessions) as session:
            found = session.execute(wanted).one_or_none()
        if found is None or found[0].expires_at <= now or now - found[0].seen_at > idle:
            return None
        row, user = found
        if counts and now - row.seen_at > SEEN_EVERY:
            self._see(token_sha256, now)
        return WebSession(
            name=user.name,
            role=user.role,
            csrf=row.csrf,
            opened_at=row.opened_at,
            seen_at=row.seen_at,
            expires_at=row.expires_at,
        )

    def _see(self, token_sha256: str, now: datetime) -> None:
        with writing(self._sessions) as session:
            mine = update(WebSessionRow).where(WebSessionRow.token_sha256 == token_sha256)
            session.execute(mine.values(seen_at=now))

    def close_session(self, token_sha256: str) -> None:
        """Sign out; an unknown token is passed over."""
        with writing(self._sessions) as session:
            session.execute(delete(WebSessionRow).where(WebSessionRow.token_sha256 == token_sha256))

    def close_sessions_of(self, name: str, *, but: str | None = None) -> int:
        """Sign a user out everywhere, ``but`` where this token is; gives how many sessions there were."""
        with writing(self._sessions) as session:
            return close_sessions(session, name, but=but)

    def failed(self, name: str, address: str) -> None:
        """Count a sign-in that failed; only the latest are kept."""
        with writing(self._sessions) as session:
            row = FailedSignInRow(name=fit(name), address=fit(address), at=self._clock())
            session.add(row)
            session.flush()
            session.execute(delete(FailedSignInRow).where(FailedSignInRow.id <= row.id - self._failures_kept))

    def recent_failures(self, since: datetime, *, name: str | None = None, address: str | None = None) -> int:
        """How often signing in failed at ``since`` or later: with this name, from this address, or both."""
        counted = select(func.count()).select_from(FailedSignInRow).where(FailedSignInRow.at >= since)
        if name is not None:
            counted = counted.where(FailedSignInRow.name == fit(name))
        if address is not None:
            counted = counted.where(FailedSignInRow.address == fit(address))
        with reading(self._sessions) as session:
            return session.scalar(counted) or 0

    def failures(self, since: datetime) -> list[SignInFailure]:
        """Failed sign-ins at ``since`` or later, by name and address, the latest first."""
        last = func.max(FailedSignInRow.at)
        counted = (
            select(FailedSignInRow.name, FailedSignInRow.address, last, func.count())
            .where(FailedSignInRow.at >= since)
            .group_by(FailedSignInRow.name, FailedSignInRow.address)
            .order_by(last.desc())
        )
        with reading(self._sessions) as session:
            return [
                SignInFailure(name=name, address=address, last_at=at, times=times)
                for name, address, at, times in session.execute(counted)
            ]


def close_sessions(session: Session, name: str, *, but: str | None = None) -> int:
    """End a user's sessions within a transaction of somebody else's; gives how many."""
    users = select(UserRow.id).where(UserRow.name == name)
    closed = delete(WebSessionRow).where(WebSessionRow.user_id.in_(users))
    if but is not None:
        closed = closed.where(WebSessionRow.token_sha256 != but)
    return len(session.scalars(closed.returning(WebSessionRow.token_sha256)).all())
