"""A PNG or JPEG file as a film: somebody drops it on a page, and no header says what its gray means."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from classifiers.element import Source
from classifiers.film import Accepts, Film, Need
from classifiers.layout import MAX_PIXELS
from classifiers.luts import Window
from classifiers.shrink import shrunk
from classifiers.strangers import damage_is_undecodable
from classifiers.tone import robust_window
from classifiers.values import Curve, FilmValues
from router.errors import NotAccepted, UndecodablePixels

PNG, JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"
FORMATS = ("PNG", "JPEG")
HEAD = 132  # bytes that tell: a DICOM file's first 128 may be anything, also a picture's (PS3.10 7.1)
NO_HEADER = "a picture file says nothing about its gray: it was taken as shown, bone bright"
EIGHT_BITS, SIXTEEN_BITS = 255.0, 65535.0


def is_picture(head: bytes) -> bool:
    """Whether a file that begins like this (``HEAD`` bytes) is a PNG or JPEG, and no DICOM object."""
    return head.startswith((PNG, JPEG)) and head[128:132] != b"DICM"


def read_picture(source: Source, *, long_side: int | None) -> FilmValues:
    """The values of a PNG or JPEG file, at most ``long_side`` pixels long; never enlarged.

    8 bits are shown as they are, 16 bits between their percentiles, colour as its luminance, what is
    transparent black. It lies as its Exif orientation says, and boxes are counted in pixels of what is then
    seen. Raises UndecodablePixels with the decoder's reason, OSError where the path cannot be opened.
    """
    data = source if isinstance(source, bytes) else Path(source).read_bytes()
    with damage_is_undecodable("picture"):
        gray, shape = _gray(data, long_side)
    rows, columns = shape
    shrink = 1.0 if long_side is None else min(1.0, long_side / max(shape))
    size = max(1, round(columns * shrink)), max(1, round(rows * shrink))
    codes = np.ascontiguousarray(shrunk(gray, size)).astype(np.uint16)
    codes.flags.writeable = False
    top = SIXTEEN_BITS if gray.dtype == np.uint16 else EIGHT_BITS
    whole = Curve(name="As stored", curve=Window(center=top / 2, width=top, function="LINEAR_EXACT"))
    robust = Curve(name="Percentiles", curve=robust_window(codes.astype(np.float64)))
    return FilmValues(
        codes=codes,
        slope=1.0,
        intercept=0.0,
        inverted=False,
        curves=(robust, whole) if gray.dtype == np.uint16 else (whole, robust),
        photometric_interpretation="",
        stored_rows=rows,
        stored_columns=columns,
        scale=(columns / size[0], rows / size[1]),
        notes=(NO_HEADER,),
    )


def read_picture_for(source: Source, need: Need) -> Film:
    """A PNG or JPEG file as a network needs it, in its colours where it asks for them.

    Nothing says what such a picture shows: in colour it is taken for a photograph, and for a film too. Raises
    NotAccepted for a network that needs Hounsfield units, or colours where there are none, else what
    ``read_picture`` raises.
    """
    if need.accepts is Accepts.CT:
        raise NotAccepted("a picture file has no Hounsfield units")
    data = source if isinstance(source, bytes) else Path(source).read_bytes()
    values = read_picture(data, long_side=need.long_side)
    film = values.film()
    if not need.colour and need.accepts is not Accepts.PHOTOGRAPH:
        return film
    with damage_is_undecodable("picture"):
        colour = _colours(data, (film.image.shape[1], film.image.shape[0]))
    if need.accepts is Accepts.PHOTOGRAPH and not np.ptp(colour, axis=2).any():
        raise NotAccepted("it is not in colour")
    return replace(film, colour=colour if need.colour else None)


def _colours(data: bytes, size: tuple[int, int]) -> NDArray[np.uint8]:
    """uint8 RGB (height, width, 3), upright, averaged to ``size`` = (width, height); read-only."""
    with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
        seen = ImageOps.exif_transpose(picture).convert("RGBA")
    whole = np.asarray(Image.alpha_composite(Image.new("RGBA", seen.size, "black"), seen).convert("RGB"))
    small = np.dstack([shrunk(np.ascontiguousarray(whole[:, :, index]), size) for index in range(3)])
    small.flags.writeable = False
    return small


def _gray(data: bytes, long_side: int | None) -> tuple[NDArray[Any], tuple[int, int]]:
    """uint8 or uint16 (H, W), upright, and (rows, columns) of the whole picture: a JPEG comes smaller."""
    with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
        if picture.width * picture.height > MAX_PIXELS:
            raise UndecodablePixels(
                f"{picture.height} x {picture.width} pixels are more than the {MAX_PIXELS} we decode"
            )
        if picture.format == "PNG" and getattr(picture, "n_frames", 1) > 1:
            raise UndecodablePixels("an animated PNG holds moving pictures, not a film")
        size = picture.size
        if long_side is not None and picture.mode in ("L", "RGB", "YCbCr"):
            picture.draft("L", (long_side, long_side))  # libjpeg's scaled inverse DCT; a PNG takes no notice
        upright = ImageOps.exif_transpose(picture)
        turned = (upright.width > upright.height) != (size[0] > size[1])
        return _one_channel(upright), (size[0], size[1]) if turned else (size[1], size[0])


def _one_channel(picture: Image.Image) -> NDArray[Any]:
    if picture.mode.startswith("I"):  # 16 bits, or 32 that hold them
        return np.asarray(np.clip(np.asarray(picture), 0, int(SIXTEEN_BITS)), np.uint16)
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        seen = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", seen.size, "black"), seen)
    return np.asarray(picture.convert("L"))
