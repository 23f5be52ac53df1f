"""The loop: claim a batch → analyse → finish, retry or fail, each in one transaction of its own.

The loop is one thread and never waits longer than ``poll_s`` seconds, so that leases are renewed, rules are
reloaded and a stop is heard while the analyst works. The database gone, answers are kept and written later.
"""

from __future__ import annotations

import logging
import random
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Protocol

from router.errors import AnalysisCrashed, OutOfResources, RadrouterError, StaleClaim
from router.retry import RetryPolicy, retry_delay
from router.types import Analysis, Claim, Mode
from service.analysis_process import Result
from service.analyst import Analyst, Answer, Ticket
from service.heating import HeatPicture
from service.pipeline import Job
from service.rules_watch import RulesWatch

log = logging.getLogger(__name__)

LONGEST_DATABASE_WAIT_S = 10.0
HOUSEKEEPING_S = 1.0
SPENT = AnalysisCrashed("given up: the last attempts ended with the workers that made them")


class Jobs(Protocol):
    """What the worker asks of ``db.instances.Instances``."""

    def claim(self, limit: int, *, lease: timedelta, worker: str) -> list[Claim]:
        """Take up to ``limit`` waiting instances."""

    def renew(self, claims: Sequence[Claim], lease: timedelta) -> None:
        """Prolong leases."""

    def finish(self, claim: Claim, analysis: Analysis) -> None:
        """Write the answer."""

    def retry(self, claim: Claim, reason: str, delay: timedelta) -> None:
        """Back to the queue, after ``delay``."""

    def fail(self, claim: Claim, reason: str) -> None:
        """The end, until somebody requeues it."""

    def release(self, claims: Sequence[Claim]) -> None:
        """Back to the queue, the attempt not counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How much at once, how long, how often again."""

    name: str  # of this worker, in the audit
    batch: int
    lease: timedelta
    poll_s: float
    drain_s: float
    retries: RetryPolicy


