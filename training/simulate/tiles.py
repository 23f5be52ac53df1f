"""Small pictures in rows, to be looked at together."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray


def save_sheet(tiles: Sequence[NDArray[np.uint8]], columns: int, out: Path, *, quality: int = 80) -> None:
    """Write pictures of one shape, row by row, to ``out`` (JPEG), whose folder is made; black fills the last
    row."""
    every = [*tiles, *[np.zeros_like(tiles[0])] * (-len(tiles) % columns)]
    rows = [np.concatenate(every[start : start + columns], axis=1) for start in range(0, len(every), columns)]
    out.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(out), np.concatenate(rows), [cv2.IMWRITE_JPEG_QUALITY, quality])
