"""Real films as a hospital would send them: they must get the same answer through the whole pixel path."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from classifiers.pixels import read_film
from classifiers.view import ViewClassifier

COMPUTED_RADIOGRAPHY = "1.2.840.10008.5.1.4.1.1.1"  # PS3.4 Table B.5-1
GREYS = 4095  # 12 bits


def agreement(films: Sequence[NDArray[np.uint8]], stated: Sequence[str], classifier: ViewClassifier) -> float:
    """The share of films that get the same answer as ``stated`` when they come as DICOM files.

    ``films`` are uint8 (H, W), bone bright; they are wrapped 12-bit, MONOCHROME1, with a window.
    """
    same = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film.dcm"
        for film, answer in zip(films, stated, strict=True):
            write(film, path)
            same.append(classifier.predict([read_film(path, long_side=None)])[0].view == answer)
    return float(np.mean(same)) if same else float("nan")


def write(film: NDArray[np.uint8], path: Path) -> None:
    """Write a film as a 12-bit MONOCHROME1 CR image."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = COMPUTED_RADIOGRAPHY, generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    image = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    image.SOPClassUID, image.SOPInstanceUID = COMPUTED_RADIOGRAPHY, meta.MediaStorageSOPInstanceUID
    image.StudyInstanceUID, image.SeriesInstanceUID = generate_uid(), generate_uid()
    image.Modality, image.PatientName, image.PatientID = "CR", "", ""
    stored = np.round((1 - film.astype(np.float64) / 255) * GREYS * 0.8 + 200).astype("<u2")
    image.SamplesPerPixel, image.PhotometricInterpretation = 1, "MONOCHROME1"
    image.Rows, image.Columns = film.shape
    image.BitsAllocated, image.BitsStored, image.HighBit, image.PixelRepresentation = 16, 12, 11, 0
    image.WindowCenter, image.WindowWidth = str(200 + GREYS * 0.4), str(GREYS * 0.8)
    image.PixelData = stored.tobytes()
    image["PixelData"].VR = "OW"
    image.save_as(path, enforce_file_format=True)
