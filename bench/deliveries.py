"""Senders that never lie about what got SUCCESS: DCMTK's and ours, each in a thread, some stubborn."""

from __future__ import annotations

import contextlib
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.house import AE_TITLE
from bench.radiographs import Radiograph
from bench.storescu import storescu
from dicom_scp.link import Unreachable
from dicom_scp.pdus import ProtocolError
from dicom_scp.sender import send
from dicom_scp.wire import ConnectionEnded, Timeouts

STUBBORN_SECONDS = 40.0
PAUSE_SECONDS = 0.3
TIMEOUTS = Timeouts(negotiation=10, stalled=20, idle=20)

Send = Callable[[Sequence[Path], int], set[Path]]


def by_storescu(paths: Sequence[Path], port: int) -> set[Path]:
    """The files whose response, as DCMTK's sender prints it, is Success."""
    try:
        return {path for path, answer in storescu(paths, port).items() if answer == "Success"}
    except subprocess.TimeoutExpired:
        return set()


def by_ours(paths: Sequence[Path], port: int) -> set[Path]:
    """The files whose response to our sender is success."""
    stored: set[Path] = set()
    # What was acknowledged before the association broke was acknowledged.
    with contextlib.suppress(Unreachable, ConnectionEnded, ProtocolError, OSError):
        send(
            paths,
            host="127.0.0.1",
            port=port,
            calling_ae_title="BENCH",
            called_ae_title=AE_TITLE,
            progress=lambda each: stored.add(each.path) if each.is_stored else None,
            timeouts=TIMEOUTS,
        )
    return stored


@dataclass(slots=True, kw_only=True)
class Delivery:
    """One sender with its films. ``port`` is asked before each attempt: a new service has another one."""

    films: Sequence[Radiograph]
    send: Send
    port: Callable[[], int]
    stubborn: bool  # send again what got no SUCCESS, until it does
    acknowledged: set[str]
    unanswered: int = 0  # films of the first attempt without SUCCESS
    first_seconds: float = 0.0

    def start(self) -> threading.Thread:
        """Send, in a thread of its own."""
        thread = threading.Thread(target=self._run, daemon=True)
        thread.start()
        return thread

    def _run(self) -> None:
        left = list(self.films)
        start = time.monotonic()
        left = self._attempt(left)
        self.first_seconds = time.monotonic() - start
        self.unanswered = len(left)
        while left and self.stubborn and time.monotonic() < start + STUBBORN_SECONDS:
            time.sleep(PAUSE_SECONDS)
            left = self._attempt(left)

    def _attempt(self, films: list[Radiograph]) -> list[Radiograph]:
        stored = self.send([film.path for film in films], self.port())
        self.acknowledged |= {film.sop_instance_uid for film in films if film.path in stored}
        return [film for film in films if film.path not in stored]
