"""The one preprocessing: what must not change what a film shows to the network."""

from __future__ import annotations

import time

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from classifiers.prepare import WORKING_SIDE, Placement, prepare, prepared, prepared_square, stretch


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


def as_view_packs_learned_it(image: NDArray[np.float32], side: int) -> NDArray[np.float32]:
    """What the shipped view packs were trained with, written down once more: it must never change."""

    def fit(film: NDArray[np.float32], side: int, *, enlarge: bool) -> NDArray[np.float32]:
        scale = side / max(film.shape)
        if scale >= 1.0 and not enlarge:
            return film
        size = (max(1, round(film.shape[1] * scale)), max(1, round(film.shape[0] * scale)))
        method = cv2.INTER_AREA if scale < 1.0 else cv2.INTER_LINEAR
        return np.asarray(cv2.resize(film, size, interpolation=method), np.float32)

    def window(filled: NDArray[np.float64], within: slice, shape: tuple[int, ...]) -> slice:
        lines = np.flatnonzero(filled > 0.03)
        if lines.size < 20:
            return within
        first, last = within.start + lines[0], within.start + lines[-1] + 1
        margin = int(0.03 * max(shape))
        return slice(max(within.start, first - margin), min(within.stop, last + margin))

    film = stretch(fit(image, 384, enlarge=False))
    kept = []
    for axis in (1, 0):
        lines = np.flatnonzero(film.std(axis=axis) > 0.02)
        kept.append(slice(lines[0], lines[-1] + 1) if lines.size >= 20 else slice(0, film.shape[1 - axis]))
    bright = cv2.GaussianBlur(film[kept[0], kept[1]], (0, 0), 2.0) > 0.28
    rows = window(bright.mean(axis=1), kept[0], film.shape)
    columns = window(bright.mean(axis=0), kept[1], film.shape)
    film = fit(stretch(film[rows, columns]), side, enlarge=True)
    top, left = (side - film.shape[0]) // 2, (side - film.shape[1]) // 2
    return np.pad(film, ((top, side - top - len(film)), (left, side - left - film.shape[1])))


def patterned(seed: int, height: int, width: int) -> NDArray[np.float32]:
    """Smooth blobs in a flat border of some grey."""
    random = np.random.default_rng(seed)
    inner = cv2.GaussianBlur(
        random.random((height, width), np.float32), (0, 0), float(random.uniform(0.5, 9))
    )
    inner = (inner - inner.min()) / max(float(np.ptp(inner)), 1e-6)
    borders = random.integers(0, 60, (2, 2))
    return np.pad(inner, borders, constant_values=float(random.random())).astype(np.float32)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 900), st.integers(1, 900), st.integers(8, WORKING_SIDE))
def test_up_to_the_working_side_the_input_is_bit_for_bit_what_view_packs_learned(
    seed: int, height: int, width: int, side: int
) -> None:
    image = patterned(seed, height, width)
    expected = as_view_packs_learned_it(image, side)
    assert np.array_equal(prepare(image, side=side), expected)
    assert np.array_equal(prepared(image, side=side)[0], expected)


def marked(height: int, width: int, box: tuple[int, int, int, int]) -> NDArray[np.float32]:
    """A grey film, textured to its edges, with one white box: left, top, right, bottom."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    image = 0.45 + 0.1 * np.sin(x / 3) * np.sin(y / 3)
    image[box[1] : box[3], box[0] : box[2]] = 1.0
    return np.asarray(image, np.float32)


def white(square: NDArray[np.float32]) -> NDArray[np.float32]:
    """Where the white box lies in the input: (1, 4) in whole pixels, its rim where it is half white."""
    rows, columns = square.max(axis=1) > 0.58, square.max(axis=0) > 0.58
    (top, bottom), (left, right) = np.flatnonzero(rows)[[0, -1]], np.flatnonzero(columns)[[0, -1]]
    return np.array([[left, top, right + 1, bottom + 1]], np.float32)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.integers(20, 600), st.integers(20, 600), st.sampled_from([0, 1, 6, 30]))
def test_a_margin_stays_black_around_the_same_film_made_smaller(
    seed: int, height: int, width: int, margin: int
) -> None:
    image = patterned(seed, height, width)
    inner = prepare(image, side=200 - 2 * margin)
    assert np.array_equal(prepare(image, side=200, margin=margin), np.pad(inner, margin))


@settings(max_examples=60, deadline=None)
@given(st.data(), st.integers(200, 1500), st.integers(200, 1500), st.sampled_from([192, 384, 512]),
       st.sampled_from([0, 12]))  # fmt: skip
def test_a_box_of_the_film_is_found_where_its_placement_says(
    data: st.DataObject, height: int, width: int, side: int, margin: int
) -> None:
    size = max(height, width) // 8
    left, top = data.draw(st.integers(0, width - size)), data.draw(st.integers(0, height - size))
    box = (left, top, left + size, top + size)
    square, placement = prepared(marked(height, width, box), side=side, margin=margin)
    said = placement.to_input(np.array([box], np.float32))
    coarsest = max(1.0, max(height, width) / max(WORKING_SIDE, side)) + 1 / min(placement.scale)
    assert np.abs(placement.to_film(white(square)) - box).max() < 0.6 * coarsest  # film pixels
    assert np.allclose(placement.to_film(said), [box], atol=0.01)


@settings(max_examples=60, deadline=None)
@given(st.data(), st.integers(100, 900), st.integers(100, 900), st.sampled_from([128, 256]))
def test_a_square_looked_at_closer_says_where_it_lies(
    data: st.DataObject, height: int, width: int, side: int
) -> None:
    size = min(height, width) // 4
    left, top = data.draw(st.integers(0, width - size)), data.draw(st.integers(0, height - size))
    box = (left, top, left + size, top + size)
    # not so far aside that nothing but the white box would lie on the film: no contrast, so all black
    shift = data.draw(st.tuples(st.floats(-0.4, 0.4), st.floats(-0.4, 0.4)))
    square, placement = prepared_square(
        marked(height, width, box),
        left=left - size * (0.5 + shift[0]),
        top=top - size * (0.5 + shift[1]),
        length=2.0 * size,
        side=side,
    )
    said = placement.to_input(np.array([box], np.float32))
    assert np.abs(white(square) - said).max() < 0.9 + 0.2 * max(placement.scale)  # input pixels
    assert np.allclose(placement.to_film(said), [box], atol=0.01)
    assert placement.scale[0] == pytest.approx(side / (2 * size), rel=0.05)


def test_beyond_the_film_a_square_is_black_and_one_beside_it_refused() -> None:
    square, _ = prepared_square(np.full((40, 40), 0.5, np.float32), left=-40, top=0, length=80, side=64)
    assert square[:, :32].max() == 0.0
    with pytest.raises(ValueError, match="beside the film"):
        prepared_square(film(), left=500, top=0, length=50, side=64)


def test_placements_follow_one_another() -> None:
    first = Placement(scale=(0.5, 0.25), offset=(3.0, -2.0))
    later = Placement(scale=(2.0, 3.0), offset=(-1.0, 7.0))
    boxes = np.array([[10, 20, 30, 60], [0, 0, 1, 1]], np.float32)
    assert np.allclose(first.then(later).to_input(boxes), later.to_input(first.to_input(boxes)))
