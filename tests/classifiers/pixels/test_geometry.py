"""Where a film's pixels come from: size, aspect, shutters, and the way back to the stored pixels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import imagecodecs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.pixels import Film, read_film
from router.types import Box

Build = Callable[..., bytes]
Average = Callable[[Any, Film], Any]
WINDOW = {"WindowCenter": 1500, "WindowWidth": 3001, "VOILUTFunction": "LINEAR"}
JPEG2000 = "1.2.840.10008.1.2.4.90"
JPEG = "1.2.840.10008.1.2.4.50"

numbers = st.floats(-5000, 5000)
sizes = st.floats(0, 5000)
scales = st.floats(0.05, 40)


@given(
    box=st.builds(Box, x=numbers, y=numbers, width=sizes, height=sizes),
    scale=st.tuples(scales, scales),
    offset=st.tuples(numbers, numbers),
)
def test_a_box_goes_to_the_stored_pixels_and_back(
    box: Box, scale: tuple[float, float], offset: tuple[float, float]
) -> None:
    image = np.zeros((4, 4), np.float32)
    film = Film(image=image, stored_rows=9, stored_columns=9, scale=scale, offset=offset)
    for back in (film.to_film(film.to_stored(box)), film.to_stored(film.to_film(box))):
        for name in ("x", "y", "width", "height"):
            assert abs(getattr(back, name) - getattr(box, name)) < 1e-6


@pytest.mark.parametrize(
    ("shape", "long_side", "expected"),
    [
        ((600, 480), 100, (100, 80)),
        ((480, 600), 100, (80, 100)),
        ((600, 480), 600, (600, 480)),
        ((600, 480), 5000, (600, 480)),
        ((600, 480), None, (600, 480)),
        ((601, 487), 100, (100, 81)),
        ((3, 900), 100, (1, 100)),
        ((1, 1), 100, (1, 1)),
    ],
)
def test_the_long_side_is_what_was_asked_but_never_enlarged(
    dicom: Build, shape: tuple[int, int], long_side: int | None, expected: tuple[int, int]
) -> None:
    film = read_film(dicom(np.zeros(shape, np.uint16)), long_side=long_side)
    assert film.image.shape == expected
    assert film.image.dtype == np.float32 and not film.image.flags.writeable
    assert (film.stored_rows, film.stored_columns) == shape


@pytest.mark.parametrize("shape", [(600, 480), (601, 487), (1999, 1501), (640, 640)])
@pytest.mark.parametrize("long_side", [97, 128, 300, 512])
def test_averaging_in_blocks_is_area_averaging(
    dicom: Build, area_average: Average, shape: tuple[int, int], long_side: int
) -> None:
    """Against the exact area average of the whole picture in float: within a gray level, on steep waves."""
    rows, columns = np.mgrid[0 : shape[0], 0 : shape[1]]
    picture = (1500 + 700 * np.sin(rows / 31.0) + 700 * np.cos(columns / 23.0)).astype(np.uint16)
    film = read_film(dicom(picture, BitsStored=12, HighBit=11, **WINDOW), long_side=long_side)
    difference = np.abs(film.image - area_average(picture / 3000, film))[:-1, :-1]
    assert difference.mean() < 1 / 255
    assert difference.max() < 3 / 255


def test_a_sharp_window_is_applied_before_averaging(dicom: Build) -> None:
    """A chequerboard far beyond the window on both sides averages to mid gray, not to black or white."""
    board = np.indices((400, 400)).sum(axis=0) % 2
    picture = np.where(board, 60000, 0).astype(np.uint16)
    for window in ({"WindowCenter": 5000, "WindowWidth": 2000}, {"WindowCenter": 5000, "WindowWidth": 20}):
        film = read_film(dicom(picture, **window), long_side=100)
        assert np.abs(film.image - 0.5).max() < 0.5 / 255


@pytest.mark.parametrize("syntax", ["native", JPEG2000, JPEG])
@pytest.mark.parametrize("where", [(150, 90), (450, 380), (302, 241)])
@pytest.mark.parametrize("long_side", [100, 150, 290, 600])
def test_a_spot_is_found_at_the_stored_pixels_it_came_from(
    dicom: Build, syntax: str, where: tuple[int, int], long_side: int
) -> None:
    rows, columns = np.mgrid[0:600, 0:480]
    spot = np.exp(-((rows - where[0]) ** 2 + (columns - where[1]) ** 2) / (2 * 20.0**2))
    if syntax == JPEG:
        data = dicom(np.rint(spot * 250).astype(np.uint8), WindowCenter=128, WindowWidth=256)
    else:
        data = dicom(np.rint(spot * 3000).astype(np.uint16), BitsStored=12, HighBit=11, **WINDOW)
    film = read_film(_compressed(dicom, spot, syntax) if syntax != "native" else data, long_side=long_side)
    weights = film.image.astype(np.float64) ** 2
    y, x = (float((weights * (axis + 0.5)).sum() / weights.sum()) for axis in np.indices(weights.shape))
    found = film.to_stored(Box(x=x, y=y, width=0, height=0))
    assert found.y == pytest.approx(where[0] + 0.5, abs=0.15)
    assert found.x == pytest.approx(where[1] + 0.5, abs=0.15)


def _compressed(dicom: Build, spot: Any, syntax: str) -> bytes:
    described = {
        "Rows": 600,
        "Columns": 480,
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
    }
    described |= {"PixelRepresentation": 0}
    if syntax == JPEG:
        stream = imagecodecs.jpeg8_encode(np.rint(spot * 250).astype(np.uint8), level=98)
        bits = {"BitsAllocated": 8, "BitsStored": 8, "HighBit": 7, "WindowCenter": 128, "WindowWidth": 256}
    else:
        stream = imagecodecs.jpeg2k_encode(
            np.rint(spot * 3000).astype(np.uint16),
            codecformat="j2k",
            reversible=True,
            level=0,
            bitspersample=12,
        )
        bits = {"BitsAllocated": 16, "BitsStored": 12, "HighBit": 11, **WINDOW}
    return dicom(stream, syntax=syntax, **described, **bits)


@pytest.mark.parametrize(
    ("header", "shape"),
    [
        ({}, (200, 100)),
        ({"PixelAspectRatio": [2, 1]}, (400, 100)),
        ({"PixelAspectRatio": [1, 2]}, (200, 200)),
        ({"PixelSpacing": [0.2, 0.1]}, (400, 100)),
        ({"ImagerPixelSpacing": [0.1, 0.2]}, (200, 200)),
        ({"PixelSpacing": [0.2, 0.2]}, (200, 100)),
        ({"PixelSpacing": [0.2, 0.2005]}, (200, 100)),
        ({"PixelSpacing": [0, 0.1]}, (200, 100)),
        ({"PixelAspectRatio": [100, 1]}, (200, 100)),
    ],
    ids=["none", "tall", "wide", "spacing", "imager spacing", "square", "nearly square", "zero", "absurd"],
)
def test_a_film_has_square_pixels(dicom: Build, header: dict[str, Any], shape: tuple[int, int]) -> None:
    film = read_film(dicom(np.zeros((200, 100), np.uint16), **header), long_side=None)
    assert film.image.shape == shape
    assert film.scale == (100 / shape[1], 200 / shape[0])


SLOPE = np.linspace(1000, 3000, 10_000).reshape(100, 100).astype(np.uint16)
RECTANGLE = {
    "ShutterShape": "RECTANGULAR",
    "ShutterUpperHorizontalEdge": 11,
    "ShutterLowerHorizontalEdge": 80,
    "ShutterLeftVerticalEdge": 21,
    "ShutterRightVerticalEdge": 90,
}
CIRCLE = {"ShutterShape": "CIRCULAR", "CenterOfCircularShutter": [50, 50], "RadiusOfCircularShutter": 30}
TRIANGLE = {"ShutterShape": "POLYGONAL", "VerticesOfThePolygonalShutter": [1, 1, 1, 100, 100, 1]}


@pytest.mark.parametrize(
    ("header", "seen", "hidden"),
    [
        (RECTANGLE, [(10, 20), (79, 89)], [(9, 20), (10, 19), (80, 89), (79, 90)]),
        (CIRCLE, [(49, 49), (49, 75), (25, 49)], [(49, 82), (10, 10)]),
        (TRIANGLE, [(5, 5), (60, 20)], [(90, 90), (60, 60)]),
        (
            {**RECTANGLE, **CIRCLE, "ShutterShape": ["RECTANGULAR", "CIRCULAR"]},
            [(49, 49)],
            [(49, 18), (9, 49)],
        ),
        ({key.replace("Shutter", "Collimator"): v for key, v in RECTANGLE.items()}, [(10, 20)], [(9, 20)]),
        ({key.replace("Shutter", "Collimator"): v for key, v in TRIANGLE.items()}, [(5, 5)], [(90, 90)]),
    ],
    ids=["rectangle", "circle", "polygon", "both", "collimator", "polygonal collimator"],
)
def test_what_lies_under_a_shutter_is_black(
    dicom: Build, header: dict[str, Any], seen: list[tuple[int, int]], hidden: list[tuple[int, int]]
) -> None:
    image = read_film(dicom(SLOPE, **WINDOW, **header), long_side=None).image
    assert all(image[at] > 0.3 for at in seen)
    assert [float(image[at]) for at in hidden] == [0.0] * len(hidden)


@pytest.mark.parametrize(
    "header",
    [
        {**RECTANGLE, "ShutterRightVerticalEdge": 22},
        {**RECTANGLE, "ShutterRightVerticalEdge": -184, "ShutterLeftVerticalEdge": 184},
        {**CIRCLE, "CenterOfCircularShutter": [9000, 9000]},
    ],
    ids=["a sliver", "inside out", "elsewhere"],
)
def test_a_shutter_that_would_leave_nothing_is_ignored_and_noted(
    dicom: Build, header: dict[str, Any]
) -> None:
    film = read_film(dicom(SLOPE, **WINDOW, **header), long_side=None)
    assert film.image.all()
    assert "ignored" in film.notes[0]


@pytest.mark.parametrize(
    "header",
    [
        {"ShutterShape": "RECTANGULAR"},
        {"ShutterShape": "CIRCULAR", "RadiusOfCircularShutter": 0},
        {"ShutterShape": "POLYGONAL", "VerticesOfThePolygonalShutter": [1, 1]},
        {"ShutterShape": "BITMAP"},
    ],
)
def test_a_shutter_without_its_numbers_covers_nothing(dicom: Build, header: dict[str, Any]) -> None:
    film = read_film(dicom(SLOPE, **WINDOW, **header), long_side=None)
    assert film.image.all() and film.notes == ()
