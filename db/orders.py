"""Orders as they came, and which of them belong to a study."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session, sessionmaker

from db.instances import now_utc
from db.read import Page
from db.read_orders import OrderMessage, StoredOrder, UnmappedCount
from router.orders import Order, OrderOutcome


class Orders:
    """Orders. Every method raises OutOfResources when the database is away."""

    def __init__(self, sessions: sessionmaker[Session], *, clock: Callable[[], datetime] = now_utc) -> None:
        self._sessions = sessions
        self._clock = clock

    def record(self, order: Order, *, message: str | None = None) -> OrderOutcome:
        """Take a message about an order in; once this returns it is committed."""
        raise NotImplementedError

    def for_study(
        self, *, study_instance_uid: str, accession_number: str | None, patient_id: str | None
    ) -> tuple[Order, ...]:
        """The orders that a study's films are held against."""
        raise NotImplementedError

    def get(self, order_id: int) -> StoredOrder | None:
        """One order."""
        raise NotImplementedError

    def page(
        self,
        *,
        limit: int,
        cursor: str | None = None,
        accession_number: str | None = None,
        patient_id: str | None = None,
        study_instance_uid: str | None = None,
    ) -> Page[StoredOrder]:
        """Orders, the latest first received first. Raises ValueError: limit, or a foreign cursor."""
        raise NotImplementedError

    def messages(self, order_id: int) -> list[OrderMessage]:
        """All messages about an order, in order; empty if it is not known."""
        raise NotImplementedError

    def unmapped(self, limit: int) -> list[UnmappedCount]:
        """The procedures that the map does not know, in most studies first."""
        raise NotImplementedError
