"""Who else has a study open. Kept in memory, by this process alone: a courtesy, not a lock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from time import monotonic

STAYS_S = 90.0


@dataclass(slots=True, kw_only=True)
class Presence:
    """The study that each person looks at, and since when."""

    clock: Callable[[], float] = monotonic
    _seen: dict[str, tuple[str, float]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def look(self, name: str, study_instance_uid: str) -> tuple[str, ...]:
        """Say that ``name`` looks at a study; gives the others who do, sorted."""
        now = self.clock()
        with self._lock:
            self._seen[name] = (study_instance_uid, now)
            self._seen = {who: seen for who, seen in self._seen.items() if now - seen[1] < STAYS_S}
            return tuple(
                sorted(
                    who
                    for who, (study, _) in self._seen.items()
                    if study == study_instance_uid and who != name
                )
            )
