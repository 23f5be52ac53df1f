"""Models of others, end to end: C-STORE of what is no radiograph → rule on its header → pack → REST.

The pictures are made here, so nothing is learned about how good these models are: what is held against what
they say is their own program's way, Pillow and Keras, on the same pixels.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageOps
from pydicom import dcmread
from pynetdicom import AE

from classifiers.importers.published import install_published

pytest.importorskip("keras", reason="TensorFlow is not installed")

pytestmark = pytest.mark.timeout(1200)  # five networks are converted, and the whole service started

STORAGE = "1.2.840.10008.5.1.4.1.1."
OPHTHALMIC, PHOTOGRAPHIC, CT = STORAGE + "77.1.5.1", STORAGE + "77.1.4", STORAGE + "2"
SHUT = "image quality not good enough to be analysed"
RULES = """
mode = "all"
[[rule]]
name = "eyes"
when = { modality = ["OP"] }
analyse = ["onemed_cataract", "onemed_diabetic_retinopathy", "onemed_redness"]
[[rule]]
name = "skin"
when = { SOPClassUID = ["1.2.840.10008.5.1.4.1.1.77.1.4"], BodyPartExamined = ["SKIN"] }
analyse = ["onemed_skin"]
[[rule]]
name = "lungs"
when = { modality = ["CT"] }
analyse = ["onemed_covid_ct"]
[[rule]]
name = "forearms"
when = { BodyPartExamined = ["FOREARM"] }
analyse = ["fracture"]
[[rule]]
name = "a mistake"
when = { BodyPartExamined = ["CHEST"] }
analyse = ["onemed_skin"]
"""
LABELS = {
    "onemed_cataract": ("cataract", None),
    "onemed_diabetic_retinopathy": ("diabetic retinopathy", None),
    "onemed_redness": ("redness", None),
    "onemed_covid_ct": (None, "COVID"),
    "onemed_skin": (None, "malignant"),
}
Picture = NDArray[np.uint8]


def rings() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Of a picture of 480 x 640: the distance from its centre, and the columns."""
    rows, columns = np.mgrid[0:480, 0:640].astype(np.float32)
    return np.hypot(columns - 320, rows - 240), columns


def eye() -> Picture:
    """An eye from the front, its pupil white."""
    away, columns = rings()
    picture = np.full((480, 640, 3), (205, 160, 135), np.float32)
    picture[((columns - 320) / 260) ** 2 + ((away**2 - (columns - 320) ** 2) / 150**2) < 1] = (240, 235, 230)
    picture[away < 110] = (90, 60, 30)
    picture[away < 50] = (200, 205, 200)
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 2), np.uint8)


def fundus() -> Picture:
    """A round orange retina with a bright disc, black around it."""
    away, columns = rings()
    picture = np.zeros((480, 640, 3), np.float32)
    picture[away < 225] = (190, 85, 35)
    picture[(away < 225) & (np.abs(columns - 400) < 30) & (away < 90)] = (250, 210, 120)
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 3), np.uint8)


def mole() -> Picture:
    """A dark patch on skin."""
    away, _ = rings()
    picture = np.full((480, 640, 3), (222, 172, 150), np.float32)
    picture[away < 100] = (120, 70, 50)
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 1.5), np.uint8)


def grey_wall() -> Picture:
    return np.full((480, 640, 3), 128, np.uint8)


def slice_of_lungs(opacities: int) -> NDArray[np.int16]:
    """Hounsfield units, int16 (512, 512): a body with two lungs, hazy spots in them."""
    chance = np.random.default_rng(7)
    rows, columns = np.mgrid[0:512, 0:512].astype(np.float32)
    hu = np.full((512, 512), -1000.0, np.float32)
    hu[((columns - 256) / 215) ** 2 + ((rows - 256) / 160) ** 2 < 1] = 40
    for middle in (150, 362):
        hu[((columns - middle) / 80) ** 2 + ((rows - 245) / 115) ** 2 < 1] = -850
    for number in range(opacities):
        x = (150, 362)[number % 2] + chance.uniform(-50, 50)
        y = 245 + chance.uniform(-80, 80)
        spot = 450 * np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / 400)
        hu = np.where(hu < -500, hu + spot, hu)
    return np.rint(hu).astype(np.int16)


def colour(picture: Picture) -> dict[str, Any]:
    rows, columns, _ = picture.shape
    return {
        "Rows": rows,
        "Columns": columns,
        "SamplesPerPixel": 3,
        "PhotometricInterpretation": "RGB",
        "PlanarConfiguration": 0,
        "BitsAllocated": 8,
        "BitsStored": 8,
        "HighBit": 7,
        "PixelData": picture.tobytes(),
    }


def hounsfield(units: NDArray[np.int16]) -> dict[str, Any]:
    stored = (units + 1024).astype(np.uint16)
    elements = {"RescaleSlope": 1, "RescaleIntercept": -1024, "WindowCenter": 40, "WindowWidth": 400}
    return elements | {"Rows": len(stored), "Columns": stored.shape[1], "PixelData": stored.tobytes()}


def send(house: Any, *paths: Path) -> None:
    ae = AE(ae_title="CAMERA")
    files = [dcmread(path) for path in paths]
    for file in files:
        ae.add_requested_context(file.SOPClassUID, file.file_meta.TransferSyntaxUID)
    association = ae.associate("127.0.0.1", house.port, ae_title="RADROUTER")
    assert association.is_established
    assert [association.send_c_store(file).Status for file in files] == [0x0000 for _ in files]
    association.release()


