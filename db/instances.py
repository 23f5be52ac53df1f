"""What is done to instances, each function one transaction: recorded, claimed, ended, asked for again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, sessionmaker

from db.jobs import claim_due, end_claim, release_held, renew_held, write_analysis
from db.journal import note, note_all
from db.judging import judge_later
from db.read import InstanceFilter
from db.recording import NO_ANSWER, OnConflict, Sent, drop_answer, record_object
from db.schema import InstanceRow, Lane
from db.search import conditions
from db.transactions import reading, writing
from router.errors import StaleClaim
from router.types import Analysis, Arrival, Claim, Event, Instance, Outcome, State, StoredObject

REQUEUED_AT_ONCE = 500  # rows of one transaction, so that a bulk requeue never holds up a sender
FINAL = (State.DONE, State.FAILED)
QUIET = timedelta(seconds=60)  # how long a study has no new answer before it is judged


def now_utc() -> datetime:
    """The time, with its zone."""
    return datetime.now(UTC)


class Instances:
    """The instance rows. Hosts that share a database must agree on the time: leases end by their clocks.

    Whenever an instance ends, its study is to be judged once it has been ``quiet``; while others of the study
    are still open, whoever judges sees that and waits. A requeued or replaced instance ends again.

    Every method raises OutOfResources when the database is away, locked for too long, or its disk full;
    then nothing of that call was written.
    """

    def __init__(
        self,
        sessions: sessionmaker[Session],
        *,
        clock: Callable[[], datetime] = now_utc,
        quiet: timedelta = QUIET,
    ) -> None:
        self._sessions = sessions
        self._clock = clock
        self._quiet = quiet

    def record(
        self, instance: Instance, arrival: Arrival, stored: StoredObject, *, on_conflict: OnConflict
    ) -> Outcome:
        """Take an object in; once this returns it is committed.

        The same bytes again are a DUPLICATE and no new work, whatever became of the first ones. Other bytes
        under a known UID: ``replace`` takes them and analyses anew, a worker still busy with the old ones is
        refused; ``keep_first`` notes their path and digest in the audit.
        """
        sent = Sent(instance=instance, arrival=arrival, stored=stored)
        now = self._clock()
        with writing(self._sessions) as session:
            return record_object(session, sent, on_conflict, now, judge_at=now + self._quiet)

    def claim(self, limit: int, *, lease: timedelta, worker: str) -> list[Claim]:
        """Take up to ``limit`` instances that are due, and count an attempt for each.

        Due are: the new, those whose retry delay is over, and those whose lease ended without a word. No
        instance is held by two. First come those that somebody asked for, then what was sent, then imports.
        """
        if limit < 1:
            return []
        with writing(self._sessions) as session:
            return claim_due(session, limit, lease, worker, self._clock())

    def renew(self, claims: Sequence[Claim], lease: timedelta) -> None:
        """Prolong claims to ``lease`` from now. Raises StaleClaim naming those lost; the rest are renewed."""
        with writing(self._sessions) as session:
            lost = renew_held(session, claims, self._clock() + lease)
        if lost:
            raise StaleClaim(f"the claim on {', '.join(lost)} is over")

    def finish(self, claim: Claim, analysis: Analysis) -> None:
        """Write an answer in place of any earlier one: the instance is done. Raises StaleClaim."""
        now = self._clock()
        with writing(self._sessions) as session:
            study_id = write_analysis(session, claim, analysis, now)
            judge_later(session, [study_id], now + self._quiet)

    def retry(self, claim: Claim, reason: str, delay: timedelta) -> None:
        """Let the instance wait for ``delay`` and be claimed again. Raises StaleClaim."""
        now = self._clock()
        due_at = now + delay
        with writing(self._sessions) as session:
            instance_id, _ = end_claim(session, claim, state=State.RECEIVED, due_at=due_at, reason=reason)
            detail = {"attempt": claim.attempt, "reason": reason, "due_at": due_at.isoformat()}
            note(session, instance_id, now, (Event.RETRY, detail))

    def fail(self, claim: Claim, reason: str) -> None:
        """Give the instance up, for a reason that a human can act on; it has no answer. Raises StaleClaim."""
        now = self._clock()
        with writing(self._sessions) as session:
            instance_id, study_id = end_claim(
                session, claim, state=State.FAILED, due_at=None, reason=reason, **NO_ANSWER
            )
            drop_answer(session, instance_id)
            detail = {"attempt": claim.attempt, "reason": reason}
            note(session, instance_id, now, (Event.FAILED, detail))
            judge_later(session, [study_id], now + self._quiet)

    def release(self, claims: Sequence[Claim]) -> None:
        """Hand claims back uncounted, for a worker that stops; those already lost are passed over."""
        with writing(self._sessions) as session:
            release_held(session, claims, self._clock())

    def requeue(self, sop_instance_uid: str, by: str) -> bool:
        """Analyse a done or failed instance again, before all others; False if it is unknown or not ended.

        Until the new answer is there, a done instance keeps the one it has.
        """
        with writing(self._sessions) as session:
            wanted = select(InstanceRow.id).where(InstanceRow.sop_instance_uid == sop_instance_uid)
            ids = session.scalars(
                wanted.where(InstanceRow.state.in_(FINAL)).with_for_update(key_share=True)
            ).all()
            self._put_back(session, ids, Lane.ASKED_FOR, by)
            return bool(ids)

    def requeue_where(self, wanted: InstanceFilter, by: str, *, at_once: int = REQUEUED_AT_ONCE) -> int:
        """Analyse all that match and are done or failed again, behind what modalities send; gives how many.

        Not one transaction but one for every ``at_once``, so that senders are served in between: what ends
        meanwhile may or may not be among them, and after an error those already put back stay put back.
        """
        with reading(self._sessions) as session:
            last = session.scalar(select(func.max(InstanceRow.id))) or 0
        count, after = 0, 0
        while True:
            with writing(self._sessions) as session:
                step = InstanceRow.id > after, InstanceRow.id <= last, InstanceRow.state.in_(FINAL)
                matching = select(InstanceRow.id).where(*conditions(wanted), *step).order_by(InstanceRow.id)
                locked = matching.limit(at_once).with_for_update(key_share=True, of=InstanceRow)
                ids = session.scalars(locked).all()
                self._put_back(session, ids, Lane.BACKLOG, by)
            if not ids:
                return count
            count, after = count + len(ids), ids[-1]

    def _put_back(self, session: Session, ids: Sequence[int], lane: Lane, by: str) -> None:
        if not ids:
            return
        now = self._clock()
        values = {"state": State.RECEIVED, "lane": lane, "due_at": now, "attempt": 0, "reason": None}
        session.execute(update(InstanceRow).where(InstanceRow.id.in_(ids)).values(**values))
        note_all(session, now, [(instance_id, (Event.REQUEUED, {"by": by})) for instance_id in ids])
