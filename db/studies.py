"""A study as the roll-up of its instances: a late film simply changes the answer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Select, func, select, tuple_
from sqlalchemy.orm import Session

from db.read import StudyFilter, StudySummary
from db.schema import InstanceRow, StudyRow
from db.schema_verdicts import VerdictKindRow
from db.search import conditions, listed_between, study_conditions
from router.settling import worst_first
from router.types import State
from router.verdicts import Kind

NEVER = datetime.min.replace(tzinfo=UTC)
# what a filter may ask of the study's row alone, without a look at its instances
OF_THE_STUDY: dict[str, Any] = dict.fromkeys(
    ("study_date_from", "study_date_to", "patient_like", "accession_number_like", "verdict")
)


@dataclass(slots=True, kw_only=True)
class _RollUp:
    modalities: set[str] = field(default_factory=set)
    views: set[str] = field(default_factory=set)
    states: dict[State, int] = field(default_factory=lambda: dict.fromkeys(State, 0))
    series: int = 0
    received_at: datetime = NEVER
    kinds: set[Kind] = field(default_factory=set)


def study_keys(wanted: StudyFilter, after: tuple[Any, ...] | None, limit: int) -> Select[str, int]:
    """(listed_date, study id) of the studies to show, newest date first, each once; behind ``after``."""
    if replace(wanted, **OF_THE_STUDY) == StudyFilter():
        columns = StudyRow.listed_date, StudyRow.id
        dates = listed_between(StudyRow.listed_date, wanted.study_date_from, wanted.study_date_to)
        statement = select(*columns).where(*dates, *study_conditions(wanted))
    else:
        columns = InstanceRow.listed_date, InstanceRow.study_id
        statement = select(*columns).where(*conditions(wanted)).distinct()
    if after is not None:
        statement = statement.where(tuple_(*columns) < tuple_(*after))
    return statement.order_by(columns[0].desc(), columns[1].desc()).limit(limit)


def summaries(session: Session, study_ids: Sequence[int]) -> list[StudySummary]:
    """The studies with these ids, in this order; one that holds no instance any more is left out."""
    rows = {row.id: row for row in session.scalars(select(StudyRow).where(StudyRow.id.in_(study_ids)))}
    rolled = _roll_up(session, study_ids)
    return [_summary(rows[study_id], rolled[study_id]) for study_id in study_ids if study_id in rolled]


def _roll_up(session: Session, study_ids: Sequence[int]) -> dict[int, _RollUp]:
    rolled: dict[int, _RollUp] = defaultdict(_RollUp)
    grouping = InstanceRow.study_id, InstanceRow.modality, InstanceRow.view, InstanceRow.state
    ours = InstanceRow.study_id.in_(study_ids)
    for study_id, modality, view, state, count in session.execute(
        select(*grouping, func.count()).where(ours).group_by(*grouping)
    ):
        one = rolled[study_id]
        one.states[state] += count
        one.modalities |= {modality} if modality else set()
        one.views |= {view} if view else set()
    of_series = func.count(InstanceRow.series_instance_uid.distinct())
    for study_id, series, received_at in session.execute(
        select(InstanceRow.study_id, of_series, func.max(InstanceRow.received_at))
        .where(ours)
        .group_by(InstanceRow.study_id)
    ):
        rolled[study_id].series, rolled[study_id].received_at = series, received_at
    of_verdict = select(VerdictKindRow.study_id, VerdictKindRow.kind)
    for study_id, kind in session.execute(of_verdict.where(VerdictKindRow.study_id.in_(study_ids))):
        if study_id in rolled:
            rolled[study_id].kinds.add(kind)
    return rolled


def _summary(row: StudyRow, rolled: _RollUp) -> StudySummary:
    return StudySummary(
        study_instance_uid=row.study_instance_uid,
        study_date=row.listed_date or None,
        patient_id=row.patient_id,
        patient_name=row.patient_name,
        accession_number=row.accession_number,
        study_description=row.study_description,
        modalities=tuple(sorted(rolled.modalities)),
        views=tuple(sorted(rolled.views)),
        series=rolled.series,
        instances=sum(rolled.states.values()),
        states=rolled.states,
        received_at=rolled.received_at,
        kinds=worst_first(rolled.kinds),
    )
