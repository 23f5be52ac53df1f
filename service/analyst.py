"""The worker's side of the analyst: a child process with warm models that may die without harm.

At most two batches are under way, so that the child decodes one while it analyses the other. When the child
dies, hangs or faults, every film under way becomes a suspect and is run again alone: only the film that does
it again is blamed.
"""

from __future__ import annotations

import logging
import multiprocessing
import signal
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess

from router.errors import AnalysisCrashed, PackError
from service.analysis_process import (
    Answers,
    Engine,
    Fault,
    NotReady,
    Ready,
    Reply,
    Request,
    Result,
    Wanted,
    serve,
)

log = logging.getLogger(__name__)

UNDER_WAY = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long the child may take, in seconds."""

    start_s: float
    batch_s: float
    film_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """One film to analyse, or to draw a heat map of; ``key`` comes back with its answer."""

    key: str
    job: Wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What became of one ticket."""

    key: str
    result: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class _Batch:
    tickets: tuple[Ticket, ...]
    rules_text: str


class Analyst:
    """Keeps one analysis process. Not thread-safe: one worker loop owns it."""

    def __init__(self, build: Callable[[], Engine], *, limits: Limits) -> None:
        """``build`` runs in the child, so it must be picklable: a module's function, or a partial of one."""
        self._build = build
        self._limits = limits
        self._under_way: deque[_Batch] = deque()
        self._suspects: deque[_Batch] = deque()
        self._start()

    @property
    def has_room(self) -> bool:
        """Whether a further batch may be submitted now."""
        return not self._suspects and len(self._under_way) < UNDER_WAY

    @property
    def is_ready(self) -> bool:
        """Whether the child's models are warm."""
        return self._ready

    def submit(self, tickets: Sequence[Ticket], *, rules_text: str) -> None:
        """Hand over a batch; its answers come from :meth:`poll`. Returns at once."""
        self._send(_Batch(tickets=tuple(tickets), rules_text=rules_text))

    def poll(self, wait_s: float) -> list[Answer]:
        """Wait up to ``wait_s`` seconds for news and return the answers there are.

        Raises:
            PackError: the child says why it cannot load its models.
            AnalysisCrashed: the child died, or took too long, while loading its models.
        """
        if self._suspects and not self._under_way:
            self._send(self._suspects.popleft())
        if not self._under_way and self._ready:
            return []
        patience = max(0.0, min(wait_s, self._deadline - time.monotonic()))
        try:
            reply: Reply | None = self._pipe.recv() if self._pipe.poll(patience) else None
        except (EOFError, OSError):
            return self._crashed(self._last_words())
        if reply is not None:
            return self._take(reply)
        if time.monotonic() >= self._deadline:
            return self._crashed("the analysis did not answer in time")
        return []

    def close(self) -> None:
        """End the child; what is under way is forgotten."""
        self._process.kill()
        self._process.join()
        self._pipe.close()

    def _take(self, reply: Reply) -> list[Answer]:
        match reply:
            case Ready():
                log.info("models warm pid=%s", self._process.pid)
                self._ready = True
                self._renew_deadline()
                return []
            case NotReady():
                raise PackError(reply.reason)
            case Fault():
                return self._blame(self._forget(), reply.reason) if self._is_alone else self._suspect(1)
            case Answers():
                batch = self._forget()
                pairs = zip(batch.tickets, reply.results, strict=True)
                return [Answer(key=ticket.key, result=result) for ticket, result in pairs]

    def _crashed(self, reason: str) -> list[Answer]:
        was_ready = self._ready
        self.close()
        if not was_ready:
            raise AnalysisCrashed(f"the analysis process did not start: {reason}")
        log.error("analysis process lost, starting another: %s", reason)
        answers = (
            self._blame(self._forget(), reason) if self._is_alone else self._suspect(len(self._under_way))
        )
        self._start()
        return answers

    @property
    def _is_alone(self) -> bool:
        """Whether exactly one film is under way, so that nothing else can be to blame."""
        return sum(len(batch.tickets) for batch in self._under_way) == 1

    def _blame(self, batch: _Batch, reason: str) -> list[Answer]:
        return [Answer(key=ticket.key, result=AnalysisCrashed(reason)) for ticket in batch.tickets]

    def _suspect(self, batches: int) -> list[Answer]:
        """Queue the films of the oldest ``batches`` to be run again, each alone."""
        for _ in range(batches):
            batch = self._forget()
            self._suspects.extend(
                _Batch(tickets=(ticket,), rules_text=batch.rules_text) for ticket in batch.tickets
            )
        return []

    def _forget(self) -> _Batch:
        batch = self._under_way.popleft()
        self._renew_deadline()
        return batch

    def _send(self, batch: _Batch) -> None:
        self._under_way.append(batch)
        if len(self._under_way) == 1:
            self._renew_deadline()
        jobs = tuple(ticket.job for ticket in batch.tickets)
        try:
            self._pipe.send(Request(jobs=jobs, rules_text=batch.rules_text))
        except OSError:
            log.warning(
                "analysis process is gone"
            )  # the next poll reads the end of the pipe, and deals with it

    def _renew_deadline(self) -> None:
        """The oldest batch's clock starts when it becomes the oldest, and not before the models are warm."""
        if not self._ready or not self._under_way:
            return
        alone = len(self._under_way[0].tickets) == 1
        self._deadline = time.monotonic() + (self._limits.film_s if alone else self._limits.batch_s)

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        self._pipe: Connection = ours
        self._process: SpawnProcess = context.Process(
            target=serve, args=(theirs, self._build), name="analyst", daemon=True
        )
        self._process.start()
        theirs.close()
        self._ready = False
        self._deadline = time.monotonic() + self._limits.start_s

    def _last_words(self) -> str:
        self._process.join(1)
        code = self._process.exitcode
        if code is not None and code < 0:
            return f"the analysis process was ended by {signal.Signals(-code).name}"
        return f"the analysis process ended with code {code}"
