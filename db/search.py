"""Filters as SQL conditions on the instance's columns."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import ColumnElement, select

from db.read import InstanceFilter, StudyFilter
from db.schema import InstanceRow, StudyRow

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
    """One condition for each field that is given."""
    return [*_equal(wanted), *_ranges(wanted)]


def _equal(wanted: InstanceFilter | StudyFilter) -> Iterator[ColumnElement[bool]]:
    for name, column in _EQUAL.items():
        value = getattr(wanted, name, None)  # a StudyFilter has no series
        if value is not None:
            yield column == value
    if isinstance(wanted, InstanceFilter) and wanted.study_instance_uid is not None:
        study = select(StudyRow.id).where(StudyRow.study_instance_uid == wanted.study_instance_uid)
        yield InstanceRow.study_id == study.scalar_subquery()


def _ranges(wanted: InstanceFilter | StudyFilter) -> Iterator[ColumnElement[bool]]:
    if wanted.study_date_from is not None:
        yield InstanceRow.listed_date >= wanted.study_date_from
    if wanted.study_date_to is not None:
        yield InstanceRow.listed_date <= wanted.study_date_to
        yield InstanceRow.listed_date > ""  # a study without a date is in no range
    if wanted.received_since is not None:
        yield InstanceRow.received_at >= wanted.received_since
    if wanted.received_until is not None:
        yield InstanceRow.received_at < wanted.received_until
