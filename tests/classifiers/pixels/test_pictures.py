"""PNG and JPEG files as films: what they show, how they lie, and what is refused with a reason."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image

from classifiers.film import Accepts, Need
from classifiers.pictures import HEAD, is_picture, read_picture, read_picture_for
from router.errors import NotAccepted, UndecodablePixels

RAMP = np.linspace(0, 255, 40 * 30).astype(np.uint8).reshape(40, 30)


def saved(picture: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def test_eight_bits_are_shown_as_they_are() -> None:
    values = read_picture(saved(Image.fromarray(RAMP)), long_side=None)
    assert np.array_equal(values.codes, RAMP)
    assert np.abs(values.film().image * 255 - RAMP).max() < 1e-3
    assert (values.stored_rows, values.stored_columns) == (40, 30)


def test_sixteen_bits_keep_all_of_them_and_are_stretched() -> None:
    wide = (RAMP.astype(np.uint16) * 13) + 200
    values = read_picture(saved(Image.fromarray(wide)), long_side=None)
    assert np.array_equal(values.codes, wide)
    assert values.film().image.max() == 1.0


COLOURS = [
    (Image.fromarray(np.dstack([RAMP] * 3)), 0),
    (Image.fromarray(RAMP).convert("P"), 0),
    (Image.fromarray(RAMP).convert("LA"), 0),
    (Image.fromarray(RAMP).convert("RGBA"), 0),
    (Image.fromarray(RAMP > 127), 255),
]


@pytest.mark.parametrize(("picture", "most"), COLOURS, ids=lambda value: getattr(value, "mode", ""))
def test_every_mode_becomes_gray(picture: Image.Image, most: int) -> None:
    values = read_picture(saved(picture), long_side=None)
    assert np.abs(values.codes.astype(int) - RAMP).max() <= most


PHOTOGRAPH = Need(long_side=20, colour=True, accepts=Accepts.PHOTOGRAPH)


def test_a_network_for_photographs_gets_the_colours_upright_and_small() -> None:
    colour = np.dstack([RAMP, 255 - RAMP, np.full_like(RAMP, 60)])
    turned = Image.Exif()
    turned[0x0112] = 6  # to be shown turned clockwise by a right angle
    film = read_picture_for(saved(Image.fromarray(colour), "PNG", exif=turned), PHOTOGRAPH)
    assert film.colour is not None and film.colour.shape == (15, 20, 3) and film.image.shape == (15, 20)
    upright = np.rot90(colour, -1).astype(float).reshape(15, 2, 20, 2, 3).mean(axis=(1, 3))
    assert np.abs(film.colour - upright).max() <= 1


@pytest.mark.parametrize(
    ("need", "reason"),
    [
        (PHOTOGRAPH, "it is not in colour"),
        (Need(long_side=20, accepts=Accepts.PHOTOGRAPH), "it is not in colour"),
        (Need(long_side=20, accepts=Accepts.CT), "a picture file has no Hounsfield units"),
    ],
)
def test_a_network_is_shown_no_picture_that_it_is_not_for(need: Need, reason: str) -> None:
    with pytest.raises(NotAccepted, match=reason):
        read_picture_for(saved(Image.fromarray(np.dstack([RAMP] * 3))), need)


def test_a_network_for_films_gets_the_film() -> None:
    film = read_picture_for(saved(Image.fromarray(RAMP)), Need(long_side=None))
    assert film.colour is None and np.abs(film.image * 255 - RAMP).max() < 1e-3


def test_what_is_transparent_is_black() -> None:
    picture = Image.new("RGBA", (4, 4), (255, 255, 255, 0))
    assert read_picture(saved(picture), long_side=None).codes.max() == 0


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_it_lies_as_its_orientation_says(kind: str) -> None:
    picture = Image.new("L", (64, 32))
    picture.paste(255, (0, 0, 16, 16))  # top left
    exif = Image.Exif()
    exif[0x0112] = 6  # to be seen, turn it a quarter clockwise
    values = read_picture(saved(picture, kind, exif=exif), long_side=None)
    assert values.codes.shape == (64, 32)
    assert (values.stored_rows, values.stored_columns) == (64, 32)
    assert values.codes[4, 28] > 200, "the top left corner is now the top right one"


def test_a_large_jpeg_is_decoded_no_larger_than_needed_and_knows_its_size() -> None:
    picture = Image.fromarray(np.kron(RAMP, np.ones((40, 40), np.uint8)))
    values = read_picture(saved(picture, "JPEG"), long_side=320)
    assert values.codes.shape == (320, 240)
    assert (values.stored_rows, values.stored_columns) == (1600, 1200)
    assert values.scale == (5.0, 5.0)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def a_png_of(width: int, height: int, data: bytes) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", data) + chunk(b"IEND", b"")


REFUSED = [
    (a_png_of(10_000, 10_000, zlib.compress(b"\0" * 1000)), "10000 x 10000 pixels are more than"),
    (a_png_of(60_000, 60_000, zlib.compress(b"\0" * 1000)), "exceeds limit"),
    (saved(Image.fromarray(RAMP))[:100], "picture: "),
    (saved(Image.fromarray(RAMP), "JPEG")[:300], "picture: "),
    (a_png_of(40, 40, b"not deflated"), "picture: "),
    (b"hello", "picture: "),
    (saved(Image.fromarray(RAMP), "TIFF"), "picture: "),
]


@pytest.mark.parametrize(("data", "reason"), REFUSED, ids=range(len(REFUSED)))
def test_what_cannot_be_read_says_why(data: bytes, reason: str) -> None:
    with pytest.raises(UndecodablePixels, match=reason):
        read_picture(data, long_side=None)


def test_moving_pictures_are_no_film() -> None:
    frames = [Image.fromarray(RAMP), Image.fromarray(RAMP.T.copy().reshape(40, 30))]
    with pytest.raises(UndecodablePixels, match="moving"):
        read_picture(saved(frames[0], save_all=True, append_images=frames[1:]), long_side=None)


def test_a_dicom_file_with_a_picture_in_its_preamble_is_dicom() -> None:
    picture = saved(Image.fromarray(RAMP))
    assert is_picture(picture[:HEAD])
    assert not is_picture(picture[:128] + b"DICM")
    assert not is_picture(b"\0" * 128 + b"DICM")


@pytest.mark.parametrize("seed", range(200))
def test_damage_is_an_error_of_ours_or_a_film(seed: int) -> None:
    random = np.random.default_rng(seed)
    whole = saved(Image.fromarray(RAMP), "JPEG" if seed % 2 else "PNG")
    data = bytearray(whole)
    for place in random.integers(0, len(data), 6):
        data[place] = random.integers(0, 256)
    try:
        read_picture(bytes(data), long_side=64)
    except UndecodablePixels as error:
        assert str(error)
