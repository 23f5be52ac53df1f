from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from db.changes import PATIENCE, unbroken
from db.read import AuditEntry
from router.types import Event

NOW = datetime(2026, 3, 4, tzinfo=UTC)
FRESH, OLD = timedelta(seconds=1), PATIENCE


@pytest.mark.parametrize(
    ("after", "found", "age", "known"),
    [
        (0, [], FRESH, []),
        (0, [1, 2, 3], FRESH, [1, 2, 3]),
        (7, [8, 9], FRESH, [8, 9]),
        (0, [2, 3], FRESH, []),
        (0, [1, 3, 4], FRESH, [1]),
        (0, [1, 3, 4], OLD, [1, 3, 4]),
        (0, [2, 9], OLD, [2, 9]),
    ],
)
def test_entries_behind_a_gap_wait_until_it_cannot_be_filled(
    after: int, found: list[int], age: timedelta, known: list[int]
) -> None:
    entries = [
        AuditEntry(id=number, sop_instance_uid="1.2", event=Event.RECEIVED, at=NOW - age, detail={})
        for number in found
    ]
    assert [entry.id for entry in unbroken(entries, after, NOW)] == known
