"""Colours are those that pydicom and Pillow give, whatever they were stored as."""

from __future__ import annotations

import csv
import io
import struct
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from PIL import Image
from pydicom.pixels import apply_color_lut, convert_color_space

from classifiers.film import Accepts, Film, Need
from classifiers.pixels import read_film, read_for
from router.errors import FilmError, UndecodablePixels

Build = Callable[..., bytes]
STORAGE = "1.2.840.10008.5.1.4.1.1."
OPHTHALMIC = {"SOPClassUID": STORAGE + "77.1.5.1", "Modality": "OP"}
ANYTHING = Need(long_side=None, colour=True, accepts=Accepts.ANY)
PHOTOGRAPH = Need(long_side=None, colour=True, accepts=Accepts.PHOTOGRAPH)
BASE = "1.2.840.10008.1.2"
EIGHT = {"BitsAllocated": 8, "BitsStored": 8, "HighBit": 7, "PixelRepresentation": 0}


def shown(data: bytes, need: Need = PHOTOGRAPH) -> NDArray[np.uint8]:
    film = read_for(data, need)
    assert film.colour is not None and film.colour.dtype == np.uint8 and not film.colour.flags.writeable
    assert film.colour.shape == (*film.image.shape, 3)
    return np.asarray(film.colour)


@pytest.fixture(scope="module")
def photograph() -> NDArray[np.uint8]:
    """A smooth picture in many colours, uint8 (64, 96, 3)."""
    rows, columns = np.mgrid[0:64, 0:96]
    red = 128 + 120 * np.sin(columns / 15)
    green = 40 + 3 * rows
    blue = 128 + 100 * np.cos((rows + columns) / 20)
    return np.rint(np.clip(np.dstack((red, green, blue)), 0, 255)).astype(np.uint8)


def linear_light() -> bytes:
    """An ICC profile (ICC.1:2001-04) of a camera that stores light itself: sRGB's primaries, gamma 1."""

    def fixed(value: float) -> bytes:
        return struct.pack(">i", round(value * 65536))

    def point(*xyz: float) -> bytes:
        return b"XYZ " + bytes(4) + b"".join(map(fixed, xyz))

    text = b"linear\0"
    tags = {
        b"desc": b"desc" + bytes(4) + struct.pack(">I", len(text)) + text + bytes(78),
        b"cprt": b"text" + bytes(4) + text,
        b"wtpt": point(0.9642, 1.0, 0.8249),
        b"rXYZ": point(0.4361, 0.2225, 0.0139),
        b"gXYZ": point(0.3851, 0.7169, 0.0971),
        b"bXYZ": point(0.1431, 0.0606, 0.7139),
    } | {name: b"curv" + bytes(4) + struct.pack(">I", 0) for name in (b"rTRC", b"gTRC", b"bTRC")}
    table, body = struct.pack(">I", len(tags)), b""
    for name, value in tags.items():
        table += name + struct.pack(">II", 128 + 4 + 12 * len(tags) + len(body), len(value))
        body += value + bytes(-len(value) % 4)
    head = struct.pack(">I4sI", 128 + len(table) + len(body), bytes(4), 0x02100000) + b"mntrRGB XYZ "
    head += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + bytes(28)
    head += b"".join(map(fixed, (0.9642, 1.0, 0.8249)))
    return head + bytes(128 - len(head)) + table + body


def test_colours_mean_what_their_icc_profile_says(dicom: Build, photograph: Any) -> None:
    """Stored light becomes sRGB by its own curve (IEC 61966-2-1)."""
    data = dicom(
        photograph, PhotometricInterpretation="RGB", PlanarConfiguration=0, ICCProfile=linear_light(),
        **OPHTHALMIC,
    )  # fmt: skip
    light = photograph / 255
    coded = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    assert np.abs(shown(data).astype(int) - np.rint(coded * 255)).max() <= 2


def test_a_grey_picture_stays_grey_whatever_its_icc_profile(dicom: Build) -> None:
    greys = np.repeat(np.arange(256, dtype=np.uint8).reshape(16, 16, 1), 3, axis=2)
    data = dicom(
        greys, PhotometricInterpretation="RGB", PlanarConfiguration=0, ICCProfile=linear_light(), **OPHTHALMIC
    )
    assert np.array_equal(shown(data), greys)


