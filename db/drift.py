"""What models said lately, read from a bounded sample: a busy year costs no more than a busy month."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, and_, cast, func, select
from sqlalchemy.orm import Session, aliased, sessionmaker

from db.instances import now_utc
from db.read_drift import Compared, Differing, Ran, Sampled
from db.schema import DecisionRow, FindingRow, HeaderRow, InstanceRow, PredictionRow, StudyRow
from db.transactions import reading
from router.drift_report import Answered, Span
from router.types import Mode, ModelRef

MOST_ANSWERS = 6_000  # looked at of one span
MOST_DIFFERING = 25
LONGEST_COMMIT = timedelta(minutes=5)  # an answer may be written by another clock, and be seen later
VIEW_HEAD = "view"
FINDINGS_HEAD = "classify"


class Drift:
    """Reading. Every method raises OutOfResources when the database is away."""

    def __init__(self, sessions: sessionmaker[Session], *, clock: Callable[[], datetime] = now_utc) -> None:
        self._sessions = sessions
        self._clock = clock
        self._first: dict[ModelRef, datetime] = {}
        self._nothing_until: dict[ModelRef, datetime] = {}

    def first_answered(self, model: ModelRef) -> datetime | None:
        """When the first film came that the model has answered; what was looked through once stays known."""
        if model in self._first:
            return self._first[model]
        now, known = self._clock(), self._nothing_until.get(model)
        with reading(self._sessions) as session:
            first = session.scalar(_first(model) if known is None else _first_since(model, known))
        if first is None:
            self._nothing_until[model] = now - LONGEST_COMMIT
        else:
            self._first[model] = first
        return first

    def answers(
        self, model: ModelRef, span: Span, *, head: str = VIEW_HEAD, most: int = MOST_ANSWERS
    ) -> Sampled:
        """What the model said of the films that came in ``span``: of all, or of every so-and-so-many-th.

        ``head``: ``view``; a further head of a view model, whose leading label counts; ``classify``, the
        stated findings of a specialist.
        """
        came = and_(InstanceRow.received_at >= span.since, InstanceRow.received_at < span.until)
        with reading(self._sessions) as session:
            step = _step(session.scalar(select(func.count()).where(came)) or 0, most)
            rows = session.execute(_answers(model, head, came, step)).all()
        return Sampled(answers=tuple(_answered(row) for row in rows), step=step)

    def compared(
        self, active: ModelRef, shadow: ModelRef, since: datetime, *, most: int = 3 * MOST_ANSWERS
    ) -> Compared:
        """Two view models on the same films: the latest ``most`` objects that came since then."""
        latest = (
            select(InstanceRow.id)
            .where(InstanceRow.received_at >= since)
            .order_by(InstanceRow.received_at.desc())
            .limit(most)
            .subquery()
        )
        first, second = aliased(PredictionRow), aliased(PredictionRow)
        pairs = (
            select(latest.c.id, first.view, second.view, first.score, second.score)
            .join(first, first.instance_id == latest.c.id)
            .join(second, second.instance_id == latest.c.id)
            .where(first.mode == Mode.ACTIVE, _is(first.model, active))
            .where(second.mode == Mode.SHADOW, _is(second.model, shadow))
        )
        with reading(self._sessions) as session:
            rows = session.execute(pairs).all()
            apart = {row[0]: row for row in rows if row[1] != row[2]}
            differing = _differing(session, apart)
        return Compared(pairs=Counter((row[1], row[2]) for row in rows), differing=differing)

    def ran(self, since: datetime, *, most: int = 3 * MOST_ANSWERS) -> Ran:
        """On how many films each model ran since then, shadows and specialists included."""
        decided = DecisionRow.decided_at >= since
        models = cast(DecisionRow.models_run, Text)  # PostgreSQL groups no JSON
        with reading(self._sessions) as session:
            step = _step(session.scalar(select(func.count()).where(decided)) or 0, most)
            sampled = (
                select(models.label("models"))
                .where(decided, DecisionRow.instance_id % step == 0 if step > 1 else decided)
                .subquery()
            )
            counted = select(sampled.c.models, func.count()).group_by(sampled.c.models)
            rows = session.execute(counted).all()
        films: Counter[tuple[str, str]] = Counter()
        for document, count in rows:
            for model in json.loads(document):
                films[model["name"], model["version"]] += count * step
        return Ran(films=films, is_exact=step == 1)


def _first(model: ModelRef) -> Select[datetime]:
    return (
        select(InstanceRow.received_at)
        .join(DecisionRow, DecisionRow.instance_id == InstanceRow.id)
        .where(cast(DecisionRow.models_run, Text).contains(model.sha256))
        .order_by(InstanceRow.received_at)
        .limit(1)
    )


def _first_since(model: ModelRef, since: datetime) -> Select[datetime]:
    """By the index of answers: of arrivals all would be looked through again."""
    return (
        select(InstanceRow.received_at)
        .join(DecisionRow, DecisionRow.instance_id == InstanceRow.id)
        .where(DecisionRow.decided_at >= since, cast(DecisionRow.models_run, Text).contains(model.sha256))
        .order_by(DecisionRow.decided_at)
        .limit(1)
    )


def _step(count: int, most: int) -> int:
    """Every how-many-th row to take so that at most about ``most`` are looked at."""
    return max(1, -(-count // most))


def _is(document: Any, model: ModelRef) -> ColumnElement[bool]:
    return and_(
        document["sha256"].as_string() == model.sha256, document["version"].as_string() == model.version
    )


def _answers(model: ModelRef, head: str, came: ColumnElement[bool], step: int) -> Select[Any]:
    """One row an answer; ``id`` grows by one with each object, so every n-th is a fair sample."""
    table: Any = FindingRow if head == FINDINGS_HEAD else PredictionRow
    said: Any
    score: Any
    if head == FINDINGS_HEAD:
        said, score = FindingRow.label, FindingRow.probability
    elif head == VIEW_HEAD:
        said, score = PredictionRow.view, PredictionRow.score
    else:
        said = PredictionRow.further[(head, 0, "label")].as_string()
        score = PredictionRow.further[(head, 0, "score")].as_float()
    chosen = [came, _is(table.model, model), said.is_not(None)]
    if head == FINDINGS_HEAD:  # a member of an ensemble also keeps what it would not have stated itself
        chosen.append(FindingRow.probability >= FindingRow.threshold)
    if step > 1:
        chosen.append(InstanceRow.id % step == 0)
    return (
        select(
            InstanceRow.study_id,
            InstanceRow.received_at,
            InstanceRow.calling_ae_title,
            HeaderRow.attributes[("ManufacturerModelName", 0)].as_string(),
            HeaderRow.attributes[("StationName", 0)].as_string(),
            said,
            score,
        )
        .join(HeaderRow, HeaderRow.instance_id == InstanceRow.id)
        .join(table, table.instance_id == InstanceRow.id)
        .where(*chosen)
    )


def _answered(row: Any) -> Answered:
    study, at, calling_ae_title, *name, said, score = row
    scanner = ", ".join(word.strip() for word in name if word and word.strip())
    return Answered(
        scanner=scanner or f"sent by {calling_ae_title}", study=study, at=at, said=said, score=score
    )


def _differing(session: Session, apart: dict[int, Any]) -> tuple[Differing, ...]:
    """The latest films among those, by instance id."""
    latest = sorted(apart, reverse=True)[:MOST_DIFFERING]
    known = (
        select(
            InstanceRow.id, InstanceRow.sop_instance_uid, StudyRow.study_instance_uid, InstanceRow.received_at
        )
        .join(StudyRow, StudyRow.id == InstanceRow.study_id)
        .where(InstanceRow.id.in_(latest))
        .order_by(InstanceRow.received_at.desc())
    )
    return tuple(
        Differing(
            sop_instance_uid=sop,
            study_instance_uid=study,
            received_at=at,
            active=apart[number][1],
            active_score=apart[number][3],
            shadow=apart[number][2],
            shadow_score=apart[number][4],
        )
        for number, sop, study, at in session.execute(known)
    )
