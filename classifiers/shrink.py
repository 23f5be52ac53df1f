"""Words to a small bright picture: the tone curve at every stored pixel, then area averaging."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from classifiers.tone import Mask, Tone

CODES = 65535  # brightness as 16-bit codes: a 257th of an 8-bit gray level
FINE = (
    1024  # words between black and white above which rounding an average to a word stays below 1/8 gray level
)
LONG_TABLES = int(cv2.__version__.split(".")[0]) >= 5  # 65536 entries, four times as fast as numpy's take
STRAIGHT = 0.25 / 255  # how far a curve may bend and still be taken for a straight line: a quarter gray level


@dataclass(frozen=True, slots=True, kw_only=True)
class Ramp:
    """A clipped straight line: one brightness up to the word ``low``, another from ``high`` on."""

    low: int
    high: int
    at_low: float
    at_high: float


def ramp_of(tone: Tone) -> Ramp | None:
    """The clipped line that a curve is, or None. Clipping and averaging need no curve at every pixel then.

    Averaging commutes with a line, and clipping is done before it: no approximation but the curve's distance
    from the line.
    """
    levels = tone.levels
    moving = np.flatnonzero(levels[1:] != levels[:-1])
    if len(moving) == 0:
        return None
    low, high = int(moving[0]), int(moving[-1]) + 1
    line = np.linspace(levels[low], levels[high], high - low + 1)
    if high - low < FINE or np.abs(levels[low : high + 1] - line).max() > STRAIGHT:
        return None
    return Ramp(
        low=tone.first + low, high=tone.first + high, at_low=float(levels[low]), at_high=float(levels[high])
    )


def bright_picture(
    words: NDArray[Any], tone: Tone, size: tuple[int, int], visible: Mask | None
) -> NDArray[np.float32]:
    """float32 (height, width) in [0, 1] of ``size`` = (width, height), averaged over the words' whole area.

    What ``visible`` leaves out is black.
    """
    ramp = ramp_of(tone) if words.dtype != np.uint8 and visible is None else None
    if ramp is None:
        picture = shrunk(_codes(words, tone, visible), size).astype(np.float32)
        picture *= np.float32(1 / CODES)
    else:
        picture = shrunk(_clipped(words, tone, ramp), size).astype(np.float32)
        picture -= np.float32(ramp.low)
        picture *= np.float32((ramp.at_high - ramp.at_low) / (ramp.high - ramp.low))
        picture += np.float32(ramp.at_low)
    return np.asarray(np.clip(picture, 0, 1, out=picture))


def shrunk(words: NDArray[Any], size: tuple[int, int]) -> NDArray[Any]:
    """Averaged to ``size`` = (width, height): whole blocks first, for they are fast, then the rest by area.

    A side to be enlarged is interpolated.
    """
    boxed = _boxed(words, size)
    if boxed.shape == size[::-1]:
        return boxed
    smaller = boxed.shape[0] >= size[1] and boxed.shape[1] >= size[0]
    return np.asarray(cv2.resize(boxed, size, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR))


def _clipped(words: NDArray[Any], tone: Tone, ramp: Ramp) -> NDArray[Any]:
    if tone.first >= ramp.low and tone.first + len(tone.levels) - 1 <= ramp.high:
        return words
    return np.asarray(np.clip(words, ramp.low, ramp.high))


def _codes(words: NDArray[Any], tone: Tone, visible: Mask | None) -> NDArray[np.uint16]:
    """Every word's brightness as a 16-bit code."""
    codes = np.rint(tone.levels * CODES).astype(np.uint16)
    found = looked_up(words, tone.first, codes)
    if visible is not None:
        found[~visible] = 0
    return found


def looked_up(words: NDArray[Any], first: int, codes: NDArray[np.uint16]) -> NDArray[np.uint16]:
    """Each word's code; ``codes`` begins with that of the word ``first``. The shape of ``words``."""
    if words.dtype == np.uint8:
        table = np.zeros(256, np.uint16)
        table[first : first + len(codes)] = codes
        return np.asarray(cv2.LUT(words, table).reshape(words.shape))
    table = np.zeros(65536, np.uint16)
    table[np.arange(first, first + len(codes)) & 0xFFFF] = codes  # a negative word's bits, read as unsigned
    unsigned = words.view(np.uint16)
    if not LONG_TABLES:
        return np.asarray(table.take(unsigned))
    return np.asarray(cv2.LUT(unsigned, table).reshape(words.shape))


def block_of(shape: tuple[int, ...], size: tuple[int, int]) -> int:
    """The side of the square blocks that are averaged first, for a picture at least twice ``size``.

    Twice, because a film pixel that straddles two blocks is blurred by what it takes of both: on real films
    by 0.1 of an 8-bit gray level on average then, by 0.3 were the blocks averaged down to ``size`` itself.
    """
    return max(1, min(shape[1] // (2 * size[0]), shape[0] // (2 * size[1])))


def _boxed(words: NDArray[Any], size: tuple[int, int]) -> NDArray[Any]:
    """Averages of whole blocks; the last may be partial: the picture then ends beyond its last word."""
    factor = block_of(words.shape, size)
    while factor > 1:
        step = 2 if factor % 2 == 0 else factor
        words = _averaged(words, step)
        factor //= step
    return words


def _averaged(words: NDArray[Any], step: int) -> NDArray[Any]:
    rows, columns = words.shape[0] // step, words.shape[1] // step
    spare = -words.shape[0] % step, -words.shape[1] % step
    if spare == (0, 0):
        return np.asarray(cv2.resize(words, (columns, rows), interpolation=cv2.INTER_AREA))
    out = np.empty((-(-words.shape[0] // step), -(-words.shape[1] // step)), words.dtype)
    whole = words[: rows * step, : columns * step]
    out[:rows, :columns] = cv2.resize(whole, (columns, rows), interpolation=cv2.INTER_AREA)
    # The last, partial blocks: the average of the pixels there are.
    if spare[0]:
        last = words[rows * step :, : columns * step].mean(axis=0)
        out[rows, :columns] = np.rint(last.reshape(columns, step).mean(axis=1))
    if spare[1]:
        last = words[: rows * step, columns * step :].mean(axis=1)
        out[:rows, columns] = np.rint(last.reshape(rows, step).mean(axis=1))
    if all(spare):
        out[rows, columns] = round(float(words[rows * step :, columns * step :].mean()))
    return out
