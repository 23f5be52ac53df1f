"""The demonstration study: six simulated films as DICOM files, in the encodings a hospital sends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import ExplicitVRLittleEndian, JPEG2000Lossless, JPEGLSLossless, generate_uid

from classifiers.film import Film
from classifiers.packs import load_pack
from classifiers.runtimes import load
from classifiers.view import ViewClassifier
from training.simulate.meshes import ATTRIBUTION
from training.simulate.scene import Studio, seen_from_behind
from training.simulate.views import TABLE

DIGITAL_X_RAY = (
    "1.2.840.10008.5.1.4.1.1.1.1"  # Digital X-Ray Image Storage - For Presentation, PS3.4 Table B.5-1
)
COMPUTED_RADIOGRAPHY = "1.2.840.10008.5.1.4.1.1.1"  # Computed Radiography Image Storage
COMMENT = f"Simulated from open anatomy, not a patient. CC BY-SA 4.0. {ATTRIBUTION}"
GREYS = 4095  # 12 bits
TRIES = 12

Says = Callable[[NDArray[np.float32]], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One film of the study."""

    label: str
    body_part: str
    view_position: str
    laterality: str
    pixels: int  # of the long side
    bone_dark: bool = False  # MONOCHROME1
    codec: str = ""  # "" | jpeg-ls | jpeg-2000
    computed: bool = False  # CR, else DX


STUDY = (
    Wanted(
        label="chest_pa_ap", body_part="CHEST", view_position="PA", laterality="", pixels=560, codec="jpeg-ls"
    ),
    Wanted(
        label="wrist_ap", body_part="WRIST", view_position="PA", laterality="L", pixels=460, computed=True
    ),
    Wanted(
        label="wrist_lateral",
        body_part="WRIST",
        view_position="LL",
        laterality="L",
        pixels=460,
        computed=True,
    ),
    Wanted(label="foot_ap", body_part="FOOT", view_position="AP", laterality="L", pixels=460, bone_dark=True),
    Wanted(label="foot_oblique", body_part="FOOT", view_position="", laterality="L", pixels=460),
    Wanted(
        label="knee_ap", body_part="KNEE", view_position="AP", laterality="L", pixels=560, codec="jpeg-2000"
    ),
)


def demonstration(anatomy: Path, cache: Path, out: Path, says: Says | None) -> list[Path]:
    """Write the study's files to ``out``; the same every time.

    ``says`` names a film (H, W) in [0, 1]; one it names wrongly is drawn again with another patient. Raises
    ValueError when no draw of a film is named right.
    """
    out.mkdir(parents=True, exist_ok=True)
    study, series = (
        generate_uid(entropy_srcs=["radrouter demonstration"]),
        generate_uid(entropy_srcs=["radrouter demo series"]),
    )
    paths = []
    for number, wanted in enumerate(STUDY, start=1):
        picture = _drawn(anatomy, cache, wanted, number, says)
        path = out / f"{number}_{wanted.label}.dcm"
        dataset(picture, wanted, number, study, series).save_as(path, enforce_file_format=True)
        paths.append(path)
    return paths


def named_by(folder: Path) -> Says:
    """What the view pack in ``folder`` names films. Raises PackError."""
    pack = load_pack(folder)
    classifier = ViewClassifier(pack, load(pack, threads=1))

    def says(image: NDArray[np.float32]) -> str:
        film = Film(image=image, stored_rows=image.shape[0], stored_columns=image.shape[1], scale=(1.0, 1.0))
        return classifier.predict([film])[0].view

    return says


