"""Nodules and masses laid onto lungs that show none.

Of the boxed films 65 show a nodule and 68 a mass: too few to learn such small things from. A lump of soft
tissue adds its thickness to what a ray passes, and a film's greys go roughly with the logarithm of what
arrives, so a lump adds its shadow to the greys that are there; ribs and vessels go on through it (simulated
nodules: Litjens et al. 2010; NODE21: Sogancioglu et al. 2024).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from training.detect.example import BoxedFilm
from training.lung.films import LABELS

NODULE, MASS = LABELS.index("Nodule"), LABELS.index("Mass")
# Diameters as parts of a film's width, which is some 40 cm: from 8 to 30 mm, and above.
DIAMETERS: Final = {NODULE: (0.02, 0.075), MASS: (0.075, 0.2)}
MASSES: Final = 0.3  # share of films that get a mass instead of nodules
MANY: Final = (0.6, 0.25, 0.15)  # of the others, how often one, two or three nodules
LOOSE: Final = 1.2  # a radiologist's box over what it is around
# Middle and half axes of where a frontal film shows its lungs, parts of the film.
LUNGS: Final = ((0.3, 0.45, 0.16, 0.3), (0.7, 0.45, 0.16, 0.3))
LEAST: Final = 0.02  # of a film: what is smaller than that and dark is no lung
AIR: Final = 0.12  # grey of the air around a patient, at most
Grey = NDArray[np.float32]


def laid(film: BoxedFilm, rng: Generator) -> BoxedFilm | None:
    """The film, square as from ``fitted``, with lumps and their boxes; None where it may have some of its own
    or no lung is found in it."""
    if np.any(film.image[[NODULE, MASS]] != 0):
        return None
    image = film.pixels.astype(np.float32) / 255.0
    free = lungs(image)
    if not free.any():
        return None
    label = MASS if rng.random() < MASSES else NODULE
    count = 1 if label == MASS else 1 + int(rng.choice(len(MANY), p=MANY))
    bright = float(np.quantile(image, 0.85))  # as bright as much soft tissue is
    boxes = []
    for _ in range(count):
        lump = drawn(image.shape[0], DIAMETERS[label], rng)
        rows, columns = np.nonzero(free)
        if not len(rows):
            break
        place = int(rng.integers(len(rows)))
        boxes.append(_added(image, lump, (int(columns[place]), int(rows[place])), bright, free))
    told = film.image.copy()
    told[label] = 1.0
    return replace(
        film,
        pixels=np.asarray(np.round(np.clip(image, 0, 1) * 255), dtype=np.uint8),
        boxes=np.concatenate([film.boxes.reshape(-1, 4), np.array(boxes, dtype=np.float32)]),
        labels=np.concatenate([film.labels, np.full(len(boxes), label)]),
        image=told,
    )


def lungs(image: Grey) -> NDArray[np.bool_]:
    """(S, S) where a frontal chest film, bone bright, shows lung that nothing lies before."""
    side = image.shape[0]
    soft = cv2.GaussianBlur(image, (0, 0), side * 0.015)
    across, down = np.meshgrid(*[(np.arange(side) + 0.5) / side] * 2)
    where = np.zeros(image.shape, dtype=bool)
    for middle, height, wide, high in LUNGS:
        where |= ((across - middle) / wide) ** 2 + ((down - height) / high) ** 2 < 1
    greys = np.asarray(soft * 255, dtype=np.uint8)
    level, _ = cv2.threshold(greys[where], 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    dark = where & (greys < level) & ~_around(soft)
    _, parts, sizes, _ = cv2.connectedComponentsWithStats(dark.astype(np.uint8))
    large = np.flatnonzero(sizes[:, cv2.CC_STAT_AREA] > LEAST * image.size)
    return dark & np.isin(parts, large[large > 0])


def _around(soft: Grey) -> NDArray[np.bool_]:
    """The air around the patient: black, up to the film's edge."""
    _, parts = cv2.connectedComponents((soft < AIR).astype(np.uint8))
    edge = np.unique(np.concatenate([parts[[0, -1]].ravel(), parts[:, [0, -1]].ravel()]))
    return np.isin(parts, edge[edge > 0])


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


def _added(
    image: Grey, lump: Lump, middle: tuple[int, int], bright: float, free: NDArray[np.bool_]
) -> list[float]:
    """Add the lump's shadow to ``image`` in place, nowhere above ``bright``, and take its place from
    ``free``; returns its box."""
    side, reach = image.shape[0], lump.thickness.shape[0] // 2
    left, top = middle[0] - reach, middle[1] - reach
    here = (slice(max(top, 0), min(top + 2 * reach, side)), slice(max(left, 0), min(left + 2 * reach, side)))
    there = tuple(
        slice(one.start - first, one.stop - first) for one, first in zip(here, (top, left), strict=True)
    )
    room = np.maximum(bright - image[here], 1e-3)
    shadow = (0.06 + 2.0 * lump.diameter) * lump.dense * lump.thickness[there]
    image[here] += room * (1 - np.exp(-shadow / room))
    free[here] = False
    seen = lump.thickness > 0.15 * lump.thickness.max()
    rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    centre = left + (columns[0] + columns[-1] + 1) / 2, top + (rows[0] + rows[-1] + 1) / 2
    half = LOOSE * (columns[-1] + 1 - columns[0]) / 2, LOOSE * (rows[-1] + 1 - rows[0]) / 2
    box = [centre[0] - half[0], centre[1] - half[1], centre[0] + half[0], centre[1] + half[1]]
    return [float(edge) for edge in np.clip(box, 0, side)]
