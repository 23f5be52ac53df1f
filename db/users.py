"""Who may sign in. The sessions of those who are signed in, and failed sign-ins: ``db/web_sessions.py``."""

from __future__ import annotations

from sqlalchemy import ColumnElement, func, insert, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from db.read_people import User
from db.schema_people import UserRow
from db.transactions import reading, writing
from db.web_sessions import WebSessions, close_sessions

ADMIN = "admin"


class Users(WebSessions):
    """Local and OpenID Connect users. Every method raises OutOfResources when the database is away.

    Passwords and tokens come here as digests; who may change whom is decided above, and noted in ``Actions``.
    """

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
        try:
            with writing(self._sessions) as session:
                self._insert(session, name, role, password_hash, added_by=by, issuer=issuer, subject=subject)
        except IntegrityError:
            return False
        return True

    def add_first(self, name: str, password_hash: str) -> bool:
        """Add an admin as long as nobody is known at all, else False."""
        with writing(self._sessions) as session:
            _one_at_a_time(session)
            if session.scalar(select(func.count()).select_from(UserRow)):
                return False
            self._insert(session, name, ADMIN, password_hash, added_by=name)
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
        """How many are known, disabled ones included."""
        with reading(self._sessions) as session:
            return session.scalar(select(func.count()).select_from(UserRow)) or 0

    def set_password(self, name: str, password_hash: str, *, but: str | None = None) -> bool:
        """Change a password and end the user's sessions ``but`` one; False if there is no such user."""
        with writing(self._sessions) as session:
            if not _change(session, name, password_hash=password_hash):
                return False
            close_sessions(session, name, but=but)
            return True

    def rehash(self, name: str, password_hash: str) -> bool:
        """Keep the same password with today's parameters; its sessions go on."""
        with writing(self._sessions) as session:
            return _change(session, name, password_hash=password_hash)

    def set_role(self, name: str, role: str) -> bool:
        """Change a role, for open sessions too; False if there is no such user, or no admin would be left."""
        with writing(self._sessions) as session:
            _one_at_a_time(session)
            if role != ADMIN and _is_last_admin(session, name):
                return False
            return _change(session, name, role=role)

    def disable(self, name: str) -> bool:
        """Let a user in no more, end all sessions; False if there is no such user, or no admin were left."""
        with writing(self._sessions) as session:
            _one_at_a_time(session)
            if _is_last_admin(session, name) or not _change(session, name, disabled_at=self._clock()):
                return False
            close_sessions(session, name)
            return True

    def enable(self, name: str) -> bool:
        """Let a disabled user in again; False if there is no such user."""
        with writing(self._sessions) as session:
            return _change(session, name, disabled_at=None)

    def _insert(
        self, session: Session, name: str, role: str, password_hash: str | None, **more: str | None
    ) -> None:
        values = {"name": name, "role": role, "password_hash": password_hash, **more}
        session.execute(insert(UserRow).values(added_at=self._clock(), **values))

    def _one(self, *wanted: ColumnElement[bool]) -> User | None:
        with reading(self._sessions) as session:
            row = session.scalars(select(UserRow).where(*wanted)).one_or_none()
        return None if row is None else _user(row)


def _one_at_a_time(session: Session) -> None:
    if session.get_bind().dialect.name == "postgresql":  # SQLite has one writer anyway
        session.execute(text("SELECT pg_advisory_xact_lock(hashtext('app_user'))"))


def _is_last_admin(session: Session, name: str) -> bool:
    admins = select(UserRow.name).where(UserRow.role == ADMIN, UserRow.disabled_at.is_(None))
    return list(session.scalars(admins)) == [name]


def _change(session: Session, name: str, **values: object) -> bool:
    changed = update(UserRow).where(UserRow.name == name).values(**values).returning(UserRow.id)
    return session.scalar(changed) is not None


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
        signed_in_at=row.signed_in_at,
    )
