"""Where a box's places are, and what is not taught."""

from __future__ import annotations

import numpy as np
import pytest

from training.detect.example import BoxedFilm
from training.detect.network import STRIDES, places
from training.detect.targets import batch_of

SIDE = 128


def film(
    *boxes: tuple[float, float, float, float], labels: tuple[int, ...] = (), known: float = 1
) -> BoxedFilm:
    return BoxedFilm(
        pixels=np.zeros((SIDE, SIDE), dtype=np.uint8),
        boxes=np.array(boxes, dtype=np.float32).reshape(-1, 4),
        labels=np.array(labels, dtype=np.int64),
        image=np.array([1, np.nan, 0], dtype=np.float32),
        known=np.full(2, known, dtype=np.float32),
    )


def batch(one: BoxedFilm):  # type: ignore[no-untyped-def]
    return batch_of(np.zeros((1, SIDE, SIDE, 1), dtype=np.float32), [one], side=SIDE, labels=2)


@pytest.mark.parametrize(
    ("box", "strides"),
    [((60, 60, 64, 64), {8}), ((50, 50, 72, 72), {8, 16}), ((20, 30, 110, 120), {32})],
    ids=["a dot", "a fifth of the film", "most of the film"],
)
def test_a_box_is_found_by_places_near_its_middle_on_the_levels_of_its_size(box, strides):  # type: ignore[no-untyped-def]
    arrays = batch(film(box, labels=(1,)))
    here = np.flatnonzero(arrays.found[0, :, 1])
    level = np.concatenate([np.full((SIDE // stride) ** 2, stride) for stride in STRIDES])
    assert set(level[here].tolist()) == strides
    middle = np.array([(box[0] + box[2]) / 2, (box[1] + box[3]) / 2])
    away = np.abs(places(SIDE)[here] - middle).max()
    assert away <= max(box[2] - box[0], 16) / 2
    assert (arrays.boxes[0, here] == np.array(box, dtype=np.float32)).all()
    assert not arrays.found[0, :, 0].any()


def test_where_a_label_may_be_anywhere_no_place_is_taught_its_absence() -> None:
    arrays = batch(film(known=0))
    assert not arrays.found_weight.any()
    assert batch(film(known=1)).found_weight.all()


def test_of_two_boxes_around_one_place_the_smaller_is_found_and_the_larger_not_taught_there() -> None:
    arrays = batch(film((20, 20, 108, 108), (44, 44, 84, 84), labels=(0, 1)))
    small = np.flatnonzero(arrays.found[0, :, 1])
    assert (arrays.boxes[0, small] == np.array((44, 44, 84, 84), dtype=np.float32)).all()
    both = small[arrays.found[0, small, 0] > 0]
    assert len(both) and not arrays.found_weight[0, both, 0].any()


def test_an_unknown_label_of_the_film_does_not_count_and_the_further_ones_stand_apart() -> None:
    arrays = batch(film())
    assert arrays.image.tolist() == [[1, 0]] and arrays.image_weight.tolist() == [[1, 0]]
    assert arrays.extra.tolist() == [[0]] and arrays.extra_weight.tolist() == [[1]]
