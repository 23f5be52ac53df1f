"""The shipped view pack: it loads, knows the right labels, and names the demonstration study."""

from __future__ import annotations

from pathlib import Path

import pydicom
import pytest

from classifiers.packs import SHIPPED, load_pack
from classifiers.pixels import read_film
from classifiers.runtimes import load
from classifiers.view import ViewClassifier
from router.views import NNCPR_VIEWS, OTHER

PACK = SHIPPED / "view" / "8"
STUDY = sorted((Path(__file__).parents[2] / "service" / "demo").glob("*.dcm"))
LARGEST = 15 * 2**20  # bytes


@pytest.fixture(scope="module")
def classifier() -> ViewClassifier:
    pack = load_pack(PACK)
    return ViewClassifier(pack, load(pack, threads=1))


def test_it_knows_nncprs_views_and_other() -> None:
    labels = load_pack(PACK).manifest.outputs["view"].labels
    assert {*NNCPR_VIEWS, OTHER} <= set(labels)


def test_it_is_small_and_says_how_good_it_is() -> None:
    assert sum(file.stat().st_size for file in (*PACK.glob("*.xml"), *PACK.glob("*.bin"))) <= LARGEST
    card = (PACK / "CARD.md").read_text()
    assert "never looked at" in card
    assert "CC BY-SA" in card
    assert "top1_30_views" in load_pack(PACK).manifest.metrics


@pytest.mark.parametrize("path", STUDY, ids=lambda path: path.stem)
def test_it_names_the_demonstration_study(classifier: ViewClassifier, path: Path) -> None:
    assert classifier.predict([read_film(path, long_side=None)])[0].view == path.stem.partition("_")[2]


def test_the_study_is_in_the_encodings_a_hospital_sends() -> None:
    films = [pydicom.dcmread(path, stop_before_pixels=True) for path in STUDY]
    assert len(films) == 6
    assert {str(film.PatientName) for film in films} == {"DEMONSTRATION^SIMULATED"}
    assert len({film.StudyInstanceUID for film in films}) == 1
    assert len({film.SOPInstanceUID for film in films}) == 6
    assert [film.PhotometricInterpretation for film in films].count("MONOCHROME1") == 1
    assert sum(film.file_meta.TransferSyntaxUID.is_compressed for film in films) == 2
    assert all("BodyParts3D" in film.ImageComments and "CC BY-SA" in film.ImageComments for film in films)
    assert all(path.stat().st_size <= 300 * 1024 for path in STUDY)
