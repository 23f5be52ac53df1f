"""The pictures of the lung detector's card."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from training.detect.calibrate import RIGHT
from training.detect.example import fitted
from training.detect.pictures import Shown, contact_sheet, free_response, reliability
from training.films import read
from training.lung.crossed import Crossed
from training.lung.features import SIDE
from training.lung.figures import SHOWN, every_box
from training.lung.films import LABELS, ORIGINAL, ChestFilm, example
from training.lung.laid import laid
from training.lung.said import Said, most_per_film

LAID: Final = 18  # films of the sheet of signs laid onto films
NO_BOXES: Final = np.zeros((0, 4), dtype=np.float32)


def draw(spoken: Said, sure: Crossed, folder: Path) -> None:
    """Curves, reliability, hits and errors."""
    items = {
        label: spoken.judged(k, sure.boxes, among=spoken.boxed, iou=RIGHT) for k, label in enumerate(LABELS)
    }
    free_response(items, folder / "froc.png", title=f"Boxes found out of fold (overlap above {RIGHT})")
    films = sure.films.ravel(), (spoken.shown() > 0.5).ravel()
    reliability({"boxes": every_box(spoken, sure), "films": films}, folder / "reliability.png")
    contact_sheet(_typical(spoken, sure), folder / "hits.jpg", columns=8)
    contact_sheet(_worst(spoken, sure), folder / "errors.jpg", columns=8)


def draw_laid(films: Sequence[ChestFilm], path: Path, *, seed: int = 5) -> None:
    """What a few films look like with signs laid onto them, and the boxes they teach."""
    rng = np.random.default_rng(seed)
    shown: list[Shown] = []
    for place in rng.permutation([k for k, film in enumerate(films) if film.fold is None]).tolist():
        film = fitted(example(films[place]), side=SIDE)
        if (changed := laid(film, rng)) is not None:
            new = slice(len(film.boxes), None)
            line = " ".join(sorted({LABELS[label].lower() for label in changed.labels[new]}))
            shown.append(Shown(pixels=changed.pixels, true=changed.boxes[new], said=NO_BOXES, line=line))
        if len(shown) == LAID:
            break
    if shown:
        contact_sheet(shown, path, columns=LAID // 3)


def _said_on(spoken: Said, sure: Crossed, film: int, label: int, stated: NDArray[np.bool_]) -> list[int]:
    mine = (spoken.candidates.film == film) & (spoken.candidates.label == label) & stated
    return np.flatnonzero(mine & most_per_film(spoken.candidates, sure.boxes, SHOWN)).tolist()


def _film(spoken: Said, sure: Crossed, film: int, label: int, line: str) -> Shown:
    pixels = read(spoken.films[film].path)
    size = np.array([pixels.shape[1], pixels.shape[0]] * 2) / ORIGINAL
    true = [box[1:] for box in spoken.films[film].boxes if box[0] == LABELS[label]]
    stated = spoken.candidates.boxes[_said_on(spoken, sure, film, label, sure.stated["default"])]
    return Shown(
        pixels=pixels,
        true=(np.array(true, dtype=np.float32).reshape(-1, 4) * size * ORIGINAL).astype(np.float32),
        said=(stated * size).astype(np.float32),
        line=line,
    )


def _typical(spoken: Said, sure: Crossed) -> list[Shown]:
    """Of each label a hit of middling probability among those stated, and the surest."""
    shown = []
    for row in (0.5, 1.0):
        for k, label in enumerate(LABELS):
            item = spoken.judged(k, sure.boxes, among=spoken.boxed, iou=RIGHT, only=sure.stated["default"])
            hits = np.flatnonzero(item.right)
            if len(hits):
                hit = hits[round((len(hits) - 1) * (1 - row))]
                line = f"{label} {item.probability[hit]:.2f}"
                shown.append(_film(spoken, sure, int(item.film[hit]), k, line))
    return shown


def _worst(spoken: Said, sure: Crossed) -> list[Shown]:
    """Of each label the surest wrong box, and the film with a true box of which the network thinks least."""
    wrong, missed = [], []
    for k, label in enumerate(LABELS):
        item = spoken.judged(k, sure.boxes, among=spoken.boxed, iou=RIGHT, only=sure.stated["default"])
        misses = np.flatnonzero(~item.right)
        if len(misses):
            line = f"wrong {label} {item.probability[misses[0]]:.2f}"
            wrong.append(_film(spoken, sure, int(item.film[misses[0]]), k, line))
        has = np.flatnonzero(spoken.with_finding(k))
        least = int(has[np.argmin(sure.films[has, k])])
        missed.append(_film(spoken, sure, least, k, f"missed {label}"))
    return wrong + missed
