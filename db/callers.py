"""Who may send, and who was turned away: an admin sees a knock and lets the caller in, without a restart."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, sessionmaker

from db.instances import now_utc
from db.read import AllowedCaller, Knock
from db.schema_callers import AllowedCallerRow, KnockRow
from db.transactions import reading, writing
from router.types import Refusal

COUNTED_TOGETHER = timedelta(hours=1)
KNOCKS_KEPT = 10_000  # a stranger who makes up names must not fill the disk


class Callers:
    """Allowed and refused callers. Every method raises OutOfResources when the database is away."""

    def __init__(
        self,
        sessions: sessionmaker[Session],
        *,
        clock: Callable[[], datetime] = now_utc,
        knocks_kept: int = KNOCKS_KEPT,
    ) -> None:
        self._sessions = sessions
        self._clock = clock
        self._knocks_kept = knocks_kept

    def refuse(self, refusal: Refusal) -> None:
        """Keep a refusal; the same caller again within an hour is counted up and given the latest reason."""
        with writing(self._sessions) as session:
            _one_at_a_time(session)
            known = session.scalar(
                select(KnockRow.id)
                .where(
                    KnockRow.calling_ae_title == refusal.calling_ae_title,
                    KnockRow.called_ae_title == refusal.called_ae_title,
                    KnockRow.address == refusal.address,
                    KnockRow.last_at > refusal.at - COUNTED_TOGETHER,
                )
                .order_by(KnockRow.last_at.desc())
                .limit(1)
            )
            if known is None:
                _keep(session, refusal, self._knocks_kept)
                return
            again = update(KnockRow).where(KnockRow.id == known)
            session.execute(again.values(times=KnockRow.times + 1, last_at=refusal.at, reason=refusal.reason))

    def list(self, limit: int) -> list[Knock]:
        """The latest ``limit`` knocks, the last one first."""
        with reading(self._sessions) as session:
            latest = select(KnockRow).order_by(KnockRow.last_at.desc(), KnockRow.id.desc()).limit(limit)
            return [_knock(row) for row in session.scalars(latest)]

    def allow(self, calling_ae_title: str, address_or_network: str, by: str) -> None:
        """Let a caller in; again changes nothing. Raises ValueError for neither address nor network."""
        values: dict[str, Any] = {
            "calling_ae_title": calling_ae_title,
            "network": _network(address_or_network),
        }
        values |= {"allowed_by": by, "allowed_at": self._clock()}
        with writing(self._sessions) as session:
            dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
            session.execute(dialect.insert(AllowedCallerRow).values(**values).on_conflict_do_nothing())

    def allowed(self) -> tuple[AllowedCaller, ...]:
        """Who may send, by AE title and network."""
        wanted = select(AllowedCallerRow).where(AllowedCallerRow.revoked_at.is_(None))
        with reading(self._sessions) as session:
            rows = session.scalars(
                wanted.order_by(AllowedCallerRow.calling_ae_title, AllowedCallerRow.network)
            )
            return tuple(
                AllowedCaller(
                    calling_ae_title=row.calling_ae_title,
                    network=row.network,
                    allowed_by=row.allowed_by,
                    allowed_at=row.allowed_at,
                )
                for row in rows
            )

    def revoke(self, calling_ae_title: str, address_or_network: str, by: str) -> bool:
        """Let a caller in no more, and keep who said so; False if it was not allowed. Raises ValueError."""
        with writing(self._sessions) as session:
            active = update(AllowedCallerRow).where(
                AllowedCallerRow.calling_ae_title == calling_ae_title,
                AllowedCallerRow.network == _network(address_or_network),
                AllowedCallerRow.revoked_at.is_(None),
            )
            revoked = active.values(revoked_by=by, revoked_at=self._clock()).returning(AllowedCallerRow.id)
            return session.scalar(revoked) is not None


def _one_at_a_time(session: Session) -> None:
    if session.get_bind().dialect.name == "postgresql":  # SQLite has one writer anyway
        session.execute(text("SELECT pg_advisory_xact_lock(hashtext('knock'))"))


def _keep(session: Session, refusal: Refusal, most: int) -> None:
    row = KnockRow(
        calling_ae_title=refusal.calling_ae_title,
        called_ae_title=refusal.called_ae_title,
        address=refusal.address,
        reason=refusal.reason,
        first_at=refusal.at,
        last_at=refusal.at,
        times=1,
    )
    session.add(row)
    session.flush()
    session.execute(delete(KnockRow).where(KnockRow.id <= row.id - most))


def _network(address_or_network: str) -> str:
    try:
        return str(ipaddress.ip_network(address_or_network.strip(), strict=False))
    except ValueError:
        raise ValueError(
            f"{address_or_network!r} is neither an IP address nor a network like 192.0.2.0/24"
        ) from None


def _knock(row: KnockRow) -> Knock:
    return Knock(
        id=row.id,
        calling_ae_title=row.calling_ae_title,
        called_ae_title=row.called_ae_title,
        address=row.address,
        reason=row.reason,
        first_at=row.first_at,
        last_at=row.last_at,
        times=row.times,
    )
