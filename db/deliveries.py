"""What webhooks are to be told: an outbox that fills from the audit and loses nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, delete, func, literal_column, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, aliased, sessionmaker

from db.cursor import check_limit, page_of, read_id
from db.instances import now_utc
from db.read import Page
from db.read_webhooks import Delivery, DeliveryState, NewDelivery
from db.schema import AuditRow
from db.schema_webhooks import DeliveryRow, WebhookCursorRow
from db.transactions import reading, writing

FORGOTTEN_AT_ONCE = 1000
# Written out: an index with a condition is not used where the value comes as a parameter.
PENDING = DeliveryRow.state == literal_column("'pending'")


class Deliveries:
    """The outbox. Every method raises OutOfResources when the database is away.

    A delivery arrives at least once: whoever took it and stopped before saying so leaves it to the next.
    """

    def __init__(self, sessions: sessionmaker[Session], *, clock: Callable[[], datetime] = now_utc) -> None:
        self._sessions = sessions
        self._clock = clock

    def place(self, webhook: str) -> int:
        """The last audit entry of which this webhook has its deliveries; a new one begins at the latest."""
        with reading(self._sessions) as session:
            known = session.scalar(_cursor(webhook))
        return self._begin(webhook) if known is None else known

    def fill(self, webhook: str, deliveries: Sequence[NewDelivery], *, after: int, upto: int) -> bool:
        """Put deliveries into the outbox and move on from ``after`` to ``upto``.

        False, and nothing is written, when somebody else has moved on from there. An event that the webhook
        has already is passed over.
        """
        now = self._clock()
        fixed = {"webhook": webhook, "state": DeliveryState.PENDING, "attempts": 0, "created_at": now}
        with writing(self._sessions) as session:
            moved = update(WebhookCursorRow).where(
                WebhookCursorRow.webhook == webhook, WebhookCursorRow.audit_id == after
            )
            moved = moved.values(audit_id=upto)
            if session.scalar(moved.returning(WebhookCursorRow.audit_id)) is None:
                return False
            rows = [_columns(one) | fixed | {"next_at": now} for one in deliveries]
            if rows:
                dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
                session.execute(dialect.insert(DeliveryRow).on_conflict_do_nothing(), rows)
            return True

    def take(self, webhook: str, limit: int, *, lease: timedelta) -> list[Delivery]:
        """Take up to ``limit`` deliveries that are due, the longest waiting first, and count an attempt.

        Of one film only the earliest that has not ended is ever due, so that a webhook hears its story in
        order. Nobody else has them before ``lease`` is over.
        """
        now = self._clock()
        earlier = aliased(DeliveryRow)
        same_film = (earlier.webhook == webhook) & (earlier.sop_instance_uid == DeliveryRow.sop_instance_uid)
        before = same_film & (earlier.state == DeliveryState.PENDING) & (earlier.id < DeliveryRow.id)
        due = select(DeliveryRow).where(
            PENDING,
            DeliveryRow.webhook == webhook,
            DeliveryRow.next_at <= now,
            ~select(earlier.id).where(before).exists(),
        )
        longest = due.order_by(DeliveryRow.next_at, DeliveryRow.id).limit(limit)
        with writing(self._sessions) as session:
            rows = session.scalars(longest.with_for_update(skip_locked=True, of=DeliveryRow)).all()
            for row in rows:
                row.attempts, row.next_at = row.attempts + 1, now + lease
            return [_delivery(row) for row in rows]

    def delivered(self, delivery_id: int) -> None:
        """It arrived."""
        self._end(delivery_id, DeliveryState.DELIVERED, None)

    def again(self, delivery_id: int, error: str, next_at: datetime) -> None:
        """It did not arrive; it is due again at ``next_at``."""
        self._change(delivery_id, next_at=next_at, last_error=error)

    def give_up(self, delivery_id: int, error: str) -> None:
        """It did not arrive, and is not tried again unless somebody asks for it."""
        self._end(delivery_id, DeliveryState.GIVEN_UP, error)

    def resend(self, delivery_id: int) -> bool:
        """Deliver it, now, whatever became of it; False if there is no such delivery."""
        fresh: dict[str, Any] = {"state": DeliveryState.PENDING, "attempts": 0, "ended_at": None}
        return self._change(delivery_id, **fresh, next_at=self._clock())

    def page(
        self,
        *,
        limit: int,
        cursor: str | None = None,
        webhook: str | None = None,
        state: DeliveryState | None = None,
    ) -> Page[Delivery]:
        """Deliveries, the latest first. Raises ValueError: limit not in 1..1000, or a foreign cursor."""
        check_limit(limit)
        wanted = select(DeliveryRow).order_by(DeliveryRow.id.desc()).limit(limit + 1)
        if webhook is not None:
            wanted = wanted.where(DeliveryRow.webhook == webhook)
        if state is not None:
            wanted = wanted.where(DeliveryRow.state == state)
        if cursor is not None:
            wanted = wanted.where(DeliveryRow.id < read_id("deliveries", cursor))
        with reading(self._sessions) as session:
            found = [(row.id, _delivery(row)) for row in session.scalars(wanted)]
        return page_of("deliveries", found, limit)

    def forget(self, before: datetime) -> int:
        """Delete what ended before then, some at a time; gives how many."""
        count = 0
        while True:
            with writing(self._sessions) as session:
                ended = select(DeliveryRow.id).where(DeliveryRow.ended_at < before)
                some = ended.order_by(DeliveryRow.ended_at).limit(FORGOTTEN_AT_ONCE)
                gone = delete(DeliveryRow).where(DeliveryRow.id.in_(some)).returning(DeliveryRow.id)
                found = len(session.scalars(gone).all())
            if not found:
                return count
            count += found

    def _begin(self, webhook: str) -> int:
        with writing(self._sessions) as session:
            latest = session.scalar(select(func.max(AuditRow.id))) or 0
            dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
            begun = dialect.insert(WebhookCursorRow).values(webhook=webhook, audit_id=latest)
            session.execute(begun.on_conflict_do_nothing())
            return session.scalars(_cursor(webhook)).one()

    def _end(self, delivery_id: int, state: DeliveryState, error: str | None) -> None:
        self._change(delivery_id, state=state, ended_at=self._clock(), last_error=error)

    def _change(self, delivery_id: int, **values: Any) -> bool:
        changed = update(DeliveryRow).where(DeliveryRow.id == delivery_id).values(**values)
        with writing(self._sessions) as session:
            return session.scalar(changed.returning(DeliveryRow.id)) is not None


def _cursor(webhook: str) -> Select[int]:
    return select(WebhookCursorRow.audit_id).where(WebhookCursorRow.webhook == webhook)


def _columns(one: NewDelivery) -> dict[str, Any]:
    return {
        "event_id": one.event_id,
        "event": one.event,
        "sop_instance_uid": one.sop_instance_uid,
        "study_instance_uid": one.study_instance_uid,
        "body": dict(one.body),
    }


def _delivery(row: DeliveryRow) -> Delivery:
    return Delivery(
        id=row.id,
        webhook=row.webhook,
        event_id=row.event_id,
        event=row.event,
        sop_instance_uid=row.sop_instance_uid,
        study_instance_uid=row.study_instance_uid,
        body=row.body,
        state=row.state,
        attempts=row.attempts,
        next_at=row.next_at,
        created_at=row.created_at,
        ended_at=row.ended_at,
        last_error=row.last_error,
    )
