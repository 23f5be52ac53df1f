"""Where a frontal chest film shows its lungs."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from training.lung.tissue import Grey, Mask

# Middle and half axes of where a frontal film shows its lungs, parts of the film.
LUNGS: Final = ((0.3, 0.45, 0.16, 0.3), (0.7, 0.45, 0.16, 0.3))
LEAST: Final = 0.02  # of a film: what is smaller than that and dark is no lung
AIR: Final = 0.12  # grey of the air around a patient, at most


def lungs(image: Grey) -> Mask:
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


def fields(free: Mask) -> list[Mask]:
    """The lungs of ``lungs`` one by one, each without gaps and dents: what heart and diaphragm leave of a
    side of the chest."""
    side = free.shape[0]
    halves = []
    for half in (slice(0, side // 2), slice(side // 2, side)):
        here = np.zeros(free.shape, dtype=np.uint8)
        here[:, half] = free[:, half]
        if here.sum() > LEAST * free.size:
            outline = cv2.convexHull(cv2.findNonZero(here))
            halves.append(cv2.fillConvexPoly(np.zeros_like(here), outline, 1) > 0)
    return halves


def _around(soft: Grey) -> Mask:
    """The air around the patient: black, up to the film's edge."""
    _, parts = cv2.connectedComponents((soft < AIR).astype(np.uint8))
    edge = np.unique(np.concatenate([parts[[0, -1]].ravel(), parts[:, [0, -1]].ravel()]))
    return np.isin(parts, edge[edge > 0])
