"""Contact sheets to be looked at: two simulated films of every label, and the bodies that are filmed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from training.simulate.bodies import CHILD, GROWN, WORN
from training.simulate.panoramic import Panoramic
from training.simulate.scene import Studio
from training.simulate.tiles import save_sheet
from training.simulate.views import LABELS, TABLE

TILE = 112  # pixels
COLUMNS = 16
SHOWN = ("hand_ap", "wrist_ap", "elbow_ap", "elbow_lateral", "knee_ap", "knee_lateral", "ankle_ap",
         "foot_oblique", "pelvis_ap")  # fmt: skip
BODIES = ((GROWN, 0), (CHILD, 1), (CHILD, 5), (CHILD, 8), (CHILD, 11), (WORN, 0), (WORN, 1), (WORN, 2))


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
    save_sheet(tiles, COLUMNS, out)


def bodies_sheet(anatomy: Path, cache: Path, out: Path, *, seed: int = 7) -> None:
    """Render a row per view, whole films without metal, of a grown-up, of children from the oldest to the
    youngest, and of worn joints, to ``out`` (JPEG); the same every time."""
    studio, tiles = Studio(anatomy, cache), []
    for index, label in enumerate(SHOWN):
        view = next(view for view in TABLE if view.label == label)
        plain = replace(view, metal=0.0, pair=0.0, collimation=0.0, whitened=1.0, blackened=2.0, tight=0.0)
        for body in BODIES:
            rng = np.random.default_rng([seed, index])
            tiles.append(_tile(studio.expose(studio.pose(plain, rng, body=body), rng).pixels, body[0]))
    save_sheet(tiles, len(BODIES), out)


def _tile(pixels: NDArray[np.uint8], label: str) -> NDArray[np.uint8]:
    scale = TILE / max(pixels.shape)
    small = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)[:TILE, :TILE]
    tile = np.zeros((TILE + 14, TILE), dtype=np.uint8)
    tile[: small.shape[0], : small.shape[1]] = small
    cv2.putText(tile, label[:20], (1, TILE + 10), cv2.FONT_HERSHEY_SIMPLEX, 0.3, 255, 1)
    return tile
