"""Valid CR objects without a patient, as many and as large as a bench wants."""

from __future__ import annotations

import io
import os
from pathlib import Path

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ComputedRadiographyImageStorage, ExplicitVRLittleEndian

_ROOT = "1.2.826.0.1.3680043.10.1654"  # any; the films never leave the bench
_COLUMNS = 2000


def deal_films(folder: Path, *, size: int, objects: int, senders: int) -> list[Path]:
    """Write ``objects`` CR films with about ``size`` bytes of 16-bit pixels; one folder for each sender."""
    template = _encoded(size)
    folders = []
    for sender in range(senders):
        mine = folder / str(sender)
        mine.mkdir(parents=True)
        for number in range(sender, objects, senders):
            _write(mine / f"{number}.dcm", template, sender, number)
        folders.append(mine)
    return folders


def _uid(kind: int, number: int) -> str:
    return f"{_ROOT}.{kind}.{number + 1_000_000}"


def _encoded(size: int) -> bytes:
    rows = max(1, size // (2 * _COLUMNS))
    film = Dataset()
    film.SOPClassUID = ComputedRadiographyImageStorage
    film.SOPInstanceUID = _uid(3, 0)
    film.StudyInstanceUID = _uid(1, 0)
    film.SeriesInstanceUID = _uid(2, 0)
    film.Modality, film.BodyPartExamined, film.ViewPosition = "CR", "CHEST", "PA"
    film.PatientID, film.PatientName, film.AccessionNumber = "BENCH", "Bench^Film", "1"
    film.StudyDate, film.StudyTime, film.StudyID, film.InstanceNumber = "20260101", "120000", "1", 1
    film.Manufacturer, film.StudyDescription = "BENCH", "Chest PA"
    film.Rows, film.Columns, film.SamplesPerPixel, film.PixelRepresentation = rows, _COLUMNS, 1, 0
    film.BitsAllocated, film.BitsStored, film.HighBit, film.PhotometricInterpretation = (
        16,
        12,
        11,
        "MONOCHROME2",
    )
    film.PixelData = os.urandom(2 * rows * _COLUMNS)
    film["PixelData"].VR = "OW"
    film.file_meta = FileMetaDataset()
    film.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    buffer = io.BytesIO()
    film.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def _write(path: Path, template: bytes, study: int, number: int) -> None:
    """A copy of ``template`` under UIDs of its own, all of one length, so that nothing else changes."""
    head, pixels = template[:4096], template[4096:]
    for kind, own in ((1, study), (2, study), (3, number)):
        head = head.replace(_uid(kind, 0).encode(), _uid(kind, own).encode())
    path.write_bytes(head + pixels)