@dataclass(slots=True, kw_only=True)
class Worker:
    """One worker loop. ``disk_is_low`` pauses claiming: what is under way is finished first."""

    jobs: Jobs
    analyst: Analyst
    rules: RulesWatch
    objects: Path
    disk_is_low: Callable[[], bool]
    beat: Callable[[], None]
    pace: Pace
    _held: dict[str, Claim] = field(default_factory=dict)
    _unwritten: deque[Answer] = field(default_factory=deque)
    _renew_at: float = 0.0
    _housekeeping_at: float = 0.0
    _database_at: float = 0.0
    _database_wait_s: float = 0.0
    _paused: bool = False

    def run(self, stop: Event) -> None:
        """Work until ``stop`` is set, then finish or release what is held.

        Raises:
            PackError, AnalysisCrashed: the models cannot be loaded; what is held is released first.
        """
        try:
            while not stop.is_set():
                self.step(stop)
            self._drain()
        finally:
            self._with_database(lambda: self.jobs.release(list(self._held.values())))
            self.analyst.close()

    def step(self, stop: Event) -> None:
        """One turn: claim if there is room, take answers, write them, wait at most ``poll_s`` seconds."""
        self._keep_house()
        claimed = self._claim()
        if self._held or not self.analyst.is_ready:
            self._unwritten.extend(self.analyst.poll(0 if claimed else self.pace.poll_s))
        if (self._unwritten and not self._write()) or not self._held:
            stop.wait(self.pace.poll_s)

    def _drain(self) -> None:
        """Give what is under way its time; the rest goes back to the queue."""
        end = time.monotonic() + self.pace.drain_s
        while self._held and time.monotonic() < end:
            self._keep_house()
            self._unwritten.extend(self.analyst.poll(self.pace.poll_s))
            if not self._write():
                time.sleep(self.pace.poll_s)
        if self._held:
            log.warning("drain time is over, films released=%d", len(self._held))

    def _keep_house(self) -> None:
        now = time.monotonic()
        if now >= self._housekeeping_at:
            self._housekeeping_at = now + HOUSEKEEPING_S
            self.rules.refresh()
            self._look_at_disk()
            if self.analyst.is_ready:
                self.beat()
        if self._held and now >= self._renew_at:
            claims = list(self._held.values())
            self._with_database(lambda: self._renew(claims))
            self._renew_at = now + self.pace.lease.total_seconds() / 3

    def _renew(self, claims: Sequence[Claim]) -> None:
        try:
            self.jobs.renew(claims, self.pace.lease)
        except StaleClaim as error:  # its answer will be refused: nothing is lost by finishing it
            log.warning("renewing: %s", error)

    def _look_at_disk(self) -> None:
        low = self.disk_is_low()
        if low and not self._paused:
            log.error("analysis paused: free disk space is below the soft watermark")
        if self._paused and not low:
            log.warning("analysis goes on: free disk space is above the soft watermark again")
        self._paused = low

    def _claim(self) -> bool:
        """Take a batch to the analyst. False when there is no room, no work or no database."""
        if self._paused or not self.analyst.has_room or not self.analyst.is_ready:
            return False
        claims: list[Claim] = []
        self._with_database(
            lambda: claims.extend(
                self.jobs.claim(self.pace.batch, lease=self.pace.lease, worker=self.pace.name)
            )
        )
        if not claims:
            return False
        if not self._held:
            self._renew_at = time.monotonic() + self.pace.lease.total_seconds() / 3
        self._held |= {claim.token: claim for claim in claims}
        spent = [claim for claim in claims if claim.attempt > self.pace.retries.max_attempts]
        self._unwritten.extend(Answer(key=claim.token, result=SPENT) for claim in spent)
        tickets = [self._ticket(claim) for claim in claims if claim not in spent]
        if tickets:
            self.analyst.submit(tickets, rules_text=self.rules.current.sources)
        return True

    def _ticket(self, claim: Claim) -> Ticket:
        path = self.objects / claim.stored.path
        return Ticket(key=claim.token, job=Job(instance=claim.instance, arrival=claim.arrival, path=path))

    def _write(self) -> bool:
        """Write the answers there are; False when the database was away and some are left."""
        while self._unwritten:
            answer = self._unwritten[0]
            claim = self._held[answer.key]
            if not self._with_database(lambda: self._settle(claim, answer.result)):  # noqa: B023
                return False
            self._unwritten.popleft()
            del self._held[answer.key]
        return True

    def _settle(self, claim: Claim, result: Result) -> None:
        uid = claim.instance.sop_instance_uid
        assert not isinstance(result, HeatPicture)  # a worker asks for none
        try:
            if isinstance(result, Analysis):
                self.jobs.finish(claim, result)
                log.info("done sop_instance_uid=%s attempt=%d %s", uid, claim.attempt, _said(result))
            else:
                self._settle_error(claim, result)
        except StaleClaim:  # its lease ended, or other bytes under its UID arrived: somebody else has it now
            log.warning("late sop_instance_uid=%s attempt=%d: the answer is dropped", uid, claim.attempt)

    def _settle_error(self, claim: Claim, error: RadrouterError) -> None:
        uid = claim.instance.sop_instance_uid
        reason = str(error) or type(error).__name__
        delay = retry_delay(error, claim.attempt, policy=self.pace.retries, jitter=random.random())
        if delay is None:
            self.jobs.fail(claim, reason)
            log.error("failed sop_instance_uid=%s attempt=%d: %s", uid, claim.attempt, reason)
            return
        self.jobs.retry(claim, reason, delay)
        seconds = delay.total_seconds()
        log.warning("retry sop_instance_uid=%s attempt=%d in=%.1fs: %s", uid, claim.attempt, seconds, reason)

    def _with_database(self, act: Callable[[], None]) -> bool:
        """Do it unless the database is away; then wait longer each time before asking again."""
        if time.monotonic() < self._database_at:
            return False
        try:
            act()
        except OutOfResources as error:
            self._database_wait_s = min(LONGEST_DATABASE_WAIT_S, max(0.1, self._database_wait_s * 2))
            self._database_at = time.monotonic() + self._database_wait_s
            log.error("database away, next look in=%.1fs: %s", self._database_wait_s, error)
            return False
        if self._database_wait_s:
            log.warning("database is back")
        self._database_wait_s = 0.0
        return True


def _said(analysis: Analysis) -> str:
    """What an analysis says, for one line of a log: our own words and model names only."""
    view = f"view={analysis.view.view} score={analysis.view.score:.3f}" if analysis.view else "view=none"
    rules = ",".join(analysis.decision.matched) or "none"
    findings = sum(each.mode is Mode.ACTIVE for each in analysis.findings)
    return f"{view} rules={rules!r} findings={findings} ms={analysis.duration_ms:.0f}"
