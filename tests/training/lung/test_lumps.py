"""Lumps laid onto a made-up chest: two dark lungs in a bright body, darker air around it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from training.detect.example import BoxedFilm
from training.lung.films import EXTRA, LABELS
from training.lung.lumps import DIAMETERS, MASS, NODULE, drawn, laid, lungs

SIDE = 160
SEEDS = range(40)


@pytest.fixture
def film() -> BoxedFilm:
    across, down = np.meshgrid(*[(np.arange(SIDE) + 0.5) / SIDE] * 2)
    body = np.where(np.abs(across - 0.5) < 0.45, 180, 5).astype(np.uint8)
    for middle in (0.3, 0.7):
        lung = ((across - middle) / 0.13) ** 2 + ((down - 0.45) / 0.24) ** 2 < 1
        body[lung] = (60 + 20 * down)[lung]
    return BoxedFilm(
        pixels=body,
        boxes=np.zeros((0, 4), dtype=np.float32),
        labels=np.zeros(0, dtype=np.int64),
        image=np.zeros(len(LABELS + EXTRA), dtype=np.float32),
        known=np.ones(len(LABELS), dtype=np.float32),
    )


def _laid(film: BoxedFilm, seed: int) -> BoxedFilm:
    found = laid(film, np.random.default_rng(seed))
    assert found is not None
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_a_film_is_brighter_within_the_boxes_and_as_it_was_elsewhere(film: BoxedFilm, seed: int) -> None:
    found = _laid(film, seed)
    added = found.pixels.astype(int) - film.pixels
    assert added.min() >= 0
    assert found.pixels.max() <= film.pixels.max() + 1
    inside = np.zeros(added.shape, dtype=bool)
    for left, top, right, bottom in found.boxes:
        here = np.s_[int(top) : int(np.ceil(bottom)), int(left) : int(np.ceil(right))]
        inside[here] = True
        assert added[here].max() >= 5  # grey levels: something to see in every box
    assert (added[~inside] <= 0.25 * added.max()).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_boxes_say_what_was_laid_and_are_as_large(film: BoxedFilm, seed: int) -> None:
    found = _laid(film, seed)
    assert len(found.boxes) == len(found.labels)
    (label,) = set(found.labels.tolist())
    assert label in (NODULE, MASS)
    assert np.flatnonzero(found.image).tolist() == [label]
    low, high = DIAMETERS[label]
    sizes = np.sqrt(np.prod(found.boxes[:, 2:] - found.boxes[:, :2], axis=1)) / SIDE
    assert (sizes > 0.8 * low).all() and (sizes < 1.8 * high).all()


def test_both_kinds_come_and_some_nodules_in_company(film: BoxedFilm) -> None:
    found = [_laid(film, seed) for seed in SEEDS]
    assert {int(one.labels[0]) for one in found} == {NODULE, MASS}
    assert {len(one.labels) for one in found} >= {1, 2}


@pytest.mark.parametrize("label", [NODULE, MASS])
@pytest.mark.parametrize("told", [1.0, np.nan])
def test_a_film_that_may_have_its_own_gets_none(film: BoxedFilm, label: int, told: float) -> None:
    image = film.image.copy()
    image[label] = told
    assert laid(replace(film, image=image), np.random.default_rng(1)) is None


def test_a_film_without_a_lung_gets_none(film: BoxedFilm) -> None:
    blank = replace(film, pixels=np.full_like(film.pixels, 180))
    assert laid(blank, np.random.default_rng(1)) is None


def test_the_lungs_are_found_and_neither_air_nor_a_dark_spot(film: BoxedFilm) -> None:
    spotted = film.pixels.astype(np.float32) / 255
    spotted[60:64, 78:82] = 0.1
    found = lungs(spotted)
    dark = (film.pixels > 50) & (film.pixels < 100)
    assert found[dark].mean() > 0.7
    assert found[~dark].mean() < 0.03


def test_the_same_seed_lays_the_same_lumps(film: BoxedFilm) -> None:
    one, two = _laid(film, 3), _laid(film, 3)
    np.testing.assert_array_equal(one.pixels, two.pixels)
    np.testing.assert_array_equal(one.boxes, two.boxes)


def test_a_lump_is_thickest_inside_and_nothing_at_its_edge() -> None:
    for seed in SEEDS:
        lump = drawn(SIDE, DIAMETERS[MASS], np.random.default_rng(seed))
        rim = np.concatenate([lump.thickness[[0, -1]].ravel(), lump.thickness[:, [0, -1]].ravel()])
        assert rim.max() < 0.2 * lump.thickness.max()
