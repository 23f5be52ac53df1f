"""Arrays in a file are whole or not there."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from training.kept import save_arrays


def written(path: Path, value: int) -> None:
    for _ in range(20):
        save_arrays(path, values=np.full(20_000, value), compressed=True)


def test_processes_that_write_the_same_file_leave_a_whole_one(tmp_path: Path) -> None:
    path = tmp_path / "cache.npz"
    with ProcessPoolExecutor(2) as pool:
        list(pool.map(partial(written, path), (1, 2)))
    values = np.load(path)["values"]
    assert len(values) == 20_000
    assert len(set(values.tolist())) == 1
    assert [found.name for found in tmp_path.iterdir()] == ["cache.npz"]


def test_what_fails_half_way_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "kept.npz"
    save_arrays(path, step=1)
    with pytest.raises(AttributeError):
        save_arrays(path, step=2, rest=lambda: None)  # type: ignore[arg-type]
    assert int(np.load(path)["step"]) == 1
