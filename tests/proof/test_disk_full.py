"""A full disk: polite refusals, nothing half-stored, and it goes on by itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bench.disk import CannotMountError
from bench.disk_full import MARKS, run_case


@pytest.mark.timeout(300)
@pytest.mark.parametrize("case", MARKS)
def test_a_full_disk_loses_nothing_and_recovers(case: str, tmp_path: Path, peer: Callable[..., str]) -> None:
    peer("storescu")
    try:
        # room for what the runtime keeps of four compiled networks, or analysis would never go on
        row, said, faults = run_case(case, tmp_path, megabytes=160, seed=1)
    except CannotMountError as error:
        pytest.skip(str(error))
    assert faults == []
    assert row["verdict"] == "kept", said
    assert row["refused"] and row["acknowledged"] == row["films"]
