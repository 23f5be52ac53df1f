"""Many films in numbered files, rendered by several processes; what is there already stays."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
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
    with ProcessPoolExecutor(min(processes, len(todo)), fresh, initializer=_lower_priority) as pool:
        for finished in as_completed([pool.submit(shard, *job) for job in todo]):
            finished.result()
            done += 1
            yield done, len(jobs)


def _lower_priority() -> None:
    os.nice(5)
    cv2.setNumThreads(1)
