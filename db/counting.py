"""How the whole stands, without counting a million rows every few seconds."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from db.read import Counts
from db.schema import AuditRow, InstanceRow, Lane, StudyRow
from router.types import State

UNSETTLED = 10_000  # ids: a transaction that got one of the latest may still be open


class Tally:
    """Counts a table that only grows: the old part once, then what is new.

    Rows are never deleted, so the number of rows up to an id stays what it is once no open transaction can
    have an id before it.
    """

    def __init__(self, table: type[InstanceRow | StudyRow], *, unsettled: int = UNSETTLED) -> None:
        self._table = table
        self._unsettled = unsettled
        self._known = (0, 0)  # up to this id there are so many rows

    def count(self, session: Session) -> int:
        """How many rows there are."""
        last, count = self._known
        settled = (session.scalar(select(func.max(self._table.id))) or 0) - self._unsettled
        if settled > last:
            last, count = settled, count + self._between(session, last, settled)
            self._known = last, count
        return count + self._between(session, last, None)

    def _between(self, session: Session, after: int, until: int | None) -> int:
        wanted = select(func.count()).where(self._table.id > after)
        if until is not None:
            wanted = wanted.where(self._table.id <= until)
        return session.scalar(wanted) or 0


class Counting:
    """``Counts``, remembering the part that cannot change."""

    def __init__(self) -> None:
        self._instances = Tally(InstanceRow)
        self._studies = Tally(StudyRow)

    def count(self, session: Session, now: datetime) -> Counts:
        """How the whole stands; most instances are done, and those alone are not counted one by one."""
        states = dict.fromkeys(State, 0)
        for state in (State.RECEIVED, State.PROCESSING, State.FAILED):
            states[state] = session.scalar(_standing(state)) or 0
        states[State.DONE] = self._instances.count(session) - sum(states.values())
        waiting = [since for lane in Lane if (since := session.scalar(_first_due(lane, now))) is not None]
        return Counts(
            states=states,
            due=session.scalar(select(func.count()).where(InstanceRow.due_at <= now)) or 0,
            oldest_waiting_seconds=(now - min(waiting)).total_seconds() if waiting else None,
            studies=self._studies.count(session),
            audit_id=session.scalar(select(func.max(AuditRow.id))) or 0,
        )


def _standing(state: State) -> Select[int]:
    return select(func.count()).where(InstanceRow.state == state)


def _first_due(lane: Lane, now: datetime) -> Select[datetime | None]:
    return select(func.min(InstanceRow.due_at)).where(InstanceRow.lane == lane, InstanceRow.due_at <= now)
