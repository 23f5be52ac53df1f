"""The shipped ossicle pack, through the class that the service runs, on films made here."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from classifiers.film import Film
from classifiers.packs import SHIPPED, load_pack
from classifiers.runtimes import load
from classifiers.specialists import Specialist
from router.types import Box, Finding
from training.films import film_of
from training.ossicle.calibrate import PEOPLE
from training.ossicle.films import SITE_OF
from training.simulate.ossicle_film import FootFilm, expose
from training.simulate.ossicle_scene import FootStudio
from training.simulate.ossicle_sites import OSSICLES
from training.simulate.views import TABLE

PACK = SHIPPED / "ossicle" / "3"
LARGEST = 8 * 2**20  # bytes
PICTURE = 150 * 1024


@pytest.fixture(scope="module")
def specialist() -> Specialist:
    pack = load_pack(PACK)
    return Specialist(pack, load(pack, threads=1))


@pytest.fixture(scope="module")
def drawn(shared: Path, kept: Path) -> tuple[FootFilm, FootFilm]:
    """The same foot from the side with a large os trigonum and without."""
    studio = FootStudio(shared / "anatomy", kept, pixels=640)
    view = next(view for view in TABLE if view.label == "foot_lateral")
    plain = replace(view, collimation=0.0, mirror=0.0, tight=0.0)
    films = []
    for wanted in (["os_trigonum"], []):
        shot = studio.shoot(plain, np.random.default_rng(SEED), wanted=wanted)
        films.append(expose(shot, studio.grain, np.random.default_rng(SEED)))
    return films[0], films[1]


SEED = 1


def test_it_looks_for_six_bones_each_at_its_own_site() -> None:
    manifest = load_pack(PACK).manifest
    assert manifest.detect is not None
    assert manifest.detect.closer is not None
    assert dict(manifest.detect.closer.sites) == {site: (name,) for name, site in SITE_OF.items()}
    assert set(manifest.outputs["detect"].thresholds) == set(OSSICLES) == set(PEOPLE)


def test_it_is_small_and_its_card_says_what_is_not_known() -> None:
    assert sum(file.stat().st_size for file in PACK.glob("model.*")) <= LARGEST
    assert all(file.stat().st_size <= PICTURE for file in (PACK / "pictures").glob("*.png"))
    card = (PACK / "CARD.md").read_text()
    assert all(words in card for words in ("no medical device", "Sensitivity", "never looked at", "CC BY-SA"))
    assert all(f"pictures/{file.name}" in card for file in (PACK / "pictures").glob("*.png"))


@pytest.mark.timeout(300)  # decimates the anatomy first
def test_it_finds_a_large_bone_behind_the_talus_and_not_where_there_is_none(
    specialist: Specialist, drawn: tuple[FootFilm, FootFilm]
) -> None:
    there, without = (best(specialist, film_of(film.pixels)) for film in drawn)
    assert there is not None
    assert there.box is not None
    true = next(thing.box for thing in drawn[0].things if thing.kind == "os_trigonum")
    assert overlap(there.box, true) > 0.3
    assert without is None or without.probability < there.probability


@pytest.mark.timeout(300)
def test_it_shows_where_it_looked(specialist: Specialist, drawn: tuple[FootFilm, FootFilm]) -> None:
    film = film_of(drawn[0].pixels)
    heat = specialist.heat(film, "os_trigonum")
    left, top, right, bottom = (int(edge) for edge in next(
        thing.box for thing in drawn[0].things if thing.kind == "os_trigonum"
    ))  # fmt: skip
    assert heat.shape == film.image.shape
    assert heat[top:bottom, left:right].max() > 0.5 * heat.max() > 0


def test_a_film_without_contrast_gives_no_finding(specialist: Specialist) -> None:
    assert specialist.predict([film_of(np.full((300, 200), 90, dtype=np.uint8))]) == [()]


def best(specialist: Specialist, film: Film) -> Finding | None:
    found = [one for one in specialist.candidates([film])[0] if one.label == "os_trigonum"]
    return max(found, key=lambda one: one.probability, default=None)


def overlap(box: Box, true: tuple[float, float, float, float]) -> float:
    wide = min(box.x + box.width, true[2]) - max(box.x, true[0])
    high = min(box.y + box.height, true[3]) - max(box.y, true[1])
    shared = max(wide, 0.0) * max(high, 0.0)
    return shared / (box.width * box.height + (true[2] - true[0]) * (true[3] - true[1]) - shared)
