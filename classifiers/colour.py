"""The colours of a picture: palettes looked up, YBR turned, any depth as 8 bits (PS3.3 C.7.6.3, C.7.9)."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL.ImageCms import PyCMSError
from pydicom.dataset import Dataset
from pydicom.pixels import apply_color_lut, apply_icc_profile, create_icc_transform

from classifiers.layout import PALETTE, Layout
from classifiers.luts import Window
from classifiers.shrink import CODES, looked_up, shrunk
from classifiers.tone import Mask, extremes, stored_values
from classifiers.words import Decoded
from router.errors import UndecodablePixels

RGB = NDArray[np.uint8]


def colours(
    decoded: Decoded, header: Dataset, layout: Layout, size: tuple[int, int], visible: Mask | None
) -> RGB:
    """uint8 RGB (height, width, 3) of a colour or palette picture, averaged to ``size`` = (width, height).

    What ``visible`` (the shape of the words) leaves out is black. Where the header says by an ICC profile
    what its colours mean, they are turned to sRGB (PS3.3 C.11.15). Raises UndecodablePixels for colours with
    a sign.
    """
    if layout.photometric_interpretation == PALETTE:
        channels, top = _of_palette(decoded, header, layout), CODES
    else:
        channels, top = _of_samples(decoded, layout), (1 << layout.bits_stored) - 1
    small = np.dstack([shrunk(_covered(channel, visible), size) for channel in channels])
    eight = small if small.dtype == np.uint8 and top == 255 else _eight_bits(small, top)
    turned = decoded.space == "stored" and layout.photometric_interpretation.startswith("YBR_FULL")
    return np.ascontiguousarray(_in_srgb(_rgb(eight) if turned else eight, header))


def has_colours(picture: RGB) -> bool:
    """Whether any pixel of a uint8 RGB picture (height, width, 3) is other than grey."""
    red, green, blue = cv2.split(picture)
    return not (np.array_equal(red, green) and np.array_equal(green, blue))


def windowed(picture: RGB, window: Window) -> RGB:
    """The same picture, each channel (0 to 255) under a window."""
    levels = np.rint(window(np.arange(256, dtype=np.float64)) * 255).astype(np.uint8)
    return np.asarray(levels[picture])


def grey_as_colour(image: NDArray[np.float32]) -> RGB:
    """A grey picture, float32 (H, W) in [0, 1], in colours that are none: uint8 (H, W, 3)."""
    return np.repeat(np.rint(image * 255).astype(np.uint8)[:, :, np.newaxis], 3, axis=2)


def _of_samples(decoded: Decoded, layout: Layout) -> list[NDArray[Any]]:
    """The three channels as they lie, without the bits beyond Bits Stored."""
    words = decoded.words
    if layout.signed or words.dtype == np.int16:
        raise UndecodablePixels("colours with a sign cannot be read")
    down = layout.high_bit + 1 - layout.bits_stored if decoded.shifted else 0
    if down or layout.bits_stored < 8 * words.dtype.itemsize:
        words = words >> down & ((1 << layout.bits_stored) - 1)
    return [np.ascontiguousarray(words[:, :, index]) for index in range(3)]


def _of_palette(decoded: Decoded, header: Dataset, layout: Layout) -> list[NDArray[Any]]:
    """PS3.3 C.7.9: each index's red, green and blue as 16-bit codes; segmented tables too."""
    first, last = extremes(decoded.words)
    stored = stored_values(np.arange(first, last + 1), layout, shifted=decoded.shifted)
    table = apply_color_lut(stored.astype(np.uint16)[np.newaxis], header)[0]
    codes = np.rint(table[:, :3] * (CODES / np.iinfo(table.dtype).max)).astype(np.uint16)
    return [looked_up(decoded.words, first, np.ascontiguousarray(codes[:, index])) for index in range(3)]


def _covered(channel: NDArray[Any], visible: Mask | None) -> NDArray[Any]:
    return channel if visible is None else np.where(visible, channel, channel.dtype.type(0))


def _eight_bits(small: NDArray[Any], top: int) -> RGB:
    return np.asarray(np.rint(np.clip(small * (255.0 / top), 0, 255)), np.uint8)


def _in_srgb(picture: RGB, header: Dataset) -> RGB:
    """By the header's ICC profile; without one, or by one that cannot be read, the colours as they are.

    A picture that shows none stays so: turned by a profile its channels may come to differ by one.
    """
    profile = header.get("ICCProfile")
    if not isinstance(profile, bytes) or not profile or not has_colours(picture):
        return picture
    try:
        transform = create_icc_transform(icc_profile=profile, color_space="sRGB")
    except (PyCMSError, OSError, ValueError):
        return picture
    return np.asarray(apply_icc_profile(picture, transform=transform), np.uint8)


def _rgb(ybr: RGB) -> RGB:
    """YBR_FULL to RGB; the standard's matrix is that of JPEG (ITU-R BT.601, full range)."""
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(ybr[:, :, (0, 2, 1)]), cv2.COLOR_YCrCb2RGB), np.uint8)
