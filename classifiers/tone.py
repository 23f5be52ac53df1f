"""The grayscale pipeline of PS3.4 N.2 folded into one curve, from a pixel's word to its brightness.

A curve over the words that occur is at most 65536 entries long, so that every step is exact and none of them
touches the pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.pixels import apply_color_lut

from classifiers.layout import PALETTE, Layout
from classifiers.luts import Table, Values, Window, first_number, table_of, window_of

Mask = NDArray[np.bool_]
SAMPLE = 128  # per side: percentiles of 16 thousand pixels are as good as those of all
ROBUST = (0.5, 99.5)  # percent
OTHERWISE = "the header has no window; it is shown under that of the model which looked at it"
LEAST_SPREAD = 0.04  # of the brightness; a header's window that shows less than this shows nothing


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tone:
    """Brightness in [0, 1], float32, of the words ``first``, ``first + 1``, ..."""

    first: int
    levels: NDArray[np.float32]
    notes: tuple[str, ...] = ()


def gray_tone(
    words: NDArray[Any],
    header: Dataset,
    layout: Layout,
    *,
    shifted: bool,
    visible: Mask | None,
    window: Window | None,
    otherwise: Window | None = None,
) -> Tone:
    """The curve of a one-channel picture.

    ``visible`` (the shape of ``words``) keeps what lies under the shutter out of the percentiles; ``window``
    stands in for the header's, ``otherwise`` where the header has none.
    """
    first, last = extremes(words)
    stored = stored_values(np.arange(first, last + 1), layout, shifted=shifted)
    if layout.photometric_interpretation == PALETTE:
        return Tone(first=first, levels=palette_luminance(stored, header))
    scale = scale_of(words, header, layout, shifted=shifted, visible=visible)
    curve, notes = (window, ()) if window is not None else voi_of(scale, header, layout, otherwise)
    brightness = np.asarray(curve(scale.values))
    if is_inverted(header, layout):
        brightness = 1 - brightness
    brightness[scale.padding] = 0
    return Tone(first=first, levels=brightness.astype(np.float32), notes=notes)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scale:
    """What the words ``first``, ``first + 1``, ... mean: values of the modality transformation, float64."""

    first: int
    values: Values
    padding: Mask  # which of them fill what was not imaged
    sample: NDArray[np.int64]  # indices into ``values`` of some pixels that are neither padding nor covered


def scale_of(
    words: NDArray[Any], header: Dataset, layout: Layout, *, shifted: bool, visible: Mask | None
) -> Scale:
    """The scale of a one-channel picture that is not of a palette; ``visible`` has the shape of ``words``."""
    first, last = extremes(words)
    stored = stored_values(np.arange(first, last + 1), layout, shifted=shifted)
    padding = padding_of(stored, header, layout)
    sample = _sample(words, visible) - first
    return Scale(
        first=first,
        values=modality_values(stored, header, layout),
        padding=padding,
        sample=sample[~padding[sample]],
    )


def luminance_tone(words: NDArray[Any], layout: Layout, window: Window | None) -> Tone:
    """The curve of a colour capture's luminance: as it was shown, unless a window is asked for."""
    first, last = extremes(words)
    values = np.arange(first, last + 1, dtype=np.float64)
    top = float((1 << layout.bits_stored) - 1)
    brightness = np.clip(values / top, 0, 1) if window is None else window(values)
    return Tone(first=first, levels=brightness.astype(np.float32))


def extremes(words: NDArray[Any]) -> tuple[int, int]:
    """The smallest and the largest word of a picture of one channel."""
    low, high, _, _ = cv2.minMaxLoc(words)
    return int(low), int(high)


def stored_values(words: NDArray[Any], layout: Layout, *, shifted: bool) -> NDArray[np.int64]:
    """Words to stored values: down from High Bit, other bits (overlays, PS3.5 8.1.2) off, sign extended."""
    wide = words.astype(np.int64)
    if words.dtype == np.int16 or (wide < 0).any():
        return wide
    wide = wide >> (layout.high_bit + 1 - layout.bits_stored if shifted else 0)
    wide = wide & ((1 << layout.bits_stored) - 1)
    sign = 1 << (layout.bits_stored - 1)
    return (wide ^ sign) - sign if layout.signed else wide


