"""From a film to the tensor a pack's manifest describes (``docs/packs.md``, "How a film becomes the network's
input").
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from classifiers.manifest import Fit, Input, Polarity
from classifiers.prepare import Placement, prepared

if TYPE_CHECKING:
    from classifiers.film import Film

Floats = NDArray[np.float32]


def batch(images: Sequence[Floats], wanted: Input) -> Floats:
    """float32 (N, H, W, C) for ``Runtime.infer``, from N pictures of any size as ``picture`` gives them."""
    return stacked([tensor(image, wanted) for image in images], wanted)


def stacked(tensors: Sequence[Floats], wanted: Input) -> Floats:
    """float32 (N, H, W, C) of N tensors, also of none."""
    if not tensors:
        return np.zeros((0, wanted.height, wanted.width, wanted.channels), np.float32)
    return np.stack(tensors)


def picture(film: Film, wanted: Input) -> Floats:
    """What of a film the network looks at: float32 in [0, 1], grey (h, w) or red, green, blue (h, w, 3).

    Raises ValueError for a film without the colours that are wanted.
    """
    if not wanted.colour:
        return film.image
    if film.colour is None:
        raise ValueError("the film was read without its colours")
    return np.asarray(film.colour, np.float32) / np.float32(255)


def tensor(image: Floats, wanted: Input) -> Floats:
    """float32 (H, W, C) as the network wants it, from a picture: float32 (h, w) or (h, w, 3) in [0, 1]."""
    return scaled(fit(image, wanted)[0], wanted)


def scaled(fitted: Floats, wanted: Input) -> Floats:
    """float32 (H, W, C) as the network wants it, from a picture of its size, in [0, 1]."""
    if wanted.polarity is Polarity.BONE_DARK:
        fitted = 1.0 - fitted
    low, high = wanted.range
    values = low + (fitted if fitted.ndim == 3 else fitted[..., None]) * (high - low)
    mean, scale = np.array(wanted.mean, np.float32), np.array(wanted.scale, np.float32)
    shape = (wanted.height, wanted.width, wanted.channels)
    return np.ascontiguousarray(np.broadcast_to((values - mean) / scale, shape), dtype=np.float32)


def fit(image: Floats, wanted: Input) -> tuple[Floats, Placement]:
    """float32 (height, width) or (height, width, 3) in [0, 1], from a picture of any size, and where the
    picture lies in it.
    """
    if wanted.fit is Fit.FILM:
        return prepared(image, side=wanted.height, margin=wanted.margin)
    left, top = 0, 0
    if wanted.fit is Fit.CENTRE:
        left, top, image = _centre(image, wanted.width / wanted.height)
    rows, columns = image.shape[:2]
    shrinks = rows >= wanted.height and columns >= wanted.width
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    fitted = np.asarray(cv2.resize(image, (wanted.width, wanted.height), interpolation=how), np.float32)
    scale = wanted.width / columns, wanted.height / rows
    return fitted, Placement(scale=scale, offset=(-left * scale[0], -top * scale[1]))


def _centre(image: Floats, aspect: float) -> tuple[int, int, Floats]:
    """The largest central part whose width is ``aspect`` times its height, after its left and top."""
    rows, columns = image.shape[:2]
    height = min(rows, max(1, round(columns / aspect)))
    width = min(columns, max(1, round(rows * aspect)))
    top, left = (rows - height) // 2, (columns - width) // 2
    return left, top, image[top : top + height, left : left + width]
