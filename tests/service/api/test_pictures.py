"""Pictures of real objects that are no radiographs: colours, slices, and what has no picture."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from pydicom.pixels import apply_color_lut

from router.types import ModelRef

API = "/api/v1"
SLICES = ModelRef(name="slices", version="3", sha256="d" * 64)
WITHOUT_WINDOW = "codec/39516763_ct_image.dcm"


def stored(house: Any, file: Path) -> str:
    """A film whose file is this one; gives the address of its picture."""
    uid = house.receive(1)
    (place,) = house.storage.rglob("*.dcm")
    shutil.copyfile(file, place)
    return f"{API}/instances/{uid}/preview.png?long_side=4096"


def shown(answer: Any) -> NDArray[Any]:
    """RGB or grey, as it was sent."""
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    picture = cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_UNCHANGED)
    return picture if picture.ndim == 2 else picture[:, :, ::-1]


def under(file: Path, center: float, width: float) -> NDArray[Any]:
    """A slice under a window, by the formula of PS3.3 C.11.2.1.2.1: 0 to 255."""
    header = pydicom.dcmread(file)
    units = header.pixel_array * float(header.RescaleSlope) + float(header.RescaleIntercept)
    return np.clip((units - (center - 0.5)) / (width - 1) + 0.5, 0, 1) * 255


@pytest.mark.parametrize(
    "name",
    [
        "codec/4d851b24_PM5644-960x540_RLE-Lossless.dcm",
        "codec/10db37ae_YBR_FULL-RLE.dcm",
        "codec/0976c9a9_no-pixel-spacing.dcm",
    ],
    ids=["RGB", "YBR_FULL", "PALETTE COLOR"],
)
def test_a_picture_in_colour_is_shown_as_pydicom_decodes_it(house, shared: Path, name: str) -> None:
    header = pydicom.dcmread(shared / "dicom" / name)
    theirs = header.pixel_array  # RGB of YBR_FULL, indices of a palette
    if header.PhotometricInterpretation == "PALETTE COLOR":
        colours = apply_color_lut(theirs, header)
        theirs = np.rint(colours[..., :3] * (255 / np.iinfo(colours.dtype).max))
    ours = shown(house.client().get(stored(house, shared / "dicom" / name)))
    assert ours.shape == (header.Rows, header.Columns, 3)
    assert np.abs(ours.astype(int) - theirs).mean() < 1


def test_a_slice_is_shown_under_its_own_window(house, shared: Path) -> None:
    file = shared / "dicom" / "codec/a062e538_CTImage.dcm_RLELosslessTransferSyntax_1.2.840.10008.1.2.5.dcm"
    header = pydicom.dcmread(file)
    ours = shown(house.client().get(stored(house, file)))
    assert np.abs(ours - under(file, float(header.WindowCenter), float(header.WindowWidth))).max() <= 1


def test_a_slice_without_a_window_is_shown_under_that_of_the_model_that_looked_at_it(
    house, shared: Path
) -> None:
    file = shared / "dicom" / WITHOUT_WINDOW
    address = stored(house, file)
    (view,) = house.app().state.needs.models
    slices = view.model_copy(
        update={"name": SLICES.name, "version": SLICES.version, "task": "classify", "window": (-600, 1500)}
    )
    client = house.client(models=(view, slices))
    before = client.get(address)
    assert np.abs(shown(before) - under(file, -600, 1500)).max() > 20, "nobody has looked at it yet"
    house.analyse(also_ran=(SLICES,))
    after = client.get(address, headers={"If-None-Match": before.headers["etag"]})
    assert np.abs(shown(after) - under(file, -600, 1500)).max() <= 1
    asked = client.get(f"{address}&window_center=40&window_width=400")
    assert np.abs(shown(asked) - under(file, 40, 400)).max() <= 1


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("codec/244c2364_report_dfl.dcm", "there are no pixels in it"),
        ("codec/a17764bb_sm_image.dcm", "it has 25 frames, and pictures are made of single frames"),
    ],
)
def test_what_has_no_picture_says_why(house, shared: Path, name: str, reason: str) -> None:
    answer = house.client().get(stored(house, shared / "dicom" / name))
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:radrouter:problem:not-a-film")
    assert answer.json()["detail"] == reason
