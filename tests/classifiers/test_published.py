"""Published models become packs when their files are those very files; a network sees colours as they are."""

from __future__ import annotations

import io
from pathlib import Path
from shutil import copytree
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from classifiers.film import Accepts
from classifiers.importers import Recipe
from classifiers.importers.published import PUBLISHED, Published, digest_of, install_published
from classifiers.models import Models
from classifiers.packs import find_packs
from classifiers.pixels import read_for
from router.errors import NotAccepted, PackError

keras = pytest.importorskip("keras", reason="TensorFlow is not installed")

# Keras's own saving does not yet follow NumPy 2 in this.
pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't accept a copy:DeprecationWarning"
)

SIDE = 16
SHUT = "image quality not good enough to be analysed"
RECIPE = Recipe(
    name="tint",
    version="1",
    licence="CC0-1.0",
    labels=("red", "green", "blue"),
    stated=("red", "blue"),
    otherwise=SHUT,
    accepts=Accepts.PHOTOGRAPH,
    colour=True,
)
VL_PHOTOGRAPHIC, COMPUTED_RADIOGRAPHY = "1.2.840.10008.5.1.4.1.1.77.1.4", "1.2.840.10008.5.1.4.1.1.1"


def written(pixels: NDArray[np.uint8], sop_class: str, modality: str) -> bytes:
    """A Part 10 file of a picture, grey (H, W) or in colour (H, W, 3)."""
    header = Dataset()
    header.SOPClassUID, header.SOPInstanceUID, header.Modality = sop_class, "1.2.3.4", modality
    header.Rows, header.Columns = pixels.shape[:2]
    header.SamplesPerPixel = 1 if pixels.ndim == 2 else 3
    header.PhotometricInterpretation = "MONOCHROME2" if pixels.ndim == 2 else "RGB"
    header.PlanarConfiguration = 0
    header.BitsAllocated, header.BitsStored, header.HighBit, header.PixelRepresentation = 8, 8, 7, 0
    header.PixelData = pixels.tobytes()
    header.file_meta = FileMetaDataset()
    header.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    buffer = io.BytesIO()
    header.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a network in it: which of red, green, blue, each in [0, 1], a picture has most of."""
    picture = keras.Input((SIDE, SIDE, 3))
    means = keras.layers.GlobalAveragePooling2D()(picture)
    dense = keras.layers.Dense(3, activation="softmax")
    model = keras.Model(picture, dense(means))
    dense.set_weights([np.eye(3, dtype=np.float32) * 10, np.zeros(3, np.float32)])
    folder = tmp_path_factory.mktemp("downloads")
    (folder / "some" / "where").mkdir(parents=True)
    model.save(folder / "some" / "where" / "tint.keras.h5")
    return folder


@pytest.fixture(scope="module")
def table(files: Path) -> dict[str, tuple[Published, ...]]:
    (file,) = files.rglob("*.h5")
    absent = Published(digest="0" * 64, recipe=Recipe(name="shade", version="1", licence="CC0-1.0"))
    return {"tints": (Published(digest=digest_of(file), recipe=RECIPE), absent), "none": (absent,)}


@pytest.fixture(scope="module")
def packs(files: Path, table: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("packs")
    done = install_published("tints", files, target, table=table)
    assert [(one.name, one.imported is None, one.reason) for one in done] == [
        ("tint@1", False, ""),
        ("shade@1", True, "its files are not there"),
    ]
    return target


def test_what_is_installed_already_stays(files: Path, packs: Path, table: dict[str, Any]) -> None:
    (first, _) = install_published("tints", files, packs, table=table)
    assert (first.imported, first.reason) == (None, "it is already installed")


def test_files_that_are_others_are_not_even_opened(
    files: Path, table: dict[str, Any], tmp_path: Path
) -> None:
    changed = tmp_path / "changed"
    copytree(files, changed)
    (file,) = changed.rglob("*.h5")
    file.write_bytes(file.read_bytes() + b"\0")
    with pytest.raises(PackError, match="no model of tints is under"):
        install_published("tints", changed, tmp_path / "packs", table=table)
    assert not (tmp_path / "packs").exists()


def test_a_folder_with_nothing_of_it_is_a_sentence(
    files: Path, table: dict[str, Any], tmp_path: Path
) -> None:
    with pytest.raises(PackError, match="no model of none is under"):
        install_published("none", files, tmp_path, table=table)


def test_the_pack_says_what_it_takes(packs: Path) -> None:
    (pack,) = find_packs([packs])
    wanted = pack.manifest.input
    assert (wanted.accepts, wanted.colour, wanted.channels) == (Accepts.PHOTOGRAPH, True, 3)
    assert dict(pack.manifest.outputs["classify"].thresholds) == {"red": 0.5, "blue": 0.5}
    card = (pack.folder / "CARD.md").read_text()
    assert "Takes: photograph, in colour" in card and "of these findings: red, blue" in card


@pytest.fixture(scope="module")
def models(packs: Path) -> Models:
    return Models(find_packs([packs]), threads=1)


@pytest.mark.parametrize(
    ("colour", "label", "reason"),
    [
        ((200, 20, 20), "red", None),
        ((20, 20, 200), "blue", None),
        ((20, 200, 20), None, None),  # green: a label that is no finding
        ((120, 110, 100), None, SHUT),
    ],
)
def test_a_network_of_colours_sees_them(
    models: Models,
    colour: tuple[int, int, int],
    label: str | None,
    reason: str | None,
) -> None:
    photograph = written(np.tile(np.array(colour, np.uint8), (40, 60, 1)), VL_PHOTOGRAPHIC, "XC")
    film = read_for(photograph, models.need("tint"))
    (said,) = models.said("tint", [film])
    assert [finding.label for finding in said.findings] == ([] if label is None else [label])
    assert list(said.silent.values()) == ([] if reason is None else [reason])
    if label is not None:
        odds = np.exp(10 * np.array(colour) / 255)
        assert said.findings[0].probability == pytest.approx(odds.max() / odds.sum(), abs=2e-3)


def test_it_is_never_shown_a_film(models: Models) -> None:
    film = written(np.zeros((40, 60), np.uint8), COMPUTED_RADIOGRAPHY, "CR")
    with pytest.raises(NotAccepted, match="it is an X-ray image, not a photograph"):
        read_for(film, models.need("tint"))


def test_every_published_model_beside_the_checkout_is_the_one_that_its_recipe_is_for(shared: Path) -> None:
    there = {
        digest_of(file)
        for pattern in ("onemed_*/*.h5", "radlens_v1/model.json")
        for file in (shared / "models").glob(pattern)
    }
    assert there == {published.digest for models in PUBLISHED.values() for published in models}
