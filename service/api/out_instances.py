"""How studies and instances look over REST, in lists and one by one."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from db.read import AuditEntry, InstanceDetail, StudyDetail
from router.types import Event, State
from service.api.out import (
    ArrivalOut,
    DecisionOut,
    HeaderOut,
    ModelRefOut,
    SilentModelOut,
    StoredObjectOut,
    ViewPredictionOut,
    decision_out,
    silent_out,
    view_out,
)
from service.api.out_findings import FindingsOut, findings_out
from service.api.shape import Out, Shown, ShownJson

NEXT = Field(
    description="link to the following page, null at the end",
    examples=["/api/v1/instances?modality=DX&cursor=eyJpZCI6M30"],
)


class StudySummaryOut(Out):
    """One study in its latest object's words, and a roll-up of its instances."""

    study_instance_uid: str = Field(examples=["1.2.826.0.1.3680043.8.498.1"])
    study_date: Shown | None = Field(examples=["20260102"])
    patient_id: Shown | None = Field(examples=["4711"])
    patient_name: Shown | None = Field(examples=["Doe^Jane"])
    accession_number: Shown | None = Field(examples=["A100"])
    study_description: Shown | None
    modalities: tuple[Shown, ...] = Field(examples=[["DX"]])
    views: tuple[str, ...] = Field(examples=[["chest_lateral", "chest_pa_ap"]])
    series: int
    instances: int
    states: dict[State, int] = Field(
        description="how many instances stand where",
        examples=[{"received": 0, "processing": 0, "done": 2, "failed": 0}],
    )
    received_at: datetime = Field(description="the latest arrival")


class InstanceSummaryOut(Out):
    """One instance in a list."""

    sop_instance_uid: str = Field(examples=["1.2.826.0.1.3680043.8.498.3"])
    study_instance_uid: str
    series_instance_uid: str
    sop_class_uid: str
    study_date: Shown | None
    patient_id: Shown | None
    accession_number: Shown | None
    modality: Shown | None = Field(examples=["DX"])
    body_part_examined: Shown | None
    view_position: Shown | None = Field(description="what the header claims")
    image_laterality: Shown | None
    instance_number: int | None
    calling_ae_title: Shown
    received_at: datetime
    state: State
    attempt: int
    reason: Shown | None = Field(description="why it waits again, failed, or has no view")
    view: str | None = Field(examples=["chest_pa_ap"])
    score: float | None = Field(examples=[0.97])
    margin: float | None = Field(examples=[0.95])
    model: str | None = Field(examples=["view@1"])


class FilmOut(FindingsOut):
    """One instance with its answer and the reasons for it; the answer is null before there is one."""

    instance: HeaderOut
    arrival: ArrivalOut
    stored: StoredObjectOut
    state: State
    attempt: int
    reason: Shown | None = Field(description="why it waits again, failed, or has no view")
    due_at: datetime | None = Field(description="received: analysed not before; processing: the lease's end")
    view: ViewPredictionOut | None
    shadow_views: tuple[ViewPredictionOut, ...] = Field(description="for comparison, never the answer")
    decision: DecisionOut | None
    models_run: tuple[ModelRefOut, ...]
    models_absent: tuple[str, ...] = Field(
        description="asked for by a rule, but no active pack of that name is installed"
    )
    models_silent: tuple[SilentModelOut, ...] = Field(description="asked, but with a reason to state nothing")
    decided_at: datetime | None
    duration_ms: float | None = Field(description="of the analysis")


class InstanceOut(FilmOut):
    """One instance with everything that is known about it."""

    attributes: dict[str, tuple[Shown, ...]] = Field(
        description="what else the header says: DICOM keyword to values", examples=[{"KVP": ["70"]}]
    )


class StudyOut(Out):
    """One study with its films, by series and instance number."""

    study: StudySummaryOut
    films: tuple[FilmOut, ...]


class AuditEntryOut(Out):
    """One thing that happened to an instance; ``id`` orders all of them."""

    id: int = Field(examples=[17])
    sop_instance_uid: str
    event: Event
    at: datetime
    detail: ShownJson


class StudiesOut(Out):
    """A page of studies, the newest first."""

    studies: tuple[StudySummaryOut, ...]
    next: str | None = NEXT


class InstancesOut(Out):
    """A page of instances, the newest first."""

    instances: tuple[InstanceSummaryOut, ...]
    next: str | None = NEXT


class AuditOut(Out):
    """What happened to an instance, in order."""

    audit: tuple[AuditEntryOut, ...]


def film_out(detail: InstanceDetail, *, links: bool) -> FilmOut:
    """A film of a study, its findings with reference links or without."""
    return FilmOut(
        **findings_out(detail.findings, links=links),
        instance=HeaderOut.model_validate(detail.instance),
        arrival=ArrivalOut.model_validate(detail.arrival),
        stored=StoredObjectOut.model_validate(detail.stored),
        state=detail.state,
        attempt=detail.attempt,
        reason=detail.reason,
        due_at=detail.due_at,
        view=view_out(detail.view),
        shadow_views=tuple(shown for view in detail.shadow_views if (shown := view_out(view)) is not None),
        decision=decision_out(detail.decision),
        models_run=tuple(ModelRefOut.model_validate(model) for model in detail.models_run),
        models_absent=detail.models_absent,
        models_silent=silent_out(detail.models_silent),
        decided_at=detail.decided_at,
        duration_ms=detail.duration_ms,
    )


def instance_out(detail: InstanceDetail, *, links: bool) -> InstanceOut:
    """An instance with its header's other elements."""
    film = film_out(detail, links=links)
    fields = {name: getattr(film, name) for name in FilmOut.model_fields}
    return InstanceOut(**fields, attributes=dict(detail.instance.attributes))


def study_out(detail: StudyDetail, *, links: bool) -> StudyOut:
    """A study with its films."""
    return StudyOut(
        study=StudySummaryOut.model_validate(detail.summary),
        films=tuple(film_out(instance, links=links) for instance in detail.instances),
    )


def audit_entry_out(entry: AuditEntry) -> AuditEntryOut:
    """An entry of the audit."""
    return AuditEntryOut(
        id=entry.id,
        sop_instance_uid=entry.sop_instance_uid,
        event=entry.event,
        at=entry.at,
        detail=dict(entry.detail),
    )
