"""A film: one radiograph, ready to look at, that knows its way back to the stored pixels."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from router.types import Box

if TYPE_CHECKING:  # the command line knows these words, and does without numbers
    import numpy as np
    from numpy.typing import NDArray


class Accepts(StrEnum):
    """Which objects a network is for; always of one frame (``classifiers.admission``)."""

    RADIOGRAPH = "radiograph"  # what gets a view
    PHOTOGRAPH = "photograph"  # in colour, made by light: skin, eyes, endoscopy
    CT = "ct"  # a slice in Hounsfield units
    ANY = "any"


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What a network needs of an object's pixels. Two that are equal are met by the same reading.

    ``long_side`` is in pixels, None for every stored pixel. ``colour`` asks for ``Film.colour`` beside the
    grey. ``window`` (center, width; LINEAR, PS3.3 C.11.2.1.2) in the units that the modality transformation
    gives, Hounsfield units for CT, replaces the header's. Objects other than ``accepts`` are refused.
    """

    long_side: int | None
    colour: bool = False
    window: tuple[float, float] | None = None
    accepts: Accepts = Accepts.RADIOGRAPH

    def met_by(self, film: Film) -> bool:
        """Whether a radiograph that was read plainly, in grey under its own window, is all that is needed."""
        if self.colour or self.window or self.accepts not in (Accepts.RADIOGRAPH, Accepts.ANY):
            return False
        height, width = film.image.shape
        is_whole = max(film.scale) <= 1
        return is_whole or (self.long_side is not None and max(height, width) >= self.long_side)


def one_need(needs: Iterable[Need]) -> Need:
    """The one reading that serves several networks. Raises ValueError where there is none."""
    wanted = list(needs)
    sides = [need.long_side for need in wanted]
    if len({need.accepts for need in wanted}) > 1:
        raise ValueError("they are for different kinds of objects")
    if len({need.window for need in wanted}) > 1:
        raise ValueError("they need different windows")
    return Need(
        long_side=None if None in sides else max(side for side in sides if side is not None),
        colour=any(need.colour for need in wanted),
        window=wanted[0].window,
        accepts=wanted[0].accepts,
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Film:
    """One radiograph, or another picture of one frame, as a viewer would show it, bone bright.

    ``image`` is float32 (H, W) in [0, 1], read-only, with square pixels, never cropped. A point at column
    ``x`` and row ``y`` of the film, in edge coordinates (the first pixel spans 0..1), lies at
    ``x * scale[0] + offset[0]``, ``y * scale[1] + offset[1]`` of the stored pixels. The offset is not 0 where
    a wavelet's low band was taken for the picture: its samples sit on the even pixels, not between them.

    ``colour`` is the same picture in its colours, uint8 (H, W, 3) RGB, read-only, on the same grid as
    ``image``; None where nobody asked for it (``Need.colour``).
    """

    image: NDArray[np.float32]
    stored_rows: int
    stored_columns: int
    scale: tuple[float, float]  # stored pixels per film pixel: x, y
    offset: tuple[float, float] = (0.0, 0.0)  # stored pixels: x, y
    notes: tuple[str, ...] = ()  # what in the header could not be taken at its word, for a human
    colour: NDArray[np.uint8] | None = None

    def to_stored(self, box: Box) -> Box:
        """The same rectangle in stored pixels."""
        (sx, sy), (ox, oy) = self.scale, self.offset
        return Box(x=box.x * sx + ox, y=box.y * sy + oy, width=box.width * sx, height=box.height * sy)

    def to_film(self, box: Box) -> Box:
        """A rectangle of stored pixels, on the film."""
        (sx, sy), (ox, oy) = self.scale, self.offset
        return Box(x=(box.x - ox) / sx, y=(box.y - oy) / sy, width=box.width / sx, height=box.height / sy)