def modality_values(stored: NDArray[np.int64], header: Dataset, layout: Layout) -> Values:
    """PS3.3 C.11.1: the Modality LUT Sequence, else Rescale Slope and Intercept, else the stored values."""
    values = stored.astype(np.float64)
    table = table_of(header, "ModalityLUTSequence", signed=layout.signed)
    if table is not None:
        return table(values)
    slope, intercept = first_number(header.get("RescaleSlope")), first_number(header.get("RescaleIntercept"))
    return values * (slope or 1.0) + (intercept or 0.0)


def padding_of(stored: NDArray[np.int64], header: Dataset, layout: Layout) -> Mask:
    """PS3.3 C.7.5.1.1.2: the stored values that fill what was not imaged."""
    value = first_number(header.get("PixelPaddingValue"))
    if value is None:
        return np.zeros(len(stored), np.bool_)
    limit = first_number(header.get("PixelPaddingRangeLimit"))
    ends = sorted(_as_stored(end, layout) for end in (value, value if limit is None else limit))
    return np.asarray((stored >= ends[0]) & (stored <= ends[1]))


def _as_stored(value: float, layout: Layout) -> int:
    # Its VR follows Pixel Representation, but writers err: the same 16 bits are meant.
    number = int(value)
    if layout.signed and number >= 1 << (layout.bits_allocated - 1):
        return number - (1 << layout.bits_allocated)
    return number + (1 << layout.bits_allocated) if not layout.signed and number < 0 else number


def _sample(words: NDArray[Any], visible: Mask | None) -> NDArray[np.int64]:
    steps = tuple(slice(None, None, max(1, length // SAMPLE)) for length in words.shape)
    sample = words[steps] if visible is None else words[steps][visible[steps]]
    return sample.ravel().astype(np.int64)


def voi_of(
    scale: Scale, header: Dataset, layout: Layout, otherwise: Window | None = None
) -> tuple[Window | Table, tuple[str, ...]]:
    """PS3.3 C.11.2: the header's VOI if it shows something, else a window over percentiles; with notes.

    ``otherwise`` is for a header without any. What comes back turns values of the modality transformation
    into [0, 1].
    """
    values, sample = scale.values, scale.sample
    notes: tuple[str, ...] = ()
    table = table_of(header, "VOILUTSequence", signed=layout.signed)
    curve = table.normalised() if table is not None else window_of(header)
    if curve is None and otherwise is not None:
        return otherwise, (OTHERWISE,)
    if curve is not None and not (isinstance(curve, Window) and curve.degenerate):
        brightness = curve(values[sample])
        if len(sample) == 0 or np.ptp(np.percentile(brightness, ROBUST)) >= LEAST_SPREAD:
            return curve, ()
    if curve is not None:
        notes = ("the header's window or VOI LUT shows nothing of this film; percentiles were taken instead",)
    return robust_window(values[sample] if len(sample) else values), notes


def robust_window(values: Values) -> Window:
    """From the 0.5 to the 99.5 percentile; over all values where these are one."""
    low, high = np.percentile(values, ROBUST)
    if high <= low:
        low, high = float(values.min()), float(values.max())
    width = float(high - low) if high > low else 1.0
    return Window(center=float(low) + width / 2, width=width, function="LINEAR_EXACT")


def is_inverted(header: Dataset, layout: Layout) -> bool:
    """MONOCHROME1, or MONOCHROME2 whose Presentation LUT Shape says INVERSE; both together mean once."""
    shape = str(header.get("PresentationLUTShape") or "").strip().upper()
    return layout.photometric_interpretation == "MONOCHROME1" or shape == "INVERSE"


def palette_luminance(stored: NDArray[np.int64], header: Dataset) -> NDArray[np.float32]:
    """PS3.3 C.7.9: each index's colour, as luminance in [0, 1]."""
    colours = apply_color_lut(stored.astype(np.uint16)[np.newaxis], header)[0]
    luminance = colours[:, :3].astype(np.float64) @ (0.299, 0.587, 0.114)
    return np.asarray(luminance / np.iinfo(colours.dtype).max, np.float32)
