"""Batches of films to learn from, each changed anew in ways that leave what it shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from classifiers.prepare import prepare
from router.views import NNCPR_VIEWS, OTHER
from training.films import ANY_WAY_ROUND, UNKNOWN, Example
from training.looks import Look, looks_of, processed, restyled
from training.shapes import aslant, banded, bent, cropped, moved
from training.simulate.film import floats
from training.simulate.views import LABELS

Image = NDArray[np.float32]
LYING = frozenset(LABELS.index(name) for name in ("abdomen_ap", "abdomen_left_lateral_decubitus"))
QUARTER_TURNED = {True: 0.45, False: 0.2}  # of the films of views with an upright, and of the others
SELDOM = 0.6  # of how often one of the thirty views comes, for the other labels
OTHER_SHARE = 4  # how many views' worth of films show none of them
ASLANT = 0.12  # of the films of limbs lie aslant on a larger plate, their shutters with them
BANDED = 0.04  # of the films have an edge that no rays, or nothing but rays, reached
BENT = 0.3  # of the films show a body of other proportions


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
    often = [_often(views) for views in by_view]
    looks = looks_of([example.pixels for pool, _ in pools[1:] for example in pool], rng, side)
    while True:
        rows = []
        for (_, count), views, odds, may_flip in zip(pools, by_view, often, flip, strict=True):
            for _ in range(count):
                view = views[int(rng.choice(len(views), p=odds))]
                rows.append(_row(view[int(rng.integers(len(view)))], rng, looks, side=side, flip=may_flip))
        yield _stacked(rows)


def _often(views: Sequence[Sequence[Example]]) -> NDArray[np.float64]:
    """How often each view comes, as odds that sum to 1; ``other`` is told apart as well as the thirty."""
    shown = [LABELS[view[0].view] for view in views]
    odds = np.array([1.0 if label in NNCPR_VIEWS or label == OTHER else SELDOM for label in shown])
    return np.asarray(odds / odds.sum())


def _by_view(pool: Sequence[Example]) -> list[list[Example]]:
    groups: dict[int, list[Example]] = {}
    for example in pool:
        groups.setdefault(example.view * 4 + example.projection, []).append(example)
    other = groups.get(LABELS.index(OTHER) * 4 + UNKNOWN)
    return list(groups.values()) + [other] * (OTHER_SHARE - 1 if other else 0)  # type: ignore[list-item]


Row = tuple[Image, int, float, int, int]


def _row(example: Example, rng: Generator, looks: Sequence[Look], *, side: int, flip: bool) -> Row:
    pixels, upright = cropped(example.pixels, rng), LABELS[example.view] not in ANY_WAY_ROUND
    if flip and rng.random() < 0.5:
        pixels = pixels[:, ::-1]
    if rng.random() < BANDED:
        pixels = banded(pixels, rng)
    if not upright and rng.random() < ASLANT:
        pixels = aslant(pixels, rng)
    turns = int(rng.integers(1, 4)) if rng.random() < QUARTER_TURNED[upright] else 0
    image = prepare(floats(np.rot90(pixels, turns)), side=side)
    known = 0.0 if turns % 2 and example.view in LYING else 1.0
    rotation = UNKNOWN if example.upside == UNKNOWN else (example.upside + turns) % 4
    image = moved(image, rng)
    if rng.random() < BENT:
        image = bent(image, rng)
    image = restyled(image, rng, looks)
    return processed(image, rng), example.view, known, example.projection, rotation


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
