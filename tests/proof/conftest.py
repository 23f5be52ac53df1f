"""Benches run as their user runs them, small; what they print is what is tested."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
SECONDS = 280

Bench = Callable[..., tuple[int, list[dict[str, Any]], str]]


@pytest.fixture(scope="session")
def bench() -> Bench:
    """Run ``python -m bench.NAME ...``: its exit code, its rows, and everything it said."""

    def run(name: str, *arguments: object) -> tuple[int, list[dict[str, Any]], str]:
        ended = subprocess.run(
            [sys.executable, "-m", f"bench.{name}", *map(str, arguments)],
            cwd=CHECKOUT,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        told = [line for line in ended.stdout.splitlines() if line.startswith('{"bench"')]
        rows = json.loads(told[0])["rows"] if told else []
        return ended.returncode, rows, ended.stdout + ended.stderr

    return run


@pytest.fixture(scope="session")
def absent() -> Callable[[str], None]:
    """Skip because something is not installed, or fail where CI promises it."""

    def say(why: str) -> None:
        if os.environ.get("CI"):
            pytest.fail(f"{why}, and CI promises it")
        pytest.skip(why)

    return say
