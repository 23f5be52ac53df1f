"""The shipped fracture pack: small, with an honest card, and finding what was broken on films made here."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from classifiers.film import Film
from classifiers.packs import SHIPPED, load_pack
from classifiers.pixels import read_film
from classifiers.runtimes import load
from classifiers.specialists import Specialist
from training.detect.measures import overlaps
from training.films import film_of, read
from training.fracture.evaluate import edges
from training.fracture.films import BREAKS, LABELS, SIDE, known_films
from training.simulate.fracture.film import BrokenStudio
from training.simulate.fracture.injuries import LABELS as HURT

PACK = SHIPPED / "fracture" / "4"
MONTEGGIA = Path(__file__).with_name("monteggia.dcm")
LARGEST = 8 * 2**20  # bytes
PICTURE = 150 * 1024


@pytest.fixture(scope="module")
def specialist() -> Specialist:
    pack = load_pack(PACK)
    return Specialist(pack, load(pack, threads=1))


@pytest.fixture(scope="module")
def monteggia() -> Film:
    return read_film(MONTEGGIA, long_side=None)


def test_it_is_small_and_its_card_says_what_was_not_measured() -> None:
    manifest = load_pack(PACK).manifest
    assert manifest.outputs["detect"].labels == LABELS
    assert manifest.input.height == SIDE
    assert sum(file.stat().st_size for file in PACK.glob("model.*")) <= LARGEST
    assert all(file.stat().st_size <= PICTURE for file in (PACK / "pictures").iterdir())
    card = (PACK / "CARD.md").read_text()
    for words in (
        "Not a medical device",
        "What could not be measured",
        "not a measure of accuracy",
        "CC BY-SA",
    ):
        assert words in card
    assert "{" not in card


def test_it_finds_a_monteggia_and_its_box_lies_on_the_break(specialist: Specialist, monteggia: Film) -> None:
    truth = json.loads(MONTEGGIA.with_suffix(".json").read_text())
    said = [one for one in specialist.predict([monteggia])[0] if one.label == "Monteggia"]
    assert said
    true = np.array([box for box, label in zip(truth["boxes"], truth["labels"], strict=True)
                     if label == "Monteggia"], dtype=np.float32)  # fmt: skip
    assert overlaps(edges(said), true).max() > 0.3
    assert all(one.probability >= one.threshold for one in said)


def test_its_heat_lies_on_the_films_own_pixels(specialist: Specialist, monteggia: Film) -> None:
    for label in HURT:
        heat = specialist.heat(monteggia, label)
        assert heat.shape == monteggia.image.shape
        assert heat.min() >= 0 and heat.max() <= 1
        if label in BREAKS:  # a joint that the film does not show has no heat
            assert heat.min() < heat.max()


@pytest.mark.timeout(300)
def test_it_says_more_on_broken_arms_than_on_whole_ones(
    specialist: Specialist, arm_studio: BrokenStudio
) -> None:
    """Films of people it has never met; which of them it finds is the card's business."""
    best = {}
    for kind in ("both_shafts", ""):
        films = []
        for seed in range(10):
            rng = np.random.default_rng([77, seed])
            films.append(film_of(arm_studio.expose(arm_studio.pose(rng, only=kind), rng).pixels))
        found = specialist.candidates(films)
        best[kind] = np.mean(
            [max((one.probability for one in row if one.label in BREAKS), default=0.0) for row in found]
        )
    assert best["both_shafts"] > 1.3 * best[""]


def test_it_is_silent_on_most_whole_arms_that_may_be_looked_at(specialist: Specialist, shared: Path) -> None:
    films = [one for one in known_films(shared) if one.broken is False and one.film.split != "final"]
    spoken = sum(any(one.box for one in specialist.predict([film_of(read(known.film.path))])[0])
                 for known in films)  # fmt: skip
    assert spoken <= len(films) // 4
