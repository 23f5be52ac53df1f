"""Lung without air, laid onto films that show none: atelectasis as one most often boxes it.

Plates: streaks across the lower lung, one or a few beside each other. Patches: a dull wedge above the
diaphragm or beside the heart, ill defined (Woodring and Reed, J Thorac Imaging 1996, describe both).
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.random import Generator

from training.lung.tissue import Box, Grey, Mask, shadow

PLATES: Final = 0.6  # share of films that get plates
SEEN: Final = 0.35  # of the darkest place, above which a place is within the box
LOOSE: Final = 0.012  # of the side, by which a radiologist's box is wider on every side


def airless(image: Grey, field: Mask, bright: float, rng: Generator) -> Box:
    """Add plates or a patch to the lung of ``field``, in place; returns the box around them."""
    made = _plates(field, rng) if rng.random() < PLATES else _patch(field, rng)
    image += shadow(made * float(np.exp(rng.uniform(np.log(0.06), np.log(0.35)))), image, bright)
    side = image.shape[0]
    rows, columns = np.nonzero(made > SEEN * made.max())
    loose = LOOSE * side
    box = [columns.min() - loose, rows.min() - loose, columns.max() + 1 + loose, rows.max() + 1 + loose]
    return [float(edge) for edge in np.clip(box, 0, side)]


def _place(field: Mask, rng: Generator, *, above: float) -> tuple[float, float]:
    """x, y of a place in the lower part of the field: ``above`` is the share of it that lies above."""
    rows, columns = np.nonzero(field)
    low = np.flatnonzero(rows >= np.quantile(rows, above))
    chosen = low[int(rng.integers(len(low)))]
    return float(columns[chosen]), float(rows[chosen])


def _plates(field: Mask, rng: Generator) -> Grey:
    side = field.shape[0]
    x, y = _place(field, rng, above=0.4)
    angle = np.deg2rad(rng.normal(0, 16) if rng.random() < 0.85 else rng.uniform(-90, 90))
    long = side * float(np.exp(rng.uniform(np.log(0.05), np.log(0.22))))
    bent = rng.normal(0, 0.12) / long
    down, across = np.mgrid[:side, :side].astype(np.float32)
    along = (across - x) * np.cos(angle) + (down - y) * np.sin(angle)
    over = (down - y) * np.cos(angle) - (across - x) * np.sin(angle) - bent * along**2
    made = np.zeros(field.shape, np.float32)
    for _ in range(int(rng.choice(3, p=(0.5, 0.3, 0.2))) + 1):
        thin = side * float(np.exp(rng.uniform(np.log(0.003), np.log(0.014))))
        off, slid = rng.normal(0, 0.03, 2) * side
        ends = np.exp(-(np.abs(2 * (along - slid) / long) ** 4))
        made = np.maximum(made, rng.uniform(0.6, 1.0) * np.exp(-0.5 * ((over - off) / thin) ** 2) * ends)
    return np.asarray(made, dtype=np.float32)


def _patch(field: Mask, rng: Generator) -> Grey:
    side = field.shape[0]
    x, y = _place(field, rng, above=0.75)
    half = side * np.exp(rng.uniform(np.log((0.035, 0.03)), np.log((0.13, 0.09))))
    turned = rng.uniform(-0.6, 0.6)
    down, across = np.mgrid[:side, :side].astype(np.float32)
    one = ((across - x) * np.cos(turned) + (down - y) * np.sin(turned)) / half[0]
    two = ((down - y) * np.cos(turned) - (across - x) * np.sin(turned)) / half[1]
    clouds = cv2.GaussianBlur(rng.normal(0, 1, field.shape).astype(np.float32), (0, 0), side * 0.02)
    far = np.hypot(one, two) + 0.25 * clouds / max(float(clouds.std()), 1e-6)
    made = 1 / (1 + np.exp((far - 1) / rng.uniform(0.1, 0.3)))
    made[np.hypot(one, two) > 2] = 0
    return np.asarray(made, dtype=np.float32)
