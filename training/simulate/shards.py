"""Many films in numbered files, rendered by several processes; what is there already stays."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context, parent_process
from pathlib import Path
from threading import Thread
from typing import Any

import cv2

Job = tuple[Any, ...]


def rendered(
    jobs: Sequence[Job], *, path: Callable[..., Path], shard: Callable[..., None], processes: int
) -> Iterator[tuple[int, int]]:
    """Call ``shard(*job)`` in other processes for every job whose ``path(*job)`` is not there yet; yields
    (shards done, shards in all) as it goes. Raises what a shard raises."""
    todo = [job for job in jobs if not path(*job).is_file()]
    done = len(jobs) - len(todo)
    yield done, len(jobs)
    if not todo:
        return
    fresh = get_context("spawn")  # a copy of a process that has threads may wait for ever
    with ProcessPoolExecutor(min(processes, len(todo)), fresh, initializer=_begin) as pool:
        for finished in as_completed([pool.submit(shard, *job) for job in todo]):
            finished.result()
            done += 1
            yield done, len(jobs)


def _begin() -> None:
    """In each process, before its first shard."""
    os.nice(5)
    cv2.setNumThreads(1)
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """Who waits for the next shard would wait for ever when the one who gives them out is killed outright. A
    shard is written whole or not at all, so that this may end at any moment."""
    parent = parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
