"""What the database answers about judging. Times are timezone-aware UTC."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from router.verdicts import FilmFacts, Kind, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A study to be judged: who holds it (``token``), and its films whose analysis has ended."""

    study_instance_uid: str
    accession_number: str | None
    patient_id: str | None = field(repr=False)
    token: str
    films: tuple[FilmFacts, ...]
    open_instances: int  # still received or processing


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredVerdict:
    """A verdict in its place in the study's history."""

    id: int
    verdict: Verdict
    judged_at: datetime  # when it was first arrived at
    superseded_at: datetime | None  # None: it is the current one


@dataclass(frozen=True, slots=True, kw_only=True)
class WorklistItem:
    """One line of the worklist: a study with its current verdict, and how far people have looked at it."""

    study_instance_uid: str
    study_date: str | None
    patient_id: str | None = field(repr=False)
    patient_name: str | None = field(repr=False)
    accession_number: str | None = field(repr=False)
    study_description: str | None = field(repr=False)
    verdict: Verdict
    judged_at: datetime
    kinds: tuple[Kind, ...]  # the worst first
    severity: int  # as ``router.settling`` has it; 0: no fault
    calling_ae_title: str  # of one of its instances
    instances: int
    reviewers: tuple[str, ...]  # whose word on any of its films stands, sorted
    disagreed: bool  # on at least one of its films two reviewers differ
    settled: bool  # nothing is left to be looked at


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """The judge's queue."""

    due: int  # studies that could be judged now
    oldest_seconds: float  # how long the one that has waited longest has been due; 0 when none is
