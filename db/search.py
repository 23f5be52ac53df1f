"""Filters as SQL conditions on the instance's columns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from db.read import InstanceFilter, StudyFilter
from db.schema import NO_DATE, InstanceRow, StudyRow
from db.schema_verdicts import VerdictKindRow

_EQUAL = {
    "series_instance_uid": InstanceRow.series_instance_uid,
    "patient_id": InstanceRow.patient_id,
    "accession_number": InstanceRow.accession_number,
    "modality": InstanceRow.modality,
    "body_part_examined": InstanceRow.body_part_examined,
    "view": InstanceRow.view,
    "state": InstanceRow.state,
    "calling_ae_title": InstanceRow.calling_ae_title,
}


def conditions(wanted: InstanceFilter | StudyFilter) -> list[ColumnElement[bool]]:
    """One condition on the instance for each field that is given."""
    found = [*_equal(wanted), *_ranges(wanted)]
    of_study = study_conditions(wanted) if isinstance(wanted, StudyFilter) else []
    if of_study:
        found.append(InstanceRow.study_id.in_(select(StudyRow.id).where(*of_study)))
    return found


def study_conditions(wanted: StudyFilter) -> list[ColumnElement[bool]]:
    """Conditions on the study's row, for what is asked of the study itself, not of one of its instances."""
    found: list[ColumnElement[bool]] = []
    alike = list(_alike(wanted))
    if alike:
        # A subquery, so that the table is read once from end to end; walking it in the list's order instead
        # takes ten times as long over a few hundred thousand studies.
        found.append(StudyRow.id.in_(select(StudyRow.id).where(*alike)))
    if wanted.verdict is not None:
        judged = select(VerdictKindRow.study_id).where(VerdictKindRow.kind == wanted.verdict)
        found.append(StudyRow.id.in_(judged))
    return found


def _alike(wanted: StudyFilter) -> Iterator[ColumnElement[bool]]:
    if wanted.patient_like is not None:
        pattern = like_pattern(wanted.patient_like)
        yield or_(_like(StudyRow.patient_id, pattern), _like(StudyRow.patient_name, pattern))
    if wanted.accession_number_like is not None:
        yield _like(StudyRow.accession_number, like_pattern(wanted.accession_number_like))


def like_pattern(text: str) -> str:
    """DICOM's wildcards (PS3.4 C.2.2.2.4) as those of LIKE, whose own signs are taken as they are."""
    escaped = text.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return escaped.replace("*", "%").replace("?", "_")


def _like(column: InstrumentedAttribute[str | None], pattern: str) -> ColumnElement[bool]:
    return func.lower(column).like(pattern, escape="\\")


def instance_rows(
    wanted: InstanceFilter, after: tuple[Any, ...] | None, limit: int
) -> Select[InstanceRow, str]:
    """The instances to show with their study's UID, newest study date first; behind ``after``."""
    order = InstanceRow.listed_date, InstanceRow.study_id, InstanceRow.id
    statement = select(InstanceRow, StudyRow.study_instance_uid).where(*conditions(wanted))
    if after is not None:
        statement = statement.where(tuple_(*order) < tuple_(*after))
    statement = statement.join(StudyRow, StudyRow.id == InstanceRow.study_id)
    return statement.order_by(*(column.desc() for column in order)).limit(limit)


def listed_between(
    column: InstrumentedAttribute[str], first: str | None, last: str | None
) -> Iterator[ColumnElement[bool]]:
    """A study's date within a range; one without a date is in no range."""
    if first is not None:
        yield column >= first
    if last is not None:
        yield column <= last
    if first is not None or last is not None:
        yield column > NO_DATE


def _equal(wanted: InstanceFilter | StudyFilter) -> Iterator[ColumnElement[bool]]:
    for name, column in _EQUAL.items():
        value = getattr(wanted, name, None)  # a StudyFilter has no series
        if value is not None:
            yield column == value
    if isinstance(wanted, InstanceFilter) and wanted.study_instance_uid is not None:
        study = select(StudyRow.id).where(StudyRow.study_instance_uid == wanted.study_instance_uid)
        yield InstanceRow.study_id == study.scalar_subquery()


def _ranges(wanted: InstanceFilter | StudyFilter) -> Iterator[ColumnElement[bool]]:
    yield from listed_between(InstanceRow.listed_date, wanted.study_date_from, wanted.study_date_to)
    if wanted.received_since is not None:
        yield InstanceRow.received_at >= wanted.received_since
    if wanted.received_until is not None:
        yield InstanceRow.received_at < wanted.received_until
