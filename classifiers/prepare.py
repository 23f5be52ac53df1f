"""The one way a film becomes the input of our networks: training and the running service both import it.

The borders and collimation of a film say which machine made it, not what it shows, so they are cut off first;
what is left is stretched to the full grey range and fitted into a square without changing its shape.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.float32]

WORKING_SIDE: Final = (
    384  # pixels; borders are found and cut at this size, so that a 3000 px film costs no more
)
FLAT: Final = 0.02  # a line whose grey values spread less than this carries no anatomy
BRIGHT: Final = 0.28  # of the film's range: brighter than this counts as patient
FILLED: Final = 0.03  # of a line that must be bright for the line to be kept
MARGIN: Final = 0.03  # of the long side that is kept around the patient
SMALLEST: Final = 20  # pixels; a crop below this is not believed


def prepare(image: Image, *, side: int) -> Image:
    """Fit a film into a square network input.

    ``image`` is float32 (H, W) in [0, 1] with bone bright; ``side`` is the square's side in pixels. Returns
    float32 (side, side) in [0, 1], bone bright, the film centred and padded with 0; a film without contrast
    becomes all 0. Raises ValueError when ``image`` is not a grey image with at least one pixel.
    """
    if image.ndim != 2 or image.size == 0:
        raise ValueError(f"a film is a grey image of shape (H, W), not {image.shape}")
    film = stretch(_fit(np.asarray(image, dtype=np.float32), WORKING_SIDE, enlarge=False))
    film = stretch(film[_patient(film)])
    return _centre(_fit(film, side, enlarge=True), side)


def stretch(film: Image) -> Image:
    """Stretch the 1st to 99.5th percentile of a float32 (H, W) film to [0, 1]; no contrast becomes all 0."""
    low, high = np.percentile(film[::2, ::2], (1.0, 99.5))
    if high - low < 1e-6:
        return np.zeros_like(film)
    return np.asarray(np.clip((film - low) / (high - low), 0.0, 1.0), dtype=np.float32)


def _patient(film: Image) -> tuple[slice, slice]:
    """The window of rows and columns that holds the patient."""
    rows, columns = _without_flat_border(film)
    bright = cv2.GaussianBlur(film[rows, columns], (0, 0), 2.0) > BRIGHT
    return _window(bright.mean(axis=1), rows, film.shape), _window(bright.mean(axis=0), columns, film.shape)


def _without_flat_border(film: Image) -> tuple[slice, slice]:
    found = []
    for axis in (1, 0):
        lines = np.flatnonzero(film.std(axis=axis) > FLAT)
        whole = slice(0, film.shape[1 - axis])
        found.append(slice(lines[0], lines[-1] + 1) if lines.size >= SMALLEST else whole)
    return found[0], found[1]


def _window(filled: NDArray[np.float64], within: slice, shape: tuple[int, ...]) -> slice:
    lines = np.flatnonzero(filled > FILLED)
    if lines.size < SMALLEST:
        return within
    margin = int(MARGIN * max(shape))
    return slice(
        max(within.start, within.start + lines[0] - margin),
        min(within.stop, within.start + lines[-1] + 1 + margin),
    )


def _fit(film: Image, side: int, *, enlarge: bool) -> Image:
    """Scale a film so that its long side is ``side``, by area averaging when it shrinks."""
    height, width = film.shape
    scale = side / max(height, width)
    if scale >= 1.0 and not enlarge:
        return film
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    method = cv2.INTER_AREA if scale < 1.0 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(film, size, interpolation=method), dtype=np.float32)


def _centre(film: Image, side: int) -> Image:
    square = np.zeros((side, side), dtype=np.float32)
    top, left = (side - film.shape[0]) // 2, (side - film.shape[1]) // 2
    square[top : top + film.shape[0], left : left + film.shape[1]] = film
    return square
