"""The one way a film becomes the input of our networks: training and the running service both import it.

The borders and collimation of a film say which machine made it, not what it shows, so they are cut off first;
what is left is stretched to the full grey range and fitted into a square without changing its shape.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.float32]
Boxes = NDArray[np.float32]

# Pixels: borders are found and cut at this size, so that a 3000 px film costs no more. For a network with a
# larger input they are found at the size of that input.
WORKING_SIDE: Final = 384
FLAT: Final = 0.02  # a line whose grey values spread less than this carries no anatomy
BRIGHT: Final = 0.28  # of the film's range: brighter than this counts as patient
FILLED: Final = 0.03  # of a line that must be bright for the line to be kept
MARGIN: Final = 0.03  # of the long side that is kept around the patient
SMALLEST: Final = 20  # pixels; a crop below this is not believed


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Where a film lies in a network's input.

    A point (x, y) of the film, in edge coordinates (the first pixel spans 0..1), lies at ``x * scale[0] +
    offset[0]``, ``y * scale[1] + offset[1]`` of the input, in its edge coordinates. The two scales differ by
    no more than the rounding to whole pixels.
    """

    scale: tuple[float, float]  # input pixels per film pixel: x, y
    offset: tuple[float, float]  # input pixels: x, y

    def to_input(self, boxes: Boxes) -> Boxes:
        """The same rectangles in the input: (n, 4) of left, top, right, bottom in film pixels."""
        return np.asarray(np.asarray(boxes, np.float64) * self._scales() + self._offsets(), np.float32)

    def to_film(self, boxes: Boxes) -> Boxes:
        """The same rectangles on the film: (n, 4) of left, top, right, bottom in input pixels."""
        return np.asarray((np.asarray(boxes, np.float64) - self._offsets()) / self._scales(), np.float32)

    def then(self, later: Placement) -> Placement:
        """This placement followed by a later one: where the film lies in what ``later`` places."""
        (ax, ay), (bx, by) = self.scale, later.scale
        (px, py), (qx, qy) = self.offset, later.offset
        return Placement(scale=(ax * bx, ay * by), offset=(px * bx + qx, py * by + qy))

    def _scales(self) -> NDArray[np.float64]:
        return np.array(self.scale * 2)

    def _offsets(self) -> NDArray[np.float64]:
        return np.array(self.offset * 2)


def prepare(image: Image, *, side: int, margin: int = 0) -> Image:
    """Fit a film into a square network input.

    ``image`` is float32 (H, W) in [0, 1] with bone bright; ``side`` is the square's side in pixels, of which
    ``margin`` stay black on every side. Returns float32 (side, side) in [0, 1], bone bright, the film centred
    and padded with 0; a film without contrast becomes all 0. Raises ValueError when ``image`` is not a grey
    image with at least one pixel.
    """
    return prepared(image, side=side, margin=margin)[0]


def prepared(image: Image, *, side: int, margin: int = 0) -> tuple[Image, Placement]:
    """What ``prepare`` gives, and where the film lies in it. Raises as ``prepare`` does."""
    _refuse_non_images(image)
    small, shrunk = _fit(np.asarray(image, dtype=np.float32), max(WORKING_SIDE, side), enlarge=False)
    film = stretch(small)
    rows, columns = _patient(film)
    cut = Placement(scale=(1.0, 1.0), offset=(-float(columns.start), -float(rows.start)))
    fitted, scaled = _fit(stretch(film[rows, columns]), side - 2 * margin, enlarge=True)
    square, centred = _centre(fitted, side)
    return square, shrunk.then(cut).then(scaled).then(centred)


def prepared_square(
    image: Image, *, left: float, top: float, length: float, side: int
) -> tuple[Image, Placement]:
    """A square of a film, looked at closer: float32 (side, side) in [0, 1], and where the film lies in it.

    ``image`` as for ``prepare``; ``left``, ``top`` and ``length`` of the square in film pixels, rounded to
    whole ones. Nothing is cut off; what lies beyond the film is 0; grey values are stretched over what there
    is of the film. Raises ValueError as ``prepare`` does, and for a square that does not touch the film.
    """
    _refuse_non_images(image)
    x, y, size = round(left), round(top), max(1, round(length))
    x0, y0 = max(0, x), max(0, y)
    x1, y1 = min(image.shape[1], x + size), min(image.shape[0], y + size)
    if x0 >= x1 or y0 >= y1:
        raise ValueError("the square lies beside the film")
    part = stretch(np.asarray(image[y0:y1, x0:x1], dtype=np.float32))
    scale = side / size
    width, height = (max(1, round((x1 - x0) * scale)), max(1, round((y1 - y0) * scale)))
    method = cv2.INTER_AREA if scale < 1.0 else cv2.INTER_LINEAR
    square = np.zeros((side, side), dtype=np.float32)
    ox, oy = min(round((x0 - x) * scale), side - width), min(round((y0 - y) * scale), side - height)
    square[oy : oy + height, ox : ox + width] = cv2.resize(part, (width, height), interpolation=method)
    sx, sy = width / (x1 - x0), height / (y1 - y0)
    return square, Placement(scale=(sx, sy), offset=(ox - x0 * sx, oy - y0 * sy))


def _refuse_non_images(image: Image) -> None:
    if image.ndim != 2 or image.size == 0:
        raise ValueError(f"a film is a grey image of shape (H, W), not {image.shape}")


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


def _fit(film: Image, side: int, *, enlarge: bool) -> tuple[Image, Placement]:
    """Scale a film so that its long side is ``side``, by area averaging when it shrinks."""
    height, width = film.shape
    scale = side / max(height, width)
    if scale >= 1.0 and not enlarge:
        return film, Placement(scale=(1.0, 1.0), offset=(0.0, 0.0))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    method = cv2.INTER_AREA if scale < 1.0 else cv2.INTER_LINEAR
    scaled = np.asarray(cv2.resize(film, size, interpolation=method), dtype=np.float32)
    return scaled, Placement(scale=(size[0] / width, size[1] / height), offset=(0.0, 0.0))


def _centre(film: Image, side: int) -> tuple[Image, Placement]:
    square = np.zeros((side, side), dtype=np.float32)
    top, left = (side - film.shape[0]) // 2, (side - film.shape[1]) // 2
    square[top : top + film.shape[0], left : left + film.shape[1]] = film
    return square, Placement(scale=(1.0, 1.0), offset=(float(left), float(top)))
