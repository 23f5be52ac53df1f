"""Who may sign in, who is signed in, and who tried in vain."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, sessionmaker

from db.instances import now_utc
from db.read_people import User, WebSession
from db.schema_people import FailedSignInRow, UserRow, WebSessionRow
from db.transactions import reading, writing

FAILURES_KEPT = 10_000  # a stranger who guesses names must not fill the disk


class Users:
    """Local and OpenID Connect users. Every method raises OutOfResources when the database is away.

    Passwords and tokens come here as digests; who may change whom is decided above, and noted in ``Actions``.
    """

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

    def add(
        self,
        name: str,
        role: str,
        password_hash: str | None,
        *,
        by: str,
        issuer: str | None = None,
        subject: str | None = None,
    ) -> bool:
        """Add a user; False if the name, or the issuer's subject, is taken, even by one who is disabled."""
        values = {
            "name": name,
            "role": role,
            "password_hash": password_hash,
            "issuer": issuer,
            "subject": subject,
            "added_by": by,
            "added_at": self._clock(),
        }
        try:
            with writing(self._sessions) as session:
                session.execute(insert(UserRow).values(**values))
        except IntegrityError:
            return False
        return True

    def find(self, name: str) -> User | None:
        """The user of this name, a disabled one included."""
        return self._one(UserRow.name == name)

    def find_subject(self, issuer: str, subject: str) -> User | None:
        """The user whom this OpenID Connect issuer calls so, a disabled one included."""
        return self._one(UserRow.issuer == issuer, UserRow.subject == subject)

    def list(self) -> list[User]:
        """All users by name, disabled ones included."""
        with reading(self._sessions) as session:
            return [_user(row) for row in session.scalars(select(UserRow).order_by(UserRow.name))]

    def count(self) -> int:
        """How many may sign in."""
        enabled = select(func.count()).select_from(UserRow).where(UserRow.disabled_at.is_(None))
        with reading(self._sessions) as session:
            return session.scalar(enabled) or 0

    def set_password(self, name: str, password_hash: str) -> bool:
        """Change a password and end all sessions of its user; False if there is no such user."""
        return self._change(name, end_sessions=True, password_hash=password_hash)

    def set_role(self, name: str, role: str) -> bool:
        """Change a role, for open sessions too; False if there is no such user."""
        return self._change(name, end_sessions=False, role=role)

    def disable(self, name: str) -> bool:
        """Let a user in no more and end all sessions; False if there is no such user."""
        return self._change(name, end_sessions=True, disabled_at=self._clock())

    def enable(self, name: str) -> bool:
        """Let a disabled user in again; False if there is no such user."""
        return self._change(name, end_sessions=False, disabled_at=None)

    def open_session(self, name: str, token_sha256: str, expires_at: datetime, csrf: str) -> bool:
        """Keep a session until ``expires_at`` and forget those that are over; False: no such user may in."""
        now = self._clock()
        with writing(self._sessions) as session:
            session.execute(delete(WebSessionRow).where(WebSessionRow.expires_at <= now))
            wanted = select(UserRow.id).where(UserRow.name == name, UserRow.disabled_at.is_(None))
            user_id = session.scalar(wanted)
            if user_id is None:
                return False
            opened = {"user_id": user_id, "csrf": csrf, "opened_at": now, "expires_at": expires_at}
            session.execute(insert(WebSessionRow).values(token_sha256=token_sha256, **opened))
            return True

    def session(self, token_sha256: str) -> WebSession | None:
        """Who is signed in by this token; None when it is unknown or over, or the user disabled."""
        wanted = (
            select(WebSessionRow, UserRow)
            .join(UserRow, UserRow.id == WebSessionRow.user_id)
            .where(WebSessionRow.token_sha256 == token_sha256, UserRow.disabled_at.is_(None))
        )
        with reading(self._sessions) as session:
            found = session.execute(wanted).one_or_none()
        if found is None or found[0].expires_at <= self._clock():
            return None
        row, user = found
        return WebSession(name=user.name, role=user.role, csrf=row.csrf, expires_at=row.expires_at)

    def close_session(self, token_sha256: str) -> None:
        """Sign out; an unknown token is passed over."""
        with writing(self._sessions) as session:
            session.execute(delete(WebSessionRow).where(WebSessionRow.token_sha256 == token_sha256))

    def close_sessions_of(self, name: str) -> int:
        """Sign a user out everywhere; gives how many sessions there were."""
        with writing(self._sessions) as session:
            return _close(session, name)

    def failed(self, name: str, address: str, at: datetime) -> None:
        """Count a sign-in that failed; only the latest are kept."""
        with writing(self._sessions) as session:
            row = FailedSignInRow(name=name, address=address, at=at)
            session.add(row)
            session.flush()
            session.execute(delete(FailedSignInRow).where(FailedSignInRow.id <= row.id - self._failures_kept))

    def recent_failures(self, name: str, since: datetime) -> int:
        """How often signing in with this name failed at ``since`` or later."""
        return self._failures(FailedSignInRow.name == name, FailedSignInRow.at >= since)

    def recent_failures_from(self, address: str, since: datetime) -> int:
        """How often signing in from this address failed at ``since`` or later, with whatever name."""
        return self._failures(FailedSignInRow.address == address, FailedSignInRow.at >= since)

    def _failures(self, *wanted: ColumnElement[bool]) -> int:
        with reading(self._sessions) as session:
            return session.scalar(select(func.count()).select_from(FailedSignInRow).where(*wanted)) or 0

    def _one(self, *wanted: ColumnElement[bool]) -> User | None:
        with reading(self._sessions) as session:
            row = session.scalars(select(UserRow).where(*wanted)).one_or_none()
        return None if row is None else _user(row)

    def _change(self, name: str, *, end_sessions: bool, **values: object) -> bool:
        with writing(self._sessions) as session:
            changed = update(UserRow).where(UserRow.name == name).values(**values).returning(UserRow.id)
            if session.scalar(changed) is None:
                return False
            if end_sessions:
                _close(session, name)
            return True


def _close(session: Session, name: str) -> int:
    users = select(UserRow.id).where(UserRow.name == name)
    closed = delete(WebSessionRow).where(WebSessionRow.user_id.in_(users))
    return len(session.scalars(closed.returning(WebSessionRow.token_sha256)).all())


def _user(row: UserRow) -> User:
    return User(
        name=row.name,
        role=row.role,
        password_hash=row.password_hash,
        issuer=row.issuer,
        subject=row.subject,
        added_by=row.added_by,
        added_at=row.added_at,
        disabled_at=row.disabled_at,
    )
