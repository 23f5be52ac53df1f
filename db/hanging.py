"""What hanging-protocol software reads: how a study stands, and all that is known of its films."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session, sessionmaker

from db.documents import instance_of, prediction_of
from db.schema import AuditRow, HeaderRow, InstanceRow, PredictionRow, StudyRow
from db.schema_verdicts import TruthRow
from db.transactions import reading
from router.known_films import KnownFilm, Said
from router.orders import Side
from router.types import Event, Mode
from router.verdicts import Truth


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How something stands: equal numbers mean that nothing happened in between.

    The audit is only added to, so its length tells every change; its latest number would not, because
    PostgreSQL gives numbers out before transactions commit.
    """

    entries: int  # in the audit
    changed_at: datetime


class Hanging:
    """Reading for hanging protocols. Every method raises OutOfResources when the database is away."""

    def __init__(self, sessions: sessionmaker[Session]) -> None:
        self._sessions = sessions

    def study_standing(self, study_instance_uid: str) -> Standing | None:
        """How a study stands, without reading it; None if no such study has any instance."""
        with reading(self._sessions) as session:
            return _standing(session, _of_study(study_instance_uid))

    def instance_standing(self, sop_instance_uid: str) -> Standing | None:
        """How an instance stands, without reading it; None if it is not known."""
        with reading(self._sessions) as session:
            return _standing(session, InstanceRow.sop_instance_uid == sop_instance_uid)

    def study(self, study_instance_uid: str) -> tuple[KnownFilm, ...]:
        """The films of a study by series and instance number; empty if it has none."""
        with reading(self._sessions) as session:
            return known_films(session, _of_study(study_instance_uid))

    def instances(self, sop_instance_uids: Sequence[str]) -> tuple[KnownFilm, ...]:
        """Those of the instances that are known."""
        with reading(self._sessions) as session:
            return known_films(session, InstanceRow.sop_instance_uid.in_(sop_instance_uids))


def known_films(session: Session, *wanted: ColumnElement[bool]) -> tuple[KnownFilm, ...]:
    """All that is known of the instances for which all of ``wanted`` holds, in two statements."""
    return tuple(films_by_id(session, *wanted).values())


def films_by_id(session: Session, *wanted: ColumnElement[bool]) -> Mapping[int, KnownFilm]:
    """The same by the instances' ids, by series and instance number."""
    found = session.execute(
        select(InstanceRow, HeaderRow, PredictionRow, TruthRow)
        .join(HeaderRow, HeaderRow.instance_id == InstanceRow.id)
        .outerjoin(
            PredictionRow,
            and_(PredictionRow.instance_id == InstanceRow.id, PredictionRow.mode == Mode.ACTIVE),
        )
        .outerjoin(TruthRow, TruthRow.instance_id == InstanceRow.id)
        .where(*wanted)
        .order_by(InstanceRow.series_instance_uid, InstanceRow.instance_number.nulls_last(), InstanceRow.id)
    ).all()
    stories = _stories(session, [row.id for row, *_ in found])
    return {row.id: _known(row, header, said, truth, stories[row.id]) for row, header, said, truth in found}


@dataclass(slots=True)
class _Story:
    """What the audit tells of one instance."""

    changed_at: datetime
    said: list[Said]


def _stories(session: Session, ids: Sequence[int]) -> Mapping[int, _Story]:
    predicted = AuditRow.detail["view"]
    entries = session.execute(
        select(
            AuditRow.instance_id,
            AuditRow.at,
            AuditRow.event,
            predicted["view"].as_string(),
            predicted["model"]["name"].as_string(),
            predicted["model"]["version"].as_string(),
        )
        .where(AuditRow.instance_id.in_(ids))
        .order_by(AuditRow.id)
    )
    stories: dict[int, _Story] = {}
    for instance_id, at, event, view, name, version in entries:
        story = stories.setdefault(instance_id, _Story(at, []))
        story.changed_at = max(story.changed_at, at)
        if event is Event.PREDICTED and view is not None:
            story.said.append(Said(view=view, model=f"{name}@{version}", at=at))
    return stories


def _known(
    row: InstanceRow, header: HeaderRow, said: PredictionRow | None, truth: TruthRow | None, story: _Story
) -> KnownFilm:
    return KnownFilm(
        instance=instance_of(header.fields, header.attributes),
        state=row.state,
        reason=row.reason,
        prediction=prediction_of(vars(said)) if said else None,
        said=tuple(story.said),
        truth=_truth_of(truth, row.sop_instance_uid) if truth else None,
        truth_at=truth.at if truth else None,
        changed_at=story.changed_at,
    )


def _truth_of(row: TruthRow, sop_instance_uid: str) -> Truth:
    side = Side(row.side) if row.side else None
    return Truth(sop_instance_uid=sop_instance_uid, view=row.view, side=side, agreed=True)


def _of_study(study_instance_uid: str) -> ColumnElement[bool]:
    study = select(StudyRow.id).where(StudyRow.study_instance_uid == study_instance_uid)
    return InstanceRow.study_id == study.scalar_subquery()


def _standing(session: Session, *wanted: ColumnElement[bool]) -> Standing | None:
    ours = AuditRow.instance_id.in_(select(InstanceRow.id).where(*wanted))
    entries, changed_at = session.execute(select(func.count(), func.max(AuditRow.at)).where(ours)).one()
    return Standing(entries=entries, changed_at=changed_at) if entries else None
