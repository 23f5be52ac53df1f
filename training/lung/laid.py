"""Signs laid onto films that show none of them: of what is boxed seldom or never twice alike.

Of the boxed films 65 show a nodule, 68 a mass, 79 air beside the lung and 146 lung without air: too few to
learn such things from. Each kind of sign is drawn by a file of its own, on the greys that are there.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from training.detect.example import BoxedFilm
from training.lung.bands import airless
from training.lung.films import LABELS
from training.lung.lumps import MASS, NODULE, lumps
from training.lung.lungs import fields, lungs
from training.lung.pleura import air, fluid
from training.lung.tissue import Box, Grey, Mask

ATELECTASIS, EFFUSION, PNEUMOTHORAX = (
    LABELS.index(name) for name in ("Atelectasis", "Effusion", "Pneumothorax")
)
LUMPY: Final = (NODULE, MASS)
ODDS: Final = {MASS: 0.12, NODULE: 0.28, PNEUMOTHORAX: 0.24, ATELECTASIS: 0.2, EFFUSION: 0.16}
BOTH: Final = {PNEUMOTHORAX: 0.05, ATELECTASIS: 0.25, EFFUSION: 0.35}  # how often on both sides


def laid(film: BoxedFilm, rng: Generator) -> BoxedFilm | None:
    """The film, square as from ``fitted``, with a sign and its boxes; None where it may have some of its own
    of every kind, or no lung is found in it."""
    label = _kind(film.image, rng)
    if label is None:
        return None
    image = film.pixels.astype(np.float32) / 255.0
    free = lungs(image)
    if not free.any():
        return None
    bright = float(np.quantile(image, 0.85))  # as bright as much soft tissue is
    boxes = _drawn(image, free, label, bright, rng)
    if not boxes:
        return None
    told = film.image.copy()
    told[label] = np.nan  # what a film with the sign looks like, real ones are to teach
    return replace(
        film,
        pixels=np.asarray(np.round(np.clip(image, 0, 1) * 255), dtype=np.uint8),
        boxes=np.concatenate([film.boxes.reshape(-1, 4), np.array(boxes, dtype=np.float32)]),
        labels=np.concatenate([film.labels, np.full(len(boxes), label)]),
        image=told,
    )


def _kind(told: NDArray[np.float32], rng: Generator) -> int | None:
    """A label of which the report says nothing. A film with a nodule or a mass gets neither: reports mix them
    up."""
    lumpy = bool(np.any(told[[NODULE, MASS]] != 0))
    odds = {
        label: share for label, share in ODDS.items() if not told[label] and not (lumpy and label in LUMPY)
    }
    if not odds:
        return None
    shares = np.array(list(odds.values()))
    return list(odds)[int(rng.choice(len(odds), p=shares / shares.sum()))]


def _drawn(image: Grey, free: Mask, label: int, bright: float, rng: Generator) -> list[Box]:
    """Draw the sign, in place; returns its boxes."""
    if label in LUMPY:
        return lumps(image, free, label, bright, rng)
    sides = fields(free)
    rng.shuffle(sides)
    draw = {PNEUMOTHORAX: air, ATELECTASIS: airless, EFFUSION: fluid}[label]
    count = 2 if rng.random() < BOTH[label] else 1
    found = (draw(image, side, bright, rng) for side in sides[:count])
    return [box for box in found if box is not None]