@pytest.mark.parametrize("profile", [b"", b"no profile at all", linear_light()[:200]])
def test_a_profile_that_cannot_be_read_leaves_the_colours(
    dicom: Build, photograph: Any, profile: bytes
) -> None:
    data = dicom(
        photograph, PhotometricInterpretation="RGB", PlanarConfiguration=0, ICCProfile=profile, **OPHTHALMIC
    )
    assert np.array_equal(shown(data), photograph)


def test_rgb_is_shown_as_it_is(dicom: Build, photograph: Any) -> None:
    assert np.array_equal(shown(dicom(photograph, **OPHTHALMIC)), photograph)


def test_by_plane_too(dicom: Build, photograph: Any) -> None:
    header = dict(zip(("Rows", "Columns", "SamplesPerPixel"), photograph.shape, strict=True))
    planes = np.ascontiguousarray(np.moveaxis(photograph, -1, 0)).tobytes()
    data = dicom(
        planes, PhotometricInterpretation="RGB", PlanarConfiguration=1, **header, **EIGHT, **OPHTHALMIC
    )
    assert np.array_equal(shown(data), photograph)


def test_ybr_is_turned_as_pydicom_turns_it(dicom: Build, photograph: Any) -> None:
    ybr = convert_color_space(photograph, "RGB", "YBR_FULL")
    found = shown(dicom(ybr, PhotometricInterpretation="YBR_FULL", **OPHTHALMIC)).astype(int)
    assert np.abs(found - convert_color_space(ybr, "YBR_FULL", "RGB")).max() <= 1


def test_subsampled_ybr_gives_its_chroma_to_both_neighbours(dicom: Build) -> None:
    fours = np.array([60, 90, 100, 160, 200, 210, 140, 120], np.uint8)
    header = {"Rows": 1, "Columns": 4, "SamplesPerPixel": 3, "PlanarConfiguration": 0}
    data = dicom(fours.tobytes(), PhotometricInterpretation="YBR_FULL_422", **header, **EIGHT, **OPHTHALMIC)
    whole = np.array([[[60, 100, 160], [90, 100, 160], [200, 140, 120], [210, 140, 120]]], np.uint8)
    assert np.abs(shown(data).astype(int) - convert_color_space(whole, "YBR_FULL", "RGB")).max() <= 1


@pytest.mark.parametrize(("bits", "shift"), [(16, 0), (12, 0), (10, 6)])
def test_more_bits_become_eight(dicom: Build, photograph: Any, bits: int, shift: int) -> None:
    top = (1 << bits) - 1
    words = np.rint(photograph / 255 * top).astype(np.uint16) << shift
    data = dicom(words, BitsAllocated=16, BitsStored=bits, HighBit=bits + shift - 1, **OPHTHALMIC)
    assert np.array_equal(shown(data), photograph)


def palette(count: int, bits: int) -> dict[str, Any]:
    """The elements of a Palette Color Lookup Table Module with ``count`` entries."""
    values: dict[str, Any] = {}
    chance = np.random.default_rng(4)
    for colour in ("Red", "Green", "Blue"):
        entries = chance.integers(0, 1 << bits, count)
        values[f"{colour}PaletteColorLookupTableDescriptor"] = [count, 0, bits]
        values[f"{colour}PaletteColorLookupTableData"] = entries.astype(f"<u{bits // 8}").tobytes()
    return values


@pytest.mark.parametrize("bits", [8, 16])
def test_a_palette_is_looked_up_as_pydicom_does(dicom: Build, bits: int) -> None:
    indices = np.arange(256, dtype=np.uint8).reshape(16, 16)
    data = dicom(indices, PhotometricInterpretation="PALETTE COLOR", **palette(256, bits), **OPHTHALMIC)
    colours = apply_color_lut(indices, pydicom.dcmread(io.BytesIO(data)))
    expected = np.rint(colours / np.iinfo(colours.dtype).max * 255)
    assert np.abs(shown(data) - expected).max() <= 1


def test_a_jpeg_has_the_colours_that_pillow_sees(dicom: Build, photograph: Any) -> None:
    buffer = io.BytesIO()
    Image.fromarray(photograph).save(buffer, "JPEG", quality=95)
    header = dict(zip(("Rows", "Columns", "SamplesPerPixel"), photograph.shape, strict=True))
    data = dicom(
        buffer.getvalue(),
        syntax=BASE + ".4.50",
        PhotometricInterpretation="YBR_FULL_422",
        PlanarConfiguration=0,
        **header,
        **EIGHT,
        **OPHTHALMIC,
    )
    expected = np.asarray(Image.open(buffer)).astype(int)
    assert np.abs(shown(data).astype(int) - expected).max() <= 2


