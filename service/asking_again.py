"""Studies that are asked for again, because a worklist that may know their order was down."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

MOST = 10_000  # studies at once; the oldest is forgotten, its verdict says that nobody answered


@dataclass(slots=True, kw_only=True)
class _Asking:
    first: float  # seconds, as all times here
    at: float
    tries: int = 1


@dataclass(slots=True, kw_only=True)
class Agenda:
    """When each study is asked for again: later each time, and not for ever. Times are of one clock."""

    first: timedelta
    longest: timedelta
    lasting: timedelta
    _studies: dict[str, _Asking] = field(default_factory=dict)

    def put(self, study_instance_uid: str, now: float) -> None:
        """Somebody did not answer."""
        known = self._studies.get(study_instance_uid)
        if known is None:
            if len(self._studies) >= MOST:
                del self._studies[next(iter(self._studies))]
            known = self._studies[study_instance_uid] = _Asking(first=now, at=0.0, tries=0)
        known.tries += 1
        delay = min(
            self.longest.total_seconds(), self.first.total_seconds() * 2.0 ** min(known.tries - 1, 30)
        )
        known.at = now + delay

    def strike(self, study_instance_uid: str) -> None:
        """Everybody answered, or there is an order."""
        self._studies.pop(study_instance_uid, None)

    def due(self, now: float) -> list[str]:
        """Whom to ask for now; what has lasted too long is let go."""
        for uid, asking in list(self._studies.items()):
            if now - asking.first > self.lasting.total_seconds():
                del self._studies[uid]
        found = [uid for uid, asking in self._studies.items() if asking.at <= now]
        for uid in found:  # until its judging says more
            self._studies[uid].at = now + self.longest.total_seconds()
        return found
