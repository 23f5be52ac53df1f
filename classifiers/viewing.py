"""DICOM file to the values that a viewer windows: decoded and shrunk no more than needed, no tone applied."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from classifiers.admission import why_not_a_film
from classifiers.colour import colours, has_colours
from classifiers.element import Source
from classifiers.layout import PALETTE
from classifiers.luts import Table, Window, first_number, windows_of
from classifiers.pictures import HEAD, is_picture, read_picture
from classifiers.polarity import TURNED, bone_bright
from classifiers.reading import FilmWords, luminance, read_shown_words
from classifiers.shrink import looked_up, shrunk
from classifiers.shutter import visible_area
from classifiers.strangers import damage_is_undecodable
from classifiers.tone import (
    Mask,
    extremes,
    is_inverted,
    palette_luminance,
    robust_window,
    scale_of,
    stored_values,
    voi_of,
)
from classifiers.values import CODES, Curve, FilmValues

MOST_CURVES = 16  # a header may name any number of windows


def read_values(
    source: Source, *, long_side: int | None, otherwise: tuple[float, float] | None = None
) -> FilmValues:
    """The values of a DICOM file's picture, at most ``long_side`` pixels long; never enlarged.

    Padding, and what a shutter or collimator covers, have the value that is shown black. ``otherwise``
    (center, width) is the window of a header without one. Raises NotAFilm and UndecodablePixels as
    ``read_shown`` does, OSError where the path cannot be opened.
    """
    read = read_shown_words(source, long_side=long_side)
    with damage_is_undecodable("colours" if read.in_colour else "grayscale"):
        words = read.decoded.words
        visible, note = visible_area(read.header, (words.shape[0], words.shape[1]), step=read.step)
        spare = None if otherwise is None else Window(center=otherwise[0], width=otherwise[1])
        values = _in_colour(read, visible) or _in_gray(read, visible, spare)
        return _turned(values, read, note)


def read_any_values(
    path: Path, *, long_side: int | None, otherwise: tuple[float, float] | None = None
) -> FilmValues:
    """The values of a DICOM, PNG or JPEG file, told apart by how it begins. Raises what its reader raises."""
    with path.open("rb") as file:
        if is_picture(file.read(HEAD)):
            return read_picture(path, long_side=long_side)
    return read_values(path, long_side=long_side, otherwise=otherwise)


def _in_colour(read: FilmWords, visible: Mask | None) -> FilmValues | None:
    """Its colours, where it shows any."""
    if not read.in_colour:
        return None
    picture = colours(read.decoded, read.header, read.layout, read.size, visible)
    whole = Window(center=127.5, width=255, function="LINEAR_EXACT")
    return _values(read, picture, (Curve(name="As stored", curve=whole),)) if has_colours(picture) else None


def _in_gray(read: FilmWords, visible: Mask | None, otherwise: Window | None) -> FilmValues:
    if read.layout.samples == 3:
        return _luminance(read, visible)
    if read.layout.photometric_interpretation == PALETTE:
        return _palette(read, visible)
    return _gray(read, visible, otherwise)


def _gray(read: FilmWords, visible: Mask | None, otherwise: Window | None) -> FilmValues:
    header, layout, words = read.header, read.layout, read.decoded.words
    scale = scale_of(words, header, layout, shifted=read.decoded.shifted, visible=visible)
    imaged = scale.values[~scale.padding] if not scale.padding.all() else scale.values
    slope, intercept = _steps(imaged, header), float(imaged.min())
    codes = np.clip(np.rint((scale.values - intercept) / slope), 0, CODES - 1).astype(np.uint16)
    black = int(codes[~scale.padding].max(initial=0)) if is_inverted(header, layout) else 0
    codes[scale.padding] = black
    shown, notes = voi_of(scale, header, layout, otherwise)
    window = robust_window(scale.values[scale.sample] if len(scale.sample) else scale.values)
    windows = windows_of(header) if otherwise is None else [*windows_of(header), ("The model's", otherwise)]
    curves = _curves(shown, windows, window, (intercept, float(imaged.max())))
    small = _small(read, looked_up(words, scale.first, codes), visible, black)
    return _values(read, small, curves, (slope, intercept), notes)


def _steps(values: NDArray[np.float64], header: Dataset) -> float:
    """The value of one code: what one stored value is worth, or 1 where a table made the values."""
    slope = abs(first_number(header.get("RescaleSlope")) or 1.0)
    span = float(values.max() - values.min())
    if header.get("ModalityLUTSequence") or span > slope * (CODES - 1):
        slope = max(1.0, span / (CODES - 1))
    return slope


def _luminance(read: FilmWords, visible: Mask | None) -> FilmValues:
    words = luminance(read.decoded, read.layout)
    first, last = extremes(words)
    top = float((1 << read.layout.bits_stored) - 1)
    codes = np.clip(np.arange(first, last + 1), 0, CODES - 1).astype(np.uint16)
    whole = Window(center=top / 2, width=top, function="LINEAR_EXACT")
    small = _small(read, looked_up(words, first, codes), visible, 0)
    return _values(read, small, (Curve(name="As stored", curve=whole),))


def _palette(read: FilmWords, visible: Mask | None) -> FilmValues:
    words = read.decoded.words
    first, last = extremes(words)
    stored = stored_values(np.arange(first, last + 1), read.layout, shifted=read.decoded.shifted)
    codes = np.rint(palette_luminance(stored, read.header) * (CODES - 1)).astype(np.uint16)
    whole = Curve(name="As stored", curve=Window(center=0.5, width=1.0, function="LINEAR_EXACT"))
    small = _small(read, looked_up(words, first, codes), visible, 0)
    return _values(read, small, (whole,), (1 / (CODES - 1), 0.0))


def _curves(
    shown: Window | Table,
    windows: list[tuple[str, Window]],
    robust: Window,
    ends: tuple[float, float],
) -> tuple[Curve, ...]:
    """What is shown first, then the header's other windows, then two that every film has."""
    width = ends[1] - ends[0] or 1.0
    full = Window(center=ends[0] + width / 2, width=width, function="LINEAR_EXACT")
    named = {curve: name for name, curve in reversed(windows)} | {robust: "Percentiles"}
    first = "VOI LUT" if isinstance(shown, Table) else named.get(shown, "As sent")
    curves = [Curve(name=first, curve=shown)]
    rest = [*windows[:MOST_CURVES], ("Percentiles", robust), ("All values", full)]
    return (*curves, *(Curve(name=name, curve=curve) for name, curve in rest if curve != shown))


