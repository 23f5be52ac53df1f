"""Uploaded files looked at by the shipped models: DICOM, pictures, and what is neither, with reasons."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image
from pydicom.uid import CTImageStorage

from classifiers.viewing import read_any_values
from router.errors import InvalidObject
from service import wiring
from service.explainer import Explainer
from service.settings import Settings

DEMO = Path(__file__).resolve().parents[2] / "service" / "demo"
RULES = '[[rule]]\nname = "all"\nwhen = { view = ["*"] }\nanalyse = ["site_model"]\n'


@pytest.fixture(scope="module")
def explainer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Explainer]:
    settings = Settings(storage={"folder": tmp_path_factory.mktemp("data")})
    made = wiring.explainer_of(settings, lambda: RULES, verbose=False)
    yield made
    made.close()


def test_a_film_and_a_picture_of_it_have_the_same_view(explainer: Explainer, tmp_path: Path) -> None:
    film = DEMO / "2_wrist_ap.dcm"
    of_film = explainer.explained(film)
    assert of_film.facts.view is not None
    assert (of_film.facts.view.view, of_film.is_picture, of_film.models_absent) == (
        "wrist_ap",
        False,
        ("site_model",),
    )
    (tmp_path / "wrist.png").write_bytes(read_any_values(film, long_side=2048).png())
    Image.open(tmp_path / "wrist.png").save(tmp_path / "wrist.jpg", quality=90)
    for name in ("wrist.png", "wrist.jpg"):
        of_picture = explainer.explained(tmp_path / name)
        assert of_picture.facts.view is not None
        assert (of_picture.facts.view.view, of_picture.is_picture) == ("wrist_ap", True)
        assert of_picture.facts.instance.sop_instance_uid.startswith("2.25.")
        assert of_picture.facts.instance.modality is None


def test_what_no_decoder_reads_says_the_decoder_s_reason(
    explainer: Explainer, film: Callable[..., str], tmp_path: Path
) -> None:
    film(tmp_path / "short.dcm", PixelData=b"\0" * 100)
    short = explainer.explained(tmp_path / "short.dcm")
    assert short.facts.view is None
    assert short.undecodable
    assert short.no_view_reason == "the pixel data holds 100 bytes, 8192 are needed"
    (tmp_path / "cut.png").write_bytes(read_any_values(DEMO / "2_wrist_ap.dcm", long_side=256).png()[:900])
    cut = explainer.explained(tmp_path / "cut.png")
    assert cut.undecodable
    assert cut.no_view_reason is not None
    assert cut.no_view_reason.startswith("picture: ")


def test_what_is_no_film_says_what_it_is(
    explainer: Explainer, film: Callable[..., str], tmp_path: Path
) -> None:
    film(tmp_path / "slice.dcm", sop_class=CTImageStorage)
    found = explainer.explained(tmp_path / "slice.dcm")
    assert (found.facts.view, found.undecodable) == (None, False)
    assert "CT Image Storage" in str(found.no_view_reason)


def test_what_is_neither_is_refused(explainer: Explainer, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("Dear colleague, " * 50)
    with pytest.raises(InvalidObject):
        explainer.explained(tmp_path / "letter.txt")
