"""Turned-away callers, told on at a bounded rate: a flood of them fills nothing."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from router.types import Refusal

SAME_CALLER_SECONDS = 10.0
MOST_PER_MINUTE = 60
MOST_REMEMBERED = 1024


class Refusals:
    """Passes a refusal on, unless the same caller was just told on or too many were."""

    def __init__(
        self, refuse: Callable[[Refusal], None], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._refuse = refuse
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: OrderedDict[tuple[str, str, str], float] = OrderedDict()
        self._minute = 0
        self._told = 0

    def tell(self, refusal: Refusal) -> bool:
        """Whether ``refusal`` was passed on."""
        with self._lock:
            if not self._is_due(refusal):
                return False
        self._refuse(refusal)
        return True

    def _is_due(self, refusal: Refusal) -> bool:
        now = self._clock()
        key = (refusal.calling_ae_title, refusal.called_ae_title, refusal.address)
        seen = self._seen.get(key)
        if seen is not None and now - seen < SAME_CALLER_SECONDS:
            return False
        if int(now // 60) != self._minute:
            self._minute, self._told = int(now // 60), 0
        if self._told >= MOST_PER_MINUTE:
            return False
        self._told += 1
        self._seen[key] = now
        self._seen.move_to_end(key)
        if len(self._seen) > MOST_REMEMBERED:
            self._seen.popitem(last=False)
        return True
