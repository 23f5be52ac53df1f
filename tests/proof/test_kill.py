"""A few rounds of ``bench.kill``: nothing acknowledged is lost, nothing ends twice."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.postgresql import programs

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("database", "rounds"), [("sqlite", 6), ("postgresql", 4)])
def test_nothing_acknowledged_is_lost_when_processes_are_killed(
    peer: Callable[..., str], database: str, rounds: int
) -> None:
    peer("storescu")
    if database == "postgresql" and programs() is None:
        _absent("no PostgreSQL server is installed")
    bench = [sys.executable, "-m", "bench.kill", "--rounds", str(rounds), "--database", database]
    ended = subprocess.run(bench, cwd=CHECKOUT, capture_output=True, text=True, timeout=280, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    row = json.loads(ended.stdout.splitlines()[0])["rows"][0]
    assert row["kills"] > 0 and row["acknowledged"] > 0
    assert [row[kind] for kind in ("lost", "altered", "duplicated", "open", "litter")] == [0] * 5


def _absent(why: str) -> None:
    if os.environ.get("CI"):
        pytest.fail(f"{why}, and CI promises it")
    pytest.skip(why)
