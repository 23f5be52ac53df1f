"""What each signed-in browser searched for last: in memory only, because a search names patients.

Going back from a study then finds the list as it was left, and neither the browser nor a disk keeps a word.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import Generic, TypeVar

MOST = 1000  # browsers; the one that searched longest ago is forgotten first

Search = TypeVar("Search")


class LastSearches(Generic[Search]):
    """The last search of each session. Threads may share it."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._kept: OrderedDict[str, Search] = OrderedDict()
        self._lock = Lock()

    def keep(self, session: str, search: Search) -> None:
        """Remember this one instead of an earlier one."""
        with self._lock:
            self._kept[session] = search
            self._kept.move_to_end(session)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)

    def of(self, session: str) -> Search | None:
        """The session's last search; None for none."""
        with self._lock:
            return self._kept.get(session)
