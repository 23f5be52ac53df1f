"""Children that die are started again; one that keeps dying stops everything; nobody is left behind."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread

import pytest

from service.supervisor import ChildSpec, CrashLoopError, Supervisor, backoff_s, cause

SLEEPER = "import time; print('up', flush=True); time.sleep(600)"
STUBBORN = "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
DIES = "import sys; print('no such database', file=sys.stderr); sys.exit(3)"


def spec(name: str, code: str) -> ChildSpec:
    return ChildSpec(name=name, command=(sys.executable, "-c", code))


def wait_until(condition: Callable[[], object], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to pass in time"
        time.sleep(0.02)


def exists(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


class Run:
    """A supervisor in a thread, with what its children said."""

    def __init__(self, *specs: ChildSpec, drain_s: float = 5, deaths_per_minute: int = 4) -> None:
        self.lines: list[tuple[str, str]] = []
        self.stop = Event()
        self.error: BaseException | None = None
        self.supervisor = Supervisor(
            specs,
            drain_s=drain_s,
            deaths_per_minute=deaths_per_minute,
            say=lambda name, line: self.lines.append((name, line)),
        )
        self._thread = Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            self.supervisor.run(self.stop)
        except CrashLoopError as error:
            self.error = error

    def pids(self) -> list[int]:
        return [child.pid for child in self.supervisor.children if child.pid is not None]

    def end(self) -> float:
        start = time.monotonic()
        self.stop.set()
        self._thread.join(30)
        return time.monotonic() - start


def test_a_killed_child_is_started_again_and_all_end_at_the_stop() -> None:
    run = Run(spec("a", SLEEPER), spec("b", SLEEPER))
    wait_until(lambda: len(run.lines) == 2)
    first, other = run.pids()
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: run.lines.count(("a", "up")) == 2)
    again, same = run.pids()
    assert again != first
    assert same == other
    assert run.end() < 4
    assert not exists(again) and not exists(other)


def test_a_child_that_does_not_drain_is_killed() -> None:
    run = Run(spec("a", STUBBORN), drain_s=0.3)
    wait_until(lambda: run.lines)
    (pid,) = run.pids()
    assert run.end() < 4
    assert not exists(pid)


def test_a_child_that_keeps_dying_stops_everything_with_its_last_words() -> None:
    run = Run(spec("worker", DIES), spec("b", SLEEPER), deaths_per_minute=3)
    wait_until(lambda: run.error)
    run.end()
    assert "worker died 3 times within a minute" in str(run.error)
    assert "no such database" in str(run.error)
    assert run.pids() == []


@pytest.mark.parametrize(("deaths", "seconds"), [(1, 0.2), (2, 0.4), (3, 0.8), (20, 10.0)])
def test_the_wait_before_a_start_doubles_up_to_ten_seconds(deaths: int, seconds: float) -> None:
    assert backoff_s(deaths) == pytest.approx(seconds)


@pytest.mark.parametrize(("code", "words"), [(3, "exit code 3"), (-9, "SIGKILL")])
def test_a_death_has_a_cause(code: int, words: str) -> None:
    assert cause(code) == words
