"""Sound CR objects without a patient, each under UIDs of its own, any size, cheap to make."""

from __future__ import annotations

import io
import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ComputedRadiographyImageStorage, ExplicitVRLittleEndian, generate_uid

PREFIX = "1.2.826.0.1.3680043.10.1654.9."  # any; the films never leave the bench


@dataclass(frozen=True, slots=True, kw_only=True)
class Radiograph:
    """One object as it is sent: where its file is, who it is, and its data set's bytes."""

    path: Path
    sop_instance_uid: str
    data_set: bytes


def write_radiograph(path: Path, chance: random.Random, *, side: int) -> Radiograph:
    """A film of ``side`` × ``side`` pixels of 16 bits: a bright bone-like bar on a gradient, with noise.

    Explicit VR little endian, no sequences: every sender puts the same data set bytes on the wire.
    """
    film = _header(chance, side)
    film.PixelData = _pixels(chance, side)
    film["PixelData"].VR = "OW"
    film.file_meta = FileMetaDataset()
    film.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    buffer = io.BytesIO()
    film.save_as(buffer, enforce_file_format=True)
    raw = buffer.getvalue()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(raw)
    return Radiograph(path=path, sop_instance_uid=str(film.SOPInstanceUID), data_set=data_set_of(raw))


def write_radiographs(folder: Path, chance: random.Random, *, count: int, side: int) -> list[Radiograph]:
    """``count`` films of one size in ``folder``."""
    return [write_radiograph(folder / f"{number:05}.dcm", chance, side=side) for number in range(count)]


def data_set_of(raw: bytes) -> bytes:
    """The bytes of a file behind its File Meta Information (PS3.10 section 7.1); raises ValueError."""
    if raw[128:132] != b"DICM" or raw[132:140] != b"\x02\0\0\0UL\x04\0":
        raise ValueError("no File Meta Information with a group length")
    return raw[144 + int.from_bytes(raw[140:144], "little") :]


def _header(chance: random.Random, side: int) -> Dataset:
    film = Dataset()
    film.SOPClassUID = ComputedRadiographyImageStorage
    for keyword in ("SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID"):
        setattr(film, keyword, generate_uid(PREFIX, entropy_srcs=[str(chance.getrandbits(128))]))
    film.Modality, film.BodyPartExamined, film.ViewPosition = "CR", "CHEST", "PA"
    film.PatientID, film.PatientName, film.AccessionNumber = "BENCH", "Bench^Film", "1"
    film.StudyDate, film.StudyTime, film.StudyID, film.InstanceNumber = "20260101", "120000", "1", 1
    film.Manufacturer, film.StudyDescription = "BENCH", "Chest PA"
    film.Rows = film.Columns = side
    film.SamplesPerPixel, film.PhotometricInterpretation = 1, "MONOCHROME2"
    film.BitsAllocated, film.BitsStored, film.HighBit, film.PixelRepresentation = 16, 12, 11, 0
    return film


def _pixels(chance: random.Random, side: int) -> bytes:
    noise = np.random.default_rng(chance.getrandbits(64))
    image = np.linspace(200, 2000, side, dtype=np.float32)[:, None] + np.zeros((1, side), np.float32)
    left = side // 3 + chance.randrange(max(1, side // 4))
    image[:, left : left + side // 8 + 1] += 1500
    image += noise.integers(0, 200, (side, side))
    return image.astype("<u2").tobytes()
