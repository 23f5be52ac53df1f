"""A few rounds of ``bench.kill``: nothing acknowledged is lost, nothing ends twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bench.postgresql import programs

Bench = Callable[..., tuple[int, list[dict[str, Any]], str]]


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("database", "rounds"), [("sqlite", 6), ("postgresql", 3)])
def test_nothing_acknowledged_is_lost_when_processes_are_killed(
    peer: Callable[..., str], absent: Callable[[str], None], bench: Bench, database: str, rounds: int
) -> None:
    peer("storescu")
    if database == "postgresql" and programs() is None:
        absent("no PostgreSQL server is installed")
    code, rows, said = bench("kill", "--rounds", rounds, "--database", database)
    assert code == 0, said
    assert rows[0]["kills"] > 0 and rows[0]["acknowledged"] > 0
    assert [rows[0][kind] for kind in ("lost", "altered", "duplicated", "open", "litter")] == [0] * 5
