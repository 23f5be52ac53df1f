"""A contact sheet: two simulated films of every label, to be looked at."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from training.simulate.panoramic import Panoramic
from training.simulate.scene import Studio
from training.simulate.views import LABELS, TABLE

TILE = 112  # pixels
COLUMNS = 16


def contact_sheet(anatomy: Path, cache: Path, out: Path, *, seed: int = 7) -> None:
    """Render the sheet to ``out`` (JPEG); the same every time."""
    studio, panoramic = Studio(anatomy, cache), Panoramic(anatomy, cache)
    tiles = []
    for index, label in enumerate(LABELS):
        rng = np.random.default_rng([seed, index])
        setups = [view for view in TABLE if view.label == label]
        for number in range(2):
            film = (
                panoramic.expose(rng)
                if not setups
                else studio.expose(studio.pose(setups[number % len(setups)], rng), rng)
            )
            tiles.append(_tile(film.pixels, label if number == 0 else ""))
    tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % COLUMNS)
    rows = [np.concatenate(tiles[start : start + COLUMNS], axis=1) for start in range(0, len(tiles), COLUMNS)]
    out.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(out), np.concatenate(rows), [cv2.IMWRITE_JPEG_QUALITY, 80])


def _tile(pixels: NDArray[np.uint8], label: str) -> NDArray[np.uint8]:
    scale = TILE / max(pixels.shape)
    small = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)[:TILE, :TILE]
    tile = np.zeros((TILE + 14, TILE), dtype=np.uint8)
    tile[: small.shape[0], : small.shape[1]] = small
    cv2.putText(tile, label[:20], (1, TILE + 10), cv2.FONT_HERSHEY_SIMPLEX, 0.3, 255, 1)
    return tile
