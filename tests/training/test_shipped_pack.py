"""The shipped view pack: it loads, knows the right labels, and names the demonstration study."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pydicom
import pytest

from classifiers.packs import SHIPPED, load_pack
from classifiers.pixels import read_film
from classifiers.runtimes import load
from classifiers.view import ViewClassifier
from router.views import NNCPR_VIEWS, OTHER

PACK = SHIPPED / "view" / "10"
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


SAYS = """
import json, sys
from pathlib import Path
from classifiers.packs import load_pack
from classifiers.pixels import read_film
from classifiers.runtimes import load
from classifiers.view import ViewClassifier

pack = load_pack(Path(sys.argv[1]))
runtime = load(pack, threads=1)
classifiers = [ViewClassifier(pack, one) for one in (runtime, runtime.further)]
films = [read_film(Path(path), long_side=None) for path in sys.argv[2:]]
print(json.dumps([row["view"].tolist() for one in classifiers for row in one.heads(films)]))
"""


def test_processors_that_do_not_multiply_eight_bits_at_once_say_the_same_but_for_rounding() -> None:
    """Without VNNI sums of eight-bit products overflow, unless weights leave them room: logits of real films
    were then up to .7 apart."""
    said = []
    for instructions in ("DEFAULT", "AVX2"):
        asked = [sys.executable, "-c", SAYS, str(PACK), *map(str, STUDY)]
        only = os.environ | {"ONEDNN_MAX_CPU_ISA": instructions}
        ran = subprocess.run(asked, env=only, capture_output=True, text=True, check=True, timeout=120)
        said.append(np.array(json.loads(ran.stdout)))
    assert said[0].shape[0] == 2 * len(STUDY)
    np.testing.assert_allclose(said[1], said[0], atol=0.1)


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
