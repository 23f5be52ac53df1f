"""What a process notes for others to see: counts that go on after a restart, and what is wrong now.

A small file in the storage folder, one a host: the API, perhaps on another host, reads them all.
"""

from __future__ import annotations

import json
import socket
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """What stands in the notes."""

    counts: Mapping[str, int] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)  # by what is concerned: one sentence


class Notes:
    """This host's notes in a folder. For any number of threads of one process.

    A context manager: what was wrong is nobody's news once its process is gone.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file = folder / f"{socket.gethostname()}.notes"
        self._lock = Lock()
        self._counts = Counter(_read(self._file).counts)
        self._problems: dict[str, str] = {}
        self._write()

    def __enter__(self) -> Notes:
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._problems.clear()
            self._write()

    def count(self, name: str) -> None:
        """One more."""
        with self._lock:
            self._counts[name] += 1
            self._write()

    def tell(self, concerned: str, problem: str | None) -> None:
        """What is wrong with something, or that nothing is."""
        with self._lock:
            if self._problems.get(concerned) == problem:
                return
            if problem is None:
                del self._problems[concerned]
            else:
                self._problems[concerned] = problem
            self._write()

    def _write(self) -> None:
        """Written aside and renamed, so that nobody reads half; a full disk must not end the work."""
        aside = self._file.with_suffix(".part")
        try:
            aside.write_text(json.dumps({"counts": self._counts, "problems": self._problems}), "utf-8")
            aside.replace(self._file)
        except OSError:
            return


def noted(folder: Path) -> Noted:
    """The notes of all hosts together."""
    all_of_them = [_read(file) for file in sorted(folder.glob("*.notes"))]
    counts: Counter[str] = Counter()
    problems: dict[str, str] = {}
    for one in all_of_them:
        counts.update(one.counts)
        problems |= one.problems
    return Noted(counts=counts, problems=problems)


def _read(file: Path) -> Noted:
    try:
        found = json.loads(file.read_text("utf-8"))
        return Noted(counts=dict(found["counts"]), problems=dict(found["problems"]))
    except (OSError, ValueError, KeyError, TypeError):
        return Noted()
