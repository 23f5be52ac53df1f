"""Children as subprocesses of our own command line: restarted when they die, drained at the end.

A child that dies again and again stops the whole service, with its last words: an endless loop helps nobody.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Event, Thread

from router.errors import RadrouterError
from service.roster import Kept, now_text

log = logging.getLogger(__name__)

LOOK_EVERY_S = 0.1
FIRST_BACKOFF_S = 0.2
LONGEST_BACKOFF_S = 10.0
MINUTE_S = 60.0


class CrashLoopError(RadrouterError):
    """One child died too often within a minute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildSpec:
    """One child: its name before each line it prints, its command, and the sockets it inherits."""

    name: str
    command: tuple[str, ...]
    inherited: tuple[int, ...] = ()


def backoff_s(deaths: int) -> float:
    """Seconds to wait before the next start, after ``deaths`` within the last minute."""
    return float(min(LONGEST_BACKOFF_S, FIRST_BACKOFF_S * 2 ** max(0, deaths - 1)))


class Child:
    """One child process through its lives."""

    def __init__(self, spec: ChildSpec, say: Callable[[str, str], None]) -> None:
        self.spec = spec
        self.last_words: deque[str] = deque(maxlen=4)
        self._say = say
        self._deaths: deque[float] = deque()
        self._start_at = 0.0
        self._process: subprocess.Popen[str] | None = None
        self._reader: Thread | None = None
        self._starts, self._since = 0, ""

    @property
    def is_alive(self) -> bool:
        """Whether there is a process that has not been waited for."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int | None:
        """The process's ID; None while it waits for its next start."""
        return self._process.pid if self._process else None

    def kept(self) -> Kept:
        """How it stands, for the roster."""
        return Kept(name=self.spec.name, pid=self.pid, starts=self._starts, since=self._since)

    def look(self, now: float) -> int:
        """Start it if it is due, notice if it died. Returns its deaths within the last minute."""
        if self._process is None and now >= self._start_at:
            self._start()
        elif self._process is not None and self._process.poll() is not None:
            self._bury(now)
        while self._deaths and self._deaths[0] < now - MINUTE_S:
            self._deaths.popleft()
        return len(self._deaths)

    def terminate(self) -> None:
        """Ask it to finish its work and go."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def kill(self) -> None:
        """End it and everything it started, and wait until it is gone."""
        if self._process is None:
            return
        self._kill_group()
        self._process.wait()
        self._let_go()

    def _start(self) -> None:
        self._process = subprocess.Popen(
            self.spec.command,
            stdin=subprocess.PIPE,  # its lifeline: it ends when we are gone, however we went
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            pass_fds=self.spec.inherited,
            start_new_session=True,  # Ctrl-C in a terminal reaches us alone, and we drain
        )
        self._reader = Thread(target=self._read, args=(self._process,), daemon=True)
        self._reader.start()
        self._starts, self._since = self._starts + 1, now_text()
        log.info("started %s pid=%d", self.spec.name, self._process.pid)

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            words = line.rstrip()
            if words:
                self.last_words.append(words)
                self._say(self.spec.name, words)

    def _bury(self, now: float) -> None:
        assert self._process is not None
        code = self._process.returncode
        self._kill_group()
        self._let_go()
        self._deaths.append(now)
        wait = backoff_s(len(self._deaths))
        self._start_at = now + wait
        log.error("%s died (%s), starting again in %.1f s", self.spec.name, cause(code), wait)

    def _kill_group(self) -> None:
        """What the child started may outlive it: its session is its own, so its group ends with it."""
        assert self._process is not None
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def _let_go(self) -> None:
        assert self._process is not None and self._reader is not None
        self._reader.join(2)
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        self._process = None


def cause(code: int) -> str:
    """How a process ended, in words."""
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"


class Supervisor:
    """Keeps children alive until it is told to stop."""

    def __init__(
        self,
        specs: Sequence[ChildSpec],
        *,
        drain_s: float,
        deaths_per_minute: int,
        say: Callable[[str, str], None],
        tell: Callable[[Sequence[Kept]], None] = lambda _: None,
    ) -> None:
        self.children = tuple(Child(spec, say) for spec in specs)
        self._drain_s = drain_s
        self._deaths_per_minute = deaths_per_minute
        self._tell = tell

    def run(self, stop: Event) -> None:
        """Until ``stop`` is set; no child is left when this returns or raises.

        Raises:
            CrashLoopError: one child died too often; the message holds its last words.
        """
        try:
            while not stop.is_set():
                self._look()
                stop.wait(LOOK_EVERY_S)
        finally:
            self._drain()

    def _look(self) -> None:
        now = time.monotonic()
        for child in self.children:
            deaths = child.look(now)
            if deaths >= self._deaths_per_minute:
                words = " | ".join(child.last_words) or "(it said nothing)"
                raise CrashLoopError(
                    f"{child.spec.name} died {deaths} times within a minute, so everything stops; "
                    f"its last words: {words}"
                )
        self._tell([child.kept() for child in self.children])

    def _drain(self) -> None:
        for child in self.children:
            child.terminate()
        end = time.monotonic() + self._drain_s
        while any(child.is_alive for child in self.children) and time.monotonic() < end:
            time.sleep(LOOK_EVERY_S / 2)
        for child in self.children:
            if child.is_alive:
                log.error("%s did not finish within %.0f s and is killed", child.spec.name, self._drain_s)
            child.kill()
