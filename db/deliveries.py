"""What webhooks are to be told: an outbox that fills from the audit and loses nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session, sessionmaker

from db.instances import now_utc
from db.read import Page
from db.read_webhooks import Delivery, DeliveryState, NewDelivery


class Deliveries:
    """The outbox. Every method raises OutOfResources when the database is away."""

    def __init__(self, sessions: sessionmaker[Session], *, clock: Callable[[], datetime] = now_utc) -> None:
        self._sessions = sessions
        self._clock = clock

    def place(self, webhook: str) -> int:
        """The last audit entry of which this webhook has its deliveries; a new one begins at the latest."""
        raise NotImplementedError

    def fill(self, webhook: str, deliveries: Sequence[NewDelivery], *, after: int, upto: int) -> bool:
        """Put deliveries into the outbox and move on from ``after`` to ``upto``; False: somebody else did."""
        raise NotImplementedError

    def take(self, limit: int, *, lease: timedelta) -> list[Delivery]:
        """Take up to ``limit`` deliveries that are due, count an attempt for each; nobody else has them."""
        raise NotImplementedError

    def delivered(self, delivery_id: int) -> None:
        """It arrived."""
        raise NotImplementedError

    def again(self, delivery_id: int, error: str, next_at: datetime) -> None:
        """It did not arrive; try again."""
        raise NotImplementedError

    def give_up(self, delivery_id: int, error: str) -> None:
        """It did not arrive, and is not tried again unless somebody asks."""
        raise NotImplementedError

    def resend(self, delivery_id: int) -> bool:
        """Deliver again, now; False if there is no such delivery."""
        raise NotImplementedError

    def page(
        self,
        *,
        limit: int,
        cursor: str | None = None,
        webhook: str | None = None,
        state: DeliveryState | None = None,
    ) -> Page[Delivery]:
        """Deliveries, the latest first. Raises ValueError: limit, or a foreign cursor."""
        raise NotImplementedError

    def forget(self, before: datetime) -> int:
        """Delete what ended before then; gives how many."""
        raise NotImplementedError
