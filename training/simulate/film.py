"""From the detector's signal to the film a viewer shows: what vendors' processing and radiographers do to it.

Films are float32 (H, W) in [0, 1], bone bright.
"""

from __future__ import annotations

import string

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Map = NDArray[np.float32]
Mask = NDArray[np.bool_]


def developed(
    signal: Map, body: Mask, rng: Generator, *, pitch: float, trunk: bool, blackened: float, whitened: float
) -> Map:
    """Log signal (H, W) to a film: detail boosted, range compressed, exposure found, grey curve applied.

    ``blackened`` and ``whitened`` are the upper limits, in percent of the patient, of what is burnt black and
    white; ``pitch`` is mm per pixel.
    """
    film = signal.copy()
    if body.any():
        film[~body] = np.minimum(film[~body], np.percentile(film[body], 3))
    if rng.random() < 0.93:
        film = _detail(film, body, rng, pitch=pitch, trunk=trunk)
    film = _exposed(film, body, rng, blackened=blackened, whitened=whitened)
    if rng.random() < 0.12:
        film = equalised(film, rng)
    if rng.random() < 0.5:
        film = np.clip(film + rng.uniform(-0.6, 0.6) * film * (1 - film), 0, 1)
    base = rng.uniform(0, 0.22) if rng.random() < 0.7 else 0.0
    return np.asarray(base + (1 - base) * film * rng.uniform(0.8, 1), dtype=np.float32)


