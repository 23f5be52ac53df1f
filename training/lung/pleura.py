"""Air and fluid between lung and chest wall, laid onto films that show none.

Air (pneumothorax): the lung draws back from the wall towards its root. Between the two no vessel is seen and
it is a little darker, the lung is a little denser, and its rim is a fine bright line. Fluid (effusion) lies
lowest and climbs along the wall: what is behind it fades into white, upwards by and by (both as in any
textbook of chest radiography, e.g. Felson's Principles of Chest Roentgenology).
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.random import Generator

from training.lung.tissue import Box, Grey, Mask, shadow

THINNEST: Final = 0.012  # of the side: less air than that is not seen
# How often; how much of its width and height a lung keeps; how far down the root lies to which it draws back:
# above and beside, below, all around.
DRAWN_BACK: Final = (
    (0.7, (0.7, 0.98), (0.68, 0.95), 1.0),
    (0.12, (0.75, 0.98), (0.75, 0.93), 0.0),
    (0.18, (0.5, 0.85), (0.6, 0.9), 0.6),
)


def air(image: Grey, field: Mask, bright: float, rng: Generator) -> Box | None:
    """Let the lung of ``field`` draw back, in place; ``bright`` as soft tissue is. Returns the box around the
    air, or None, the film untouched, where there would be too little."""
    side = image.shape[0]
    lung = _drawn_back(field, rng)
    gap = field & ~lung
    depth = cv2.distanceTransform(gap.astype(np.uint8), cv2.DIST_L2, 3)
    if depth.max() < THINNEST * side:
        return None
    contrast = max(bright - float(np.median(image[field])), 0.05)
    empty = cv2.GaussianBlur(gap.astype(np.float32), (0, 0), 1.2)
    smooth = cv2.GaussianBlur(image, (0, 0), side * rng.uniform(0.006, 0.012))
    image += empty * rng.uniform(0.5, 1.0) * (smooth - image)
    image -= empty * rng.uniform(0.0, 0.2) * contrast
    image += cv2.GaussianBlur(lung.astype(np.float32), (0, 0), 3.0) * rng.uniform(0.0, 0.15) * contrast
    image += _rim(lung, field) * _towards_the_wall(field) * rng.uniform(0.15, 0.5) * contrast
    return _around(cv2.morphologyEx(gap.astype(np.uint8), cv2.MORPH_OPEN, _disc(0.5 * depth.max())))


def _drawn_back(field: Mask, rng: Generator) -> Mask:
    """Where the lung is afterwards."""
    shares = np.array([share for share, *_ in DRAWN_BACK])
    _, wide, high, height = DRAWN_BACK[int(rng.choice(len(shares), p=shares))]
    rows, columns = np.nonzero(field)
    inner = columns.max() if columns.mean() < field.shape[1] / 2 else columns.min()
    root = np.array([inner, rows.min() + height * (rows.max() - rows.min())])
    (outline, *_), _ = cv2.findContours(field.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    away = outline[:, 0].astype(np.float64) - root
    angle = np.arctan2(away[:, 1], away[:, 0])
    wavy = 1 + sum(
        rng.normal(0, 0.02 / waves) * np.sin(waves * angle + rng.uniform(0, 2 * np.pi)) for waves in (2, 3, 5)
    )
    kept = root + away * np.array([rng.uniform(*wide), rng.uniform(*high)]) * np.asarray(wavy)[:, None]
    drawn = cv2.fillPoly(np.zeros(field.shape, np.uint8), [np.round(kept).astype(np.int32)], 1)
    return np.asarray((drawn > 0) & field)


def _rim(lung: Mask, field: Mask) -> Grey:
    """(S, S), 1 on the lung's rim where it is away from the wall."""
    body = lung.astype(np.uint8)
    inside = cv2.erode(field.astype(np.uint8), _disc(2.5))
    rim = (body - cv2.erode(body, _disc(1.0))) * inside
    return np.asarray(cv2.GaussianBlur(rim.astype(np.float32), (0, 0), 0.6))


def _towards_the_wall(field: Mask) -> Grey:
    """(S, S), 1 beside and above, 0 towards the heart and the diaphragm, where no rim is seen."""
    rows, columns = np.nonzero(field)
    wide, high = max(np.ptp(columns), 1), max(np.ptp(rows), 1)
    down, across = np.mgrid[: field.shape[0], : field.shape[1]].astype(np.float32)
    left = columns.mean() < field.shape[1] / 2
    inwards = (across - columns.min() if left else columns.max() - across) / wide
    height = (rows.max() - down) / high
    wall = np.clip((0.65 - inwards) / 0.1, 0, 1) * np.clip((height - 0.05) / 0.1, 0, 1)
    return np.asarray(np.maximum(wall, np.clip((height - 0.7) / 0.1, 0, 1)), dtype=np.float32)


def fluid(image: Grey, field: Mask, bright: float, rng: Generator) -> Box:
    """Let fluid lie in the chest of ``field``, in place; ``bright`` as soft tissue is. Returns the box around
    it."""
    side = image.shape[0]
    rows, columns = np.nonzero(field)
    top, bottom, left, right = rows.min(), rows.max(), columns.min(), columns.max()
    level = bottom - (bottom - top) * float(np.exp(rng.uniform(np.log(0.05), np.log(0.7))))
    across = np.arange(side, dtype=np.float32)
    beside = (across - left if columns.mean() < side / 2 else right - across) / max(right - left, 1)
    climbs = rng.uniform(0.02, 0.14) * np.exp(-np.maximum(beside, 0) / rng.uniform(0.1, 0.4))
    surface = level - side * climbs + side * rng.uniform(-0.03, 0.06) * beside
    soft = side * rng.uniform(0.02, 0.12)
    deep = np.clip((np.arange(side, dtype=np.float32)[:, None] - surface) / soft, 0, 1.5)
    loose = round(0.03 * side)
    deep[:, : max(left - loose, 0)] = 0
    deep[:, right + loose :] = 0
    deep *= np.clip(1 - (np.arange(side)[:, None] - bottom - 2 * loose) / (4 * loose), 0, 1)
    thickness = cv2.GaussianBlur(deep.astype(np.float32), (0, 0), sigmaX=side * 0.025, sigmaY=side * 0.012)
    image += shadow(thickness * rng.uniform(0.1, 0.5), image, bright)
    seen = (deep > 0.3) & (np.arange(side)[:, None] < bottom + loose)
    return _around(seen.astype(np.uint8)) or [float(left), float(level), float(right), float(bottom)]


def _disc(radius: float) -> Grey:
    size = 2 * max(1, round(radius)) + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)))


def _around(mask: Grey) -> Box | None:
    """Left, top, right, bottom of the largest part."""
    count, _, boxes, _ = cv2.connectedComponentsWithStats(mask)
    if count < 2:
        return None
    left, top, width, height = boxes[1 + int(boxes[1:, cv2.CC_STAT_AREA].argmax()), :4].tolist()
    return [float(left), float(top), float(left + width), float(top + height)]
