"""Bowel gas: bubbles along the gut."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from training.simulate.meshes import Floats


def gas(
    gut: Floats, shape: tuple[int, ...], rng: Generator, *, pitch: float, amount: float
) -> NDArray[np.float32]:
    """Bowel gas (H, W) in cm. ``gut`` is (n, 2) column, row of points of the bowel's wall; ``pitch`` mm per
    pixel."""
    height, width = shape
    rows, columns = np.mgrid[:height, :width].astype(np.float32) + 0.5
    thick = np.zeros((height, width), dtype=np.float32)
    for _ in range(int(rng.poisson(16 * amount))):
        at = gut[rng.integers(len(gut))] + rng.normal(0, 12 / pitch, 2)
        long = rng.uniform(6, 24) / pitch
        wide, angle = long * rng.uniform(0.5, 1.4), rng.uniform(0, np.pi)
        dx, dy = columns - at[0], rows - at[1]
        far = ((dx * np.cos(angle) + dy * np.sin(angle)) / long) ** 2 + (
            (dy * np.cos(angle) - dx * np.sin(angle)) / wide
        ) ** 2
        thick += np.sqrt(np.maximum(1 - far, 0)) * rng.uniform(1, 4)
    return np.asarray(cv2.min(thick, 7.0), dtype=np.float32)
