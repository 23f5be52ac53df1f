"""The one preprocessing: what must not change what a film shows to the network."""

from __future__ import annotations

import time

import numpy as np
import pytest
from numpy.typing import NDArray

from classifiers.prepare import prepare


def film(height: int = 300, width: int = 200) -> NDArray[np.float32]:
    """A smooth bright blob with a brighter shaft, on black."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    blob = np.exp(-(((x - width / 2) / (0.3 * width)) ** 2) - ((y - height / 2) / (0.3 * height)) ** 2)
    shaft = 0.5 * (np.abs(x - width / 2) < 0.05 * width)
    return np.asarray(np.clip(0.6 * blob + shaft * blob, 0, 1), dtype=np.float32)


@pytest.mark.parametrize(
    ("height", "width", "side"), [(300, 200, 224), (64, 900, 192), (1, 1, 96), (2000, 1500, 160)]
)
def test_any_film_becomes_a_square_of_the_asked_size(height: int, width: int, side: int) -> None:
    square = prepare(film(height, width), side=side)
    assert square.shape == (side, side)
    assert square.dtype == np.float32
    assert square.min() >= 0.0
    assert square.max() <= 1.0


@pytest.mark.parametrize("grey", [0.0, 0.2, 1.0])
def test_a_flat_border_of_any_grey_is_cut_off(grey: float) -> None:
    inner = 0.9 * film() + 0.05
    bordered = np.pad(inner, ((60, 40), (50, 70)), constant_values=grey).astype(np.float32)
    assert np.abs(prepare(bordered, side=128) - prepare(inner, side=128)).mean() < 0.03


def test_brightness_and_contrast_of_the_sender_do_not_matter() -> None:
    assert np.abs(prepare(0.3 + 0.4 * film(), side=128) - prepare(film(), side=128)).max() < 0.02


def test_a_film_keeps_its_shape() -> None:
    square = prepare(np.random.default_rng(1).random((400, 100)).astype(np.float32), side=200)
    assert (square[:, 70:130] > 0).mean() > 0.5
    assert square[:, :70].max() == 0.0


def test_a_film_without_contrast_becomes_black() -> None:
    assert prepare(np.full((100, 80), 0.7, dtype=np.float32), side=64).max() == 0.0


@pytest.mark.parametrize("shape", [(0, 10), (10, 10, 3)])
def test_what_is_not_a_film_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="a film is a grey image"):
        prepare(np.zeros(shape, dtype=np.float32), side=64)


def test_the_same_film_twice_gives_the_same_input() -> None:
    assert np.array_equal(prepare(film(), side=192), prepare(film(), side=192))


def test_it_costs_a_few_milliseconds() -> None:
    large = film(1024, 1024)
    prepare(large, side=192)
    times = []
    for _ in range(15):
        start = time.perf_counter()
        prepare(large, side=192)
        times.append(time.perf_counter() - start)
    assert min(times) < 0.02  # 5 ms alone on a core; the machine of a test may be busy
