"""Whole films from the anatomy: the same for a seed, and showing what they say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from training.simulate.bend import motions
from training.simulate.bodies import CHILD, GROWN, WORN
from training.simulate.scene import Studio
from training.simulate.segments import CHANNEL
from training.simulate.views import TABLE


@pytest.fixture(scope="session")
def studio(shared: Path, kept: Path) -> Studio:
    return Studio(shared / "anatomy", kept, pixels=128)


@pytest.mark.timeout(300)  # decimates the anatomy first
@pytest.mark.parametrize("label", ["hand_ap", "knee_lateral", "foot_ap", "chest_pa_ap"])
def test_a_film_is_the_same_for_the_same_seed(studio: Studio, label: str) -> None:
    view = next(view for view in TABLE if view.label == label)
    films = []
    for _ in range(2):
        rng = np.random.default_rng(11)
        films.append(studio.expose(studio.pose(view, rng), rng))
    assert films[0].label == label
    assert np.array_equal(films[0].pixels, films[1].pixels)
    assert films[0].pixels.std() > 5


@pytest.mark.timeout(300)
def test_bone_lies_inside_the_body_and_air_outside_it(studio: Studio) -> None:
    view = next(view for view in TABLE if view.label == "knee_ap")
    tissues = studio.pose(view, np.random.default_rng(3)).tissues
    bone, skin = tissues[CHANNEL["bone"]], tissues[CHANNEL["skin"]]
    assert (bone <= skin + 0.3).mean() > 0.99
    assert skin.max() < 40
    assert (tissues >= 0).all()


@pytest.mark.timeout(300)
def test_a_flexed_knee_carries_the_ankle_back_and_keeps_its_length(studio: Studio) -> None:
    moved = motions(studio.bones, {"knee_flexion": 90.0})["shank.l"]
    knee, ankle = studio.bones.points["knee"], studio.bones.points["ankle"]
    after = moved.rotation @ ankle + moved.shift
    assert after[2] < ankle[2] - 250
    assert np.linalg.norm(after - knee) == pytest.approx(np.linalg.norm(ankle - knee))


@pytest.mark.timeout(300)
def test_mirrored_limbs_move_alike(studio: Studio) -> None:
    moved = motions(studio.bones, {"hip_abduction": 20.0, "both": 1.0})
    point = np.array([80.0, 400.0, 0.0])
    left = moved["thigh.l"].rotation @ point + moved["thigh.l"].shift
    right = moved["thigh.r"].rotation @ (point * [-1, 1, 1]) + moved["thigh.r"].shift
    assert right == pytest.approx(left * [-1, 1, 1])


@pytest.mark.timeout(300)
def test_both_hands_on_one_plate_are_two_exposures_of_one_person(studio: Studio) -> None:
    view = replace(next(view for view in TABLE if view.label == "hand_ap"), pair=1.0, collimation=0.0)
    rng = np.random.default_rng(6)
    shot = studio.pose(view, rng)
    assert shot.both
    assert shot.beside is not None
    assert shot.beside.who is shot.who
    assert shot.beside.angles != shot.angles
    assert shot.beside.tissues.shape == shot.tissues.shape
    picture = studio.picture(shot, 55, rng)
    assert picture.shape[1] > 1.6 * shot.tissues.shape[2]
    alone = studio.picture(replace(shot, beside=None), 55, rng)
    assert alone.shape[1] <= shot.tissues.shape[2]


@pytest.mark.timeout(300)
def test_every_film_says_whose_bones_it_shows(studio: Studio) -> None:
    view = next(view for view in TABLE if view.label == "knee_ap")
    rng = np.random.default_rng(2)
    found = {studio.expose(studio.pose(view, rng), rng).body for _ in range(24)}
    assert found == {GROWN, CHILD, WORN}
