"""Whether workers are alive: each touches a file of its own in the storage folder, which all hosts share."""

from __future__ import annotations

import os
import socket
import time
from dataclasses import dataclass
from pathlib import Path

FRESH_S = 15.0  # a worker beats every second or so; a long pause of the machine is no death
FORGOTTEN_S = 3600.0  # what a killed worker left


class Heartbeat:
    """One worker's sign of life. Use as a context manager: the file goes with the worker."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / f"{socket.gethostname()}-{os.getpid()}.alive"

    def __enter__(self) -> Heartbeat:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        for left in self._file.parent.glob("*.alive"):
            if _age_s(left) > FORGOTTEN_S:
                left.unlink(missing_ok=True)
        return self

    def __exit__(self, *_: object) -> None:
        self._file.unlink(missing_ok=True)

    def beat(self) -> None:
        """Say that this worker lives and its models are loaded; a full disk must not end it."""
        try:
            self._file.touch()
        except OSError:
            return  # the missing beat is the message


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """A worker's latest sign of life."""

    name: str  # host and process ID
    seconds_ago: float

    @property
    def is_alive(self) -> bool:
        """Whether it came just now."""
        return self.seconds_ago <= FRESH_S


def beats(folder: Path) -> list[Beat]:
    """Every worker that gave a sign of life within the hour, by name."""
    found = [Beat(name=file.stem, seconds_ago=_age_s(file)) for file in sorted(folder.glob("*.alive"))]
    return [beat for beat in found if beat.seconds_ago <= FORGOTTEN_S]


def alive(folder: Path, *, here: bool = False) -> int:
    """How many workers gave a sign of life just now; ``here``: on this host alone."""
    pattern = f"{socket.gethostname()}-*.alive" if here else "*.alive"
    return sum(_age_s(file) <= FRESH_S for file in folder.glob(pattern))


def _age_s(file: Path) -> float:
    try:
        return time.time() - file.stat().st_mtime
    except FileNotFoundError:
        return float("inf")
