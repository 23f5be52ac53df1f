"""A picture as PNG, for a browser: as a viewer would show it, with boxes where they are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias

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


class Plate(NamedTuple):
    """Where a name is written, in pixels of the picture."""

    x: int
    y: int
    wide: int
    tall: int

    def covers(self, other: Plate) -> bool:
        """Whether the two share pixels."""
        across = self.x <= other.x + other.wide and other.x <= self.x + self.wide
        return across and self.y <= other.y + other.tall and other.y <= self.y + self.tall


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
    corners = [_frame(picture, film, box) for _, box in boxes]
    taken: list[Plate] = []
    for (label, _), corner in zip(boxes, corners, strict=True):
        if label:
            _name(picture, label, corner, taken)
    _, encoded = cv2.imencode(".png", picture, [cv2.IMWRITE_PNG_COMPRESSION, 3])
    return bytes(encoded)


def _drawable(film: Film, *, in_colour: bool) -> NDArray[Any]:
    """uint8, in OpenCV's order of colours where there are any or ``in_colour`` asks for them."""
    if film.colour is not None:
        return np.asarray(cv2.cvtColor(film.colour, cv2.COLOR_RGB2BGR))
    gray = np.rint(film.image * 255).astype(np.uint8)
    return np.asarray(cv2.cvtColor(gray, cv2.COLOR_GRAY2BGR)) if in_colour else gray


def _frame(picture: NDArray[Any], film: Film, stored: Box) -> tuple[int, int]:
    """Draw one box; returns its left and top on the picture."""
    height, width = picture.shape[:2]
    box = film.to_film(stored)
    left, top = _on(box.x, width), _on(box.y, height)
    right, bottom = _on(box.x + box.width, width), _on(box.y + box.height, height)
    cv2.rectangle(picture, (left, top), (right, bottom), FRAME, _thickness(picture))
    return left, top


def _name(picture: NDArray[Any], label: str, corner: tuple[int, int], taken: list[Plate]) -> None:
    """A box's name on a plate, above the box or inside where there is no room, that covers none of those
    ``taken`` already; it is one of them then."""
    height, width = picture.shape[:2]
    scale = max(0.4, max(height, width) / 1400)
    text = " ".join(label.split())[:60]
    (text_width, text_height), below = cv2.getTextSize(text, FONT, scale, 1)
    wide, tall = text_width + 6, text_height + below + 4
    left, top = corner
    x = max(0, min(left, width - wide))
    y = top - tall if top >= tall else min(top + _thickness(picture), height - tall)
    plate = _free(Plate(x, y, wide, tall), taken, height)
    taken.append(plate)
    cv2.rectangle(picture, (plate.x, plate.y), (plate.x + wide, plate.y + tall), FRAME, cv2.FILLED)
    cv2.putText(picture, text, (plate.x + 3, plate.y + text_height + 2), FONT, scale, TEXT, 1, cv2.LINE_AA)


def _free(wanted: Plate, taken: Sequence[Plate], height: int) -> Plate:
    """The nearest place above, else below, where a plate covers no other; where it is wanted if all is
    full."""
    steps = [*range(len(taken) + 1), *range(-1, -len(taken) - 1, -1)]
    rooms = [wanted._replace(y=wanted.y - step * (wanted.tall + 1)) for step in steps]
    free = (room for room in rooms if 0 <= room.y <= height - room.tall and not any(map(room.covers, taken)))
    return next(free, wanted)


def _thickness(picture: NDArray[Any]) -> int:
    """Of a box's line, pixels."""
    return max(1, round(int(max(picture.shape[:2])) / 400))


def _on(position: float, length: int) -> int:
    return int(np.clip(round(position), 0, length - 1))