def _drawn(anatomy: Path, cache: Path, wanted: Wanted, number: int, says: Says | None) -> NDArray[np.float32]:
    studio = Studio(anatomy, cache, pixels=wanted.pixels)
    view = next(view for view in TABLE if view.label == wanted.label)
    calm = replace(view, turn=(0, 0), pair=0.0)
    for attempt in range(TRIES):
        rng = np.random.default_rng([2026, number, attempt])
        shot = studio.pose(calm, rng)
        if shot.metal or (shot.tissues[-1] > 0).any() or shot.who.fat > 12:
            continue
        picture = studio.picture(shot, int(view.kv[0]), rng)
        picture = picture[:, ::-1] if seen_from_behind(view) else picture
        if says is None or says(picture) == wanted.label:
            return np.ascontiguousarray(picture)
    raise ValueError(f"none of {TRIES} simulated films of {wanted.label} was named so by the pack")


def dataset(
    picture: NDArray[np.float32], wanted: Wanted, number: int, study: str, series: str
) -> FileDataset:
    """A picture, float32 (H, W) in [0, 1], bone bright, as the DICOM file of a study that is nobody's."""
    sop_class = COMPUTED_RADIOGRAPHY if wanted.computed else DIGITAL_X_RAY
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = sop_class
    meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=["radrouter demo film", str(number)])
    meta.TransferSyntaxUID = {
        "": ExplicitVRLittleEndian,
        "jpeg-ls": JPEGLSLossless,
        "jpeg-2000": JPEG2000Lossless,
    }[wanted.codec]
    film = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    film.SOPClassUID, film.SOPInstanceUID = sop_class, meta.MediaStorageSOPInstanceUID
    film.StudyInstanceUID, film.SeriesInstanceUID = study, f"{series}.{number}"[:64]
    film.PatientName, film.PatientID = "DEMONSTRATION^SIMULATED", "DEMO-0001"
    film.PatientBirthDate, film.PatientSex = "", ""
    film.StudyDate, film.StudyTime, film.AccessionNumber, film.StudyID = (
        "20260101",
        "120000",
        "DEMO-ACC-1",
        "1",
    )
    film.ReferringPhysicianName = ""
    film.StudyDescription, film.SeriesDescription = (
        "Demonstration, simulated films",
        wanted.label.replace("_", " "),
    )
    film.Modality = "CR" if wanted.computed else "DX"
    film.Manufacturer, film.BodyPartExamined = "radrouter simulator", wanted.body_part
    film.ViewPosition, film.ImageLaterality = wanted.view_position, wanted.laterality or "U"
    film.SeriesNumber, film.InstanceNumber = str(number), str(number)
    film.ImageComments = COMMENT
    film.PatientOrientation = ""
    _put_pixels(film, picture, wanted)
    return film


def _put_pixels(film: FileDataset, picture: NDArray[np.float32], wanted: Wanted) -> None:
    stored = np.round(np.clip(picture, 0, 1) * GREYS).astype(np.uint16)
    stored = GREYS - stored if wanted.bone_dark else stored
    film.SamplesPerPixel = 1
    film.PhotometricInterpretation = "MONOCHROME1" if wanted.bone_dark else "MONOCHROME2"
    film.Rows, film.Columns = stored.shape
    film.BitsAllocated, film.BitsStored, film.HighBit, film.PixelRepresentation = 16, 12, 11, 0
    film.WindowCenter, film.WindowWidth = "2048", "4096"
    if not wanted.computed:
        film.PresentationIntentType = "FOR PRESENTATION"
        film.PresentationLUTShape = "INVERSE" if wanted.bone_dark else "IDENTITY"
        film.PixelIntensityRelationship, film.PixelIntensityRelationshipSign = "LOG", 1
        film.RescaleIntercept, film.RescaleSlope, film.RescaleType = "0", "1", "US"
        film.BurnedInAnnotation, film.LossyImageCompression = "NO", "00"
    if not wanted.codec:
        film.PixelData = stored.astype("<u2").tobytes()
        film["PixelData"].VR = "OW"
        return
    if wanted.codec == "jpeg-ls":
        coded = imagecodecs.jpegls_encode(stored)
    else:
        coded = imagecodecs.jpeg2k_encode(stored, codecformat="J2K", reversible=True, bitspersample=12)
    film.PixelData = encapsulate([bytes(coded)])
    film["PixelData"].VR = "OB"