def test_a_jpeg_packed_into_jpeg_xl_keeps_its_colours(dicom: Build, photograph: Any) -> None:
    stream = imagecodecs.jpeg8_encode(photograph, level=95)
    header = dict(zip(("Rows", "Columns", "SamplesPerPixel"), photograph.shape, strict=True))
    data = dicom(
        imagecodecs.jpegxl_encode_jpeg(stream),
        syntax=BASE + ".4.111",
        encapsulated=True,
        PhotometricInterpretation="YBR_FULL_422",
        PlanarConfiguration=0,
        **header,
        **EIGHT,
        **OPHTHALMIC,
    )
    assert np.abs(shown(data).astype(int) - imagecodecs.jpeg8_decode(stream)).mean() < 2


@pytest.mark.parametrize("long_side", [48, 40, 7])
def test_a_smaller_picture_is_the_average_of_the_large_one(
    dicom: Build, photograph: Any, area_average: Callable[[Any, Film], Any], long_side: int
) -> None:
    need = Need(long_side=long_side, colour=True, accepts=Accepts.PHOTOGRAPH)
    film = read_for(dicom(photograph, **OPHTHALMIC), need)
    assert film.colour is not None and max(film.colour.shape) == long_side
    for index in range(3):
        expected = area_average(photograph[:, :, index], film)
        assert np.abs(film.colour[:, :, index] - expected).max() <= 3


def test_a_grey_picture_in_colours_is_its_grey_three_times(dicom: Build, limb: Any) -> None:
    film = read_for(dicom(limb), Need(long_side=None, colour=True))
    assert film.colour is not None
    assert np.array_equal(film.colour, np.repeat(np.rint(film.image * 255)[:, :, None], 3, axis=2))


def test_what_a_shutter_covers_is_black_in_every_colour(dicom: Build, photograph: Any) -> None:
    cover = {
        "ShutterShape": "RECTANGULAR",
        "ShutterLeftVerticalEdge": 11,
        "ShutterRightVerticalEdge": 96,
        "ShutterUpperHorizontalEdge": 1,
        "ShutterLowerHorizontalEdge": 64,
    }
    colour = shown(dicom(photograph, **cover, **OPHTHALMIC))
    assert not colour[:, :10].any() and np.array_equal(colour[:, 10:], photograph[:, 10:])


def test_nobody_gets_colours_who_did_not_ask(dicom: Build, photograph: Any) -> None:
    data = dicom(photograph, SOPClassUID=STORAGE + "7", Modality="OT")
    assert read_film(data, long_side=None).colour is None


def test_colours_with_a_sign_are_refused(dicom: Build, photograph: Any) -> None:
    with pytest.raises(UndecodablePixels, match="colours with a sign"):
        shown(dicom(photograph, PixelRepresentation=1, **OPHTHALMIC))


def test_every_real_colour_file_has_the_colours_that_pydicom_sees(shared: Path) -> None:
    with (shared / "dicom" / "manifest.csv").open() as file:
        rows = [
            row
            for row in csv.DictReader(file)
            if row["photometric"] not in ("", "MONOCHROME1", "MONOCHROME2")
        ]
    compared = 0
    for row in rows:
        path = shared / "dicom" / row["path"]
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                theirs = _pydicom_sees(path)
            ours = read_for(path, ANYTHING).colour
        except (FilmError, RuntimeError, AttributeError, NotImplementedError):
            continue  # several frames, no pixels, or nothing installed with pydicom reads it
        assert ours is not None
        if ours.shape == theirs.shape:  # not where pixels were made square
            compared += 1
            assert np.abs(ours.astype(int) - theirs).mean() < 1.5, path.name
    assert compared >= 15


def _pydicom_sees(path: Path) -> NDArray[Any]:
    header = pydicom.dcmread(path, force=True)
    pixels = header.pixel_array
    if header.PhotometricInterpretation == "PALETTE COLOR":
        colours = apply_color_lut(pixels, header)
        return np.asarray(np.rint(colours[..., :3] / np.iinfo(colours.dtype).max * 255))
    return np.asarray(pixels)
