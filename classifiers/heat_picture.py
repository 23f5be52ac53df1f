"""A heat map as PNG: alone as grey values, or in colour over the film that it belongs to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from classifiers.colour import grey_as_colour
from classifiers.film import Film

STRENGTH = 0.65  # how much of the colour is seen where the heat is 1
FONT = cv2.FONT_HERSHEY_SIMPLEX
INK = (235, 235, 235)
PLATE_DARKNESS = 0.25  # of the picture that shines through below the legend
BAR, LONGEST_BAR = 0.3, 220  # of the picture's width that the colour bar takes, and pixels
COLOURS = cv2.COLORMAP_PLASMA


def on_picture(heat: NDArray[np.float32], film: Film, picture: Film) -> NDArray[np.float32]:
    """A heat map, float32 (H, W) on the pixels of ``film``, laid on those of ``picture``.

    Both are of one object, and know where they lie in its stored pixels.
    """
    steps = [there / here for here, there in zip(film.scale, picture.scale, strict=True)]
    begins = [
        (0.5 * there + moved - own) / here - 0.5
        for here, there, own, moved in zip(
            film.scale, picture.scale, film.offset, picture.offset, strict=True
        )
    ]
    back = np.array([[steps[0], 0, begins[0]], [0, steps[1], begins[1]]])
    height, width = picture.image.shape
    shrinks = min(width / heat.shape[1], height / heat.shape[0])
    smooth = cv2.GaussianBlur(heat, (0, 0), 0.5 / shrinks) if shrinks < 0.5 else heat
    return np.asarray(
        cv2.warpAffine(
            smooth,
            back,
            (width, height),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        ),
        np.float32,
    )


def heat_png(heat: NDArray[np.float32]) -> bytes:
    """PNG, 8 bit grey, of a heat map float32 (H, W) in [0, 1]."""
    return _png(np.rint(np.clip(heat, 0, 1) * 255).astype(np.uint8))


def overlay_png(heat: NDArray[np.float32], picture: Film, legend: Sequence[str]) -> bytes:
    """PNG, in colour: ``heat`` of the picture's shape over it, with a colour bar and a legend.

    The cooler a place, the less of the film it hides; where the heat is 0 the film is as it was, a photograph
    in its colours where the picture has them.
    """
    warmth = np.clip(heat, 0, 1)
    seen = grey_as_colour(picture.image) if picture.colour is None else picture.colour
    film = cv2.cvtColor(seen, cv2.COLOR_RGB2BGR)
    colours = cv2.applyColorMap(np.rint(warmth * 255).astype(np.uint8), COLOURS)
    weight = (STRENGTH * warmth)[:, :, None]
    mixed = np.rint(film * (1 - weight) + colours * weight).astype(np.uint8)
    _explain(mixed, legend)
    return _png(mixed)


def _explain(picture: NDArray[Any], legend: Sequence[str]) -> None:
    """A plate at the foot of the picture: a bar of the colours from 0 to 1, and the legend."""
    height, width = picture.shape[:2]
    scale = max(0.35, min(0.7, width / 1400))
    lines = [line for text in legend for line in _wrapped(text, scale, width - 8)]
    (_, tall), below = cv2.getTextSize("Mg", FONT, scale, 1)
    step = tall + below + 3
    plate = min(height, step * (len(lines) + 1) + 6)
    foot = picture[height - plate :]
    foot[:] = np.rint(foot * PLATE_DARKNESS).astype(np.uint8)
    line = height - plate + step
    _draw_bar(picture, line, tall, scale)
    for number, text in enumerate(lines, start=1):
        cv2.putText(picture, text, (4, line + number * step), FONT, scale, INK, 1, cv2.LINE_AA)


def _draw_bar(picture: NDArray[Any], line: int, tall: int, scale: float) -> None:
    """The colours between a 0 and a 1 that stand on ``line``."""
    length = int(min(LONGEST_BAR, BAR * picture.shape[1]))
    colours = cv2.applyColorMap(np.linspace(0, 255, max(2, length)).astype(np.uint8)[None, :], COLOURS)
    (zero, _), _ = cv2.getTextSize("0 ", FONT, scale, 1)
    target = picture[max(0, line - tall) : line, 4 + zero : 4 + zero + colours.shape[1]]
    target[:] = colours[:, : target.shape[1]]
    cv2.putText(picture, "0", (4, line), FONT, scale, INK, 1, cv2.LINE_AA)
    cv2.putText(picture, "1", (8 + zero + colours.shape[1], line), FONT, scale, INK, 1, cv2.LINE_AA)


def _wrapped(text: str, scale: float, width: int) -> Iterator[str]:
    """The text in lines of at most ``width`` pixels; a longer word stands alone."""
    line = ""
    for word in text.split():
        longer = f"{line} {word}".strip()
        if line and cv2.getTextSize(longer, FONT, scale, 1)[0][0] > width:
            yield line
            longer = word
        line = longer
    if line:
        yield line


def _png(picture: NDArray[np.uint8]) -> bytes:
    _, encoded = cv2.imencode(".png", picture, [cv2.IMWRITE_PNG_COMPRESSION, 3])
    return bytes(encoded)
