"""Wrong tokens, counted by address: whoever guesses is told to wait; a right token is always taken."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from http import HTTPStatus

from service.api.problems import Problem

MOST = 20
WITHIN_S = 60.0
MOST_ADDRESSES = 10_000  # remembered; a stranger with many must not fill the memory


class WrongTokens:
    """How often which address sent a wrong token lately."""

    def __init__(
        self,
        *,
        most: int = MOST,
        within_s: float = WITHIN_S,
        clock: Callable[[], float] = time.monotonic,
        most_addresses: int = MOST_ADDRESSES,
    ) -> None:
        self._most = most
        self._within_s = within_s
        self._clock = clock
        self._most_addresses = most_addresses
        self._lock = threading.Lock()
        self._times: OrderedDict[str, deque[float]] = OrderedDict()

    def count(self, address: str) -> Problem | None:
        """Count one; 429 instead of the answer once there are too many."""
        now = self._clock()
        with self._lock:
            times = self._times.setdefault(address, deque(maxlen=self._most))
            self._times.move_to_end(address)
            if len(self._times) > self._most_addresses:
                self._times.popitem(last=False)
            while times and times[0] <= now - self._within_s:
                times.popleft()
            if len(times) < self._most:
                times.append(now)
                return None
            wait = times[0] + self._within_s - now
        return Problem(
            HTTPStatus.TOO_MANY_REQUESTS,
            "too many wrong tokens came from this address",
            headers={"Retry-After": str(max(1, round(wait)))},
        )
