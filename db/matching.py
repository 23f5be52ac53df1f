"""Searching as QIDO-RS does (PS3.18 section 10.6): matching keys, pages by offset, and how many are left."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Select, func, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session, sessionmaker

from db.hanging import films_by_id, known_films
from db.read import StudySummary
from db.schema import InstanceRow, StudyRow
from db.search import listed_between
from db.studies import summaries
from db.transactions import reading
from router.known_films import KnownFilm

MOST_COUNTED = 10_000  # of what is left: beyond that nobody pages on, and counting would take long
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """What must hold; () and None are no condition. Texts may hold the wild cards ``*`` and ``?``,
    and are then compared in any case of letters.
    """

    study_instance_uid: tuple[str, ...] = ()
    series_instance_uid: tuple[str, ...] = ()
    sop_instance_uid: tuple[str, ...] = ()
    sop_class_uid: tuple[str, ...] = ()
    modality: tuple[str, ...] = ()
    patient_id: str | None = None
    patient_name: str | None = None  # in any case of letters
    accession_number: str | None = None
    study_description: str | None = None
    body_part_examined: str | None = None  # as sent
    instance_number: int | None = None
    study_date_from: str | None = None  # YYYYMMDD, included
    study_date_to: str | None = None  # YYYYMMDD, included


@dataclass(frozen=True, slots=True, kw_only=True)
class Found(Generic[Item]):
    """Some of what matches, and how many more there are, counted up to ``MOST_COUNTED``."""

    items: tuple[Item, ...]
    remaining: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundStudy:
    """A study, and its latest film as sent."""

    summary: StudySummary
    latest: KnownFilm


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundSeries:
    """A series by its latest film as sent, and how many instances it has."""

    latest: KnownFilm
    instances: int


class Matching:
    """Searching. Every method raises OutOfResources when the database is away."""

    def __init__(self, sessions: sessionmaker[Session]) -> None:
        self._sessions = sessions

    def studies(self, match: Match, limit: int, offset: int) -> Found[FoundStudy]:
        """Studies that have an instance for which all holds, the newest study date first."""
        keys = _keys(match, InstanceRow.listed_date, InstanceRow.study_id)
        newest = keys.order_by(InstanceRow.listed_date.desc(), InstanceRow.study_id.desc())
        with reading(self._sessions) as session:
            ids = [row[1] for row in session.execute(newest.limit(limit).offset(offset))]
            grouped = select(InstanceRow.study_id, func.max(InstanceRow.id)).where(
                InstanceRow.study_id.in_(ids)
            )
            latest = {row[0]: row[1] for row in session.execute(grouped.group_by(InstanceRow.study_id))}
            films = films_by_id(session, InstanceRow.id.in_(latest.values()))
            found = summaries(session, ids)
            remaining = _remaining(session, keys, offset + len(ids)) if ids else 0
        # In the order of the ids: each of them has an instance, or it would not have been found.
        pairs = zip(found, ids, strict=True)
        items = tuple(FoundStudy(summary=one, latest=films[latest[study]]) for one, study in pairs)
        return Found(items=items, remaining=remaining)

    def series(self, match: Match, limit: int, offset: int) -> Found[FoundSeries]:
        """Series that have an instance for which all holds, the newest study date first."""
        columns = InstanceRow.listed_date, InstanceRow.study_id, InstanceRow.series_instance_uid
        keys = _keys(match, *columns)
        newest = keys.order_by(columns[0].desc(), columns[1].desc(), columns[2])
        with reading(self._sessions) as session:
            rows = session.execute(newest.limit(limit).offset(offset)).all()
            pairs = [(study, uid) for _, study, uid in rows]
            ours = tuple_(*columns[1:]).in_(pairs), InstanceRow.study_id.in_([study for study, _ in pairs])
            grouped = select(*columns[1:], func.max(InstanceRow.id), func.count()).where(*ours)
            counted = {
                (study, uid): (last, count)
                for study, uid, last, count in session.execute(grouped.group_by(*columns[1:]))
            }
            films = films_by_id(session, InstanceRow.id.in_([last for last, _ in counted.values()]))
            remaining = _remaining(session, keys, offset + len(rows)) if rows else 0
        found = (counted[pair] for pair in pairs)
        items = tuple(FoundSeries(latest=films[last], instances=count) for last, count in found)
        return Found(items=items, remaining=remaining)

    def instances(self, match: Match, limit: int, offset: int) -> Found[KnownFilm]:
        """Instances for which all holds, the newest study date first."""
        columns = InstanceRow.listed_date, InstanceRow.study_id, InstanceRow.id
        keys = _keys(match, *columns, distinct=False)
        newest = keys.order_by(*(column.desc() for column in columns))
        with reading(self._sessions) as session:
            ids = [row[2] for row in session.execute(newest.limit(limit).offset(offset))]
            films = known_films(session, InstanceRow.id.in_(ids))
            remaining = _remaining(session, keys, offset + len(ids)) if ids else 0
        return Found(items=films, remaining=remaining)


def _keys(match: Match, *columns: InstrumentedAttribute[Any], distinct: bool = True) -> Select[Any]:
    of_study = list(_of_study(match))
    statement = select(*columns).where(*_of_instance(match))
    if of_study:
        statement = statement.join(StudyRow, StudyRow.id == InstanceRow.study_id).where(*of_study)
    return statement.distinct() if distinct else statement


def _remaining(session: Session, keys: Select[Any], seen: int) -> int:
    rest = keys.limit(MOST_COUNTED).offset(seen).subquery()
    return session.scalar(select(func.count()).select_from(rest)) or 0


def _of_study(match: Match) -> Iterator[ColumnElement[bool]]:
    if match.study_instance_uid:
        yield StudyRow.study_instance_uid.in_(match.study_instance_uid)
    if match.patient_name is not None:
        yield _like(StudyRow.patient_name, match.patient_name)
    if match.study_description is not None:
        yield _text(StudyRow.study_description, match.study_description)


def _of_instance(match: Match) -> Iterator[ColumnElement[bool]]:
    for name in ("series_instance_uid", "sop_instance_uid", "sop_class_uid", "modality"):
        values: Sequence[str] = getattr(match, name)
        if values:
            yield getattr(InstanceRow, name).in_(values)
    for name in ("patient_id", "accession_number", "body_part_examined"):
        text = getattr(match, name)
        if text is not None:
            yield _text(getattr(InstanceRow, name), text)
    if match.instance_number is not None:
        yield InstanceRow.instance_number == match.instance_number
    yield from listed_between(InstanceRow.listed_date, match.study_date_from, match.study_date_to)


def _text(column: InstrumentedAttribute[Any], wanted: str) -> ColumnElement[bool]:
    """Equal, or alike where there are wild cards; an index serves the first alone."""
    has_wild_cards = "*" in wanted or "?" in wanted
    return _like(column, wanted) if has_wild_cards else column == wanted


def _like(column: InstrumentedAttribute[Any], wanted: str) -> ColumnElement[bool]:
    """In any case of letters, because SQLite's LIKE knows no other way."""
    escaped = wanted.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return func.lower(column).like(escaped.replace("*", "%").replace("?", "_"), escape="\\")
