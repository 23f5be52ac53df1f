"""Drift and agreement of models, as REST tells them."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import Field

from service.api.drifting import Agreed, Drifted
from service.api.out_figures import ConfusionOut, ShareOut
from service.api.out_models import ModelOut
from service.api.shape import Out, Shown


class SpanOut(Out):
    """A time in which films came."""

    since: datetime
    until: datetime


class ComparisonOut(Out):
    """Two distributions by the Population Stability Index."""

    standing: str = Field(description="steady, watch, changed or too_few", examples=["steady"])
    psi: float | None = Field(description="null: too few films", examples=[0.03])
    noise_floor: float | None = Field(description="PSI that chance alone stays below", examples=[0.05])
    reference_films: int = Field(examples=[1200])
    films: int = Field(examples=[840])


class PartOut(Out):
    """A bin of scores or a label: its share of the films, in [0, 1]."""

    name: Shown = Field(examples=["0.9 to 0.95"])
    reference: float
    current: float
    trained: float | None = Field(description="in the pack's baseline, where it states one")


class WeekOut(Out):
    """One week against the reference."""

    begins: date
    films: int
    scores: ComparisonOut
    said: ComparisonOut


class ScannerDriftOut(Out):
    """The films of one scanner."""

    scanner: Shown | None = Field(
        description="Manufacturer's Model Name and Station Name, else the sender; null: all films",
        examples=["DRX-Evolution, ROOM2"],
    )
    films: int = Field(description="looked at")
    scores: ComparisonOut = Field(description="top scores against the reference period")
    trained: ComparisonOut | None = Field(description="top scores against the pack's baseline")
    said: ComparisonOut = Field(description="what was stated, against the reference period")
    score_parts: tuple[PartOut, ...]
    said_parts: tuple[PartOut, ...] = Field(description="the largest change first")
    weeks: tuple[WeekOut, ...]


class DriftOut(Out):
    """What a model says now against what it said in the reference period."""

    name: str = Field(examples=["view"])
    version: str = Field(examples=["1"])
    head: str = Field(examples=["view"])
    reference: SpanOut | None = Field(description="null: the model has answered no film yet")
    current: SpanOut | None = Field(description="null: the reference is still being gathered")
    every: int = Field(description="one of so many films was looked at", examples=[1])
    scanners: tuple[ScannerDriftOut, ...] = Field(description="all films first, then by scanner")
    left_out: int = Field(description="scanners with fewer films that are not listed")


class DifferingOut(Out):
    """One film of which the two models say different things."""

    sop_instance_uid: str
    study_instance_uid: str
    received_at: datetime
    active: str = Field(examples=["wrist_ap"])
    active_score: float
    shadow: str = Field(examples=["hand_ap"])
    shadow_score: float


class ViewAgreementOut(Out):
    """Films for which the active model states this view."""

    view: str = Field(examples=["wrist_ap"])
    same: ShareOut


class ShadowAgreementOut(Out):
    """One shadow version beside the active one."""

    version: str = Field(examples=["2"])
    films: int = Field(description="that both answered")
    same: ShareOut
    by_view: tuple[ViewAgreementOut, ...] = Field(description="the least agreement first")
    confusion: ConfusionOut = Field(description="rows: the active model; the views with most differences")
    differing: tuple[DifferingOut, ...] = Field(description="the latest films on which they differ")


class AgreementOut(Out):
    """The shadows of a view model against its active version."""

    name: str = Field(examples=["view"])
    active: str | None = Field(description="version of the active one; null: none is", examples=["1"])
    shadows: tuple[ShadowAgreementOut, ...]


def drift_out(model: ModelOut, drifted: Drifted) -> DriftOut:
    """The drift as a body."""
    spans, found = drifted.spans, drifted.found
    return DriftOut(
        name=model.name,
        version=model.version,
        head=drifted.head,
        reference=SpanOut.model_validate(spans.reference) if spans else None,
        current=SpanOut.model_validate(spans.current) if spans and spans.current else None,
        every=drifted.every,
        scanners=tuple(ScannerDriftOut.model_validate(one) for one in found.scanners) if found else (),
        left_out=found.left_out if found else 0,
    )


def agreement_out(name: str, active: ModelOut | None, agreed: tuple[Agreed, ...]) -> AgreementOut:
    """The agreement as a body."""
    return AgreementOut(
        name=name, active=active.version if active else None, shadows=tuple(_shadow(one) for one in agreed)
    )


def _shadow(one: Agreed) -> ShadowAgreementOut:
    table = one.found.confusion
    return ShadowAgreementOut(
        version=one.shadow.version,
        films=one.found.films,
        same=ShareOut.model_validate(one.found.same),
        by_view=tuple(
            ViewAgreementOut(view=view, same=ShareOut.model_validate(share))
            for view, share in one.found.by_view.items()
        ),
        confusion=ConfusionOut(true_views=table.rows, predicted_views=table.columns, counts=table.counts),
        differing=tuple(DifferingOut.model_validate(film) for film in one.differing),
    )
