"""DICOM file to Film: open, admit, decode and shrink no more than needed, tone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from classifiers.admission import refuse_non_films
from classifiers.decoders import decode
from classifiers.element import Source, open_element
from classifiers.film import Film
from classifiers.layout import Layout, layout_of
from classifiers.luts import Window, first_number
from classifiers.polarity import bone_bright
from classifiers.shrink import block_of, bright_picture
from classifiers.shutter import visible_area
from classifiers.strangers import damage_is_undecodable
from classifiers.tone import gray_tone, is_inverted, luminance_tone, stored_values
from classifiers.words import Decoded

MAX_HALVINGS = 5
LIKELY_ASPECTS = (0.25, 4.0)


def read_film(source: Source, *, long_side: int | None, window: tuple[float, float] | None = None) -> Film:
    """The film of a DICOM file (a path, or the whole file's bytes), at most ``long_side`` pixels long.

    Never enlarged; None keeps every stored pixel. ``window`` (center, width; LINEAR) replaces the header's.
    The grayscale pipeline is that of PS3.4 N.2. Raises NotAFilm for other objects than single-frame plain
    radiographs, UndecodablePixels with the decoder's reason, OSError where the path cannot be opened.
    """
    read = read_words(source, long_side=long_side)
    with damage_is_undecodable("grayscale"):
        return _film(read, None if window is None else Window(center=window[0], width=window[1]))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FilmWords:
    """A film's words before their tone, no larger than needed; ``size`` is the (width, height) wanted."""

    decoded: Decoded
    header: Dataset
    layout: Layout
    size: tuple[int, int]

    @property
    def step(self) -> int:
        """Stored pixels that each decoded one spans, along a side."""
        return 1 << self.decoded.halvings

    def scale(self) -> tuple[float, float]:
        """``Film.scale`` of a picture of ``size``."""
        shape = self.decoded.words.shape
        block = block_of(shape, self.size)
        covered = [-(-length // block) * block * self.step for length in shape]  # the last may be partial
        return covered[1] / self.size[0], covered[0] / self.size[1]

    def offset(self) -> tuple[float, float]:
        """``Film.offset``."""
        offset = (1 - self.step) / 2 if self.decoded.low_band else 0.0
        return offset, offset


def read_words(source: Source, *, long_side: int | None) -> FilmWords:
    """The words of a film that is to be at most ``long_side`` long. Raises what ``read_film`` raises."""
    element = open_element(source)
    header = element.header
    with damage_is_undecodable("header"):
        refuse_non_films(header)
        layout = layout_of(header)
        size = _film_size(layout, pixel_aspect(header), long_side)
    decoded = decode(element, layout, halvings=_halvings(layout, size), luminance=True)
    return FilmWords(decoded=decoded, header=header, layout=layout, size=size)


def read_stored(source: Source) -> NDArray[Any]:
    """The stored pixel values of the first frame of any object, whole: (rows, columns) or (rows, columns, 3).

    Integers after PS3.5 8.1 (shifted, masked, sign extended), before any grayscale transformation; colour as
    the decoder gives it. Raises UndecodablePixels.
    """
    element = open_element(source)
    with damage_is_undecodable("header"):
        layout = layout_of(element.header)
        frames = int(first_number(element.header.get("NumberOfFrames")) or 1)
    decoded = decode(element, layout, frames=frames)
    return stored_values(decoded.words, layout, shifted=decoded.shifted)


def pixel_aspect(header: Dataset) -> tuple[float, float]:
    """Width and height of a stored pixel, the smaller of them 1 (PS3.3 C.7.6.3.1.7, else the spacings)."""
    for keyword in ("PixelAspectRatio", "PixelSpacing", "ImagerPixelSpacing"):
        values = header.get(keyword)
        if values is None or isinstance(values, str) or not hasattr(values, "__len__") or len(values) != 2:
            continue
        height, width = first_number(values[0]), first_number(values[1])
        if not height or not width or not LIKELY_ASPECTS[0] <= height / width <= LIKELY_ASPECTS[1]:
            continue
        least = min(height, width)
        return (1.0, 1.0) if abs(height / width - 1) < 0.01 else (width / least, height / least)
    return 1.0, 1.0


def _film_size(layout: Layout, aspect: tuple[float, float], long_side: int | None) -> tuple[int, int]:
    width, height = layout.columns * aspect[0], layout.rows * aspect[1]
    shrink = 1.0 if long_side is None else min(1.0, long_side / max(width, height))
    return max(1, round(width * shrink)), max(1, round(height * shrink))


def _halvings(layout: Layout, size: tuple[int, int]) -> int:
    """How often the picture may be halved and still be no smaller than the film."""
    ratio = min(layout.columns // size[0], layout.rows // size[1])
    return min(MAX_HALVINGS, max(0, ratio.bit_length() - 1))


def _film(read: FilmWords, window: Window | None) -> Film:
    header, layout = read.header, read.layout
    words = read.decoded.words
    visible, note = visible_area(header, (words.shape[0], words.shape[1]), step=read.step)
    if layout.samples == 3:
        words = luminance(read.decoded, layout)
        tone = luminance_tone(words, layout, window)
    else:
        tone = gray_tone(words, header, layout, shifted=read.decoded.shifted, visible=visible, window=window)
    image = bright_picture(words, tone, read.size, visible)
    notes = (*tone.notes, *filter(None, (note,)))
    if layout.samples == 1:
        image, doubts = bone_bright(image, header, inverted=is_inverted(header, layout))
        notes += doubts
    image.flags.writeable = False
    return Film(
        image=image,
        stored_rows=layout.rows,
        stored_columns=layout.columns,
        scale=read.scale(),
        offset=read.offset(),
        notes=notes,
    )


def luminance(decoded: Decoded, layout: Layout) -> NDArray[Any]:
    """One channel of a colour picture: Y of YBR, or the luminance of RGB (ITU-R BT.601)."""
    if decoded.words.ndim == 2:
        return decoded.words
    if decoded.space == "stored" and layout.photometric_interpretation.startswith("YBR_FULL"):
        return np.ascontiguousarray(decoded.words[:, :, 0])
    words = np.ascontiguousarray(decoded.words)
    return np.asarray(
        cv2.cvtColor(words if words.dtype != np.int16 else words.view(np.uint16), cv2.COLOR_RGB2GRAY)
    )
