"""How long a film takes: ``read_film(long_side=512)`` against decoding all of it with pydicom and numpy.

    python -m bench.decode [--long-side 512] [--sizes 512 1024 2048 4000] [--rounds 5]

Films are made here: a smooth limb with the noise of a detector, so that codecs have something to do. "whole"
is what most programs do: pydicom's pixel_array, modality LUT, window in float, area average. Where pydicom
has no decoder installed, the same open decoder as ours takes its place, whole ("by": imagecodecs). Times are
of the processor, not of the clock: one thread, and no neighbour on the machine falsifies them.
"""

from __future__ import annotations

import argparse
import io
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import imagecodecs
import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.pixels import apply_modality_lut, apply_voi_lut

from bench.report import show
from classifiers.pixels import read_film, read_stored

Picture = NDArray[Any]
BASE = "1.2.840.10008.1.2"

# name: Transfer Syntax, encoder, bits stored
CASES: dict[str, tuple[str, Callable[[Picture], bytes], tuple[int, ...]]] = {
    "uncompressed": (f"{BASE}.1", lambda picture: picture.tobytes(), (8, 12, 16)),
    "RLE": (f"{BASE}.5", lambda picture: _rle(picture), (8, 12)),
    "JPEG baseline": (
        f"{BASE}.4.50",
        lambda picture: bytes(imagecodecs.jpeg8_encode(picture, level=90)),
        (8,),
    ),
    "JPEG extended": (
        f"{BASE}.4.51",
        lambda picture: bytes(imagecodecs.jpeg8_encode(picture, level=90, bitspersample=12)),
        (12,),
    ),
    "JPEG lossless": (f"{BASE}.4.70", lambda picture: bytes(imagecodecs.ljpeg_encode(picture)), (12, 16)),
    "JPEG-LS": (f"{BASE}.4.80", lambda picture: bytes(imagecodecs.jpegls_encode(picture)), (8, 12, 16)),
    "JPEG 2000": (
        f"{BASE}.4.90",
        lambda picture: bytes(imagecodecs.jpeg2k_encode(picture, codecformat="j2k", level=0)),
        (8, 12, 16),
    ),
    "HTJ2K": (f"{BASE}.4.201", lambda picture: bytes(imagecodecs.htj2k_encode(picture)), (12, 16)),
}


