"""What the database answers about the last minutes. Times are timezone-aware UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from router.types import State


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrivedFilm:
    """A film that came lately, without a word about its patient."""

    sop_instance_uid: str
    study_instance_uid: str
    calling_ae_title: str
    modality: str | None
    received_at: datetime
    state: State
    reason: str | None
    view: str | None
    score: float | None
    seconds: float | None  # from its arrival to its answer


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveSender:
    """Who sent films lately."""

    calling_ae_title: str
    address: str
    films: int
    last_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Arriving:
    """What came within the last minutes, and how fast it was answered."""

    films: tuple[ArrivedFilm, ...]  # the latest first
    per_minute: tuple[int, ...]  # arrivals in each whole minute, oldest first, the present one last
    waits_s: tuple[float, ...]  # from arrival to answer, of the latest answers, sorted
    senders: tuple[ActiveSender, ...]  # of the latest arrivals, the most recent first
