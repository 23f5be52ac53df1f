"""Small DICOM files, written by the tests themselves."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import UID, ExplicitVRLittleEndian, JPEGBaseline8Bit

from classifiers.pixels import Film

CR = "1.2.840.10008.5.1.4.1.1.1"


def build(
    pixels: NDArray[Any] | bytes | None,
    *,
    syntax: str = ExplicitVRLittleEndian,
    encapsulated: bool | None = None,
    drop: tuple[str, ...] = (),
    **elements: Any,
) -> bytes:
    """A Part 10 file of a CR film; ``elements`` are DICOM keywords and go before what the pixels say."""
    header = Dataset()
    header.SOPClassUID, header.SOPInstanceUID, header.Modality = CR, "1.2.3.4", "CR"
    if isinstance(pixels, np.ndarray):
        _describe(header, pixels)
    _set(header, elements)
    for keyword in drop:
        del header[keyword]
    value = pixels.tobytes() if isinstance(pixels, np.ndarray) else pixels
    if value is not None:
        wrapped = UID(syntax).is_encapsulated if encapsulated is None else encapsulated
        header.PixelData = encapsulate([value]) if wrapped else value + b"\0" * (len(value) % 2)
        header["PixelData"].VR = "OB" if wrapped or header.BitsAllocated == 8 else "OW"
        header["PixelData"].is_undefined_length = wrapped
    return _written(header, syntax)


def _describe(header: Dataset, pixels: NDArray[Any]) -> None:
    header.Rows, header.Columns = pixels.shape[:2]
    header.SamplesPerPixel = 1 if pixels.ndim == 2 else 3
    header.PhotometricInterpretation = "MONOCHROME2" if pixels.ndim == 2 else "RGB"
    header.BitsAllocated = header.BitsStored = 8 * pixels.dtype.itemsize
    header.HighBit = header.BitsStored - 1
    header.PixelRepresentation = int(pixels.dtype.kind == "i")
    if pixels.ndim == 3:
        header.PlanarConfiguration = 0


def _set(header: Dataset, elements: dict[str, Any]) -> None:
    for keyword, value in elements.items():
        setattr(header, keyword, value)


def _written(header: Dataset, syntax: str) -> bytes:
    header.file_meta = FileMetaDataset()
    header.file_meta.MediaStorageSOPClassUID = header.get("SOPClassUID", CR)
    header.file_meta.MediaStorageSOPInstanceUID = "1.2.3.4"
    known = UID(syntax).is_transfer_syntax
    header.file_meta.TransferSyntaxUID = UID(syntax) if known else JPEGBaseline8Bit
    buffer = io.BytesIO()
    header.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue() if known else _renamed(buffer.getvalue(), JPEGBaseline8Bit, syntax)


def _renamed(data: bytes, old: str, new: str) -> bytes:
    """The same file under a Transfer Syntax that the writer does not know."""
    values = [uid.encode() + b"\0" * (len(uid) % 2) for uid in (old, new)]
    elements = [b"\x02\x00\x10\x00UI" + struct.pack("<H", len(value)) + value for value in values]
    (length,) = struct.unpack_from("<I", data, 140)
    grown = struct.pack("<I", length + len(values[1]) - len(values[0]))
    return (data[:140] + grown + data[144:]).replace(*elements)


def footprints(picture: NDArray[Any], film: Film) -> NDArray[np.float64]:
    """The exact average of ``picture`` (a value per stored pixel) over what each film pixel covers of it."""
    averaged = picture.astype(np.float64)
    for axis, (scale, offset) in enumerate(zip(film.scale[::-1], film.offset[::-1], strict=True)):
        lines = np.moveaxis(averaged, axis, 0)
        sums = np.concatenate((np.zeros_like(lines[:1]), lines.cumsum(0)))
        edges = np.clip(np.arange(film.image.shape[axis] + 1) * scale + offset, 0, len(lines))
        low = np.minimum(np.floor(edges).astype(int), len(lines) - 1)
        part = (edges - low)[:, np.newaxis]
        at_edges = sums[low] * (1 - part) + sums[low + 1] * part
        averaged = np.moveaxis(np.diff(at_edges, axis=0) / np.diff(edges)[:, np.newaxis], 0, axis)
    return averaged


@pytest.fixture(scope="session")
def area_average() -> Callable[[NDArray[Any], Film], NDArray[np.float64]]:
    """``footprints`` of this file."""
    return footprints


@pytest.fixture(scope="session")
def dicom() -> Callable[..., bytes]:
    """``build`` of this file."""
    return build


def lut(entries: list[int], *, first: int, bits: int) -> Dataset:
    """An item of a Modality or VOI LUT Sequence."""
    item = Dataset()
    item.add_new("LUTDescriptor", "US" if first >= 0 else "SS", [len(entries), first, bits])
    item.add_new("LUTData", "US", entries)
    return item


@pytest.fixture(scope="session")
def lut_item() -> Callable[..., Dataset]:
    """``lut`` of this file."""
    return lut


@pytest.fixture(scope="session")
def limb() -> NDArray[np.uint16]:
    """A smooth 12-bit picture that looks a little like a limb, uint16 (600, 480)."""
    rows, columns = np.mgrid[0:600, 0:480]
    shaft = np.exp(-(((columns - 240) / 60.0) ** 2)) * (1.5 + np.sin(rows / 40.0))
    soft = np.exp(-(((columns - 240) / 130.0) ** 4))
    return np.rint(300 + 900 * soft + 1100 * shaft).astype(np.uint16)