def main() -> None:
    """Measure every case at every size and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--long-side", type=int, default=512)
    parser.add_argument("--sizes", type=int, nargs="+", default=[512, 1024, 2048, 4000])
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    cv2.setNumThreads(1)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name, (syntax, encode, depths) in CASES.items():
            for rows_high in options.sizes:
                for bits in depths:
                    path = Path(folder) / "film.dcm"
                    path.write_bytes(film(picture_of(rows_high, bits), syntax, encode, bits))
                    rows.append(measured(path, name, bits, options.long_side, options.rounds))
    show(
        "decode",
        rows,
        notes=[f"film: read_film(long_side={options.long_side}); processor ms, best of {options.rounds}"],
    )


def measured(path: Path, name: str, bits: int, long_side: int, rounds: int) -> dict[str, object]:
    """One row: milliseconds of a film and of the whole, and how far apart they are."""
    by, whole = _whole_by(path)
    film_ms = best(lambda: read_film(path, long_side=long_side), rounds)
    whole_ms = best(lambda: shown(path, whole, long_side), rounds)
    ours, theirs = read_film(path, long_side=long_side).image, shown(path, whole, long_side)
    header = pydicom.dcmread(path, stop_before_pixels=True)
    return {
        "syntax": name,
        "size": f"{header.Rows} x {header.Columns}",
        "bits": bits,
        "file_mb": round(path.stat().st_size / 1e6, 2),
        "film_ms": round(film_ms, 2),
        "whole_ms": round(whole_ms, 2),
        "ratio": round(whole_ms / film_ms, 1),
        "by": by,
        "mean_gray_levels_apart": round(float(np.abs(ours - theirs).mean() * 255), 2),
    }


def _whole_by(path: Path) -> tuple[str, Callable[[Path], Picture]]:
    try:
        _ = pydicom.dcmread(path).pixel_array
    except (RuntimeError, NotImplementedError):
        return "imagecodecs", read_stored
    return "pydicom", lambda source: pydicom.dcmread(source).pixel_array


def shown(path: Path, decode: Callable[[Path], Picture], long_side: int) -> NDArray[np.float32]:
    """The plain way to a small bright picture, float32 in [0, 1]."""
    header = pydicom.dcmread(path, stop_before_pixels=True)
    values = apply_voi_lut(apply_modality_lut(decode(path), header), header)
    values = (values / float(2**header.BitsStored - 1)).astype(np.float32)
    scale = min(1.0, long_side / max(values.shape))
    size = round(values.shape[1] * scale), round(values.shape[0] * scale)
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_AREA))


def best(action: Callable[[], object], rounds: int) -> float:
    """The least processor time of ``rounds``, in milliseconds."""
    took = []
    for _ in range(rounds):
        began = time.process_time()
        action()
        took.append(time.process_time() - began)
    return min(took) * 1000


def picture_of(rows: int, bits: int) -> Picture:
    """A limb with noise, (rows, 0.8 * rows), uint8 or uint16."""
    columns = rows * 4 // 5
    y, x = np.mgrid[0:rows, 0:columns] / rows
    bright = (
        0.1
        + 0.3 * np.exp(-(((x - 0.4) / 0.25) ** 4))
        + 0.35 * np.exp(-(((x - 0.4) / 0.1) ** 2)) * np.sin(2 * y)
    )
    noisy = bright + np.random.default_rng(rows).normal(0, 0.004, bright.shape)
    return np.asarray(np.rint(noisy.clip(0, 1) * (2**bits - 1)), np.uint8 if bits == 8 else np.uint16)


def film(picture: Picture, syntax: str, encode: Callable[[Picture], bytes], bits: int) -> bytes:
    """A Part 10 file of a CR film."""
    header = Dataset()
    header.SOPClassUID, header.SOPInstanceUID, header.Modality = "1.2.840.10008.5.1.4.1.1.1", "1.2.3", "CR"
    header.Rows, header.Columns = picture.shape
    header.SamplesPerPixel, header.PhotometricInterpretation, header.PixelRepresentation = 1, "MONOCHROME2", 0
    header.BitsAllocated, header.BitsStored, header.HighBit = 8 * picture.dtype.itemsize, bits, bits - 1
    header.WindowCenter, header.WindowWidth = 2 ** (bits - 1), 2**bits
    header.file_meta = FileMetaDataset()
    header.file_meta.TransferSyntaxUID = syntax
    wrapped = header.file_meta.TransferSyntaxUID.is_encapsulated
    header.PixelData = encapsulate([encode(picture)]) if wrapped else encode(picture)
    header["PixelData"].VR = "OB" if wrapped or bits == 8 else "OW"
    header["PixelData"].is_undefined_length = wrapped
    buffer = io.BytesIO()
    header.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def _rle(picture: Picture) -> bytes:
    plain = pydicom.Dataset()
    plain.Rows, plain.Columns = picture.shape
    plain.SamplesPerPixel, plain.PhotometricInterpretation, plain.PixelRepresentation = 1, "MONOCHROME2", 0
    plain.BitsAllocated = plain.BitsStored = 8 * picture.dtype.itemsize
    plain.HighBit = plain.BitsStored - 1
    plain.SOPClassUID, plain.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.7", "1.2.3"
    plain.file_meta = FileMetaDataset()
    plain.file_meta.TransferSyntaxUID = f"{BASE}.1"
    plain.compress(f"{BASE}.5", picture, generate_instance_uid=False)
    return bytes(next(pydicom.encaps.generate_frames(plain.PixelData, number_of_frames=1)))


if __name__ == "__main__":
    main()
