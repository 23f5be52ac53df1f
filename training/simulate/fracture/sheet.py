"""A contact sheet of injuries, their boxes drawn in, to be looked at."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from training.simulate.fracture.case import KINDS
from training.simulate.fracture.film import BrokenFilm, BrokenStudio
from training.simulate.tiles import save_sheet

TILE: Final = 150  # pixels
COLUMNS: Final = 10
EACH: Final = {"monteggia": 10, "galeazzi": 8}  # films; of other injuries and of none a few
TRIES: Final = 8
COLOURS: Final = {"Monteggia": (60, 60, 255), "Galeazzi": (255, 60, 255), "fracture": (0, 200, 255),
                  "radiocapitellar_dislocation": (255, 170, 0),
                  "distal_radioulnar_dislocation": (80, 220, 80)}  # fmt: skip


def contact_sheet(anatomy: Path, cache: Path, out: Path, *, seed: int = 7) -> None:
    """Render the sheet to ``out`` (JPEG); the same every time."""
    studio = BrokenStudio(anatomy, cache)
    names = [kind.hurt.__name__ for kind in KINDS]
    wanted = [name for name in names for _ in range(EACH.get(name, 2))] + [""] * 4
    tiles = [_tile(_shown(studio, name, seed, number)) for number, name in enumerate(wanted)]
    save_sheet(tiles, COLUMNS, out)


def _shown(studio: BrokenStudio, name: str, seed: int, number: int) -> BrokenFilm:
    """A film of the injury, tried again while what is broken lies beside the film."""
    for attempt in range(TRIES):
        rng = np.random.default_rng([seed, number, attempt])
        film = studio.expose(studio.pose(rng, only=name), rng)
        if film.truth.labels or not name:
            break
    return film


def _tile(film: BrokenFilm) -> NDArray[np.uint8]:
    scale = TILE / max(film.pixels.shape)
    small = cv2.resize(film.pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)[:TILE, :TILE]
    tile = np.zeros((TILE + 14, TILE, 3), dtype=np.uint8)
    tile[: small.shape[0], : small.shape[1]] = small[..., None]
    for box, label in zip(film.truth.boxes, film.truth.labels, strict=True):
        left, top, right, bottom = np.round(box * scale).astype(int).tolist()
        cv2.rectangle(tile, (left, top), (right, bottom), COLOURS[label], 1)
    line = film.injury.replace("_", " ") or "nothing broken"
    cv2.putText(tile, line, (1, TILE + 10), cv2.FONT_HERSHEY_SIMPLEX, 0.32, (255, 255, 255), 1, cv2.LINE_AA)
    return tile
