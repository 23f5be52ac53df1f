"""The shipped lung pack: small, quick, with a card, and sane on films it has never seen."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import pytest

from classifiers.film import Film
from classifiers.packs import SHIPPED, load_pack
from classifiers.pixels import read_film
from classifiers.runtimes import load
from classifiers.specialists import Specialist
from training.lung.films import LABELS, chest_films
from training.lung.films import read as read_pixels

PACK = SHIPPED / "lung" / "5"
CHECKOUT = Path(__file__).parents[3]
CHEST = CHECKOUT / "service" / "demo" / "1_chest_pa_ap.dcm"
SHARED = Path(os.environ.get("RADROUTER_SHARED", CHECKOUT.parent / "shared"))
LARGEST = 19 * 2**20  # bytes: three networks
SLOWEST = 0.12  # seconds a film on one core, aimed at; a busy machine is given five times that


@pytest.fixture(scope="module")
def lung() -> Specialist:
    pack = load_pack(PACK)
    return Specialist(pack, load(pack, threads=1))


def test_it_is_small_and_its_card_says_how_good_it_is() -> None:
    manifest = load_pack(PACK).manifest
    assert manifest.outputs["detect"].labels == LABELS
    assert (PACK / "model.bin").stat().st_size <= LARGEST
    assert all(file.stat().st_size <= 150 * 1024 for file in (PACK / "pictures").iterdir())
    card = (PACK / "CARD.md").read_text()
    assert (
        "Not a medical device" in card and "NIH Clinical Center" in card and "{" not in card.replace("{ ", "")
    )
    assert manifest.metrics["boxed_films"] == 731


def test_boxes_lie_on_the_film_and_what_is_stated_reaches_its_threshold(lung: Specialist) -> None:
    film = read_film(CHEST, long_side=None)
    stated, candidates = lung.predict([film])[0], lung.candidates([film])[0]
    assert {finding.label for finding in candidates} <= set(LABELS)
    assert set(stated) == {one for one in candidates if one.probability >= one.threshold}
    for finding in candidates:
        assert finding.box is not None and 0.0 <= finding.score <= 1.0
        box = finding.box
        assert box.x >= 0 and box.width > 0 and box.x + box.width <= film.stored_columns
        assert box.y >= 0 and box.height > 0 and box.y + box.height <= film.stored_rows


def test_heat_lies_on_the_film(lung: Specialist) -> None:
    film = read_film(CHEST, long_side=None)
    heat = lung.heat(film, "Effusion")
    assert heat.shape == film.image.shape and 0 <= heat.min() <= heat.max() <= 1


def test_a_film_takes_a_fraction_of_a_second_on_one_core(lung: Specialist) -> None:
    film = read_film(CHEST, long_side=512)
    lung.predict([film])
    times = []
    for _ in range(5):
        begun = time.perf_counter()
        lung.predict([film])
        times.append(time.perf_counter() - begun)
    assert min(times) < 5 * SLOWEST


@pytest.mark.skipif(not (SHARED / "chest").is_dir(), reason="NIH's films are not at hand")
def test_hearts_that_a_radiologist_boxed_as_large_are_mostly_found(lung: Specialist) -> None:
    """Taught with these films, so no measurement: that pack, preprocessing and boxes belong together."""
    films = [film for film in chest_films(SHARED) if "Cardiomegaly" in {box[0] for box in film.boxes}][:10]
    found = 0
    for film in films:
        pixels = read_pixels(film.path).astype(np.float32) / 255
        rows, columns = pixels.shape
        seen = lung.candidates(
            [Film(image=pixels, stored_rows=rows, stored_columns=columns, scale=(1.0, 1.0))]
        )[0]
        best = next(finding.box for finding in seen if finding.label == "Cardiomegaly")
        assert best is not None
        true = np.array(next(box[1:] for box in film.boxes if box[0] == "Cardiomegaly")) * columns
        middle = best.x + best.width / 2, best.y + best.height / 2
        found += true[0] < middle[0] < true[2] and true[1] < middle[1] < true[3]
    assert found >= 8
