"""A worker's sign of life, and what tells that it is gone."""

from __future__ import annotations

import os
import time
from pathlib import Path

from service.heartbeat import FORGOTTEN_S, FRESH_S, Heartbeat, alive


def aged(folder: Path, seconds: float) -> Path:
    file = folder / "elsewhere-1.alive"
    file.touch()
    then = time.time() - seconds
    os.utime(file, (then, then))
    return file


def test_a_worker_is_alive_from_its_first_beat_until_it_ends(tmp_path: Path) -> None:
    folder = tmp_path / "workers"
    with Heartbeat(folder) as heartbeat:
        assert alive(folder) == 0  # its models are not loaded yet
        heartbeat.beat()
        assert alive(folder) == alive(folder, here=True) == 1
    assert alive(folder) == 0


def test_a_worker_that_was_killed_is_dead_after_a_while(tmp_path: Path) -> None:
    aged(tmp_path, FRESH_S / 2)
    assert alive(tmp_path) == 1
    aged(tmp_path, FRESH_S * 2)
    assert alive(tmp_path) == 0


def test_a_worker_on_another_host_is_not_here(tmp_path: Path) -> None:
    aged(tmp_path, 0)
    assert (alive(tmp_path), alive(tmp_path, here=True)) == (1, 0)


def test_what_a_killed_worker_left_is_swept_by_the_next(tmp_path: Path) -> None:
    left = aged(tmp_path, FORGOTTEN_S * 2)
    with Heartbeat(tmp_path):
        assert not left.exists()


def test_a_disk_that_takes_nothing_ends_no_worker(tmp_path: Path) -> None:
    with Heartbeat(tmp_path / "workers") as heartbeat:
        (tmp_path / "workers").rmdir()
        heartbeat.beat()
