"""DICOM file to Film: open, admit, decode and shrink no more than needed, tone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from classifiers.admission import (
    is_shown_in_colour,
    refuse_non_films,
    refuse_unaccepted,
    refuse_without_picture,
    why_not_a_film,
)
from classifiers.colour import colours, grey_as_colour, has_colours, windowed
from classifiers.decoders import decode
from classifiers.element import PixelElement, Source, open_element
from classifiers.film import Accepts, Film, Need
from classifiers.layout import COLOUR, PALETTE, Layout, layout_of
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
    element = open_element(source)
    with damage_is_undecodable("header"):
        refuse_non_films(element.header)
    read = _words(element, long_side, in_colour=False)
    with damage_is_undecodable("grayscale"):
        return _film(read, Need(long_side=long_side, window=window))


def read_for(source: Source, need: Need) -> Film:
    """The picture of a DICOM file as a network needs it; of a radiograph, the film that ``read_film`` gives.

    Other pictures are shown as their header says, or under the network's window. Raises NotAccepted for an
    object of another kind than ``need.accepts``, UndecodablePixels and OSError as ``read_film`` does.
    """
    element = open_element(source)
    with damage_is_undecodable("header"):
        refuse_unaccepted(element.header, need.accepts)
    read = _words(element, need.long_side, in_colour=need.colour)
    with damage_is_undecodable("colours" if need.colour else "grayscale"):
        return _film(read, need)


def read_shown(
    source: Source,
    *,
    long_side: int | None,
    window: tuple[float, float] | None = None,
    otherwise: tuple[float, float] | None = None,
) -> Film:
    """The picture of any object of one frame as a viewer shows it; of a radiograph, what ``read_film`` gives.

    Of a picture that shows colours, and is no X-ray image, ``Film.colour`` has them, each channel under
    ``window`` (0 to 255) if there is one. ``otherwise``, as ``window``, is for a header without a window.
    Raises NotAFilm for what has no picture of one frame, else what ``read_film`` raises.
    """
    read = read_shown_words(source, long_side=long_side)
    need = Need(long_side=long_side, colour=read.in_colour, window=window, accepts=Accepts.ANY)
    with damage_is_undecodable("colours" if read.in_colour else "grayscale"):
        film = _film(read, need, otherwise)
        if film.colour is None or not has_colours(film.colour):
            return replace(film, colour=None)
        return film if window is None else replace(film, colour=windowed(film.colour, _window(window)))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FilmWords:
    """A film's words before their tone, no larger than needed; ``size`` is the (width, height) wanted."""

    decoded: Decoded
    header: Dataset
    layout: Layout
    size: tuple[int, int]
    in_colour: bool = False  # colours were decoded, not their luminance alone

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


def read_shown_words(source: Source, *, long_side: int | None) -> FilmWords:
    """The words of a picture that is to be at most ``long_side`` long. Raises what ``read_shown`` raises."""
    element = open_element(source)
    with damage_is_undecodable("header"):
        refuse_without_picture(element.header, has_pixels=element.tag is not None)
        in_colour = is_shown_in_colour(element.header)
    return _words(element, long_side, in_colour=in_colour)


def _words(element: PixelElement, long_side: int | None, *, in_colour: bool) -> FilmWords:
    with damage_is_undecodable("header"):
        layout = layout_of(element.header)
        size = _film_size(layout, pixel_aspect(element.header), long_side)
    decoded = decode(element, layout, halvings=_halvings(layout, size), luminance=not in_colour)
    return FilmWords(decoded=decoded, header=element.header, layout=layout, size=size, in_colour=in_colour)


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
    """How often the picture may be halved and be no smaller than the film; a palette's indices never."""
    if layout.photometric_interpretation == PALETTE:
        return 0
    ratio = min(layout.columns // size[0], layout.rows // size[1])
    return min(MAX_HALVINGS, max(0, ratio.bit_length() - 1))


def _window(told: tuple[float, float]) -> Window:
    return Window(center=told[0], width=told[1])


def _film(read: FilmWords, need: Need, otherwise: tuple[float, float] | None = None) -> Film:
    header, layout = read.header, read.layout
    window, spare = (None if told is None else _window(told) for told in (need.window, otherwise))
    words = read.decoded.words
    visible, note = visible_area(header, (words.shape[0], words.shape[1]), step=read.step)
    colour = None
    if need.colour and layout.photometric_interpretation in COLOUR | {PALETTE}:
        colour = colours(read.decoded, header, layout, read.size, visible)
    if layout.samples == 3:
        words = luminance(read.decoded, layout)
        tone = luminance_tone(words, layout, window)
    else:
        tone = gray_tone(
            words,
            header,
            layout,
            shifted=read.decoded.shifted,
            visible=visible,
            window=window,
            otherwise=spare,
        )
    image = bright_picture(words, tone, read.size, visible)
    notes = (*tone.notes, *filter(None, (note,)))
    if layout.samples == 1 and (need.accepts is Accepts.RADIOGRAPH or why_not_a_film(header) is None):
        image, doubts = bone_bright(image, header, inverted=is_inverted(header, layout))
        notes += doubts
    if need.colour:
        colour = grey_as_colour(image) if colour is None else colour
        colour.flags.writeable = False
    image.flags.writeable = False
    return Film(
        image=image,
        stored_rows=layout.rows,
        stored_columns=layout.columns,
        scale=read.scale(),
        offset=read.offset(),
        notes=notes,
        colour=colour,
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
