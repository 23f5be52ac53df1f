"""What may change on a film without changing what it shows, and where its boxes go then.

A radiograph is not a photograph: small turns, shifts and scales, other greys, blur and noise. Nothing is
mirrored unless the recipe says so (a heart on the right is a finding), nothing coloured, nothing cut out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from training.detect.example import BoxedFilm
from training.looks import Image, Look, borrowed, filtered


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How far films are changed."""

    turn: float = 4.0  # degrees, standard deviation
    scale: tuple[float, float] = (0.86, 1.18)
    shape: float = 0.04  # of each direction, standard deviation of its logarithm
    shift: float = 0.05  # of the side
    mirrored: float = 0.0  # share of films; limbs have two sides, chests have one
    quarter_turns: float = 0.0  # share of films turned by a quarter or a half
    greys: float = 0.5  # share of films whose greys follow another curve
    coarse: float = 0.2  # share of films as from fewer pixels
    coarsest: float = 0.5  # of the side: the fewest pixels
    rough: float = 0.3  # share each of blurred, sharpened, noisy films
    strange: float = 0.0  # share of films with the textures of one of ``looks``, or of a random filter
    looks: Sequence[Look] = ()  # of real films that may train


PLAIN = Style(
    turn=0, scale=(1, 1), shape=0, shift=0, mirrored=0, quarter_turns=0, greys=0, coarse=0, rough=0
)  # nothing changes


def augmented(film: BoxedFilm, rng: Generator, style: Style) -> tuple[Image, BoxedFilm]:
    """A changed film: its image, float32 (S, S) in [0, 1], and the film with its boxes moved along.

    ``film`` is square, as from ``fitted``. A box of which less than two fifths stay on the film is dropped,
    and its label is then neither known nor unknown to be there.
    """
    side = film.pixels.shape[0]
    image = film.pixels.astype(np.float32) / 255.0
    if style is PLAIN:
        return image, film
    matrix = _motion(rng, style, side)
    image = cv2.warpAffine(image, matrix, (side, side), flags=cv2.INTER_LINEAR)
    image = _processed(np.asarray(image, dtype=np.float32), rng, style)
    return image, moved(film, matrix, side)


def _motion(rng: Generator, style: Style, side: int) -> NDArray[np.float64]:
    """The affine map, 2x3, of pixel indices."""
    angle = np.deg2rad(rng.normal(0, style.turn) if style.turn else 0.0)
    if rng.random() < style.quarter_turns:
        angle += np.pi / 2 * int(rng.integers(1, 4))
    size = rng.uniform(*style.scale) * np.exp(rng.normal(0, 1, 2) * style.shape)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) @ np.diag(size)
    if rng.random() < style.mirrored:
        turn = turn @ np.diag([-1.0, 1.0])
    centre = np.full(2, (side - 1) / 2)
    shift = rng.uniform(-style.shift, style.shift, 2) * side
    return np.column_stack([turn, centre + shift - turn @ centre])


def moved(film: BoxedFilm, matrix: NDArray[np.float64], side: int) -> BoxedFilm:
    """The film with its boxes where ``matrix``, 2x3 of pixel indices, takes them; its pixels stay.

    A box becomes the one around the turned ellipse that fills it: exact for quarter turns, fair for less.
    """
    if not len(film.boxes):
        return film
    middle = (film.boxes[:, :2] + film.boxes[:, 2:]) / 2 - 0.5  # edges to pixel indices
    half = (film.boxes[:, 2:] - film.boxes[:, :2]) / 2
    there = middle @ matrix[:, :2].T + matrix[:, 2] + 0.5
    reach = np.sqrt(half**2 @ (matrix[:, :2].T ** 2))
    whole = np.concatenate([there - reach, there + reach], axis=1)
    boxes = np.clip(whole, 0, side)
    left = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1) / np.maximum(np.prod(2 * reach, axis=1), 1e-6)
    kept = left >= 0.4
    image, known = film.image.copy(), film.known.copy()
    for label in set(film.labels[~kept].tolist()):
        image[label], known[label] = np.nan, 0.0
    return replace(
        film, boxes=boxes[kept].astype(np.float32), labels=film.labels[kept], image=image, known=known
    )


def _processed(image: Image, rng: Generator, style: Style) -> Image:
    side = image.shape[0]
    if style.strange and rng.random() < style.strange:
        image = _strange(image, rng, style.looks)
    if rng.random() < style.coarse:
        less = int(side * rng.uniform(style.coarsest, 0.95))
        small = cv2.resize(image, (less, less), interpolation=cv2.INTER_AREA)
        image = np.asarray(cv2.resize(small, (side, side)), dtype=np.float32)
    if rng.random() < style.rough:
        soft = cv2.GaussianBlur(image, (0, 0), float(rng.uniform(0.4, 1.1)))
        image = np.asarray(soft if rng.random() < 0.5 else image + rng.uniform(0.3, 1.5) * (image - soft))
    if rng.random() < style.greys:
        image = _other_greys(image, rng)
    if rng.random() < style.rough:
        image = image + rng.normal(0, rng.uniform(0.005, 0.03), image.shape).astype(np.float32)
    return np.clip(image, 0, 1)


def _strange(image: Image, rng: Generator, looks: Sequence[Look]) -> Image:
    """Textures that the simulator does not make; what is where stays."""
    if looks and rng.random() < 0.5:
        look = looks[int(rng.integers(len(looks)))]
        return borrowed(image, look.amplitudes, float(rng.uniform(0.1, 0.8)))
    return filtered(image, rng)


def _other_greys(image: Image, rng: Generator) -> Image:
    knots = np.cumsum(rng.gamma(4.0, size=6))
    curve = (knots - knots[0]) / (knots[-1] - knots[0])
    grey = np.interp(np.clip(image, 0, 1), np.linspace(0, 1, 6), curve) ** rng.uniform(0.75, 1.35)
    return np.asarray(grey * rng.uniform(0.85, 1.12) + rng.uniform(-0.06, 0.06), dtype=np.float32)
