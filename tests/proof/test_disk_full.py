"""A full disk: polite refusals, nothing half-stored, and it goes on by itself."""

from __future__ import annotations

import itertools
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from bench.disk import CannotMountError, SmallDisk
from bench.disk_full import MARKS, run_case


@pytest.mark.timeout(300)
@pytest.mark.parametrize("case", MARKS)
def test_a_full_disk_loses_nothing_and_recovers(case: str, tmp_path: Path, peer: Callable[..., str]) -> None:
    peer("storescu")
    try:
        # room for what the runtime keeps of four compiled networks, or analysis would never go on
        row, said, faults = run_case(case, tmp_path, megabytes=184, seed=1)
    except CannotMountError as error:
        pytest.skip(str(error))
    assert faults == []
    assert row["verdict"] == "kept", said
    assert row["refused"] and row["acknowledged"] == row["films"]


def test_ballast_fits_in_beside_what_others_write_meanwhile(tmp_path: Path) -> None:
    done = threading.Event()

    def write(folder: Path) -> None:
        for turn in itertools.count():
            if done.is_set():
                return
            with suppress(OSError):  # the disk is full, and then it is not
                (folder / f"film{turn % 7}").write_bytes(bytes(700_000 if turn % 2 else 10))

    try:
        with SmallDisk(tmp_path / "disk", size_mib=48) as disk:
            writer = threading.Thread(target=write, args=(disk.folder,))
            writer.start()
            try:
                for _ in range(5):
                    disk.fill_up(but_bytes=300_000)
                    os.truncate(disk.folder / "ballast", 0)
            finally:
                done.set()
                writer.join()
    except CannotMountError as error:
        pytest.skip(str(error))
