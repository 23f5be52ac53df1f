"""What the database answers: frozen values, no rows. Times are timezone-aware UTC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from router.types import (
    Arrival,
    Decision,
    Event,
    Finding,
    Instance,
    ModelRef,
    State,
    StoredObject,
    ViewPrediction,
)
from router.verdicts import Kind

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[Item]):
    """Some of a list, and where it goes on: hand ``next_cursor`` back as it is; None at the end."""

    items: tuple[Item, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceFilter:
    """What instances to show: all that is given must hold; values are compared whole and case-sensitive."""

    study_instance_uid: str | None = None
    series_instance_uid: str | None = None
    study_date_from: str | None = None  # YYYYMMDD, included
    study_date_to: str | None = None  # YYYYMMDD, included
    patient_id: str | None = None
    accession_number: str | None = None
    modality: str | None = None
    body_part_examined: str | None = None
    view: str | None = None
    state: State | None = None
    calling_ae_title: str | None = None
    received_since: datetime | None = None  # included
    received_until: datetime | None = None  # not included


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyFilter:
    """What studies to show: those with at least one instance for which all that is given holds.

    Of the study itself: its date, its verdict, and what is *like* something: ``*`` stands for anything, ``?``
    for one sign (PS3.4 C.2.2.2.4), and case does not matter.
    """

    study_date_from: str | None = None  # YYYYMMDD, included
    study_date_to: str | None = None  # YYYYMMDD, included
    patient_like: str | None = None  # the ID or the name
    accession_number_like: str | None = None
    verdict: Kind | None = None  # one of the kinds of the current verdict
    patient_id: str | None = None
    accession_number: str | None = None
    modality: str | None = None
    body_part_examined: str | None = None
    view: str | None = None
    state: State | None = None
    calling_ae_title: str | None = None
    received_since: datetime | None = None  # included
    received_until: datetime | None = None  # not included


@dataclass(frozen=True, slots=True, kw_only=True)
class StudySummary:
    """One line of a study list: the study in its latest object's words, and a roll-up of its instances."""

    study_instance_uid: str
    study_date: str | None
    patient_id: str | None
    patient_name: str | None
    accession_number: str | None
    study_description: str | None
    modalities: tuple[str, ...]  # sorted
    views: tuple[str, ...]  # the answers there are, sorted; "unsure" and "other" included
    series: int
    instances: int
    states: Mapping[State, int]  # how many instances stand where; all states are there
    received_at: datetime  # the latest arrival
    kinds: tuple[Kind, ...] = ()  # of the current verdict's remarks, the worst first; () before there is one


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceSummary:
    """One line of an instance list."""

    sop_instance_uid: str
    study_instance_uid: str
    series_instance_uid: str
    sop_class_uid: str
    study_date: str | None  # the study's
    patient_id: str | None
    accession_number: str | None
    modality: str | None
    body_part_examined: str | None
    view_position: str | None
    image_laterality: str | None
    instance_number: int | None
    calling_ae_title: str
    received_at: datetime
    state: State
    attempt: int
    reason: str | None
    view: str | None
    score: float | None
    margin: float | None
    model: str | None  # "name@version"


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceDetail:
    """All about one instance; ``view``, ``findings``, ``decision`` are the current answer, if any."""

    instance: Instance
    arrival: Arrival
    stored: StoredObject
    state: State
    attempt: int
    reason: str | None  # why it waits again, failed, or has no view
    due_at: datetime | None  # received: not before; processing: the lease's end
    worker: str | None
    view: ViewPrediction | None
    shadow_views: tuple[ViewPrediction, ...]
    decision: Decision | None
    findings: tuple[Finding, ...]
    models_run: tuple[ModelRef, ...]
    models_absent: tuple[str, ...]
    models_silent: Mapping[ModelRef, str]  # asked, but with a reason to state nothing
    decided_at: datetime | None
    duration_ms: float | None
    audit_id: int  # of the latest audit entry: changes whenever anything here does


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyDetail:
    """One study with all its instances, by series and instance number."""

    summary: StudySummary
    instances: tuple[InstanceDetail, ...]
    audit_id: int  # of the latest audit entry of any of them


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One thing that happened to an instance; ``id`` orders all of them."""

    id: int
    sop_instance_uid: str
    event: Event
    at: datetime
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How the whole stands."""

    states: Mapping[State, int]  # all states are there
    due: int  # received and not waiting for a retry's delay
    oldest_waiting_seconds: (
        float | None
    )  # since the arrival of the oldest instance that is due; None: none is
    studies: int
    audit_id: int  # of the latest audit entry; 0: nothing ever happened


@dataclass(frozen=True, slots=True, kw_only=True)
class Knock:
    """A caller that was turned away; knocks less than an hour apart are counted as one."""

    id: int
    calling_ae_title: str
    called_ae_title: str
    address: str
    reason: str
    first_at: datetime
    last_at: datetime
    times: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowedCaller:
    """A caller that an admin let in: an AE title from one address or network."""

    calling_ae_title: str
    network: str  # as "192.0.2.0/24" or "192.0.2.7/32"
    allowed_by: str
    allowed_at: datetime
