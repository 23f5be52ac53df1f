"""What models said lately, read from a bounded sample: a busy year costs no more than a busy month."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, and_, cast, func, select
from sqlalchemy.orm import Session, aliased, sessionmaker

from db.documents import model_document
from db.instances import now_utc
from db.read_drift import Compared, Differing, Ran, Sampled
from db.schema import DecisionRow, FindingRow, HeaderRow, InstanceRow, PredictionRow, StudyRow
from db.transactions import reading
from router.drift import counts_for
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

        ``head``: ``view``; a further head of a view model, whose leading label counts; ``classify``, what a
        specialist states of a film, as ``router.drift.counts_for`` counts it.
        """
        came = and_(InstanceRow.received_at >= span.since, InstanceRow.received_at < span.until)
        with reading(self._sessions) as session:
            step = _step(session.scalar(select(func.count()).where(came)) or 0, most)
            asked = _findings(model) if head == FINDINGS_HEAD else _predictions(model, head)
            rows = session.execute(asked.where(came, *_every(step))).all()
        by_film = groupby(rows, key=lambda row: row[0])
        return Sampled(answers=tuple(_answered(list(films)) for _, films in by_film), step=step)

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
        .where(_ran(model))
        .order_by(InstanceRow.received_at)
        .limit(1)
    )


def _first_since(model: ModelRef, since: datetime) -> Select[datetime]:
    """By the index of answers: of arrivals all would be looked through again."""
    return (
        select(InstanceRow.received_at)
        .join(DecisionRow, DecisionRow.instance_id == InstanceRow.id)
        .where(DecisionRow.decided_at >= since, _ran(model))
        .order_by(DecisionRow.decided_at)
        .limit(1)
    )


def _ran(model: ModelRef) -> ColumnElement[bool]:
    """By the whole reference as it was written: two versions of a pack may have the same weights."""
    written = json.dumps(model_document(model))
    return cast(DecisionRow.models_run, Text).contains(written, autoescape=True)


def _step(count: int, most: int) -> int:
    """Every how-many-th row to take so that at most about ``most`` are looked at."""
    return max(1, -(-count // most))


def _is(document: Any, model: ModelRef) -> ColumnElement[bool]:
    return and_(
        document["sha256"].as_string() == model.sha256, document["version"].as_string() == model.version
    )


def _every(step: int) -> tuple[ColumnElement[bool], ...]:
    """``id`` grows by one with each object, so every n-th is a fair sample."""
    return (InstanceRow.id % step == 0,) if step > 1 else ()


def _films(said: Any, score: Any) -> Select[Any]:
    return select(
        InstanceRow.id,
        InstanceRow.study_id,
        InstanceRow.received_at,
        InstanceRow.calling_ae_title,
        HeaderRow.attributes[("ManufacturerModelName", 0)].as_string(),
        HeaderRow.attributes[("StationName", 0)].as_string(),
        said,
        score,
    ).join(HeaderRow, HeaderRow.instance_id == InstanceRow.id)


def _predictions(model: ModelRef, head: str) -> Select[Any]:
    """One row a film that the model has answered."""
    said: Any = PredictionRow.view
    score: Any = PredictionRow.score
    if head != VIEW_HEAD:
        said = PredictionRow.further[(head, 0, "label")].as_string()
        score = PredictionRow.further[(head, 0, "score")].as_float()
    films = _films(said, score).join(PredictionRow, PredictionRow.instance_id == InstanceRow.id)
    return films.where(_is(PredictionRow.model, model), said.is_not(None))


def _findings(model: ModelRef) -> Select[Any]:
    """One row a stated finding, film by film; one without a label for a film of which nothing was stated."""
    stated = and_(
        FindingRow.instance_id == InstanceRow.id,
        _is(FindingRow.model, model),
        FindingRow.probability >= FindingRow.threshold,  # a member of an ensemble also keeps what is below
    )
    return (
        _films(FindingRow.label, FindingRow.probability)
        .join(DecisionRow, DecisionRow.instance_id == InstanceRow.id)
        .join(FindingRow, stated, isouter=True)
        .where(_ran(model))
        .order_by(InstanceRow.id, FindingRow.id)
    )


def _answered(rows: Sequence[Any]) -> Answered:
    """What a film's rows say together: the scanner, and one answer."""
    _, study, at, calling_ae_title, *name, _, _ = rows[0]
    scanner = ", ".join(word.strip() for word in name if word and word.strip())
    said, score = counts_for((said, score) for *_, said, score in rows if said is not None)
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
