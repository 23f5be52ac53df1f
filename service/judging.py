"""The judge: claims studies that have been quiet → what was ordered → the comparison → the verdict.

One thread. A study changes under it as it likes: its claim is stale then, and it is due again.
"""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from threading import Event
from typing import Protocol

from db.read_verdicts import Due
from router.comparison import Thresholds, compare
from router.errors import OutOfResources
from router.orders import Order, OrderOutcome
from router.procedures import ProcedureMap, expect
from router.verdicts import Kind, Verdict
from service.asking import Asked, Worklists
from service.asking_again import Agenda
from service.watched import Watched

log = logging.getLogger(__name__)

LONGEST_DATABASE_WAIT_S = 10.0
HOUSEKEEPING_S = 1.0
NO_ANSWER = "did not answer and is asked again"
AFTER_AN_ERROR = timedelta(minutes=10)  # a study whose judging ended in an error of ours


class Verdicts(Protocol):
    """What the judge asks of ``db.verdicts.Verdicts``."""

    def claim(self, limit: int, *, lease: timedelta) -> list[Due]:
        """Take up to ``limit`` studies that are due."""

    def postpone(self, due: Due, delay: timedelta) -> None:
        """Back to the queue, after ``delay``."""

    def record(self, token: str, verdict: Verdict) -> bool:
        """Write the verdict; False when the claim is stale."""

    def again(self, study_instance_uid: str) -> bool:
        """Judge a study anew, now."""

    def again_unmapped(self) -> int:
        """Judge anew what met a procedure that the map did not know."""


class Orders(Protocol):
    """What the judge asks of ``db.orders.Orders``."""

    def for_study(
        self, *, study_instance_uid: str, accession_number: str | None, patient_id: str | None
    ) -> tuple[Order, ...]:
        """The orders of a study."""

    def record(self, order: Order, *, message: str | None = None) -> OrderOutcome:
        """Take an order in."""


class Compare(Protocol):
    """``router.comparison.compare`` with its thresholds bound."""

    def __call__(self, due: Due, orders: Sequence[Order], procedures: ProcedureMap) -> Verdict: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How much at once, how long, how often again."""

    batch: int
    lease: timedelta
    poll_s: float
    quiet: timedelta  # a study whose films are still being analysed waits so long


@dataclass(slots=True, kw_only=True)
class Judge:
    """One judge."""

    verdicts: Verdicts
    orders: Orders
    procedures: Watched[ProcedureMap]
    worklists: Worklists | None
    compare: Compare
    beat: Callable[[], None]
    pace: Pace
    agenda: Agenda
    _housekeeping_at: float = 0.0
    _wait_s: float = 0.0
    _map_changed: bool = False

    def run(self, stop: Event) -> None:
        """Judge until ``stop`` is set; what is claimed and not judged then goes back."""
        while not stop.is_set():
            if not self.step(stop):
                stop.wait(self._wait_s or self.pace.poll_s)

    def step(self, stop: Event) -> bool:
        """One batch; False when there was nothing to do, or no database."""
        try:
            self._keep_house()
            claimed = self.verdicts.claim(self.pace.batch, lease=self.pace.lease)
            for number, due in enumerate(claimed):
                if stop.is_set():
                    self._give_back(claimed[number:])
                    break
                self._judge(due)
        except OutOfResources as error:
            self._wait_s = min(LONGEST_DATABASE_WAIT_S, max(0.1, self._wait_s * 2))
            log.error("database away, next look in=%.1fs: %s", self._wait_s, error)
            return False
        if self._wait_s:
            log.warning("database is back")
        self._wait_s = 0.0
        return bool(claimed)

    def _keep_house(self) -> None:
        self.beat()
        if time.monotonic() >= self._housekeeping_at:
            self._housekeeping_at = time.monotonic() + HOUSEKEEPING_S
            self._map_changed = self.procedures.refresh() or self._map_changed
        if self._map_changed:
            again = self.verdicts.again_unmapped()
            self._map_changed = False
            log.info("the procedure map changed, studies judged again=%d", again)
        for uid in self.agenda.due(time.monotonic()):
            self.verdicts.again(uid)

    def _give_back(self, dues: Iterable[Due]) -> None:
        for due in dues:
            self.verdicts.postpone(due, timedelta(0))

    def _judge(self, due: Due) -> None:
        uid = due.study_instance_uid
        if due.open_instances:
            self.verdicts.postpone(due, self.pace.quiet)
            return
        try:
            orders, asked = self._ordered(due)
            verdict = with_warning(self.compare(due, orders, self.procedures.current), asked.down)
        except OutOfResources:
            raise
        except Exception as error:  # one study's outermost frame; the message may quote a patient's values
            where = "".join(traceback.format_tb(error.__traceback__))
            log.error("not judged study_instance_uid=%s: %s\n%s", uid, type(error).__qualname__, where)
            self.verdicts.postpone(due, AFTER_AN_ERROR)
            return
        if asked.down and not orders:
            self.agenda.put(uid, time.monotonic())
        else:
            self.agenda.strike(uid)
        is_current = self.verdicts.record(due.token, verdict)
        kinds = ",".join(sorted(verdict.kinds))
        log.info("judged study_instance_uid=%s%s %s", uid, "" if is_current else " (late)", kinds)

    def _ordered(self, due: Due) -> tuple[tuple[Order, ...], Asked]:
        """The study's orders; where none has come by itself, those that the worklists have."""
        orders = self._known(due)
        if orders or self.worklists is None:
            return orders, Asked()
        asked = self.worklists.orders_of(due)
        for order in asked.orders:
            self.orders.record(order)
        return (self._known(due) if asked.orders else ()), asked

    def _known(self, due: Due) -> tuple[Order, ...]:
        return self.orders.for_study(
            study_instance_uid=due.study_instance_uid,
            accession_number=due.accession_number,
            patient_id=due.patient_id,
        )


def with_warning(verdict: Verdict, down: Sequence[str]) -> Verdict:
    """The verdict, where it says that there is no order, with who might have had one."""
    if not down:
        return verdict
    said = f" The worklist {' and '.join(down)} {NO_ANSWER}."
    remarks = tuple(
        replace(remark, sentence=remark.sentence + said) if remark.kind is Kind.NO_ORDER else remark
        for remark in verdict.remarks
    )
    return replace(verdict, remarks=remarks)


def compared(
    due: Due, orders: Sequence[Order], procedures: ProcedureMap, *, thresholds: Thresholds
) -> Verdict:
    """The comparison of a study's films with what its orders let one expect."""
    expectations, unmapped = expect(procedures, orders, due.films)
    return compare(
        due.study_instance_uid,
        expectations,
        unmapped,
        due.films,
        has_order=bool(orders),
        thresholds=thresholds,
        map_version=procedures.digest,
        procedures=procedures,
    )
