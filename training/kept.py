"""Arrays kept in files: whole or not there, whoever else writes the same."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike


def save_arrays(path: Path, *, compressed: bool = False, **arrays: ArrayLike) -> None:
    """Write an .npz file at ``path``. Who reads meanwhile sees the old one, or none; of several processes
    that write the same cache the last one's stays."""
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    save: Any = np.savez_compressed if compressed else np.savez
    with partial.open("wb") as file:
        save(file, **arrays)
    partial.replace(path)
