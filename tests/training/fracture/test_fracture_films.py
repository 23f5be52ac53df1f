"""What the two looks at a simulated arm teach, and what they leave open."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from training.fracture.films import BREAKS, LABELS, SIDE, Arm, real_squares, squares, whole
from training.simulate.fracture.film import BrokenStudio
from training.simulate.fracture.injuries import ELBOW_JOINT, FRACTURE, PLACES, WRIST_JOINT

pytestmark = pytest.mark.timeout(300)  # decimates the anatomy first


def drawn(studio: BrokenStudio, kind: str, seed: int) -> Arm:
    rng = np.random.default_rng([31, seed])
    return Arm(film=studio.expose(studio.pose(rng, only=kind), rng), group=str(seed))


def of(name: str) -> int:
    return LABELS.index(name)


def test_the_whole_film_is_asked_for_breaks_and_places_and_not_whether_a_joint_is_apart(
    arm_studio: BrokenStudio,
) -> None:
    looks = [whole(drawn(arm_studio, "monteggia", seed)) for seed in range(6)]
    for look in looks:
        assert not {of(joint) for joint in PLACES} & set(look.labels.tolist())
        assert all(look.known[of(joint)] == 0 and np.isnan(look.image[of(joint)]) for joint in PLACES)
    assert any(of(place) in look.labels for look in looks for place in PLACES.values())
    assert any(of(label) in look.labels for look in looks for label in BREAKS)


def test_a_square_round_a_joint_is_asked_whether_that_joint_is_apart_and_for_breaks(
    arm_studio: BrokenStudio,
) -> None:
    apart = 0
    for seed in range(8):
        arm = drawn(arm_studio, "monteggia", seed)
        for joint, look in squares(arm, np.random.default_rng(seed)):
            assert look.pixels.shape == (SIDE, SIDE)
            asked = {of(joint), of(FRACTURE)}
            assert set(look.labels.tolist()) <= asked
            assert all(look.known[number] == 0 for number in range(len(LABELS)) if number not in asked)
            if joint == ELBOW_JOINT and len(look.labels):
                apart += 1
                left, top, right, bottom = look.boxes[0]
                assert right - left > SIDE / 8  # seen large: on the whole film it is a few dozen pixels
                assert bottom - top > SIDE / 8
    assert apart >= 3


def test_a_break_near_a_joint_is_seen_on_its_square_and_one_of_a_larger_injury_is_left_open(
    arm_studio: BrokenStudio,
) -> None:
    near = []
    for seed in range(8):
        arm = drawn(arm_studio, "distal_radius", seed)
        near += [look for _, look in squares(arm, np.random.default_rng(seed))]
    assert any(of(FRACTURE) in look.labels for look in near)
    for seed in range(8):
        arm = drawn(arm_studio, "galeazzi", seed)
        named = [label for label in arm.film.truth.labels if label in BREAKS]
        for joint, look in squares(arm, np.random.default_rng(seed)):
            if joint == WRIST_JOINT and FRACTURE not in named and look.known[of(FRACTURE)]:
                assert look.image[of(FRACTURE)] == 0  # so far away that the square shows nothing of it


def test_squares_of_real_films_teach_that_nothing_is_there(shared: Path) -> None:
    looks = real_squares(shared, "train", np.random.default_rng(0))
    assert len(looks) > 200
    assert len({look.group for look in looks}) > 20
    for look in looks:
        assert look.pixels.shape == (SIDE, SIDE) and not len(look.boxes)
        assert {LABELS[number] for number in np.flatnonzero(look.known)} == {FRACTURE, *PLACES}
    with pytest.raises(ValueError, match="not for training"):
        real_squares(shared, "look", np.random.default_rng(0))


def test_the_joints_of_a_whole_arm_are_together(arm_studio: BrokenStudio) -> None:
    looks = [
        look for seed in range(6) for look in squares(drawn(arm_studio, "", seed), np.random.default_rng(0))
    ]
    assert looks
    assert not any(len(look.labels) for _, look in looks)
    assert all(look.image[of(joint)] == 0 for joint, look in looks)
