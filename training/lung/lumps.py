"""Nodules and masses laid onto lungs that show none.

Of the boxed films 65 show a nodule and 68 a mass: too few to learn such small things from. A lump of soft
tissue adds its shadow to the greys that are there (simulated nodules: Litjens et al. 2010; NODE21:
Sogancioglu et al. 2024).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.random import Generator

from training.lung.films import LABELS
from training.lung.tissue import Box, Grey, Mask, shadow

NODULE, MASS = LABELS.index("Nodule"), LABELS.index("Mass")
# Diameters as parts of a film's width, which is some 40 cm: from 8 to 30 mm, and above.
DIAMETERS: Final = {NODULE: (0.02, 0.075), MASS: (0.075, 0.2)}
MANY: Final = (0.6, 0.25, 0.15)  # how often one, two or three nodules
LOOSE: Final = 1.2  # a radiologist's box over what it is around


def lumps(image: Grey, free: Mask, label: int, bright: float, rng: Generator) -> list[Box]:
    """Lay a mass or some nodules onto ``image``, in place, where ``free`` (S, S) says that lung is seen;
    ``bright`` as soft tissue is. Returns their boxes."""
    free = free.copy()
    count = 1 if label == MASS else 1 + int(rng.choice(len(MANY), p=MANY))
    boxes = []
    for _ in range(count):
        lump = drawn(image.shape[0], DIAMETERS[label], rng)
        rows, columns = np.nonzero(free)
        if not len(rows):
            break
        place = int(rng.integers(len(rows)))
        boxes.append(_added(image, lump, (int(columns[place]), int(rows[place])), bright, free))
    return boxes


@dataclass(frozen=True, slots=True, kw_only=True)
class Lump:
    """``thickness``: float32 (n, n), 1 where it is thickest, 0 at its rim. ``diameter``: of the film's
    side."""

    thickness: Grey
    diameter: float
    dense: float  # times the shadow of plain soft tissue


def drawn(side: int, diameters: tuple[float, float], rng: Generator) -> Lump:
    """A lump for a film of ``side`` pixels: roundish, lobed, its rim more or less sharp."""
    diameter = float(np.exp(rng.uniform(*np.log(diameters))))
    half = max(4, round(diameter * side))
    across, down = np.meshgrid(*[(np.arange(2 * half) + 0.5 - half) / (diameter * side / 2)] * 2)
    long = np.exp(rng.normal(0, 0.12))
    turned = rng.uniform(0, np.pi)
    one = (across * np.cos(turned) + down * np.sin(turned)) / long
    two = (down * np.cos(turned) - across * np.sin(turned)) * long
    angle, far = np.arctan2(two, one), np.hypot(one, two)
    rim = np.ones_like(far)
    for lobes in range(2, 8):
        rim += rng.normal(0, 0.09 / np.sqrt(lobes)) * np.cos(lobes * angle + rng.uniform(0, 2 * np.pi))
    thickness = np.sqrt(np.maximum(0, 1 - (far / rim) ** 2)).astype(np.float32)
    thickness = cv2.GaussianBlur(thickness, (0, 0), max(0.5, diameter * side * rng.uniform(0.03, 0.1)))
    return Lump(thickness=thickness, diameter=diameter, dense=float(np.exp(rng.normal(0, 0.3))))


def _added(image: Grey, lump: Lump, middle: tuple[int, int], bright: float, free: Mask) -> Box:
    """Add the lump's shadow to ``image`` in place, nowhere above ``bright``, and take its place from
    ``free``; returns its box."""
    side, reach = image.shape[0], lump.thickness.shape[0] // 2
    left, top = middle[0] - reach, middle[1] - reach
    here = (slice(max(top, 0), min(top + 2 * reach, side)), slice(max(left, 0), min(left + 2 * reach, side)))
    there = tuple(
        slice(one.start - first, one.stop - first) for one, first in zip(here, (top, left), strict=True)
    )
    thickness = (0.06 + 2.0 * lump.diameter) * lump.dense * lump.thickness[there]
    image[here] += shadow(thickness, image[here], bright)
    free[here] = False
    seen = lump.thickness > 0.15 * lump.thickness.max()
    rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    centre = left + (columns[0] + columns[-1] + 1) / 2, top + (rows[0] + rows[-1] + 1) / 2
    half = LOOSE * (columns[-1] + 1 - columns[0]) / 2, LOOSE * (rows[-1] + 1 - rows[0]) / 2
    box = [centre[0] - half[0], centre[1] - half[1], centre[0] + half[0], centre[1] + half[1]]
    return [float(edge) for edge in np.clip(box, 0, side)]
