"""Which processes a supervisor keeps alive: a small file in the data folder, for the page System.

Several hosts may share the folder: each supervisor has a file of its own, and touches it while it lives.
"""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

FRESH_S = 15.0
WRITTEN_EVERY_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One child as its supervisor sees it."""

    name: str
    pid: int | None  # None: it waits for its next start
    starts: int  # more than 1: it died
    since: str  # of the present life, ISO 8601 in UTC


class Roster:
    """Writes the file. Use as a context manager: it goes with the supervisor."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / f"{socket.gethostname()}-{os.getpid()}.json"
        self._written: tuple[Kept, ...] | None = None
        self._at = 0.0

    def __enter__(self) -> Roster:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.unlink(missing_ok=True)

    def tell(self, children: Sequence[Kept]) -> None:
        """Write who lives, when that changed or some seconds passed; a full disk must end nobody."""
        now, told = time.monotonic(), tuple(children)
        if told == self._written and now - self._at < WRITTEN_EVERY_S:
            return
        aside = self._file.with_suffix(".part")
        try:
            aside.write_text(json.dumps([asdict(child) for child in told]), encoding="utf-8")
            aside.replace(self._file)
        except OSError:
            return
        self._written, self._at = told, now


def rosters(folder: Path) -> dict[str, tuple[Kept, ...]]:
    """Host and process ID of each living supervisor, with its children."""
    found = {}
    for file in sorted(folder.glob("*.json")):
        try:
            if time.time() - file.stat().st_mtime <= FRESH_S:
                found[file.stem] = tuple(Kept(**child) for child in json.loads(file.read_text("utf-8")))
        except (OSError, ValueError, TypeError):
            continue  # it went while we looked, or another version wrote it
    return found


def now_text() -> str:
    """This moment as ``Kept.since`` has it."""
    return datetime.now(UTC).isoformat(timespec="seconds")
