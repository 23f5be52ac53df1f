"""How many event streams are open at once: each costs a look at the database twice a second."""

from __future__ import annotations

import threading
from http import HTTPStatus

from service.api.problems import Problem

MOST_STREAMS = 64


class Seats:
    """How many streams may still be opened."""

    def __init__(self, most: int = MOST_STREAMS) -> None:
        self._free = threading.BoundedSemaphore(most)

    def take(self) -> None:
        """Take one seat.

        Raises:
            Problem: 503, there is none left.
        """
        if not self._free.acquire(blocking=False):
            raise Problem(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "too many event streams are open",
                headers={"Retry-After": "30"},
            )

    def give_back(self) -> None:
        """Give one seat back."""
        self._free.release()
