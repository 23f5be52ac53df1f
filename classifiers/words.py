"""Words as they lie: what every decoder answers with, and uncompressed pixels (PS3.5 8.1, 8.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from classifiers.element import PixelElement
from classifiers.layout import Layout
from router.errors import UndecodablePixels

Frame: TypeAlias = Any  # bytes or a memoryview: what the decoders take, though their stubs say less

# The second is private to GE: a little-endian header before big-endian pixels.
BIG_ENDIAN = frozenset({"1.2.840.10008.1.2.2", "1.2.840.113619.5.2"})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Decoded:
    """A *word* is what a pixel's Bits Allocated hold; only a codec may have shifted or sign-extended it.

    ``words`` is (rows, columns) or (rows, columns, 3) of uint8, uint16 or (sign-extended) int16.
    """

    words: NDArray[Any]
    halvings: int = 0
    low_band: bool = False  # halved by a wavelet: its samples sit on the even pixels
    space: Literal["stored", "rgb", "luminance"] = "stored"  # colour: as the header says, or already turned
    shifted: bool = False  # uncompressed: High Bit and bits beyond Bits Stored are still as written


def native_words(element: PixelElement, layout: Layout, luminance: bool) -> Decoded:
    dtype = np.dtype(np.uint8 if layout.bits_allocated == 8 else np.uint16)
    swapped = element.transfer_syntax_uid in BIG_ENDIAN
    value: Frame = element.value
    if (
        swapped and dtype.itemsize == 1 and element.vr == "OW"
    ):  # two pixels share a big-endian word: PS3.5 8.1.1
        pairs = len(value) // 2 * 2
        value = np.frombuffer(value[:pairs], ">u2").astype("<u2").tobytes()
    order = dtype.newbyteorder(">" if swapped else "<")
    return reshaped(value, order, layout, luminance)


def reshaped(value: Frame, dtype: np.dtype[Any], layout: Layout, luminance: bool) -> Decoded:
    """Uncompressed words of any order as (rows, columns[, 3]), not copied where they lie so already."""
    pixels = layout.rows * layout.columns
    subsampled = layout.photometric_interpretation == "YBR_FULL_422"  # Y Y Cb Cr: PS3.3 C.7.6.3.1.2
    needed = (pixels * 2 if subsampled else pixels * layout.samples) * dtype.itemsize
    if len(value) < needed:
        raise UndecodablePixels(f"the pixel data holds {len(value)} bytes, {needed} are needed")
    flat = np.frombuffer(value, dtype, count=needed // dtype.itemsize)
    flat = flat if dtype.isnative else flat.astype(dtype.newbyteorder("="))
    if subsampled:
        return _subsampled(flat, layout, luminance)
    if layout.samples == 1:
        return Decoded(words=flat.reshape(layout.rows, layout.columns), shifted=True)
    if layout.planar:
        words = np.moveaxis(flat.reshape(3, layout.rows, layout.columns), 0, -1)
        return Decoded(words=words, shifted=True)
    return Decoded(words=flat.reshape(layout.rows, layout.columns, 3), shifted=True)


def _subsampled(flat: NDArray[Any], layout: Layout, luminance: bool) -> Decoded:
    fours = flat.reshape(-1, 4)
    bright = fours[:, :2].reshape(layout.rows, layout.columns)
    if luminance:
        return Decoded(words=bright, space="luminance", shifted=True)
    chroma = np.repeat(fours[:, 2:], 2, axis=0).reshape(layout.rows, layout.columns, 2)
    return Decoded(words=np.dstack((bright, chroma)), shifted=True)
