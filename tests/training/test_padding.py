"""Where simulated people are fat: everywhere but where nobody is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from training.simulate.bodies import Bodies
from training.simulate.padding import padding
from training.simulate.people import body_of, person
from training.simulate.pose import skeleton
from training.simulate.rig import Rig, load_rig, restricted, segments
from training.simulate.segments import SEGMENTS

ARM_LEFT, TRUNK = SEGMENTS.index("arm.l"), SEGMENTS.index("trunk")
DEEP = np.array([[0.0, -9000.0, 0.0]])  # no bone near the skin


@pytest.fixture(scope="module")
def rig(shared: Path, kept: Path) -> Rig:
    return load_rig(shared / "anatomy", kept)


def shares(points: list[list[float]], segment: int, bones: NDArray[np.float64] = DEEP) -> NDArray[np.float64]:
    follows = np.tile([segment, 0, 0], (len(points), 1))
    return padding(np.array(points), bones, follows, np.tile([1.0, 0.0, 0.0], (len(points), 1)))


def test_an_upper_arm_is_fatter_than_its_elbow_and_a_belly_than_a_head() -> None:
    upper, elbow, wrist = shares([[200, 1250, 0], [217, 1101, -35], [269, 860, 13]], ARM_LEFT)
    assert upper > 3 * elbow
    assert elbow > wrist
    belly, head = shares([[0, 1000, 120], [0, 1650, 100]], TRUNK)
    assert belly > 1 > 5 * head


def test_there_is_least_right_over_a_bone() -> None:
    point = [200.0, 1250.0, 0.0]
    over, beside = (
        shares([point], ARM_LEFT, np.array([[200.0, 1250.0, depth]]))[0] for depth in (-3.0, -30.0)
    )
    assert over == pytest.approx(beside / 4)


@pytest.mark.timeout(300)
def test_a_fat_person_has_slim_fingers_and_a_large_belly(rig: Rig) -> None:
    who = replace(person(np.random.default_rng(1)), fat=0.0)
    out = np.linalg.norm(body_of(rig, replace(who, fat=20.0)) - body_of(rig, who), axis=1)
    skin = rig.part(rig.names[rig.kinds.index("skin")], "skin")
    elsewhere = np.ones(len(out), dtype=bool)
    elsewhere[skin] = False
    assert not out[elsewhere].any()
    finger = rig.followed[skin, 0] == SEGMENTS.index("f22.l")
    assert out[skin][finger].max() < 1.5
    at, bones = rig.vertices[skin], skeleton(rig).points
    belly = np.linalg.norm(at - bones["abdomen"], axis=1) < 160
    assert np.median(out[skin][belly & (at[:, 2] > 60)]) > 20
    elbow = np.linalg.norm(at - bones["elbow"], axis=1) < 60
    assert 0.5 < np.median(out[skin][elbow]) < 6


@pytest.mark.timeout(300)
def test_what_is_kept_of_a_body_is_as_fat_as_the_whole(rig: Rig) -> None:
    keep = segments(("arm", "forearm"))
    part = restricted(rig, keep)
    assert len(part.fat) == len(part.vertices)
    assert part.fat.sum() == pytest.approx(rig.fat[_where(part, rig)].sum())
    child = Bodies(rig).of("arm", "child", 3)
    assert len(child.fat) == len(child.vertices)
    assert child.fat.max() == pytest.approx(Bodies(rig).of("arm", "grown").fat.max())


def _where(part: Rig, whole: Rig) -> list[int]:
    """Where the skin of a part lies in the whole; 0, where nobody is fat, for what is not skin."""
    places = {tuple(point): index for index, point in enumerate(whole.vertices) if whole.fat[index] > 0}
    return [places[tuple(p)] for p, fat in zip(part.vertices, part.fat, strict=True) if fat > 0]
