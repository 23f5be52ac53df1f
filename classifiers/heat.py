"""Where a network looked: its heat for one label, laid on a film."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from classifiers.manifest import Input, Output
from classifiers.prepare import Placement

Heat = NDArray[np.float32]


def heat_of(raw: NDArray[np.float32], head: Output, label: str) -> Heat:
    """float32 (rows, columns) in [0, 1] on the network's grid, of the tensor ``heat`` of one film, (rows,
    columns, labels) of logits; sharpened as the label's boxes are, without their bias.
    """
    index = head.labels.index(label)
    temperature = float(np.broadcast_to(np.array(head.temperature), len(head.labels))[index])
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * raw[..., index] / temperature)), np.float32)


def on_film(grid: Heat, placement: Placement, wanted: Input, shape: tuple[int, ...]) -> Heat:
    """float32 (H, W) in [0, 1] on the pixels of a film of ``shape``, from a grid that spans the whole input;
    0 where the network saw nothing of the film.
    """
    rows, columns = grid.shape
    # In edge coordinates a film's pixel lies at its middle, x + 0.5; OpenCV counts from a pixel's middle.
    (sx, sy), (ox, oy) = placement.scale, placement.offset
    ax, ay = columns / wanted.width, rows / wanted.height
    to_grid = np.array(
        [[sx * ax, 0, (0.5 * sx + ox) * ax - 0.5], [0, sy * ay, (0.5 * sy + oy) * ay - 0.5]], np.float64
    )
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    size = (shape[1], shape[0])
    laid = cv2.warpAffine(grid, to_grid, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    laid[~_inside(shape[0], sy, oy, wanted.height)] = 0.0
    laid[:, ~_inside(shape[1], sx, ox, wanted.width)] = 0.0
    return np.asarray(np.clip(laid, 0.0, 1.0), np.float32)


def _inside(length: int, scale: float, offset: float, side: int) -> NDArray[np.bool_]:
    """Which of a film's lines the input shows, by their middles."""
    at = (np.arange(length) + 0.5) * scale + offset
    return np.asarray((at >= 0) & (at <= side))
