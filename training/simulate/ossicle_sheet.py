"""A contact sheet: each accessory bone on several simulated feet, to be looked at."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from training.simulate.ossicle_film import FootFilm, Truth, expose
from training.simulate.ossicle_people import PEOPLE
from training.simulate.ossicle_scene import FootStudio
from training.simulate.ossicle_sites import OSSICLES
from training.simulate.tiles import save_sheet
from training.simulate.views import TABLE

TILE: Final = 150  # pixels
COLUMNS: Final = 8
SHOWN_IN: Final = {
    "os_trigonum": ("foot_lateral", "ankle_lateral"),
    "accessory_navicular": ("foot_ap", "foot_oblique"),
    "os_peroneum": ("foot_oblique", "foot_lateral"),
    "os_intermetatarseum": ("foot_ap", "foot_oblique"),
    "os_vesalianum": ("foot_oblique", "foot_ap"),
    "os_supranaviculare": ("foot_lateral", "ankle_lateral"),
}


def contact_sheet(anatomy: Path, kept: Path, out: Path, *, seed: int = 11) -> None:
    """Render the sheet to ``out`` (JPEG); the same every time."""
    studios = [FootStudio(anatomy, kept, person=person) for person in ("", *PEOPLE)]
    every: list[NDArray[np.uint8]] = []
    for row, name in enumerate(OSSICLES):
        tiles: list[NDArray[np.uint8]] = []
        turn = 0
        while len(tiles) < COLUMNS:
            rng = np.random.default_rng([seed, row, turn])
            studio, label = studios[turn % len(studios)], SHOWN_IN[name][turn % 2]
            view = next(view for view in TABLE if view.label == label)
            film = expose(studio.shoot(view, rng, wanted=[name]), studio.grain, rng)
            there = [
                one for one in film.things if one.kind == name and one.plain > 0.5 and one.contrast > 0.1
            ]
            tiles += [_tile(film, there[0], name if not tiles else "")] if there else []
            turn += 1
        every += tiles
    save_sheet(every, COLUMNS, out, quality=82)


def _tile(film: FootFilm, thing: Truth, line: str) -> NDArray[np.uint8]:
    """A bone and what is around it, with small corners where its box is."""
    left, top, right, bottom = thing.box
    half = int(max(1.6 * max(right - left, bottom - top), 44))
    x, y = int((left + right) / 2), int((top + bottom) / 2)
    padded = cv2.copyMakeBorder(film.pixels, half, half, half, half, cv2.BORDER_CONSTANT)
    tile = cv2.resize(padded[y : y + 2 * half, x : x + 2 * half], (TILE, TILE))
    tile = cv2.normalize(tile, tile, 0, 255, cv2.NORM_MINMAX)
    for edge in (left, right):
        for height in (top, bottom):
            at = (np.array([edge - x, height - y]) + half) * TILE / (2 * half)
            cv2.circle(tile, (int(at[0]), int(at[1])), 1, 255, -1)
    cv2.putText(tile, line, (4, TILE - 5), cv2.FONT_HERSHEY_SIMPLEX, 0.38, 255, 1, cv2.LINE_AA)
    return np.asarray(tile, dtype=np.uint8)
