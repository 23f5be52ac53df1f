"""Two clocks for one piece of work: the wall's, and the processors' of every process that took part.

On a machine that has other things to do the first says little and the second still says what the work costs.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Seconds by the wall and of processors."""

    wall: float
    processors: float


def cheapest(costs: Iterable[Cost]) -> Cost:
    """The least of each: what disturbed a round is not the work's."""
    every = list(costs)
    return Cost(wall=min(c.wall for c in every), processors=min(c.processors for c in every))


def processor_seconds(pids: Iterable[int]) -> float:
    """User and system time of these processes so far, all threads."""
    return sum(map(_seconds, pids))


def _seconds(pid: int) -> float:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0.0
    fields = stat.rpartition(")")[2].split()  # the name before it may hold blanks; utime, stime: 14 and 15
    return (int(fields[11]) + int(fields[12])) / _TICKS
