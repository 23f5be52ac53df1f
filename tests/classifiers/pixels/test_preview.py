"""What a browser is shown of a film."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from classifiers.pixels import preview_png
from classifiers.preview import FRAME
from classifiers.viewing import read_values
from router.errors import FilmError, NotAFilm, UndecodablePixels
from router.types import Box

Build = Callable[..., bytes]
STORAGE = "1.2.840.10008.5.1.4.1.1."
OPHTHALMIC = {"SOPClassUID": STORAGE + "77.1.5.1", "Modality": "OP"}
WINDOW = {"WindowCenter": 2048, "WindowWidth": 4096, "BitsStored": 12, "HighBit": 11}


def shown(png: bytes) -> Any:
    assert png.startswith(b"\x89PNG")
    return cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED)


def test_it_is_gray_and_no_larger_than_asked(dicom: Build, limb: Any) -> None:
    picture = shown(preview_png(dicom(limb, **WINDOW), long_side=300))
    assert picture.shape == (300, 240) and picture.dtype == np.uint8
    assert picture[150, 120] == pytest.approx(limb[300, 240] / 4095 * 255, abs=3)


def test_a_window_may_be_asked_for(dicom: Build, limb: Any) -> None:
    picture = shown(preview_png(dicom(limb, **WINDOW), long_side=300, window=(100, 20)))
    assert picture.min() == 255


def test_bone_is_bright_in_monochrome1_too(dicom: Build, limb: Any) -> None:
    plain = shown(preview_png(dicom(limb, **WINDOW), long_side=300))
    data = dicom(4095 - limb, PhotometricInterpretation="MONOCHROME1", **WINDOW)
    assert np.abs(shown(preview_png(data, long_side=300)).astype(int) - plain).max() <= 1


def test_boxes_are_drawn_where_they_lie(dicom: Build, limb: Any) -> None:
    box = Box(x=100, y=200, width=200, height=100)
    picture = shown(preview_png(dicom(limb, **WINDOW), long_side=300, boxes=[("fracture 0.91", box)]))
    coloured = np.ptp(picture.astype(int), axis=2) > 60
    assert picture.shape == (300, 240, 3)
    assert coloured[100, 50:150].all() and coloured[150, 50:150].all() and coloured[100:151, 50].all()
    assert not coloured[105:145, 60:140].any()
    assert coloured[88:99, 52:110].mean() > 0.5  # the label's plate, above the box


def test_names_of_boxes_over_each_other_are_all_to_be_read(dicom: Build, limb: Any) -> None:
    box = Box(x=100, y=200, width=200, height=100)
    data = dicom(limb, **WINDOW)

    def plates(*names: str) -> int:
        picture = shown(preview_png(data, long_side=300, boxes=[(name, box) for name in names]))
        return int((picture == FRAME).all(axis=2).sum())

    none, one = plates(""), plates("Galeazzi 0.68") - plates("")
    assert one > 300
    assert 3 * one <= plates(*["Galeazzi 0.68"] * 3) - none < 3.3 * one  # the first lies on the frame's line
    assert plates(*["Galeazzi 0.68"] * 60) > none + 5 * one  # more than the film has room for


@pytest.mark.parametrize(
    "box",
    [
        Box(x=-50, y=-50, width=9000, height=9000),
        Box(x=470, y=0, width=5, height=1),
        Box(x=470, y=599, width=0, height=0),
        Box(x=9000, y=9000, width=9, height=9),
    ],
)
@pytest.mark.parametrize(
    "label", ["", "a", "a label much longer than this film is wide, in truth " * 3, "Erguß\n☃"]
)
def test_no_box_and_no_label_breaks_a_preview(dicom: Build, limb: Any, box: Box, label: str) -> None:
    assert shown(preview_png(dicom(limb, **WINDOW), long_side=100, boxes=[(label, box)])).shape == (
        100,
        80,
        3,
    )


def test_what_has_no_single_picture_has_no_preview_and_says_why(dicom: Build, limb: Any) -> None:
    with pytest.raises(NotAFilm, match="it has 30 frames, and pictures are made of single frames"):
        preview_png(dicom(limb, Modality="CT", NumberOfFrames=30), long_side=100)
    with pytest.raises(NotAFilm, match="there are no pixels in it"):
        preview_png(dicom(None, SOPClassUID=STORAGE + "88.33", Modality="SR"), long_side=100)
    with pytest.raises(UndecodablePixels, match="Rows is absent"):
        preview_png(dicom(None), long_side=100)


def photograph() -> NDArray[np.uint8]:
    """Smooth, in many colours: uint8 (80, 120, 3), RGB."""
    rows, columns = np.mgrid[0:80, 0:120]
    return np.dstack((rows * 3, columns * 2, 255 - rows)).astype(np.uint8)


def test_a_photograph_is_shown_in_its_colours(dicom: Build) -> None:
    picture = shown(preview_png(dicom(photograph(), **OPHTHALMIC), long_side=None))
    assert np.array_equal(picture[:, :, ::-1], photograph())
    small = shown(preview_png(dicom(photograph(), **OPHTHALMIC), long_side=60))
    assert small.shape == (40, 60, 3)


def test_a_window_counts_in_every_colour(dicom: Build) -> None:
    picture = shown(preview_png(dicom(photograph(), **OPHTHALMIC), long_side=None, window=(100.5, 1)))
    assert np.array_equal(picture[:, :, ::-1], np.where(photograph() > 100, 255, 0))


def test_a_box_on_a_photograph_lies_where_it_was_found(dicom: Build) -> None:
    data = dicom(photograph(), PixelSpacing=[1, 2], **OPHTHALMIC)
    picture = shown(preview_png(data, long_side=None, boxes=[("", Box(x=20, y=30, width=40, height=20))]))
    assert picture.shape == (80, 240, 3)
    amber = (picture == FRAME).all(axis=2)
    rows, columns = np.nonzero(amber)
    assert (columns.min(), rows.min(), columns.max(), rows.max()) == (40, 30, 120, 50)


@pytest.mark.parametrize(
    "header",
    [{}, {"SOPClassUID": STORAGE + "7", "Modality": "DX"}, {"PixelRepresentation": 1, **OPHTHALMIC}],
    ids=["CR", "a capture of DX", "signed"],
)
def test_an_x_ray_image_and_colours_with_a_sign_stay_grey(dicom: Build, header: dict[str, Any]) -> None:
    assert shown(preview_png(dicom(photograph(), **header), long_side=None)).ndim == 2


def test_grey_that_was_kept_as_rgb_is_grey(dicom: Build) -> None:
    grey = np.repeat(photograph()[:, :, :1], 3, axis=2)
    assert np.array_equal(shown(preview_png(dicom(grey, **OPHTHALMIC), long_side=None)), grey[:, :, 0])


def test_a_slice_is_shown_under_its_own_window_else_under_the_one_that_is_given(dicom: Build) -> None:
    units = np.linspace(-1200, 1200, 60 * 40).astype(np.int16).reshape(60, 40)
    header = {"SOPClassUID": STORAGE + "2", "Modality": "CT", "RescaleIntercept": 0, "RescaleSlope": 1}
    given = {"long_side": None, "otherwise": (-600, 1500)}
    own = {"WindowCenter": 40, "WindowWidth": 400}
    for elements, (center, width) in ((own, (40, 400)), ({}, (-600, 1500))):
        picture = shown(preview_png(dicom(units, **header, **elements), **given))
        expected = np.clip((units - (center - 0.5)) / (width - 1) + 0.5, 0, 1) * 255
        assert np.abs(picture - expected).max() <= 1


def test_every_real_colour_file_is_shown_in_its_colours_and_every_real_slice(shared: Path) -> None:
    with (shared / "dicom" / "manifest.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["path"].startswith("codec/")]
    in_colour, slices = 0, 0
    for row in rows:
        try:
            picture = shown(preview_png(shared / "dicom" / row["path"], long_side=256))
        except FilmError as error:
            assert len(str(error)) > 10
            continue
        if picture.ndim == 3:
            values = read_values(shared / "dicom" / row["path"], long_side=256)
            assert np.abs(shown(values.png()).astype(int) - picture).max() <= 1, row["path"]
            in_colour += 1
        slices += row["modality"] == "CT" and picture.std() > 10
    assert in_colour >= 15 and slices >= 15
