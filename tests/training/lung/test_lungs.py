"""Where lungs are found on a made-up chest."""

from __future__ import annotations

import numpy as np

from training.detect.example import BoxedFilm
from training.lung.lungs import fields, lungs


def test_the_lungs_are_found_and_neither_air_nor_a_dark_spot(chest: BoxedFilm) -> None:
    spotted = chest.pixels.astype(np.float32) / 255
    spotted[60:64, 78:82] = 0.1
    found = lungs(spotted)
    dark = (chest.pixels > 50) & (chest.pixels < 100)
    assert found[dark].mean() > 0.7
    assert found[~dark].mean() < 0.03


def test_a_lung_is_one_field_whatever_dents_it(chest: BoxedFilm) -> None:
    image = chest.pixels.astype(np.float32) / 255
    image[70:76, :60] = 0.7  # a bright band across one lung
    found = fields(lungs(image))
    assert len(found) == 2
    assert [field[73, column] for field, column in zip(found, (48, 112), strict=True)] == [True, True]
    assert not np.any(found[0] & found[1])


def test_where_no_lung_is_seen_there_is_no_field(chest: BoxedFilm) -> None:
    nothing = np.full(chest.pixels.shape, 0.7, dtype=np.float32)
    assert not lungs(nothing).any()
    assert fields(lungs(nothing)) == []
