"""What may change in the outlines of a film without changing what it shows."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Image = NDArray[np.float32]


def cropped(pixels: NDArray[np.uint8], rng: Generator) -> NDArray[np.uint8]:
    """A random part of a film, each edge up to 16 % away."""
    if rng.random() < 0.3:
        return pixels
    height, width = pixels.shape
    cut = rng.uniform(0, 0.16, 4) * (rng.random(4) < 0.6)
    return pixels[
        int(cut[0] * height) : int((1 - cut[1]) * height) + 1,
        int(cut[2] * width) : int((1 - cut[3]) * width) + 1,
    ]


def aslant(pixels: NDArray[np.uint8], rng: Generator) -> NDArray[np.uint8]:
    """The whole film, uint8 (H, W), turned by up to 60 degrees on a larger dark plate."""
    height, width = pixels.shape
    angle = float(rng.uniform(-60, 60))
    cosine, sine = abs(np.cos(np.deg2rad(angle))), abs(np.sin(np.deg2rad(angle)))
    size = (int(width * cosine + height * sine) + 1, int(width * sine + height * cosine) + 1)
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0)
    matrix[:, 2] += [(size[0] - width) / 2, (size[1] - height) / 2]
    turned = cv2.warpAffine(
        pixels, matrix, size, flags=cv2.INTER_LINEAR, borderValue=int(rng.integers(0, 30))
    )
    return np.asarray(turned, dtype=np.uint8)


def banded(pixels: NDArray[np.uint8], rng: Generator) -> NDArray[np.uint8]:
    """A film, uint8 (H, W), with a white, grey or black band of up to a sixth along one edge."""
    quarter = int(rng.integers(4))
    film = np.rot90(pixels, quarter).copy()
    film[: max(1, int(rng.uniform(0.03, 0.17) * film.shape[0]))] = rng.choice(
        [255, int(rng.integers(256)), 0]
    )
    return np.ascontiguousarray(np.rot90(film, -quarter))


def moved(image: Image, rng: Generator) -> Image:
    """A film, float32 (side, side), turned, scaled, stretched and shifted a little."""
    side = image.shape[0]
    matrix = cv2.getRotationMatrix2D(
        (side / 2, side / 2), float(rng.normal(0, 6)), float(rng.uniform(0.84, 1.12))
    )
    matrix[:, :2] = matrix[:, :2] @ np.diag(np.exp(rng.normal(0, 0.05, 2)))
    centre = matrix[:, :2] @ [side / 2, side / 2]
    matrix[:, 2] = side / 2 - centre + rng.uniform(-0.05, 0.05, 2) * side
    return np.asarray(cv2.warpAffine(image, matrix, (side, side), flags=cv2.INTER_LINEAR), dtype=np.float32)


def bent(image: Image, rng: Generator) -> Image:
    """A film, float32 (side, side), smoothly bent by hundredths of its side: other people's proportions."""
    side = image.shape[0]
    rows, columns = np.mgrid[:side, :side].astype(np.float32)
    grids = rng.normal(0, rng.uniform(0.005, 0.025) * side, (2, 4, 4)).astype(np.float32)
    across, down = (cv2.resize(grid, (side, side), interpolation=cv2.INTER_CUBIC) for grid in grids)
    return np.asarray(cv2.remap(image, columns + across, rows + down, cv2.INTER_LINEAR), dtype=np.float32)
