"""Which signs are laid onto which films, and what the films teach then."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from training.detect.example import BoxedFilm
from training.lung.films import LABELS
from training.lung.laid import LUMPY, ODDS, laid

SEEDS = range(40)
KINDS = pytest.mark.parametrize("label", sorted(ODDS), ids=lambda label: LABELS[label])


def _laid(film: BoxedFilm, seed: int) -> BoxedFilm:
    found = laid(film, np.random.default_rng(seed))
    assert found is not None
    return found


def _told(film: BoxedFilm, *labels: int, value: float = 1.0) -> BoxedFilm:
    image = film.image.copy()
    image[list(labels)] = value
    return replace(film, image=image)


@KINDS
def test_boxes_say_what_was_laid_and_the_film_nothing_of_it(chest: BoxedFilm, label: int) -> None:
    others = [one for one in ODDS if one != label and not (one in LUMPY and label in LUMPY)]
    for seed in SEEDS:
        film = _told(chest, *others)
        found = laid(film, np.random.default_rng(seed))
        if found is None:  # too little air to see
            continue
        assert len(found.boxes) == len(found.labels) > 0
        (drawn,) = set(found.labels.tolist())
        assert drawn == label or {drawn, label} == set(LUMPY)
        assert np.flatnonzero(np.isnan(found.image)).tolist() == [drawn]
        np.testing.assert_array_equal(found.known, film.known)
        assert (found.boxes >= 0).all() and (found.boxes <= len(film.pixels)).all()
        assert (found.boxes[:, :2] < found.boxes[:, 2:]).all()


def test_every_kind_comes(chest: BoxedFilm) -> None:
    found = [laid(chest, np.random.default_rng(seed)) for seed in range(60)]
    assert {int(one.labels[0]) for one in found if one is not None} == set(ODDS)


@pytest.mark.parametrize("value", [1.0, np.nan])
def test_a_film_gets_nothing_that_it_may_have_of_its_own(chest: BoxedFilm, value: float) -> None:
    assert laid(_told(chest, *ODDS, value=value), np.random.default_rng(1)) is None


@pytest.mark.parametrize("label", LUMPY)
@pytest.mark.parametrize("value", [1.0, np.nan])
def test_a_film_with_one_kind_of_lump_gets_neither(chest: BoxedFilm, label: int, value: float) -> None:
    film = _told(chest, label, value=value)
    for seed in SEEDS:
        found = laid(film, np.random.default_rng(seed))
        assert found is None or not set(found.labels.tolist()) & set(LUMPY)


def test_boxes_that_were_there_stay(chest: BoxedFilm) -> None:
    film = replace(chest, boxes=np.array([[1, 2, 3, 4]], dtype=np.float32), labels=np.array([1]))
    found = _laid(film, 2)
    assert found.boxes[0].tolist() == [1, 2, 3, 4] and found.labels[0] == 1


def test_a_film_without_a_lung_gets_none(chest: BoxedFilm) -> None:
    blank = replace(chest, pixels=np.full_like(chest.pixels, 180))
    assert laid(blank, np.random.default_rng(1)) is None


def test_the_same_seed_lays_the_same_signs(chest: BoxedFilm) -> None:
    one, two = _laid(chest, 3), _laid(chest, 3)
    np.testing.assert_array_equal(one.pixels, two.pixels)
    np.testing.assert_array_equal(one.boxes, two.boxes)