def _small(
    read: FilmWords, codes: NDArray[np.uint16], visible: Mask | None, black: int
) -> NDArray[np.uint16]:
    if visible is not None:
        codes[~visible] = black
    return np.ascontiguousarray(shrunk(codes, read.size))


def _values(
    read: FilmWords,
    codes: NDArray[Any],
    curves: tuple[Curve, ...],
    line: tuple[float, float] = (1.0, 0.0),
    notes: tuple[str, ...] = (),
) -> FilmValues:
    codes.flags.writeable = False
    return FilmValues(
        codes=codes,
        slope=line[0],
        intercept=line[1],
        inverted=codes.ndim == 2 and read.layout.samples == 1 and is_inverted(read.header, read.layout),
        curves=curves,
        photometric_interpretation=read.layout.photometric_interpretation,
        stored_rows=read.layout.rows,
        stored_columns=read.layout.columns,
        scale=read.scale(),
        offset=read.offset(),
        notes=notes,
    )


def _turned(values: FilmValues, read: FilmWords, note: str) -> FilmValues:
    """Turned like the film itself where its header and its border say that bone is dark."""
    notes = (*values.notes, *filter(None, (note,)))
    inverted = values.inverted
    if read.layout.samples == 1 and why_not_a_film(read.header) is None and values.codes.ndim == 2:
        _, doubts = bone_bright(values.brightness(), read.header, inverted=inverted)
        notes += doubts
        inverted = inverted != (TURNED in doubts)
    return replace(values, inverted=inverted, notes=notes)
