"""Lumps laid onto a made-up chest."""

from __future__ import annotations

import numpy as np
import pytest

from training.detect.example import BoxedFilm
from training.lung.lumps import DIAMETERS, MASS, NODULE, drawn, lumps
from training.lung.lungs import lungs
from training.lung.tissue import Box, Grey

BRIGHT = 0.7
LABELS_OF_LUMPS = pytest.mark.parametrize("label", [NODULE, MASS])
SEEDS = range(25)


def _laid(chest: BoxedFilm, label: int, seed: int) -> tuple[Grey, Grey, list[Box]]:
    """The film before and after, and the boxes."""
    before = chest.pixels.astype(np.float32) / 255
    after = before.copy()
    return before, after, lumps(after, lungs(before), label, BRIGHT, np.random.default_rng(seed))


@LABELS_OF_LUMPS
def test_a_film_is_brighter_within_the_boxes_and_as_it_was_elsewhere(chest: BoxedFilm, label: int) -> None:
    for seed in SEEDS:
        before, after, boxes = _laid(chest, label, seed)
        added = after - before
        assert added.min() >= 0
        assert after.max() <= max(before.max(), BRIGHT) + 2e-3
        inside = np.zeros(added.shape, dtype=bool)
        for left, top, right, bottom in boxes:
            here = np.s_[int(top) : int(np.ceil(bottom)), int(left) : int(np.ceil(right))]
            inside[here] = True
            assert added[here].max() >= 0.02  # something to see in every box
        assert (added[~inside] <= 0.25 * added.max()).all()


@LABELS_OF_LUMPS
def test_boxes_are_as_large_as_what_was_laid(chest: BoxedFilm, label: int) -> None:
    low, high = DIAMETERS[label]
    for seed in SEEDS:
        before, _, boxes = _laid(chest, label, seed)
        edges = np.array(boxes)
        sizes = np.sqrt(np.prod(edges[:, 2:] - edges[:, :2], axis=1)) / before.shape[0]
        assert (sizes > 0.8 * low).all() and (sizes < 1.8 * high).all()


def test_a_mass_comes_alone_and_some_nodules_in_company(chest: BoxedFilm) -> None:
    assert {len(_laid(chest, MASS, seed)[2]) for seed in SEEDS} == {1}
    assert {len(_laid(chest, NODULE, seed)[2]) for seed in SEEDS} >= {1, 2}


def test_a_lump_is_thickest_inside_and_nothing_at_its_edge(chest: BoxedFilm) -> None:
    for seed in SEEDS:
        lump = drawn(chest.pixels.shape[0], DIAMETERS[MASS], np.random.default_rng(seed))
        rim = np.concatenate([lump.thickness[[0, -1]].ravel(), lump.thickness[:, [0, -1]].ravel()])
        assert rim.max() < 0.2 * lump.thickness.max()