def as_its_own_program(file: Path, picture: Image.Image) -> NDArray[np.float32]:
    """What the model says of a picture when its own program asks it: two probabilities."""
    from classifiers.importers import h5

    fitted = np.asarray(ImageOps.fit(picture.convert("RGB"), (224, 224), Image.Resampling.LANCZOS))
    return np.asarray(h5.read(file)((fitted / 127.0 - 1)[np.newaxis].astype(np.float32))[0])


def said(answer: Any, model: str) -> tuple[list[tuple[str, float]], str | None]:
    """What the answer over REST says of one model: its findings with their probabilities, and its silence."""
    found = [
        (one["label"], one["probability"]) for one in answer["findings"] if one["model"]["name"] == model
    ]
    silent = [one["reason"] for one in answer["models_silent"] if one["model"]["name"] == model]
    return found, silent[0] if silent else None


def expected(model: str, numbers: NDArray[np.float32]) -> tuple[str | None, str | None]:
    """The finding and the silence that the two probabilities mean, with OneMed's gate."""
    top = int(numbers.argmax())
    if numbers[top] - numbers[1 - top] < 0.5:
        return None, SHUT
    return LABELS[model][top], None


@pytest.fixture(scope="module")
def packs(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The five and RadLens', as packs; RadLens in shadow, beside the shipped pack of its name."""
    target = tmp_path_factory.mktemp("packs")
    for what in ("onemed", "radlens"):
        done = install_published(what, shared / "models", target)
        assert all(one.imported is not None for one in done), done
    return target


def settings_for(packs: Path, rules: Path) -> str:
    return f'[models]\nfolders = ["{packs}"]\n[rules]\nfile = "{rules}"\n'


def test_what_is_no_radiograph_goes_by_its_header_to_the_model_for_it_and_comes_back_over_rest(
    packs: Path, shared: Path, house: Callable[[str], Any], film: Callable[..., str], tmp_path: Path
) -> None:
    lungs = slice_of_lungs(30)
    objects: dict[str, tuple[str, dict[str, Any]]] = {
        "eye": (OPHTHALMIC, {"Modality": "OP", **colour(eye())}),
        "fundus": (OPHTHALMIC, {"Modality": "OP", **colour(fundus())}),
        "wall": (OPHTHALMIC, {"Modality": "OP", **colour(grey_wall())}),
        "mole": (PHOTOGRAPHIC, {"Modality": "XC", "BodyPartExamined": "SKIN", **colour(mole())}),
        "lungs": (CT, {"BodyPartExamined": "LUNG", **hounsfield(lungs)}),
        "forearm": (STORAGE + "1", {"BodyPartExamined": "FOREARM"}),
        "chest": (STORAGE + "1", {"BodyPartExamined": "CHEST"}),
    }
    uids = {
        name: film(tmp_path / f"{name}.dcm", sop_class=sop_class, **elements)
        for name, (sop_class, elements) in objects.items()
    }
    rules = tmp_path / "rules.toml"
    rules.write_text(RULES)
    service = house(settings_for(packs, rules))
    send(service, *(tmp_path / f"{name}.dcm" for name in objects))
    answers = {name: service.answer(uid) for name, uid in uids.items()}
    assert {name: answer["state"] for name, answer in answers.items()} == dict.fromkeys(objects, "done")

    window = np.clip((lungs + 600.5) / 1499 + 0.5, 0, 1)
    pictures = {
        "eye": Image.fromarray(eye()),
        "fundus": Image.fromarray(fundus()),
        "wall": Image.fromarray(grey_wall()),
        "mole": Image.fromarray(mole()),
        "lungs": Image.fromarray(np.rint(window * 255).astype(np.uint8)),
    }
    outcomes = set()
    for name, picture in pictures.items():
        for model in answers[name]["decision"]["analyse"]:
            numbers = as_its_own_program(shared / "models" / model / "model.h5", picture)
            label, silence = expected(model, numbers)
            found, reason = said(answers[name], model)
            assert ([one for one, _ in found], reason) == ([label] if label else [], silence), (name, model)
            assert all(abs(number - numbers.max()) < 0.05 for _, number in found), (name, model)
            outcomes.add("finding" if label else "gate" if silence else "nothing")
        assert answers[name]["view"] is None
        assert "not a plain radiograph's" in answers[name]["reason"]
    assert outcomes == {"finding", "gate", "nothing"}
    assert said(answers["lungs"], "onemed_covid_ct")[0][0][0] == "COVID"
    assert said(answers["wall"], "onemed_cataract") == ([], SHUT)

    assert said(answers["chest"], "onemed_skin") == (
        [],
        "not analysed: it is an X-ray image, not a photograph",
    )
    assert "onemed_skin" not in [model["name"] for model in answers["chest"]["models_run"]]
    forearm = answers["forearm"]
    assert forearm["view"] is not None
    assert "radlens-1" in [model["version"] for model in forearm["models_run"]]
    silent = [one["reason"] for one in forearm["models_silent"] if one["model"]["version"] == "radlens-1"]
    (reason,) = silent or [None]
    assert reason in (None, "no label leads the second by 50%")
    stated = [one for one in forearm["shadow_findings"] if one["model"]["version"] == "radlens-1"]
    assert len(stated) == (not silent)
    assert "radlens-1" not in [one["model"]["version"] for one in forearm["findings"]]
    assert "SENTINEL" not in service.text()
