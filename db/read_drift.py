"""What is read about models' answers: samples for drift, pairs for agreement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from router.drift_report import Answered


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampled:
    """The answers on every ``step``-th object of a span; 1: on all of them."""

    answers: tuple[Answered, ...]
    step: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Differing:
    """One film of which two models say different things."""

    sop_instance_uid: str
    study_instance_uid: str
    received_at: datetime
    active: str
    active_score: float
    shadow: str
    shadow_score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Two models on the latest films that both answered."""

    pairs: Mapping[tuple[str, str], int]  # what the active one and the shadow said, and how often
    differing: tuple[Differing, ...]  # the latest first


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """On how many films each model ran, by name and version; an estimate where a sample was counted."""

    films: Mapping[tuple[str, str], int]
    is_exact: bool
