"""A picture as PNG, for a browser: as a viewer would show it, with boxes where they are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from classifiers.element import Source
from classifiers.film import Film
from classifiers.reading import read_shown
from router.types import Box

Colour: TypeAlias = tuple[int, int, int]
FRAME: Colour = (40, 200, 255)  # BGR amber, seen on black and on white
TEXT: Colour = (0, 0, 0)
FONT = cv2.FONT_HERSHEY_SIMPLEX


def preview_png(
    source: Source,
    *,
    long_side: int | None,
    window: tuple[float, float] | None = None,
    otherwise: tuple[float, float] | None = None,
    boxes: Sequence[tuple[str, Box]] = (),
) -> bytes:
    """PNG bytes of an object's picture: gray, a radiograph's bone bright, or a photograph's colours.

    In colour too with ``boxes`` (label, rectangle in stored pixels). ``window`` is (center, width) in the
    units of the modality transformation, or of a colour's 0 to 255, instead of the header's VOI;
    ``otherwise`` is for a header without one. Raises what ``read_shown`` raises.
    """
    film = read_shown(source, long_side=long_side, window=window, otherwise=otherwise)
    picture = _drawable(film, in_colour=bool(boxes))
    for label, box in boxes:
        _draw(picture, film, label, box)
    _, encoded = cv2.imencode(".png", picture, [cv2.IMWRITE_PNG_COMPRESSION, 3])
    return bytes(encoded)


def _drawable(film: Film, *, in_colour: bool) -> NDArray[Any]:
    """uint8, in OpenCV's order of colours where there are any or ``in_colour`` asks for them."""
    if film.colour is not None:
        return np.asarray(cv2.cvtColor(film.colour, cv2.COLOR_RGB2BGR))
    gray = np.rint(film.image * 255).astype(np.uint8)
    return np.asarray(cv2.cvtColor(gray, cv2.COLOR_GRAY2BGR)) if in_colour else gray


def _draw(picture: NDArray[Any], film: Film, label: str, stored: Box) -> None:
    """One box with its label on a plate: above it, or inside where there is no room."""
    height, width = picture.shape[:2]
    box = film.to_film(stored)
    left, top = _on(box.x, width), _on(box.y, height)
    right, bottom = _on(box.x + box.width, width), _on(box.y + box.height, height)
    thick = max(1, round(max(height, width) / 400))
    cv2.rectangle(picture, (left, top), (right, bottom), FRAME, thick)
    if not label:
        return
    scale = max(0.4, max(height, width) / 1400)
    text = " ".join(label.split())[:60]
    (text_width, text_height), below = cv2.getTextSize(text, FONT, scale, 1)
    plate_height = text_height + below + 4
    x = max(0, min(left, width - text_width - 6))
    y = top - plate_height if top >= plate_height else min(top + thick, height - plate_height)
    cv2.rectangle(picture, (x, y), (x + text_width + 6, y + plate_height), FRAME, cv2.FILLED)
    cv2.putText(picture, text, (x + 3, y + text_height + 2), FONT, scale, TEXT, 1, cv2.LINE_AA)


def _on(position: float, length: int) -> int:
    return int(np.clip(round(position), 0, length - 1))
