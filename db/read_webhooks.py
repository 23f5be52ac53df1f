"""What the database answers about webhooks. Times are timezone-aware UTC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class DeliveryState(StrEnum):
    """Where a delivery stands."""

    PENDING = "pending"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDelivery:
    """Something to tell a webhook; ``event_id`` is told to it, too, so that it can drop a repeat."""

    event_id: str
    event: str
    sop_instance_uid: str | None
    study_instance_uid: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One message to one webhook, and how it stands."""

    id: int
    webhook: str
    event_id: str
    event: str
    sop_instance_uid: str | None
    study_instance_uid: str
    body: Mapping[str, Any]
    state: DeliveryState
    attempts: int
    next_at: datetime
    created_at: datetime
    ended_at: datetime | None
    last_error: str | None
