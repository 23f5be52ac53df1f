"""Drift and agreement of one model, for REST and for the page alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated

from pydantic import BeforeValidator, Field

from classifiers.manifest import Task
from db.read_drift import Differing
from router.agreement import Agreement, agreement
from router.drift_report import Baseline, DriftReport, Spans, report, spans
from router.types import Mode, ModelRef
from service.api.filters import EARLIEST, LATEST
from service.api.out_models import ModelOut
from service.api.ports import Needs
from service.api.problems import not_understood
from service.api.shape import In

DAYS = 28
MOST_DAYS = 366
HEADS = {Task.VIEW: "view", Task.CLASSIFY: "classify", Task.DETECT: "classify"}  # "classify": the findings

Days = Annotated[int, Field(ge=1, le=MOST_DAYS)]
Head = Annotated[str, Field(max_length=64, pattern=r"^[^\x00-\x1f\x7f]*$")]

Day = Annotated[date, Field(ge=EARLIEST.date(), le=LATEST.date())]


class AgreementIn(In):
    """How far back."""

    days: Days = Field(default=DAYS, description="the last so many days")


class DriftIn(AgreementIn):
    """What is compared with what. A form's empty field is as good as none."""

    head: Head = Field(default="", description="which of the model's answers; else the main one")
    reference_days: Days = Field(default=DAYS, description="how long the reference lasts")
    reference_from: Annotated[Day | None, BeforeValidator(lambda given: given or None)] = Field(
        default=None, description="when it begins (UTC), YYYY-MM-DD; else with the model's first film here"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Drifted:
    """What a model says now against what it said. No spans: it has not answered any film here."""

    head: str
    spans: Spans | None = None
    found: DriftReport | None = None
    every: int = 1  # one of so many films was looked at


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed:
    """A shadow and the active model on the same films."""

    shadow: ModelOut
    found: Agreement
    differing: tuple[Differing, ...]


def drift_of(needs: Needs, model: ModelOut, asked: DriftIn) -> Drifted:
    """How the model's answers stand against the reference. Raises Problem: it has no such head."""
    head = _head(model, asked.head)
    ref = reference_of(model)
    first = needs.drift.first_answered(ref) if head else None
    if first is None:
        return Drifted(head=head)
    told = datetime.combine(asked.reference_from, time(), UTC) if asked.reference_from else None
    chosen = spans(
        first, needs.clock(), days=asked.days, reference_days=asked.reference_days, reference_from=told
    )
    if chosen.current is None:
        return Drifted(head=head, spans=chosen)
    then = needs.drift.answers(ref, chosen.reference, head=head)
    now = needs.drift.answers(ref, chosen.current, head=head)
    baseline = baseline_of(model) if head == HEADS.get(Task(model.task)) else None
    found = report(then.answers, now.answers, span=chosen.current, baseline=baseline)
    return Drifted(head=head, spans=chosen, found=found, every=now.step)


def agreements_of(needs: Needs, name: str, days: int) -> tuple[ModelOut | None, tuple[Agreed, ...]]:
    """The active version of a view model, and how each of its shadows agrees with it."""
    versions = [model for model in needs.models if model.name == name and model.task == Task.VIEW]
    active = next((model for model in versions if model.mode == Mode.ACTIVE), None)
    if active is None:
        return None, ()
    since = needs.clock() - timedelta(days=days)
    return active, tuple(
        _agreed(needs, active, shadow, since) for shadow in versions if shadow.mode == Mode.SHADOW
    )


def find_model(models: Sequence[ModelOut], name: str, version: str | None) -> ModelOut | None:
    """The model of that name and version; without a version the active one, else the first."""
    named = [model for model in models if model.name == name and version in (None, model.version)]
    return min(named, key=lambda model: model.mode != Mode.ACTIVE, default=None)


def reference_of(model: ModelOut) -> ModelRef:
    """The model as its answers name it."""
    return ModelRef(name=model.name, version=model.version, sha256=model.sha256)


def baseline_of(model: ModelOut) -> Baseline | None:
    """The scores that the pack states of the films it was measured on."""
    stated = model.baseline
    return Baseline(edges=stated.score_edges, films=stated.score_films) if stated else None


def _head(model: ModelOut, asked: str) -> str:
    main = HEADS.get(Task(model.task), "")
    known = tuple(model.heads) if model.task == Task.VIEW else (main,)
    if asked and asked not in known:
        raise not_understood("query", "head", f"the model has no such head: {', '.join(known)}")
    return asked or main


def _agreed(needs: Needs, active: ModelOut, shadow: ModelOut, since: datetime) -> Agreed:
    compared = needs.drift.compared(reference_of(active), reference_of(shadow), since)
    return Agreed(shadow=shadow, found=agreement(compared.pairs), differing=compared.differing)
