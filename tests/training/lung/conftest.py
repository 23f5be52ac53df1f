"""A made-up chest: two dark lungs in a bright body, darker air around it."""

from __future__ import annotations

import numpy as np
import pytest

from training.detect.example import BoxedFilm
from training.lung.films import EXTRA, LABELS

SIDE = 160


@pytest.fixture
def chest() -> BoxedFilm:
    across, down = np.meshgrid(*[(np.arange(SIDE) + 0.5) / SIDE] * 2)
    body = np.where(np.abs(across - 0.5) < 0.45, 180, 5).astype(np.uint8)
    for middle in (0.3, 0.7):
        lung = ((across - middle) / 0.13) ** 2 + ((down - 0.45) / 0.24) ** 2 < 1
        body[lung] = (60 + 20 * down)[lung]
    return BoxedFilm(
        pixels=body,
        boxes=np.zeros((0, 4), dtype=np.float32),
        labels=np.zeros(0, dtype=np.int64),
        image=np.zeros(len(LABELS + EXTRA), dtype=np.float32),
        known=np.ones(len(LABELS), dtype=np.float32),
    )
