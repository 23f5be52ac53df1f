"""Each step of PS3.4 N.2, on films of a few pixels whose brightness can be written down."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from classifiers.film import Accepts, Need
from classifiers.pixels import read_film, read_for, read_stored
from router.errors import UndecodablePixels

Build = Callable[..., bytes]
WIDE = {"WindowCenter": 128, "WindowWidth": 256}  # LINEAR: 0 is black, 255 is white


def row(*values: int, dtype: Any = np.uint16) -> Any:
    return np.array([values], dtype)


def brightness(data: bytes) -> list[float]:
    return [round(float(value), 4) for value in read_film(data, long_side=None).image[0]]


@pytest.mark.parametrize(
    ("words", "header", "expected"),
    [
        pytest.param((0, 51, 255), {}, [0, 0.2, 1], id="a linear window"),
        pytest.param(
            (0, 51, 255), {"PhotometricInterpretation": "MONOCHROME1"}, [1, 0.8, 0], id="MONOCHROME1"
        ),
        pytest.param(
            (0, 51, 255), {"PresentationLUTShape": "INVERSE"}, [1, 0.8, 0], id="inverse presentation"
        ),
        pytest.param(
            (0, 51, 255),
            {"PhotometricInterpretation": "MONOCHROME1", "PresentationLUTShape": "INVERSE"},
            [1, 0.8, 0],
            id="MONOCHROME1 and INVERSE mean one inversion",
        ),
        pytest.param(
            (0, 51, 255), {"PresentationLUTShape": "IDENTITY"}, [0, 0.2, 1], id="identity presentation"
        ),
        pytest.param((0, 100, 300), {}, [0, 0.3922, 1], id="beyond the window is white"),
        pytest.param(
            (0, 49, 50, 51), {"WindowCenter": 50, "WindowWidth": 1}, [0, 0, 1, 1], id="a window of one"
        ),
        pytest.param(
            (0, 50, 100),
            {"WindowCenter": 50, "WindowWidth": 100, "VOILUTFunction": "LINEAR_EXACT"},
            [0, 0.5, 1],
            id="LINEAR_EXACT",
        ),
        pytest.param(
            (0, 50, 100),
            {"WindowCenter": 50, "WindowWidth": 100, "VOILUTFunction": "SIGMOID"},
            [0.1192, 0.5, 0.8808],
            id="SIGMOID",
        ),
        pytest.param(
            (0, 50, 100),
            {"WindowCenter": [50.5, 7], "WindowWidth": [101, 9], "WindowCenterWidthExplanation": ["A", "B"]},
            [0, 0.5, 1],
            id="the first of several windows",
        ),
        pytest.param((0, 51), {"RescaleSlope": 2, "RescaleIntercept": 51}, [0.2, 0.6], id="rescale"),
        pytest.param(
            (0, 51), {"RescaleSlope": -1, "RescaleIntercept": 255}, [1, 0.8], id="a falling rescale"
        ),
        pytest.param((0, 51, 99), {"RescaleSlope": 0}, [0, 0.2, 0.3882], id="a slope of 0 is none"),
        pytest.param((0, 51, 255), {"PixelPaddingValue": 255}, [0, 0.2, 0], id="padding is black"),
        pytest.param(
            (0, 51, 255),
            {"PixelPaddingValue": 0, "PhotometricInterpretation": "MONOCHROME1"},
            [0, 0.8, 0],
            id="padding is black in MONOCHROME1",
        ),
        pytest.param(
            (0, 51, 100, 255),
            {"PixelPaddingValue": 255, "PixelPaddingRangeLimit": 60},
            [0, 0.2, 0, 0],
            id="a padding range, downwards",
        ),
        pytest.param(
            (0x7000, 0x7033, 0x70FF), {"BitsStored": 8, "HighBit": 7}, [0, 0.2, 1], id="overlay bits above"
        ),
        pytest.param(
            (0x0003, 0x0330, 0x0FF4),
            {"BitsStored": 8, "HighBit": 11},
            [0, 0.2, 1],
            id="the high bit is not the top",
        ),
        pytest.param((0, 51, 255), {"BitsStored": 8, "HighBit": 3}, [0, 0.2, 1], id="an impossible high bit"),
    ],
)
def test_each_attribute_does_what_the_standard_says(
    dicom: Build, words: tuple[int, ...], header: dict[str, Any], expected: list[float]
) -> None:
    assert brightness(dicom(row(*words), **{**WIDE, **header})) == expected


def test_signed_values_keep_their_sign(dicom: Build) -> None:
    data = dicom(row(-100, 0, 100, dtype=np.int16), WindowCenter=0.5, WindowWidth=201)
    assert brightness(data) == [0, 0.5, 1]
    assert read_stored(data).tolist() == [[-100, 0, 100]]


def test_signed_twelve_bits_are_extended_from_bit_eleven(dicom: Build) -> None:
    data = dicom(row(0x0F9C, 0x0000, 0x0064), BitsStored=12, HighBit=11, PixelRepresentation=1)
    assert read_stored(data).tolist() == [[-100, 0, 100]]


@pytest.mark.parametrize("dtype", [np.uint8, np.int8])
def test_eight_bits(dicom: Build, dtype: Any) -> None:
    data = dicom(row(0, 100, dtype=dtype), WindowCenter=50.5, WindowWidth=101)
    assert brightness(data) == [0, 1]


def test_a_modality_lut_comes_before_the_window(dicom: Build, lut_item: Callable[..., Any]) -> None:
    table = lut_item([0, 51, 255], first=10, bits=8)
    table.ModalityLUTType = "US"
    data = dicom(row(0, 10, 11, 12, 99), ModalityLUTSequence=[table], **WIDE)
    assert brightness(data) == [0, 0, 0.2, 1, 1]


def test_a_voi_lut_is_preferred_to_a_window(dicom: Build, lut_item: Callable[..., Any]) -> None:
    table = lut_item([0, 4095, 1024], first=10, bits=12)
    data = dicom(row(0, 10, 11, 12, 99), VOILUTSequence=[table], **WIDE)
    assert brightness(data) == [0, 0, 1, 0.2501, 0.2501]


def test_a_voi_lut_that_announces_more_bits_than_it_fills(dicom: Build, lut_item: Callable[..., Any]) -> None:
    table = lut_item([0, 2048, 4095], first=0, bits=16)
    assert brightness(dicom(row(0, 1, 2), VOILUTSequence=[table])) == [0, 0.5001, 1]


def test_a_signed_film_s_voi_lut_starts_below_zero(dicom: Build, lut_item: Callable[..., Any]) -> None:
    table = lut_item([0, 51, 255], first=-1, bits=8)
    assert brightness(dicom(row(-1, 0, 1, dtype=np.int16), VOILUTSequence=[table])) == [0, 0.2, 1]


def test_a_lut_shorter_than_its_descriptor_is_refused(dicom: Build, lut_item: Callable[..., Any]) -> None:
    table = lut_item([0, 255], first=0, bits=8)
    table.LUTDescriptor = [300, 0, 8]
    with pytest.raises(UndecodablePixels, match="has 2 entries of 8 bits, its descriptor says 300"):
        read_film(dicom(row(0, 1, 2), VOILUTSequence=[table]), long_side=None)


@pytest.mark.parametrize(
    "window",
    [
        {},
        {"WindowCenter": 500, "WindowWidth": 0},
        {"WindowCenter": 500, "WindowWidth": -7},
        {"WindowCenter": 60000, "WindowWidth": 10},
        {"WindowCenter": 500},
    ],
    ids=["none", "width 0", "negative width", "beyond every pixel", "no width"],
)
def test_without_a_window_that_shows_something_percentiles_are_taken(
    dicom: Build, window: dict[str, Any]
) -> None:
    ramp = np.linspace(1000, 3000, 10_000).reshape(100, 100).astype(np.uint16)
    film = read_film(dicom(ramp, **window), long_side=None)
    assert film.image.min() == 0 and film.image.max() == 1
    assert np.abs(film.image.ravel() - np.linspace(-0.005, 1.005, 10_000).clip(0, 1)).max() < 0.01
    assert bool(film.notes) == (len(window) == 2)


def test_percentiles_look_neither_at_padding_nor_under_the_shutter(dicom: Build) -> None:
    picture = np.linspace(1000, 3000, 10_000).reshape(100, 100).astype(np.uint16)
    picture[:10], picture[:, :10] = 65535, 40000
    data = dicom(
        picture,
        PixelPaddingValue=65535,
        ShutterShape="RECTANGULAR",
        ShutterUpperHorizontalEdge=1,
        ShutterLowerHorizontalEdge=100,
        ShutterLeftVerticalEdge=11,
        ShutterRightVerticalEdge=100,
    )
    image = read_film(data, long_side=None).image
    assert not image[:10].any() and not image[:, :10].any()
    assert image[-1, -1] == 1 and image[50, 50] == pytest.approx(0.45, abs=0.03)


@pytest.mark.parametrize("value", [0, 7, 65535])
def test_a_film_of_one_value_is_a_film(dicom: Build, value: int) -> None:
    image = read_film(dicom(np.full((9, 9), value, np.uint16)), long_side=None).image
    assert np.ptp(image) == 0 and 0 <= image[0, 0] <= 1


def test_a_film_of_padding_alone_is_black(dicom: Build) -> None:
    assert not read_film(
        dicom(np.full((9, 9), 7, np.uint16), PixelPaddingValue=7), long_side=None
    ).image.any()


def test_a_palette_becomes_luminance(dicom: Build) -> None:
    palette: dict[str, Any] = {}
    for colour, entries in {"Red": (0, 65535, 0), "Green": (0, 0, 65535), "Blue": (0, 0, 0)}.items():
        palette[f"{colour}PaletteColorLookupTableDescriptor"] = [3, 0, 16]
        palette[f"{colour}PaletteColorLookupTableData"] = np.array(entries, "<u2").tobytes()
    data = dicom(row(0, 1, 2, dtype=np.uint8), PhotometricInterpretation="PALETTE COLOR", **palette)
    assert brightness(data) == [0, 0.299, 0.587]


RED_GREEN = np.array([[[255, 0, 0], [0, 255, 0], [255, 255, 255]]], np.uint8)


def test_colour_becomes_luminance(dicom: Build) -> None:
    assert brightness(dicom(RED_GREEN)) == pytest.approx([0.299, 0.587, 1], abs=0.002)


def test_colour_by_plane(dicom: Build) -> None:
    planes = np.moveaxis(RED_GREEN, -1, 0).tobytes()
    data = dicom(
        planes,
        Rows=1,
        Columns=3,
        SamplesPerPixel=3,
        PhotometricInterpretation="RGB",
        PlanarConfiguration=1,
        BitsAllocated=8,
        BitsStored=8,
        HighBit=7,
        PixelRepresentation=0,
    )
    assert brightness(data) == pytest.approx([0.299, 0.587, 1], abs=0.002)


def test_ybr_shows_its_y(dicom: Build) -> None:
    picture = np.array([[[0, 9, 9], [51, 200, 3], [255, 128, 128]]], np.uint8)
    assert brightness(dicom(picture, PhotometricInterpretation="YBR_FULL")) == [0, 0.2, 1]


def test_subsampled_ybr_shows_its_y(dicom: Build) -> None:
    fours = np.array([0, 51, 9, 9, 255, 102, 200, 3], np.uint8).tobytes()
    data = dicom(
        fours,
        Rows=1,
        Columns=4,
        SamplesPerPixel=3,
        PhotometricInterpretation="YBR_FULL_422",
        PlanarConfiguration=0,
        BitsAllocated=8,
        BitsStored=8,
        HighBit=7,
        PixelRepresentation=0,
    )
    assert brightness(data) == [0, 0.2, 1, 0.4]


def test_an_asked_window_replaces_the_header_s(dicom: Build) -> None:
    film = read_film(dicom(row(0, 50, 100), **WIDE), long_side=None, window=(50.5, 101))
    assert [round(float(value), 4) for value in film.image[0]] == [0, 0.5, 1]


def test_a_ct_slice_is_windowed_in_hounsfield_units(dicom: Build) -> None:
    lung = Need(long_side=None, window=(-600, 1500), accepts=Accepts.CT)
    stored = np.array([[0, 1024 - 1350, 1024 - 600, 1024 + 149, 1024 + 2000, -2000]], np.int16)
    header = {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.2", "Modality": "CT", "PixelPaddingValue": -2000}
    data = dicom(stored, RescaleSlope=1, RescaleIntercept=-1024, WindowCenter=40, WindowWidth=400, **header)
    film = read_for(data, lung)
    expected = [(-1024 + 600.5) / 1499 + 0.5, 0, 0.5 / 1499 + 0.5, 1, 1, 0]
    assert film.image[0].tolist() == pytest.approx(expected, abs=1e-4)
    as_sent = read_for(data, Need(long_side=None, accepts=Accepts.CT))
    assert as_sent.image[0].tolist() == pytest.approx([0, 0, 0, 0.5 + 109.5 / 399, 1, 0], abs=1e-4)


def _disc(bright_outside: bool) -> Any:
    rows, columns = np.mgrid[-50:50, -50:50]
    inside = rows**2 + columns**2 < 1600
    return np.where(inside == bright_outside, 100, 3000).astype(np.uint16)


@pytest.mark.parametrize(
    ("sign", "photometric", "bright_border", "turned", "noted"),
    [
        (1, "MONOCHROME2", True, True, True),
        (1, "MONOCHROME2", False, False, True),
        (-1, "MONOCHROME2", True, False, False),
        (-1, "MONOCHROME1", False, True, True),
        (1, "MONOCHROME1", False, False, False),
        (None, "MONOCHROME2", True, False, False),
    ],
)
def test_a_film_is_turned_where_its_header_and_its_border_say_that_bone_is_dark(
    dicom: Build, sign: int | None, photometric: str, bright_border: bool, turned: bool, noted: bool
) -> None:
    header = {} if sign is None else {"PixelIntensityRelationshipSign": sign}
    film = read_film(
        dicom(_disc(bright_border), PhotometricInterpretation=photometric, **header), long_side=None
    )
    shown_bright = bright_border == (photometric == "MONOCHROME2")
    assert bool(film.image[0, 0] > 0.5) == (shown_bright != turned)
    assert bool(film.notes) == noted
