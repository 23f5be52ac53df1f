"""Which objects are films, as one table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from classifiers.film import Accepts, Need
from classifiers.pixels import read_film, read_for
from router.errors import NotAccepted, NotAFilm, UndecodablePixels

Build = Callable[..., bytes]
STORAGE = "1.2.840.10008.5.1.4.1.1."
PICTURE = np.arange(64, dtype=np.uint16).reshape(8, 8)


@pytest.mark.parametrize(
    ("sop_class", "modality", "frames", "reason"),
    [
        (STORAGE + "1", "CR", None, None),
        (STORAGE + "1", "CR", 1, None),
        (STORAGE + "1.1", "DX", None, None),
        (STORAGE + "1.1.1", "DX", None, None),
        (STORAGE + "1.2", "MG", None, None),
        (STORAGE + "1.3", "IO", None, None),
        (STORAGE + "1.1", "PX", None, None),
        (STORAGE + "1", "RG", None, None),
        (STORAGE + "12.2", "RF", 1, None),
        (STORAGE + "7", "OT", None, None),
        (STORAGE + "7", "", None, None),
        (STORAGE + "7", "DX", None, None),
        ("1.2.826.0.1.3680043.9.9999.1", "DX", None, None),
        (STORAGE + "12.2", "RF", 30, "it has 30 frames"),
        (STORAGE + "7.4", "OT", 2, "it has 2 frames"),
        (STORAGE + "2", "CT", None, "its SOP Class is CT Image Storage, not a plain radiograph's"),
        (STORAGE + "7", "CT", None, "its Modality is CT, not a plain radiograph's"),
        (STORAGE + "7", "XC", None, "its Modality is XC"),
        (STORAGE + "12.1", "XA", None, "its SOP Class is X-Ray Angiographic Image Storage"),
        (STORAGE + "104.1", "DOC", None, "its SOP Class is Encapsulated PDF Storage"),
        (STORAGE + "88.22", "SR", None, "its SOP Class is Enhanced SR Storage"),
        (STORAGE + "11.1", "PR", None, "its SOP Class is Grayscale Softcopy Presentation State Storage"),
        ("1.2.826.0.1.3680043.9.9999.1", "MR", None, "its Modality is MR"),
    ],
)
def test_single_frame_plain_radiographs_are_films(
    dicom: Build, sop_class: str, modality: str, frames: int | None, reason: str | None
) -> None:
    header: dict[str, Any] = {"SOPClassUID": sop_class, "Modality": modality}
    data = dicom(PICTURE, **header, **({} if frames is None else {"NumberOfFrames": frames}))
    if reason is None:
        assert read_film(data, long_side=8).image.shape == (8, 8)
        return
    with pytest.raises(NotAFilm, match=reason):
        read_film(data, long_side=8)


def test_an_object_without_pixels_is_no_film_unless_it_claims_to_be_one(dicom: Build) -> None:
    described = {"Rows": 8, "Columns": 8, "BitsAllocated": 16}
    with pytest.raises(UndecodablePixels, match=r"Pixel Data .* is absent"):
        read_film(dicom(None, **described), long_side=8)
    with pytest.raises(NotAFilm):
        read_film(dicom(None, SOPClassUID=STORAGE + "88.22", Modality="SR"), long_side=8)


COLOURS = np.arange(192, dtype=np.uint8).reshape(8, 8, 3)
HOUNSFIELD = {"RescaleSlope": 1, "RescaleIntercept": -1024}
RADIOGRAPH, PHOTOGRAPH, CT, ANY = Accepts


@pytest.mark.parametrize(
    ("accepts", "sop_class", "modality", "pixels", "more", "reason"),
    [
        (RADIOGRAPH, "1", "CR", PICTURE, {}, None),
        (RADIOGRAPH, "2", "CT", PICTURE, {}, "its SOP Class is CT Image Storage"),
        (RADIOGRAPH, "77.1.4", "XC", COLOURS, {}, "not a plain radiograph's"),
        (PHOTOGRAPH, "77.1.5.1", "OP", COLOURS, {}, None),
        (PHOTOGRAPH, "77.1.4", "XC", COLOURS, {}, None),
        (PHOTOGRAPH, "77.1.1", "ES", COLOURS, {}, None),
        (PHOTOGRAPH, "7", "OT", COLOURS, {}, None),
        (PHOTOGRAPH, "7", "", COLOURS, {}, None),
        (PHOTOGRAPH, "77.1.5.1", "OP", PICTURE, {}, "it is not in colour"),
        (PHOTOGRAPH, "1", "CR", PICTURE, {}, "it is an X-ray image, not a photograph"),
        (PHOTOGRAPH, "1", "", COLOURS, {}, "it is an X-ray image, not a photograph"),
        (PHOTOGRAPH, "7", "CR", COLOURS, {}, "its Modality is CR, not a photograph's"),
        (PHOTOGRAPH, "7", "US", COLOURS, {}, "its Modality is US, not a photograph's"),
        (PHOTOGRAPH, "77.1.4", "XC", COLOURS, {"NumberOfFrames": 3}, "it has 3 frames"),
        (CT, "2", "CT", PICTURE, HOUNSFIELD, None),
        (CT, "2", "CT", PICTURE, HOUNSFIELD | {"RescaleType": "HU"}, None),
        (CT, "2", "CT", PICTURE, HOUNSFIELD | {"RescaleType": "US"}, "its values are US, not Hounsfield"),
        (CT, "2", "CT", PICTURE, {}, "does not say what its Hounsfield units are"),
        (CT, "7", "CT", COLOURS, HOUNSFIELD, "it is in colour"),
        (CT, "4", "MR", PICTURE, HOUNSFIELD, "its Modality is MR, not CT"),
        (CT, "1", "", PICTURE, HOUNSFIELD, "its Modality is not given, not CT"),
        (CT, "2", "CT", PICTURE, HOUNSFIELD | {"NumberOfFrames": 9}, "it has 9 frames"),
        (ANY, "4", "MR", PICTURE, {}, None),
        (ANY, "1", "CR", PICTURE, {}, None),
        (ANY, "77.1.4", "XC", COLOURS, {}, None),
        (ANY, "4", "MR", PICTURE, {"NumberOfFrames": 2}, "it has 2 frames"),
    ],
)
def test_a_network_is_shown_only_what_it_is_for(
    dicom: Build,
    accepts: Accepts,
    sop_class: str,
    modality: str,
    pixels: Any,
    more: dict[str, Any],
    reason: str | None,
) -> None:
    data = dicom(pixels, SOPClassUID=STORAGE + sop_class, Modality=modality, **more)
    need = Need(long_side=8, accepts=accepts)
    if reason is None:
        assert read_for(data, need).image.shape == (8, 8)
        return
    with pytest.raises(NotAccepted, match=reason):
        read_for(data, need)


def test_what_holds_no_picture_says_so_to_a_network_for_any(dicom: Build) -> None:
    with pytest.raises(UndecodablePixels, match="Rows is absent"):
        read_for(dicom(None, SOPClassUID=STORAGE + "88.22", Modality="SR"), Need(long_side=8, accepts=ANY))
