"""A heat map as PNG: alone as grey values, or in colour over the film that it belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from classifiers.film import Film

STRENGTH = 0.65  # how much of the colour is seen where the heat is 1
FONT = cv2.FONT_HERSHEY_SIMPLEX
INK = (235, 235, 235)
PLATE_DARKNESS = 0.25  # of the picture that shines through below the legend
BAR = 0.3  # of the picture's width that the colour bar takes, at most 220 pixels


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

    The cooler a place, the less of the film it hides; where the heat is 0 the film is as it was.
    """
    warmth = np.clip(heat, 0, 1)
    film = cv2.cvtColor(np.rint(picture.image * 255).astype(np.uint8), cv2.COLOR_GRAY2BGR)
    colours = cv2.applyColorMap(np.rint(warmth * 255).astype(np.uint8), cv2.COLORMAP_PLASMA)
    weight = (STRENGTH * warmth)[:, :, None]
    mixed = np.rint(film * (1 - weight) + colours * weight).astype(np.uint8)
    _explain(mixed, legend)
    return _png(mixed)


def _explain(picture: NDArray[Any], lines: Sequence[str]) -> None:
    """A plate at the foot of the picture: a bar of the colours from 0 to 1, and the lines."""
    height, width = picture.shape[:2]
    scale = max(0.35, min(0.7, width / 1400))
    (_, tall), below = cv2.getTextSize("Mg", FONT, scale, 1)
    step = tall + below + 3
    plate = min(height, step * (len(lines) + 1) + 6)
    foot = picture[height - plate :]
    foot[:] = np.rint(foot * PLATE_DARKNESS).astype(np.uint8)
    length = int(min(220, BAR * width))
    ramp = np.linspace(0, 255, max(2, length)).astype(np.uint8)[None, :].repeat(max(2, tall), axis=0)
    (zero, _), _ = cv2.getTextSize("0 ", FONT, scale, 1)
    line = height - plate + step
    picture[line - tall : line - tall + ramp.shape[0], 4 + zero : 4 + zero + ramp.shape[1]] = (
        cv2.applyColorMap(ramp, cv2.COLORMAP_PLASMA)
    )
    cv2.putText(picture, "0", (4, line), FONT, scale, INK, 1, cv2.LINE_AA)
    cv2.putText(picture, "1", (8 + zero + ramp.shape[1], line), FONT, scale, INK, 1, cv2.LINE_AA)
    for number, text in enumerate(lines, start=1):
        shown = " ".join(text.split())[:100]
        cv2.putText(picture, shown, (4, line + number * step), FONT, scale, INK, 1, cv2.LINE_AA)


def _png(picture: NDArray[np.uint8]) -> bytes:
    _, encoded = cv2.imencode(".png", picture, [cv2.IMWRITE_PNG_COMPRESSION, 3])
    return bytes(encoded)
