"""The speed benches run and say what they measured; how fast is for a quiet machine to say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Bench = Callable[..., tuple[int, list[dict[str, Any]], str]]


@pytest.mark.timeout(300)
def test_latency_is_measured_for_single_films_and_a_burst(bench: Bench, tmp_path: Path) -> None:
    sizes = ("--singles", 3, "--burst", 8, "--side", 200)
    _, rows, said = bench("latency", *sizes, "--packs", tmp_path)
    assert [(row["films"], row["count"]) for row in rows] == [("single", 3), ("burst", 8)], said
    assert all(0 < row["p50_ms"] <= row["p95_ms"] <= row["max_ms"] for row in rows)


@pytest.mark.timeout(300)
def test_throughput_is_compared_with_the_bare_loop(bench: Bench, tmp_path: Path) -> None:
    _, rows, said = bench("throughput", "--films", 8, "--side", 200, "--rounds", 1, "--packs", tmp_path)
    assert [row["what"] for row in rows] == ["bare", "pipeline", "service"], said
    assert all(row["films_per_second"] > 0 for row in rows)
