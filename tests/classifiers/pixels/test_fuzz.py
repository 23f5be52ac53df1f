"""Mutated files: each gives a film or a FilmError, soon. RADROUTER_FUZZ says how many (300 if unset)."""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest

from classifiers.film import Accepts, Need
from classifiers.pixels import read_film, read_for
from router.errors import FilmError

Build = Callable[..., bytes]
MUTATIONS = int(os.environ.get("RADROUTER_FUZZ", "300"))
SECONDS = 10.0  # of the processor; most take milliseconds, CharLS 4 s on one damaged stream in ten thousand
BASE = "1.2.840.10008.1.2"
SMALL_REAL_FILE = 200_000  # bytes


@pytest.fixture(scope="module")
def seeds(dicom: Build, limb: Any, lut_item: Callable[..., Any]) -> list[bytes]:
    """One small film for every decoder and every branch of the grayscale pipeline."""
    small = np.ascontiguousarray(limb[::8, ::8])
    eight = (small >> 4).astype(np.uint8)
    gray = {"Rows": 75, "Columns": 60, "SamplesPerPixel": 1, "PhotometricInterpretation": "MONOCHROME2"}
    gray |= {"PixelRepresentation": 0, "WindowCenter": 2048, "WindowWidth": 4096}
    twelve = {**gray, "BitsAllocated": 16, "BitsStored": 12, "HighBit": 11}
    byte = {**gray, "BitsAllocated": 8, "BitsStored": 8, "HighBit": 7}
    shutter = {"ShutterShape": ["CIRCULAR", "POLYGONAL"], "CenterOfCircularShutter": [40, 30]}
    shutter |= {"RadiusOfCircularShutter": 25, "VerticesOfThePolygonalShutter": [1, 1, 1, 60, 75, 60, 75, 1]}
    tables = {"ModalityLUTSequence": [lut_item(list(range(256)), first=0, bits=8)]}
    tables |= {"VOILUTSequence": [lut_item(list(range(256)), first=0, bits=8)]}
    palette = {f"{c}PaletteColorLookupTableDescriptor": [256, 0, 16] for c in ("Red", "Green", "Blue")}
    palette |= {f"{c}PaletteColorLookupTableData": bytes(512) for c in ("Red", "Green", "Blue")}
    return [
        dicom(small, PixelPaddingValue=0, PixelAspectRatio=[2, 1], **shutter),
        dicom(small, syntax=BASE, **tables),
        dicom(small, syntax=BASE + ".1.99"),
        dicom(eight, **{**palette, "PhotometricInterpretation": "PALETTE COLOR"}),
        dicom(np.dstack((eight, eight, eight))),
        dicom(imagecodecs.jpeg8_encode(eight), syntax=BASE + ".4.50", **byte),
        dicom(imagecodecs.jpeg8_encode(small, bitspersample=12), syntax=BASE + ".4.51", **twelve),
        dicom(imagecodecs.ljpeg_encode(small, bitspersample=12), syntax=BASE + ".4.70", **twelve),
        dicom(imagecodecs.jpegls_encode(small), syntax=BASE + ".4.80", **twelve),
        dicom(imagecodecs.jpeg2k_encode(small, codecformat="j2k", level=0), syntax=BASE + ".4.90", **twelve),
        dicom(imagecodecs.htj2k_encode(small), syntax=BASE + ".4.201", **twelve),
        dicom(imagecodecs.jpegxl_encode(small), syntax=BASE + ".4.110", encapsulated=True, **twelve),
    ]


def mutated(data: bytes, chance: random.Random) -> bytes:
    """Flip, overwrite, cut, drop or repeat bytes: in the header, in the pixels' beginning, or anywhere."""
    changed = bytearray(data)
    pixels = max(data.rfind(b"\xe0\x7f\x10\x00"), 0)
    for _ in range(chance.choice((1, 1, 2, 4, 16))):
        low, high = chance.choice(((132, pixels + 1), (pixels, pixels + 200), (0, len(data))))
        at = min(chance.randrange(low, max(high, low + 1)), len(changed) - 1)
        kind = chance.randrange(6)
        if kind == 0:
            changed[at] ^= 1 << chance.randrange(8)
        elif kind == 1:
            changed[at] = chance.choice((0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)))
        elif kind == 2:
            changed[at : at + 4] = chance.randbytes(4)
        elif kind == 3:
            del changed[at : at + chance.choice((1, 2, 8, 100))]
        elif kind == 4:
            changed[at:at] = changed[at : at + chance.choice((1, 8, 100))]
        elif chance.random() < 0.3:
            del changed[at:]
        changed = changed or bytearray(b"\0")
    return bytes(changed)


def outcome(data: bytes, chance: random.Random) -> str:
    began = time.process_time()
    long_side = chance.choice((16, 40, 512, None))
    any_picture = Need(long_side=long_side, colour=True, accepts=Accepts.ANY)
    try:
        film = read_for(data, any_picture) if chance.random() < 0.25 else read_film(data, long_side=long_side)
    except FilmError as error:
        result = type(error).__name__
    else:
        result = "film"
        assert film.image.dtype == np.float32 and np.isfinite(film.image).all()
        assert 0 <= film.image.min() <= film.image.max() <= 1
    assert time.process_time() - began < SECONDS
    return result


def tried(seeds: list[bytes], count: int) -> Iterator[str]:
    for number in range(count):
        chance = random.Random(number)
        data = mutated(chance.choice(seeds), chance)
        try:
            yield outcome(data, chance)
        except Exception as error:
            raise AssertionError(f"mutation {number} of {count}: {type(error).__name__}: {error}") from error


@pytest.mark.timeout(0)
def test_every_mutated_film_is_a_film_or_a_film_error(seeds: list[bytes]) -> None:
    assert {outcome(seed, random.Random(0)) for seed in seeds} == {"film"}
    counts = Counter(tried(seeds, MUTATIONS))
    assert counts["film"] > MUTATIONS / 10 and counts["UndecodablePixels"] > MUTATIONS / 10


@pytest.mark.timeout(0)
def test_every_mutated_real_file_is_a_film_or_a_film_error(shared: Path) -> None:
    real = [path.read_bytes() for path in sorted((shared / "dicom").rglob("*.dcm"))]
    seeds = [data for data in real if len(data) < SMALL_REAL_FILE]
    counts = Counter(tried(seeds, MUTATIONS // 2))
    assert counts.total() == MUTATIONS // 2
