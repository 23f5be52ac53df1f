"""The next thing made while the last one is used."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from typing import TypeVar

Item = TypeVar("Item")


def ahead(source: Iterator[Item], depth: int = 4) -> Iterator[Item]:
    """The same items, made in a second thread, at most ``depth`` of them in advance; an error there is raised
    here."""
    ready: queue.Queue[Item | Exception] = queue.Queue(depth)

    def fill() -> None:
        try:
            for item in source:
                ready.put(item)
        except Exception as error:  # the outermost frame of this thread: handed to the one that waits
            ready.put(error)

    threading.Thread(target=fill, daemon=True).start()
    while True:
        item = ready.get()
        if isinstance(item, Exception):
            raise item
        yield item
