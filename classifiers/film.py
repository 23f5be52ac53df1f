"""A film: one radiograph, ready to look at, that knows its way back to the stored pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from router.types import Box


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What a network needs of an object's pixels. Two that are equal are met by the same reading.

    ``long_side`` is in pixels, None for every stored pixel. ``colour`` asks for ``Film.colour`` beside the
    grey. ``window`` (center, width; LINEAR, PS3.3 C.11.2.1.2) in the units that the modality transformation
    gives, Hounsfield units for CT, replaces the header's.
    """

    long_side: int | None
    colour: bool = False
    window: tuple[float, float] | None = None


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
