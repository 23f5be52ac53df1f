"""How the header says the pixels lie: the Image Pixel module (PS3.3 C.7.6.3), held to its own rules once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydicom.dataset import Dataset

from router.errors import UndecodablePixels

MAX_PIXELS = 80_000_000  # per frame; the largest stitched spine or mammogram is below 40 million
GRAY = frozenset({"MONOCHROME1", "MONOCHROME2"})
COLOUR = frozenset({"RGB", "YBR_FULL", "YBR_FULL_422", "YBR_RCT", "YBR_ICT"})
PALETTE = "PALETTE COLOR"


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """One frame's shape and how its words are to be read."""

    rows: int
    columns: int
    samples: int  # 1 or 3
    bits_allocated: int  # 8 or 16
    bits_stored: int
    high_bit: int
    signed: bool
    photometric_interpretation: str
    planar: bool  # all of one colour, then all of the next


def layout_of(header: Dataset) -> Layout:
    """Read and check the Image Pixel module; raises UndecodablePixels with the element that is wrong."""
    rows, columns = _number(header, "Rows", 1, 65535), _number(header, "Columns", 1, 65535)
    if rows * columns > MAX_PIXELS:
        raise UndecodablePixels(f"{rows} x {columns} pixels are more than the {MAX_PIXELS} we decode")
    samples = _number(header, "SamplesPerPixel", 1, 4, absent=1)
    photometric = str(
        header.get("PhotometricInterpretation") or ("RGB" if samples == 3 else "MONOCHROME2")
    ).strip()
    if samples not in (1, 3) or (samples == 3) != (photometric in COLOUR):
        raise UndecodablePixels(f"{samples} samples per pixel as {photometric[:40]} cannot be read")
    if samples == 1 and photometric not in GRAY | {PALETTE}:
        raise UndecodablePixels(f"Photometric Interpretation {photometric[:40]} is not known")
    allocated = _number(header, "BitsAllocated", 1, 64)
    if allocated not in (8, 16):
        raise UndecodablePixels(f"{allocated} bits allocated per pixel; radiographs have 8 or 16")
    stored = _number(header, "BitsStored", 1, allocated, absent=allocated)
    high = _number(header, "HighBit", 0, 65535, absent=stored - 1)
    return Layout(
        rows=rows,
        columns=columns,
        samples=samples,
        bits_allocated=allocated,
        bits_stored=stored,
        # A High Bit that cannot be is a known fault of writers; the bits then lie at the low end as usual.
        high_bit=high if stored - 1 <= high < allocated else stored - 1,
        signed=_number(header, "PixelRepresentation", 0, 1, absent=0) == 1,
        photometric_interpretation=photometric,
        planar=samples == 3 and _number(header, "PlanarConfiguration", 0, 1, absent=0) == 1,
    )


def _number(header: Dataset, keyword: str, low: int, high: int, *, absent: int | None = None) -> int:
    value: Any = header.get(keyword)
    if value is None or value == "":
        if absent is None:
            raise UndecodablePixels(f"{keyword} is absent")
        return absent
    if not isinstance(value, int) or not low <= value <= high:
        raise UndecodablePixels(f"{keyword} is {str(value)[:40]}, not a number from {low} to {high}")
    return int(value)
