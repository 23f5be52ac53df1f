"""Judging studies: which are due, what was said of them, and the worklist of what to look at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from itertools import zip_longest
from typing import Final

from sqlalchemy import Select, bindparam, func, select, update
from sqlalchemy.orm import Session, sessionmaker

from db.cursor import check_limit, read_cursor, write_cursor
from db.film_facts import ENDED, film_facts
from db.instances import now_utc
from db.judging import judge_soon, study_of, take_due
from db.prepared import table
from db.read import Page
from db.read_verdicts import Due, StoredVerdict, Waiting, WorklistItem
from db.schema import InstanceRow, StudyRow
from db.schema_orders import UnmappedRow
from db.schema_verdicts import JudgementRow, VerdictKindRow, VerdictRow
from db.standing import keep_verdict
from db.transactions import reading, writing
from db.verdict_documents import verdict_of
from db.worklist import Key, Wanted, worklist_items, worklist_keys
from router.verdicts import NO_FAULT, FilmFacts, Kind, Verdict

JUDGED_AGAIN_AT_ONCE = 500  # studies of one transaction

_STUDY: Final = table(StudyRow)
_INSTANCE: Final = table(InstanceRow)
_JUDGEMENT: Final = table(JudgementRow)
_NAMED: Final = select(_STUDY.c.study_instance_uid, _STUDY.c.accession_number, _STUDY.c.patient_id).where(
    _STUDY.c.id == bindparam("study_id")
)
_STILL_OPEN: Final = select(func.count()).where(
    _INSTANCE.c.study_id == bindparam("study_id"), _INSTANCE.c.state.not_in(ENDED)
)
_HELD: Final = (
    select(_JUDGEMENT.c.study_id)
    .where(_JUDGEMENT.c.study_id == bindparam("study_id"), _JUDGEMENT.c.token == bindparam("token"))
    .with_for_update()
)


class Verdicts:
    """Verdicts and the judge's queue. Every method raises OutOfResources when the database is away."""

    def __init__(self, sessions: sessionmaker[Session], *, clock: Callable[[], datetime] = now_utc) -> None:
        self._sessions = sessions
        self._clock = clock

    def claim(self, limit: int, *, lease: timedelta) -> list[Due]:
        """Take up to ``limit`` studies that are due for judging, the longest waiting first.

        Due are: those that have been quiet, those of which an order or a review changed, and those whose
        lease ended without a verdict. The films are read after they were taken: if one changes from here on,
        the token is no longer good.
        """
        if limit < 1:
            return []
        with writing(self._sessions) as session:
            tokens = take_due(session, limit, lease, self._clock())
        with reading(self._sessions) as session:
            return [_due(session, study_id, token) for study_id, token in tokens.items()]

    def postpone(self, due: Due, delay: timedelta) -> None:
        """Let the study wait for ``delay``; one that changed since it was taken keeps its own time."""
        held = update(JudgementRow).where(
            JudgementRow.study_id == study_of(due.token), JudgementRow.token == due.token
        )
        with writing(self._sessions) as session:
            session.execute(held.values(token=None, due_at=self._clock() + delay))

    def record(self, token: str, verdict: Verdict) -> bool:
        """Make this the study's current verdict; False, and nothing is written, if the study has changed.

        If it says what the current one says, only the time it was judged at is kept. Raises ValueError for a
        verdict on another study than the token's.
        """
        study_id = study_of(token)
        with writing(self._sessions) as session:
            if session.scalar(_HELD, {"study_id": study_id, "token": token}) is None:
                return False
            keep_verdict(session, study_id, verdict, self._clock())
            return True

    def again(self, study_instance_uid: str) -> bool:
        """Judge a study anew, now; False if it is not known."""
        with writing(self._sessions) as session:
            study_id = session.scalar(_study_id(study_instance_uid))
            if study_id is None:
                return False
            judge_soon(session, [study_id], self._clock())
            return True

    def again_unmapped(self) -> int:
        """Judge all studies anew whose orders name a procedure that the map did not know; gives how many."""
        count, after = 0, 0
        while True:
            with writing(self._sessions) as session:
                step = select(UnmappedRow.study_id).where(UnmappedRow.study_id > after).distinct()
                ids = session.scalars(step.order_by(UnmappedRow.study_id).limit(JUDGED_AGAIN_AT_ONCE)).all()
                judge_soon(session, ids, self._clock())
            if not ids:
                return count
            count, after = count + len(ids), ids[-1]

    def waiting(self) -> Waiting:
        """How many studies are due, and how late the judge is; read from the index of what is due."""
        now = self._clock()
        due = select(func.count(), func.min(JudgementRow.due_at)).where(JudgementRow.due_at <= now)
        with reading(self._sessions) as session:
            count, oldest = session.execute(due).one()
        return Waiting(due=count, oldest_seconds=(now - oldest).total_seconds() if oldest else 0.0)

    def film_facts(self, study_instance_uid: str) -> tuple[FilmFacts, ...]:
        """The films of a study whose analysis has ended, as the comparison sees them; () if not known."""
        with reading(self._sessions) as session:
            study_id = session.scalar(_study_id(study_instance_uid))
            return () if study_id is None else film_facts(session, study_id)

    def current(self, study_instance_uid: str) -> StoredVerdict | None:
        """The verdict that holds now; None: the study was not judged yet, or is not known."""
        found = self.history(study_instance_uid)
        return found[-1] if found else None

    def history(self, study_instance_uid: str) -> list[StoredVerdict]:
        """All verdicts on a study, the first one first."""
        with reading(self._sessions) as session:
            study_id = _study_id(study_instance_uid).scalar_subquery()
            wanted = select(VerdictRow).where(VerdictRow.study_id == study_id).order_by(VerdictRow.id)
            rows = session.scalars(wanted).all()
        ends = [row.judged_at for row in rows[1:]]
        return [_stored(row, end) for row, end in zip_longest(rows, ends)]

    def page(
        self,
        *,
        limit: int,
        cursor: str | None = None,
        kinds: frozenset[Kind] | None = None,
        faults_only: bool = True,
        settled: bool | None = None,
        reviewed_by: str | None = None,
        not_reviewed_by: str | None = None,
        study_date_from: str | None = None,
        study_date_to: str | None = None,
        calling_ae_title: str | None = None,
        worst_first: bool = False,
    ) -> Page[WorklistItem]:
        """Judged studies with at least one remark of these ``kinds``, newest study date first.

        Without ``kinds``: with any fault, or any remark at all if not ``faults_only``. ``settled``: False for
        those that somebody has still to look at. ``worst_first``: by severity, then the newest. Dates are
        YYYYMMDD, included. Raises ValueError: limit not in 1..1000, or a foreign cursor.
        """
        check_limit(limit)
        wanted = Wanted(
            kinds=_kinds(kinds, faults_only),
            settled=settled,
            reviewed_by=reviewed_by,
            not_reviewed_by=not_reviewed_by,
            study_date_from=study_date_from,
            study_date_to=study_date_to,
            calling_ae_title=calling_ae_title,
            worst_first=worst_first,
        )
        after = None if cursor is None else read_cursor("worklist", cursor)
        with reading(self._sessions) as session:
            keys = worklist_keys(session, wanted, after, limit + 1)
            items = worklist_items(session, [study_id for _, _, study_id in keys[:limit]])
        return Page(items=tuple(items), next_cursor=_behind(keys[limit - 1]) if len(keys) > limit else None)

    def counts(self, *, settled: bool | None = False) -> Mapping[Kind, int]:
        """How many studies have each kind of remark now; all kinds are there.

        What is no fault is settled: ask for ``settled=None`` to count it, too.
        """
        counted = select(VerdictKindRow.kind, func.count().label("studies")).group_by(VerdictKindRow.kind)
        if settled is not None:
            ended = VerdictKindRow.settled_at
            counted = counted.where(ended.is_not(None) if settled else ended.is_(None))
        with reading(self._sessions) as session:
            found = {row.kind: row.studies for row in session.execute(counted)}
        return dict.fromkeys(Kind, 0) | found


def _kinds(kinds: frozenset[Kind] | None, faults_only: bool) -> frozenset[Kind]:
    wanted = frozenset(Kind) if kinds is None else kinds
    return wanted - NO_FAULT if faults_only and kinds is None else wanted


def _behind(key: Key) -> str:
    severity, listed_date, study_id = key
    return write_cursor("worklist", listed_date, severity, study_id)


def _study_id(study_instance_uid: str) -> Select[int]:
    return select(StudyRow.id).where(StudyRow.study_instance_uid == study_instance_uid)


def _due(session: Session, study_id: int, token: str) -> Due:
    study = session.execute(_NAMED, {"study_id": study_id}).one()
    return Due(
        study_instance_uid=study.study_instance_uid,
        accession_number=study.accession_number,
        patient_id=study.patient_id,
        token=token,
        films=film_facts(session, study_id),
        open_instances=session.scalar(_STILL_OPEN, {"study_id": study_id}) or 0,
    )


def _stored(row: VerdictRow, superseded_at: datetime | None) -> StoredVerdict:
    return StoredVerdict(
        id=row.id, verdict=verdict_of(row.document), judged_at=row.judged_at, superseded_at=superseded_at
    )
