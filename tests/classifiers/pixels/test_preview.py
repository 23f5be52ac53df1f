"""What a browser is shown of a film."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest

from classifiers.pixels import preview_png
from router.errors import NotAFilm
from router.types import Box

Build = Callable[..., bytes]
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


def test_what_is_no_film_has_no_preview(dicom: Build, limb: Any) -> None:
    with pytest.raises(NotAFilm):
        preview_png(dicom(limb, Modality="CT"), long_side=100)
