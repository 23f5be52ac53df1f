"""Air and fluid laid onto a made-up chest with vessels in its lungs."""

from __future__ import annotations

import numpy as np
import pytest

from training.detect.example import BoxedFilm
from training.lung.bands import airless
from training.lung.lungs import fields, lungs
from training.lung.pleura import air, fluid
from training.lung.tissue import Grey, Mask

BRIGHT = 0.7
SEEDS = range(25)


@pytest.fixture
def image(chest: BoxedFilm) -> Grey:
    """With vessels: a fine pattern within the lungs."""
    plain = chest.pixels.astype(np.float32) / 255
    down, across = np.mgrid[: plain.shape[0], : plain.shape[1]]
    vessels = 0.04 * np.sin(1.6 * across) * np.sin(1.6 * down)
    return np.asarray(plain + np.where((plain > 0.2) & (plain < 0.4), vessels, 0), dtype=np.float32)


@pytest.fixture
def field(image: Grey) -> Mask:
    return fields(lungs(image))[0]


def _within(box: list[float]) -> tuple[slice, slice]:
    left, top, right, bottom = box
    return slice(int(top), int(np.ceil(bottom))), slice(int(left), int(np.ceil(right)))


def _fine(image: Grey) -> Grey:
    """How much neighbours differ."""
    return np.abs(np.diff(image, axis=1, append=image[:, -1:]))


def test_where_air_is_no_vessels_are_seen(image: Grey, field: Mask) -> None:
    found = 0
    for seed in SEEDS:
        after = image.copy()
        box = air(after, field, BRIGHT, np.random.default_rng(seed))
        if box is None:
            np.testing.assert_array_equal(after, image)
            continue
        found += 1
        changed = np.abs(after - image) > 1e-3
        assert changed[_within(box)].any()
        gone = (_fine(after) < 0.8 * _fine(image)) & field
        assert gone[_within(box)].sum() > 0.05 * field[_within(box)].sum()
    assert found > len(SEEDS) / 2


def test_air_leaves_the_other_lung_alone(image: Grey, field: Mask) -> None:
    other = fields(lungs(image))[1]
    for seed in SEEDS:
        after = image.copy()
        air(after, field, BRIGHT, np.random.default_rng(seed))
        np.testing.assert_allclose(after[other], image[other], atol=1e-3)


def test_fluid_lies_lowest_and_is_as_bright_as_soft_tissue_at_most(image: Grey, field: Mask) -> None:
    rows = np.flatnonzero(field.any(axis=1))
    for seed in SEEDS:
        after = image.copy()
        left, top, right, bottom = fluid(after, field, BRIGHT, np.random.default_rng(seed))
        added = after - image
        assert added.min() >= 0 and after.max() <= max(image.max(), BRIGHT) + 2e-3
        assert bottom >= rows[-1]
        assert added[field][-40:].mean() > added[field][:40].mean()
        assert left < right and rows[0] - 0.2 * len(after) < top < bottom


def test_a_lung_without_air_is_brighter_within_its_box(image: Grey, field: Mask) -> None:
    for seed in SEEDS:
        after = image.copy()
        box = airless(after, field, BRIGHT, np.random.default_rng(seed))
        added = after - image
        assert added.min() >= 0
        assert added.max() == added[_within(box)].max() > 0.005
        wide, high = np.subtract(box[2:], box[:2]) / len(after)
        assert 0.02 < wide < 0.5 and 0.02 < high < 0.5
