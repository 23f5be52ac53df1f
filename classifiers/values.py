"""A film's values for a viewer that windows them itself: real numbers, or the colours of a photograph."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from classifiers.film import Film
from classifiers.luts import Table, Window

CODES = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """One way to show values: its name, and what turns values into brightness in [0, 1]."""

    name: str
    curve: Window | Table


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FilmValues:
    """A film of the size it is to be looked at, before any window.

    ``codes`` is uint16 (H, W), or uint8 (H, W, 3) of red, green and blue; read-only, with square pixels,
    never cropped. A code ``c`` stands for the value ``c * slope + intercept`` of the modality transformation
    (PS3.3 C.11.1), of a colour for itself. Where ``inverted``, low values are to be shown bright. The first
    of ``curves`` is how the film is shown unless somebody asks otherwise: it then looks as ``read_shown``
    makes it. ``scale``, ``offset``, ``notes``: as of :class:`Film`.
    """

    codes: NDArray[np.uint16] | NDArray[np.uint8]
    slope: float
    intercept: float
    inverted: bool
    curves: tuple[Curve, ...]
    photometric_interpretation: str
    stored_rows: int
    stored_columns: int
    scale: tuple[float, float]
    offset: tuple[float, float] = (0.0, 0.0)
    notes: tuple[str, ...] = ()

    def brightness(self) -> NDArray[np.float32]:
        """float32 of the shape of ``codes``, in [0, 1], as the first curve shows it."""
        first, last = int(self.codes.min()), int(self.codes.max())
        values = np.arange(first, last + 1, dtype=np.float64) * self.slope + self.intercept
        levels = np.asarray(self.curves[0].curve(values), np.float32)
        levels = 1 - levels if self.inverted else levels
        return np.asarray(levels[self.codes - self.codes.dtype.type(first)])

    def film(self) -> Film:
        """The film, as the networks look at it; of grey values."""
        image = self.brightness()
        image.flags.writeable = False
        return Film(
            image=image,
            stored_rows=self.stored_rows,
            stored_columns=self.stored_columns,
            scale=self.scale,
            offset=self.offset,
            notes=self.notes,
        )

    def png(self) -> bytes:
        """A PNG, 8 bits, gray or in colour, as the first curve shows it."""
        picture = np.rint(self.brightness() * 255).astype(np.uint8)
        picture = picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
        _, encoded = cv2.imencode(".png", picture, [cv2.IMWRITE_PNG_COMPRESSION, 3])
        return bytes(encoded)

    def wire(self) -> bytes:
        """What goes to a browser: the length of a JSON text as uint32, the text, then the codes, row by row.

        All numbers are little endian; the text is padded with spaces so that the codes begin at an even byte.
        The text's ``samples`` says how many codes a pixel has: 1 of 16 bits, or 3 of 8.
        """
        codes = self.codes.astype(self.codes.dtype.newbyteorder("<"), copy=False)
        text = json.dumps(self._explained(), separators=(",", ":"), allow_nan=False).encode()
        text += b" " * (len(text) % 2)
        return len(text).to_bytes(4, "little") + text + codes.tobytes()

    def _explained(self) -> dict[str, Any]:
        return {
            "rows": self.codes.shape[0],
            "columns": self.codes.shape[1],
            "samples": 1 if self.codes.ndim == 2 else 3,
            "slope": self.slope,
            "intercept": self.intercept,
            "inverted": self.inverted,
            "curves": [_explained(each) for each in self.curves],
            "photometric_interpretation": self.photometric_interpretation,
            "stored_rows": self.stored_rows,
            "stored_columns": self.stored_columns,
            "scale": self.scale,
            "offset": self.offset,
            "notes": self.notes,
        }


def _explained(named: Curve) -> dict[str, Any]:
    curve = named.curve
    if isinstance(curve, Table):
        entries = [round(float(entry), 4) for entry in curve.entries]
        return {"name": named.name, "first": curve.first, "entries": entries}
    return {
        "name": named.name,
        "center": curve.center,
        "width": curve.width,
        "function": curve.function,
    }
