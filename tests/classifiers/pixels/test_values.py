"""The values that a browser windows: exact where nothing is averaged, and shown first as the film is."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from classifiers.pixels import read_film
from classifiers.values import FilmValues
from classifiers.viewing import read_values
from router.errors import NotAFilm, UndecodablePixels
from router.types import Box

Build = Callable[..., bytes]


def ramp(rows: int = 64, columns: int = 48, top: int = 4095) -> NDArray[np.uint16]:
    return np.linspace(0, top, rows * columns).astype(np.uint16).reshape(rows, columns)


def real(values: FilmValues) -> NDArray[np.float64]:
    """The values of the modality transformation that the codes stand for."""
    return values.codes * values.slope + values.intercept


SCALES: list[tuple[dict[str, Any], Callable[[Any], Any]]] = [
    ({}, lambda v: v),
    ({"RescaleSlope": 2, "RescaleIntercept": -1024}, lambda v: 2 * v - 1024),
    ({"RescaleSlope": 0.5, "RescaleIntercept": 3}, lambda v: v / 2 + 3),
    ({"RescaleSlope": -1, "RescaleIntercept": 4095}, lambda v: 4095 - v),
]


@pytest.mark.parametrize(("header", "expected"), SCALES)
def test_every_value_is_what_the_header_makes_of_the_stored_one(
    dicom: Build, header: Any, expected: Any
) -> None:
    pixels = ramp()
    assert np.array_equal(
        real(read_values(dicom(pixels, **header), long_side=None)), expected(pixels.astype(float))
    )


def test_signed_values_stay_below_zero(dicom: Build) -> None:
    pixels = (ramp().astype(np.int32) - 2000).astype(np.int16)
    assert np.array_equal(real(read_values(dicom(pixels), long_side=None)), pixels)


def test_a_modality_lut_makes_the_values(dicom: Build, lut_item: Callable[..., Any]) -> None:
    pixels = ramp(8, 8, 3)
    values = read_values(
        dicom(pixels, ModalityLUTSequence=[lut_item([10, 500, 20, 65000], first=0, bits=16)]), long_side=None
    )
    assert np.array_equal(real(values), np.array([10, 500, 20, 65000])[pixels])


SHOWN: list[dict[str, Any]] = [
    {},
    {"WindowCenter": 2000, "WindowWidth": 1500},
    {"WindowCenter": [1000, 3000], "WindowWidth": [500, 700], "WindowCenterWidthExplanation": ["BONE", "SOFT"]},  # noqa: E501
    {"WindowCenter": 2000, "WindowWidth": 900, "VOILUTFunction": "SIGMOID"},
    {"PhotometricInterpretation": "MONOCHROME1"},
    {"PhotometricInterpretation": "MONOCHROME1", "WindowCenter": 1500, "WindowWidth": 800},
    {"PresentationLUTShape": "INVERSE"},
    {"PixelPaddingValue": 0, "PixelPaddingRangeLimit": 500},
    {"PhotometricInterpretation": "MONOCHROME1", "PixelPaddingValue": 0, "PixelPaddingRangeLimit": 500},
    {"PixelIntensityRelationshipSign": 1, "WindowCenter": 800, "WindowWidth": 800},
    {"PixelIntensityRelationshipSign": -1},
    {"ShutterShape": "RECTANGULAR", "ShutterUpperHorizontalEdge": 9, "ShutterLowerHorizontalEdge": 50,
     "ShutterLeftVerticalEdge": 5, "ShutterRightVerticalEdge": 40},
    {"WindowCenter": 90000, "WindowWidth": 10},
]  # fmt: skip


@pytest.mark.parametrize("header", SHOWN, ids=lambda header: " ".join(header) or "bare")
def test_the_first_curve_shows_the_film_as_it_is_read(dicom: Build, header: dict[str, Any]) -> None:
    data = dicom(ramp(), BitsStored=12, HighBit=11, **header)
    values, film = read_values(data, long_side=None), read_film(data, long_side=None)
    assert np.abs(values.brightness() - film.image).max() < 2e-3
    assert (values.notes, values.scale, values.offset) == (film.notes, film.scale, film.offset)


def test_a_voi_lut_is_shown_first_and_windows_are_offered(dicom: Build, lut_item: Callable[..., Any]) -> None:
    table = lut_item([0, 0, 100, 4095] + [4095] * 8, first=0, bits=12)
    data = dicom(ramp(8, 8, 11), VOILUTSequence=[table], WindowCenter=5, WindowWidth=4)
    values = read_values(data, long_side=None)
    assert np.abs(values.brightness() - read_film(data, long_side=None).image).max() < 1e-3
    assert [curve.name for curve in values.curves] == ["VOI LUT", "Window 1", "Percentiles", "All values"]


def test_a_header_s_windows_keep_their_names(dicom: Build) -> None:
    values = read_values(dicom(ramp(), **SHOWN[2]), long_side=None)
    assert [curve.name for curve in values.curves] == ["BONE", "SOFT", "Percentiles", "All values"]


def test_overlay_bits_and_high_bits_are_no_values(dicom: Build) -> None:
    pixels = ramp()
    data = dicom((pixels << 4) | 0x5, BitsStored=12, HighBit=15)
    assert np.array_equal(real(read_values(data, long_side=None)), pixels)


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize("spacing", [None, [0.2, 0.1], [0.1, 0.2]])
@pytest.mark.parametrize("long_side", [None, 200])
def test_a_box_lands_on_the_pixels_it_was_drawn_around(
    dicom: Build, photometric: str, spacing: list[float] | None, long_side: int | None
) -> None:
    pixels = np.full((300, 420), 1000, np.uint16)
    box = Box(x=240, y=60, width=60, height=30)
    pixels[60:90, 240:300] = 3000
    header = {"PixelSpacing": spacing} if spacing else {}
    values = read_values(dicom(pixels, PhotometricInterpretation=photometric, **header), long_side=long_side)
    found = np.argwhere(real(values) > 2000)
    (top, left), (bottom, right) = found.min(axis=0), found.max(axis=0) + 1
    on_film = values.film().to_film(box)
    edges = (on_film.x, on_film.y, on_film.x + on_film.width, on_film.y + on_film.height)
    assert np.abs(np.array(edges) - (left, top, right, bottom)).max() <= 1


def test_the_long_side_is_kept_and_averages_are_real(dicom: Build) -> None:
    values = read_values(dicom(ramp(400, 200)), long_side=100)
    assert values.codes.shape == (100, 50)
    exact = ramp(400, 200).astype(float).reshape(100, 4, 50, 4).mean(axis=(1, 3))
    assert np.abs(real(values) - exact).max() <= 1


def test_colour_is_its_luminance(dicom: Build) -> None:
    pixels = np.zeros((4, 4, 3), np.uint8)
    pixels[:, :2] = (255, 255, 255)
    values = read_values(dicom(pixels), long_side=None)
    assert set(np.unique(real(values))) == {0, 255}
    assert np.abs(values.brightness() - read_film(dicom(pixels), long_side=None).image).max() < 1e-3


def test_what_goes_over_the_wire_is_text_then_codes(dicom: Build) -> None:
    values = read_values(dicom(ramp(5, 3)), long_side=None)
    data = values.wire()
    length = int.from_bytes(data[:4], "little")
    told = json.loads(data[4 : 4 + length])
    assert length % 2 == 0
    assert (told["rows"], told["columns"], told["inverted"]) == (5, 3, False)
    assert np.array_equal(np.frombuffer(data[4 + length :], "<u2").reshape(5, 3), values.codes)


def test_a_picture_of_it_is_as_the_first_curve_shows_it(dicom: Build) -> None:
    values = read_values(dicom(ramp()), long_side=None)
    assert np.array_equal(
        np.asarray(Image.open(io.BytesIO(values.png()))), np.rint(values.brightness() * 255)
    )


def test_a_film_of_one_value_has_values(dicom: Build) -> None:
    values = read_values(dicom(np.full((4, 4), 700, np.uint16)), long_side=None)
    assert np.array_equal(real(values), np.full((4, 4), 700))
    assert json.loads(values.wire()[4:].split(b'"notes"')[0] + b'"notes":[]}')


def test_a_photograph_s_colours_go_over_the_wire(dicom: Build) -> None:
    pixels = np.arange(5 * 3 * 3, dtype=np.uint8).reshape(5, 3, 3)
    values = read_values(
        dicom(pixels, SOPClassUID="1.2.840.10008.5.1.4.1.1.77.1.4", Modality="XC"), long_side=None
    )
    data = values.wire()
    length = int.from_bytes(data[:4], "little")
    told = json.loads(data[4 : 4 + length])
    assert (told["samples"], told["rows"], told["columns"], told["inverted"]) == (3, 5, 3, False)
    assert np.array_equal(np.frombuffer(data[4 + length :], np.uint8).reshape(5, 3, 3), pixels)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(values.png()))), pixels)


def test_a_model_s_window_is_the_first_only_where_the_header_has_none(dicom: Build) -> None:
    slices = {"Modality": "CT", "RescaleIntercept": -1024, "RescaleSlope": 1}
    without = read_values(dicom(ramp(), **slices), long_side=None, otherwise=(-600, 1500))
    assert [curve.name for curve in without.curves][:1] == ["The model's"]
    assert "the header has no window" in without.notes[0]
    own = read_values(
        dicom(ramp(), WindowCenter=40, WindowWidth=400, **slices), long_side=None, otherwise=(-600, 1500)
    )
    assert [curve.name for curve in own.curves][:2] == ["Window 1", "The model's"]
    assert own.notes == ()


def test_what_has_no_single_picture_has_no_values(dicom: Build) -> None:
    with pytest.raises(NotAFilm):
        read_values(dicom(ramp(), Modality="CT", NumberOfFrames=2), long_side=None)
    with pytest.raises(UndecodablePixels, match="holds 10 bytes"):
        read_values(dicom(ramp().tobytes()[:10], Rows=64, Columns=48, BitsAllocated=16, SamplesPerPixel=1,
                          PhotometricInterpretation="MONOCHROME2"), long_side=None)  # fmt: skip
