"""From a film to the tensor a pack's manifest describes (``docs/packs.md``, "How a film becomes the network's
input").
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from classifiers.manifest import Fit, Input, Polarity
from classifiers.prepare import prepare

Floats = NDArray[np.float32]


def batch(images: Sequence[Floats], wanted: Input) -> Floats:
    """float32 (N, H, W, C) for ``Runtime.infer``, from N film images: float32 (h, w) in [0, 1], bone bright,
    of any size.
    """
    if not images:
        return np.zeros((0, wanted.height, wanted.width, wanted.channels), np.float32)
    return np.stack([tensor(image, wanted) for image in images])


def tensor(image: Floats, wanted: Input) -> Floats:
    """float32 (H, W, C) as the network wants it, from a film image: float32 (h, w) in [0, 1]."""
    grey = fit(image, wanted)
    if wanted.polarity is Polarity.BONE_DARK:
        grey = 1.0 - grey
    low, high = wanted.range
    values = (low + grey * (high - low))[..., None]
    mean, scale = np.array(wanted.mean, np.float32), np.array(wanted.scale, np.float32)
    shape = (wanted.height, wanted.width, wanted.channels)
    return np.ascontiguousarray(np.broadcast_to((values - mean) / scale, shape), dtype=np.float32)


def fit(image: Floats, wanted: Input) -> Floats:
    """float32 (height, width) in [0, 1], from a film image of any size, float32 (h, w) in [0, 1]."""
    if wanted.fit is Fit.FILM:
        return prepare(image, side=wanted.height)
    if wanted.fit is Fit.CENTRE:
        image = _centre(image, wanted.width / wanted.height)
    shrinks = image.shape[0] >= wanted.height and image.shape[1] >= wanted.width
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, (wanted.width, wanted.height), interpolation=how), np.float32)


def _centre(image: Floats, aspect: float) -> Floats:
    """The largest central part whose width is ``aspect`` times its height."""
    rows, columns = image.shape
    height = min(rows, max(1, round(columns / aspect)))
    width = min(columns, max(1, round(rows * aspect)))
    top, left = (rows - height) // 2, (columns - width) // 2
    return image[top : top + height, left : left + width]