def _blurred(image: Map, sigma: float) -> Map:
    step = max(1, int(sigma // 4))
    small = (
        cv2.resize(image, None, fx=1 / step, fy=1 / step, interpolation=cv2.INTER_AREA) if step > 1 else image
    )
    small = cv2.GaussianBlur(small, (0, 0), max(0.5, sigma / step), borderType=cv2.BORDER_REPLICATE)
    return np.asarray(cv2.resize(small, image.shape[::-1], interpolation=cv2.INTER_LINEAR), dtype=np.float32)


def _detail(film: Map, body: Mask, rng: Generator, *, pitch: float, trunk: bool) -> Map:
    fine = film - _blurred(film, max(0.7, rng.uniform(3, 12) / pitch))
    sigma = rng.uniform(12, 45) / pitch
    inside = body.astype(np.float32)
    level = _blurred(film * inside, sigma) / (_blurred(inside, sigma) + 1e-3)
    middle = float(level[body].mean()) if body.any() else 0.0
    compressed = rng.uniform(0.2, 0.9) if trunk else rng.uniform(0.15, 0.92)
    return np.asarray(film + rng.uniform(0.3, 1.5) * fine - compressed * (level - middle), dtype=np.float32)


def _exposed(film: Map, body: Mask, rng: Generator, *, blackened: float, whitened: float) -> Map:
    """Find black and white in the patient, the collimated field or somewhere between, as auto exposure
    does."""
    choice = rng.random()
    region = body if choice < 0.85 and body.sum() > 200 else np.ones_like(body)
    low = float(np.percentile(film[region], rng.uniform(0.3, max(0.5, blackened))))
    high = float(np.percentile(film[region], 99.8 - rng.uniform(0, whitened) * rng.random()))
    low -= (rng.uniform(0, 0.3) if rng.random() < 0.4 else 0.0) * (high - low)
    spread = max(high - low, 1e-3)
    return np.asarray(np.clip((film - low) / spread, 0, 1) ** rng.uniform(0.6, 1.5), dtype=np.float32)


def floats(pixels: NDArray[np.uint8]) -> Map:
    """uint8 grey values as float32 in [0, 1]."""
    return np.multiply(pixels, np.float32(1 / 255), dtype=np.float32)


def equalised(film: Map, rng: Generator) -> Map:
    """Contrast stretched tile by tile, as strong enhancement does."""
    tiles = int(rng.integers(2, 7))
    curve = cv2.createCLAHE(clipLimit=rng.uniform(1.2, 3), tileGridSize=(tiles, tiles))
    return floats(curve.apply((film * 255).astype(np.uint8)))


def warped(images: list[Map], rng: Generator, *, turn: float, stretch: float, bend: float) -> list[Map]:
    """The same small in-plane turn (degrees), stretch and smooth bending (pixels) of several (H, W)
    images."""
    height, width = images[0].shape
    angle = np.deg2rad(turn)
    aspect = np.exp(rng.normal(0, stretch))
    matrix = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = matrix @ np.diag([aspect**0.5, aspect**-0.5]) / rng.uniform(0.97, 1.12)
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    dx, dy = (
        cv2.resize(
            rng.normal(0, bend, (4, 4)).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC
        )
        for _ in range(2)
    )
    x, y = columns - width / 2, rows - height / 2
    map_x = (matrix[0, 0] * x + matrix[0, 1] * y + width / 2 + dx).astype(np.float32)
    map_y = (matrix[1, 0] * x + matrix[1, 1] * y + height / 2 + dy).astype(np.float32)
    return [
        cv2.remap(image, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE) for image in images
    ]


def collimated(film: Map, rng: Generator, *, often: float) -> Map:
    """Shutters: straight, tilted or round, black or grey, sometimes on a larger plate; rarely a white
    surround."""
    if rng.random() >= often:
        return film
    height, width = film.shape
    rows, columns = np.mgrid[:height, :width] / np.array([height, width])[:, None, None] - 0.5
    slope = np.tan(np.deg2rad(rng.normal(0, 2.0)))
    open_field = np.ones(film.shape, dtype=bool)
    if rng.random() < 0.05:
        open_field = rows**2 + columns**2 < rng.uniform(0.4, 0.56) ** 2
    else:
        for edge in (
            rows + slope * columns,
            -rows - slope * columns,
            columns - slope * rows,
            slope * rows - columns,
        ):
            if rng.random() < 0.5:
                open_field &= edge > rng.uniform(0, 0.1) - 0.5
    ground = rng.uniform(0, 0.32) if rng.random() < 0.96 else 1.0
    film = np.where(open_field, film, ground).astype(np.float32)
    if rng.random() < 0.08:
        film = _bright_edge(film, rng)
    if rng.random() < 0.45:
        pads = [
            int(rng.uniform(0, 0.4) * size) if rng.random() < 0.6 else 0
            for size in (height, height, width, width)
        ]
        film = np.pad(film, ((pads[0], pads[1]), (pads[2], pads[3])), constant_values=ground)
    return film


def _bright_edge(film: Map, rng: Generator) -> Map:
    """The plate's unexposed edge, or the scanner's, along one side."""
    quarter = int(rng.integers(4))
    film = np.rot90(film, quarter).copy()
    film[: max(2, int(rng.uniform(0.01, 0.12) * film.shape[0]))] = rng.uniform(0.75, 1)
    return np.rot90(film, -quarter)


def marked(film: Map, rng: Generator, *, often: float) -> Map:
    """Lead letters, dots, name plates and burned-in text, mostly where the film is dark."""
    if rng.random() >= often or min(film.shape) < 60:
        return film
    film = film.copy()
    for _ in range(int(rng.integers(1, 4))):
        top, left = int(rng.integers(4, film.shape[0] - 24)), int(rng.integers(4, film.shape[1] - 30))
        if film[top : top + 14, left : left + 14].mean() < 0.45 or rng.random() < 0.15:
            _mark(film, rng, top, left)
    return film


def _mark(film: Map, rng: Generator, top: int, left: int) -> None:
    bright = float(rng.uniform(0.65, 1))
    kind = rng.random()
    if kind < 0.55:
        word = str(rng.choice(list("RLDERLDE")))
    elif kind < 0.8:
        word = "".join(rng.choice(list(string.ascii_uppercase + string.digits), int(rng.integers(2, 8))))
    else:
        height, width = int(rng.integers(4, 16)), int(rng.integers(4, 20))
        film[top : top + height, left : left + width] = bright
        return
    ink = np.zeros(film.shape, dtype=np.uint8)
    cv2.putText(ink, word, (left, top + 10), cv2.FONT_HERSHEY_SIMPLEX, float(rng.uniform(0.25, 0.5)), 255, 1)
    np.maximum(film, bright * ink.astype(np.float32) / 255, out=film)


def compressed(film: Map, rng: Generator) -> NDArray[np.uint8]:
    """uint8 (H, W) after a JPEG of ordinary quality: real films have been through one."""
    if rng.random() < 0.3:
        film = film + rng.normal(0, 0.012, film.shape).astype(np.float32)
    grey = (np.clip(film, 0, 1) * 255).astype(np.uint8)
    coded = cv2.imencode(".jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(75, 96))])[1]
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE), dtype=np.uint8)
