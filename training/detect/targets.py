"""What the network should say at each place of a film, and how much each place counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.detect.example import BoxedFilm
from training.detect.network import HEAT_STRIDE, STRIDES, places

Floats = NDArray[np.float32]
MIDDLE = 0.4  # of a box's half sides: within this ellipse around its centre a place should find it
NEAREST = 0.75  # strides from the centre within which a place always should
SIZES = {
    8: (0.0, 0.2),
    16: (0.1, 0.4),
    32: (0.25, 9.0),
}  # of the side: box sizes (root of the area) of a level


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Arrays of one training step, N films. ``inputs``: what the network takes, images (N, S, S, 1) or
    features, a list where there are several levels. Weights are 0 where nothing is known."""

    inputs: NDArray[Any] | list[NDArray[Any]]
    found: Floats  # (N, A, K) 1 where the place should find the label
    found_weight: Floats  # (N, A, K)
    boxes: Floats  # (N, A, 4) input pixels
    box_weight: Floats  # (N, A)
    heat: Floats  # (N, h, w, K) 1 within boxes
    heat_weight: Floats  # (N, K)
    image: Floats  # (N, K)
    image_weight: Floats  # (N, K)
    extra: Floats  # (N, E)
    extra_weight: Floats  # (N, E)


def batch_of(
    inputs: NDArray[Any] | list[NDArray[Any]], films: Sequence[BoxedFilm], *, side: int, labels: int
) -> Batch:
    """``films``: square, ``side`` pixels. Their ``image`` may be longer than ``labels``: beyond are the
    ``extra`` labels."""
    rows = [_places(film, side, labels) for film in films]
    heats = [_heat(film, side, labels) for film in films]
    said = np.stack([film.image for film in films])
    sure, said = np.isfinite(said).astype(np.float32), np.nan_to_num(said)
    return Batch(
        inputs=inputs,
        found=np.stack([row[0] for row in rows]),
        found_weight=np.stack([row[1] for row in rows]),
        boxes=np.stack([row[2] for row in rows]),
        box_weight=np.stack([row[3] for row in rows]),
        heat=np.stack(heats),
        heat_weight=np.stack([_sure(film, labels) for film in films]),
        image=said[:, :labels],
        image_weight=sure[:, :labels],
        extra=said[:, labels:],
        extra_weight=sure[:, labels:],
    )


def _sure(film: BoxedFilm, labels: int) -> Floats:
    """Labels whose every place is known on this film: with boxes, or with none because it is not there."""
    return film.known[:labels].astype(np.float32)


def _places(film: BoxedFilm, side: int, labels: int) -> tuple[Floats, Floats, Floats, Floats]:
    points = places(side)
    strides = np.concatenate([np.full((side // stride) ** 2, stride) for stride in STRIDES])
    found = np.zeros((len(points), labels), dtype=np.float32)
    weight = np.tile(_sure(film, labels), (len(points), 1))
    boxes = np.zeros((len(points), 4), dtype=np.float32)
    taken = np.zeros(len(points), dtype=np.float32)
    largest_first = np.argsort(-np.prod(film.boxes[:, 2:] - film.boxes[:, :2], axis=1))
    for box, label in zip(film.boxes[largest_first], film.labels[largest_first], strict=True):
        here = _near(points, strides, box, side)
        other = here & (taken > 0) & (_overlap(boxes, box) < 0.6)  # one place cannot say two boxes
        weight[other[:, None] & (found > 0)] = 0
        found[here, label], weight[here, label] = 1, 1
        boxes[here], taken[here] = box, 1
    return found, weight, boxes, taken


def _near(points: Floats, strides: NDArray[np.int64], box: Floats, side: int) -> NDArray[np.bool_]:
    centre, half = (box[:2] + box[2:]) / 2, np.maximum((box[2:] - box[:2]) / 2, 1.0)
    size = np.sqrt(np.prod(2 * half)) / side
    fits = np.zeros(len(points), dtype=bool)
    for stride, (low, high) in SIZES.items():
        if low <= size < high:
            fits |= strides == stride
    away = np.abs(points - centre)
    middle = np.square(away / (MIDDLE * half)).sum(axis=1) <= 1
    near = (away <= NEAREST * strides[:, None]).all(axis=1)
    here = fits & (middle | near) & (away < half).all(axis=1)
    if not here.any():  # a box smaller than a place: the nearest one has it
        here[np.flatnonzero(fits)[np.argmin(np.square(away[fits]).sum(axis=1))]] = True
    return np.asarray(here)


def _overlap(boxes: Floats, box: Floats) -> Floats:
    """Intersection over union of each of (A, 4) with one."""
    shared = np.prod(
        np.clip(np.minimum(boxes[:, 2:], box[2:]) - np.maximum(boxes[:, :2], box[:2]), 0, None), axis=1
    )
    both = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1) + np.prod(box[2:] - box[:2])
    return np.asarray(shared / np.maximum(both - shared, 1e-6))


def _heat(film: BoxedFilm, side: int, labels: int) -> Floats:
    cells = side // HEAT_STRIDE
    heat = np.zeros((cells, cells, labels), dtype=np.float32)
    line = (np.arange(cells) + 0.5) * HEAT_STRIDE
    for (left, top, right, bottom), label in zip(film.boxes, film.labels, strict=True):
        rows, columns = _within(line, top, bottom), _within(line, left, right)
        heat[np.outer(rows, columns), label] = 1
    return heat


def _within(line: NDArray[np.floating[Any]], low: float, high: float) -> NDArray[np.bool_]:
    """Cells whose middle lies between, and at least the nearest one."""
    inside = (line >= low) & (line <= high)
    inside[np.argmin(np.abs(line - (low + high) / 2))] = True
    return np.asarray(inside)
