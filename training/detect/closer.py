"""Closer looks to learn from: a square round a place of a film, cut as the running service cuts it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from classifiers.closer import Square, square_round
from classifiers.prepare import prepared_square

Box = tuple[float, float, float, float]  # left, top, right, bottom in film pixels
Floats = NDArray[np.float32]
MOST, LEAST = 0.7, 0.1  # of a box within the square: enough to be there, too little to be seen
UNEVEN: Final = 0.16  # how much nearer or farther a look is than the usual one: deviation of its logarithm
ASIDE: Final = 0.12  # how far its middle lies beside the place's: deviation, of the place's longer side


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What is on a square of a film."""

    image: Floats  # (side, side) in [0, 1]
    boxes: Floats  # (n, 4) in pixels of ``image``
    labels: tuple[str, ...]  # of the boxes
    cut: frozenset[str]  # labels of what lies half in, half out


def square_near(box: Box, rng: Generator, *, context: float) -> Square:
    """The square round a place, not quite centred, nearer or farther than ``context`` says."""
    nearer = context * float(np.exp(rng.normal(0, UNEVEN)))
    aside = rng.normal(0, ASIDE, 2) * max(box[2] - box[0], box[3] - box[1])
    return square_round(np.array(box, dtype=np.float32) + np.tile(aside, 2), nearer)


def look_at(pixels: NDArray[np.uint8], where: Square, found: Sequence[tuple[Box, str]], *, side: int) -> Look:
    """The square ``where`` of a film with what of ``found`` lies in it."""
    left, top, length = where
    film = pixels.astype(np.float32) / 255.0
    image, placement = prepared_square(film, left=left, top=top, length=length, side=side)
    shares = [_within(box, (left, top, left + length, top + length)) for box, _ in found]
    inside = [one for one, share in zip(found, shares, strict=True) if share > MOST]
    half = [label for (_, label), share in zip(found, shares, strict=True) if LEAST < share <= MOST]
    boxes = np.array([box for box, _ in inside], dtype=np.float32).reshape(-1, 4)
    return Look(
        image=image,
        boxes=placement.to_input(boxes),
        labels=tuple(label for _, label in inside),
        cut=frozenset(half),
    )


def _within(box: Box, window: Box) -> float:
    """The share of a box that lies in a window."""
    wide = min(box[2], window[2]) - max(box[0], window[0])
    high = min(box[3], window[3]) - max(box[1], window[1])
    return max(0.0, wide) * max(0.0, high) / max((box[2] - box[0]) * (box[3] - box[1]), 1e-6)
