"""What may change on a film without changing what it shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from classifiers.prepare import prepare
from router.views import OTHER
from training.films import UNKNOWN, Example
from training.simulate.film import floats
from training.simulate.views import LABELS

Image = NDArray[np.float32]
LYING = frozenset(LABELS.index(name) for name in ("abdomen_ap", "abdomen_left_lateral_decubitus"))
QUARTER_TURNED = 0.15  # of the films
OTHER_SHARE = 4  # how many views' worth of films show none of them


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Arrays of one training step; a weight of 0 means: not known for this film."""

    images: Image  # (N, side, side, 1)
    views: NDArray[np.int32]
    view_weights: Image
    projections: NDArray[np.int32]
    projection_weights: Image
    rotations: NDArray[np.int32]
    rotation_weights: Image


def batches(
    pools: Sequence[tuple[Sequence[Example], int]], *, side: int, seed: int, flip: Sequence[bool]
) -> Iterator[Batch]:
    """Endless batches with a fixed number from each pool; within a pool every view comes equally often."""
    rng = np.random.default_rng(seed)
    by_view = [_by_view(pool) for pool, _ in pools]
    while True:
        rows = []
        for (_, count), views, may_flip in zip(pools, by_view, flip, strict=True):
            for _ in range(count):
                view = views[int(rng.integers(len(views)))]
                rows.append(_row(view[int(rng.integers(len(view)))], rng, side=side, flip=may_flip))
        yield _stacked(rows)


def _by_view(pool: Sequence[Example]) -> list[list[Example]]:
    groups: dict[int, list[Example]] = {}
    for example in pool:
        groups.setdefault(example.view * 4 + example.projection, []).append(example)
    other = groups.get(LABELS.index(OTHER) * 4 + UNKNOWN)
    return list(groups.values()) + [other] * (OTHER_SHARE - 1 if other else 0)  # type: ignore[list-item]


Row = tuple[Image, int, float, int, int]


def _row(example: Example, rng: Generator, *, side: int, flip: bool) -> Row:
    pixels = cropped(example.pixels, rng)
    if flip and rng.random() < 0.5:
        pixels = pixels[:, ::-1]
    turns = int(rng.integers(1, 4)) if rng.random() < QUARTER_TURNED else 0
    image = prepare(floats(np.rot90(pixels, turns)), side=side)
    known = 0.0 if turns % 2 and example.view in LYING else 1.0
    rotation = UNKNOWN if example.upside == UNKNOWN else (example.upside + turns) % 4
    return _processed(_moved(image, rng), rng), example.view, known, example.projection, rotation


def cropped(pixels: NDArray[np.uint8], rng: Generator) -> NDArray[np.uint8]:
    """A random part of a film, each edge up to 13 % away."""
    if rng.random() < 0.3:
        return pixels
    height, width = pixels.shape
    cut = rng.uniform(0, 0.13, 4) * (rng.random(4) < 0.6)
    return pixels[
        int(cut[0] * height) : int((1 - cut[1]) * height) + 1,
        int(cut[2] * width) : int((1 - cut[3]) * width) + 1,
    ]


def _moved(image: Image, rng: Generator) -> Image:
    side = image.shape[0]
    matrix = cv2.getRotationMatrix2D(
        (side / 2, side / 2), float(rng.normal(0, 6)), float(rng.uniform(0.84, 1.12))
    )
    matrix[:, :2] = matrix[:, :2] @ np.diag(np.exp(rng.normal(0, 0.05, 2)))
    centre = matrix[:, :2] @ [side / 2, side / 2]
    matrix[:, 2] = side / 2 - centre + rng.uniform(-0.05, 0.05, 2) * side
    return np.asarray(cv2.warpAffine(image, matrix, (side, side), flags=cv2.INTER_LINEAR), dtype=np.float32)


def _processed(image: Image, rng: Generator) -> Image:
    side = image.shape[0]
    if rng.random() < 0.12:
        tiles = int(rng.integers(2, 6))
        curve = cv2.createCLAHE(clipLimit=float(rng.uniform(1.5, 4)), tileGridSize=(tiles, tiles))
        image = floats(curve.apply((image * 255).astype(np.uint8)))
    if rng.random() < 0.25:
        image = cv2.GaussianBlur(image, (0, 0), float(rng.uniform(0.4, 1.4)))
    if rng.random() < 0.3:
        soft = cv2.GaussianBlur(image, (0, 0), float(rng.uniform(1, 4)))
        image = image + rng.uniform(0.2, 1.2) * (image - soft)
    image = np.clip(image, 0, 1) ** rng.uniform(0.6, 1.6)
    image = np.clip(image * rng.uniform(0.75, 1.2) + rng.uniform(-0.1, 0.12), 0, 1)
    if rng.random() < 0.3:
        image = image + rng.normal(0, rng.uniform(0.005, 0.05), image.shape).astype(np.float32)
    if rng.random() < 0.25:
        top, left = (int(value) for value in rng.integers(0, side - 8, 2))
        height, width = (int(value) for value in rng.integers(8, side // 3, 2))
        image[top : top + height, left : left + width] = rng.uniform(0, 1)
    return np.asarray(np.clip(image, 0, 1), dtype=np.float32)


def _stacked(rows: Sequence[Row]) -> Batch:
    images, views, known, projections, rotations = zip(*rows, strict=True)
    beam, turn = np.array(projections, dtype=np.int32), np.array(rotations, dtype=np.int32)
    return Batch(
        images=np.stack(images)[..., None],
        views=np.array(views, dtype=np.int32),
        view_weights=np.array(known, dtype=np.float32),
        projections=np.maximum(beam, 0),
        projection_weights=(beam != UNKNOWN).astype(np.float32),
        rotations=np.maximum(turn, 0),
        rotation_weights=(turn != UNKNOWN).astype(np.float32),
    )
