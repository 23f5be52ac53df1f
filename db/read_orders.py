"""What the database answers about orders. Times are timezone-aware UTC."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from router.orders import Order, OrderControl, OrderOutcome, Procedure


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredOrder:
    """An order as it stands after all messages about it."""

    id: int
    order: Order
    cancelled: bool
    received_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderMessage:
    """One message about an order, as it came."""

    id: int
    at: datetime
    control: OrderControl
    outcome: OrderOutcome
    order: Order = field(repr=False)  # as this message states it
    message: str | None = field(repr=False)  # the raw text, where there was one


@dataclass(frozen=True, slots=True, kw_only=True)
class UnmappedCount:
    """A procedure that the map does not know, and how often current verdicts meet it."""

    procedure: Procedure
    orders: int
    studies: int
    first_at: datetime
    last_at: datetime
