"""Counting what happens, for the metrics: the audit is read on from where the last scrape ended."""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.metrics_core import Metric

from db.read import AuditEntry
from router.types import Event
from router.views import OTHER, UNSURE, VIEWS

AT_ONCE = 1000
MOST_ROUNDS = 100  # of AT_ONCE entries per scrape; what is left comes with the next
MOST_WAITING = 100_000  # instances whose arrival is remembered
MOST_REASONS = 30
LONGEST_REASON = 80
SECONDS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0, 7200.0)
ARRIVALS = frozenset({Event.RECEIVED, Event.REPLACED, Event.REQUEUED})
KNOWN_VIEWS = frozenset({*VIEWS, OTHER, UNSURE})

Changes = Callable[[int, int], Sequence[AuditEntry]]


def kind_of(reason: str) -> str:
    """A reason without the UIDs, numbers and paths in it, so that equal failures count together."""
    words = re.sub(r"[\w./\\-]*[0-9/\\][\w./\\-]*", "#", reason)
    return " ".join(words.split())[:LONGEST_REASON] or "unknown"


class Tally:
    """Counters over what happened since the first look."""

    def __init__(self) -> None:
        registry = self._registry = CollectorRegistry()
        self._lock = threading.Lock()
        self._after: int | None = None
        self._waiting: OrderedDict[str, datetime] = OrderedDict()
        self._reasons: set[str] = set()
        self._analysed = Counter(
            "radrouter_films_analysed", "Films that were analysed, by view.", ["view"], registry=registry
        )
        self._failures = Counter(
            "radrouter_failures",
            "Films that were given up, by kind of reason.",
            ["reason"],
            registry=registry,
        )
        self._retries = Counter("radrouter_retries", "Analyses that will be tried again.", registry=registry)
        self._latency = Histogram(
            "radrouter_received_to_done_seconds",
            "Seconds from a film's arrival (or its requeue) to its answer.",
            buckets=SECONDS,
            registry=registry,
        )

    def catch_up(self, changes: Changes, newest: int) -> None:
        """Count what happened since the last look; the first only remembers the ``newest`` entry."""
        with self._lock:
            if self._after is None:
                self._after = newest
            for _ in range(MOST_ROUNDS):
                entries = changes(self._after, AT_ONCE)
                for entry in entries:
                    self._count(entry)
                    self._after = entry.id
                if len(entries) < AT_ONCE:
                    return

    def collect(self) -> Iterable[Metric]:
        """The counters as they stand."""
        return self._registry.collect()

    def _count(self, entry: AuditEntry) -> None:
        if entry.event in ARRIVALS:
            self._waiting[entry.sop_instance_uid] = entry.at
            if len(self._waiting) > MOST_WAITING:
                self._waiting.popitem(last=False)
        elif entry.event is Event.DONE:
            view = entry.detail.get("view")
            self._analysed.labels(view if view in KNOWN_VIEWS else "none").inc()
            arrived = self._waiting.pop(entry.sop_instance_uid, None)
            if arrived is not None:
                self._latency.observe((entry.at - arrived).total_seconds())
        elif entry.event is Event.FAILED:
            self._waiting.pop(entry.sop_instance_uid, None)
            self._failures.labels(self._kind(str(entry.detail.get("reason", "")))).inc()
        elif entry.event is Event.RETRY:
            self._retries.inc()

    def _kind(self, reason: str) -> str:
        kind = kind_of(reason)
        if kind not in self._reasons and len(self._reasons) >= MOST_REASONS:
            return "another"
        self._reasons.add(kind)
        return kind
