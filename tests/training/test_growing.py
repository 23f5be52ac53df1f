"""Children's bones: parted at growth plates, closed, and moving as an adult's do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from training.simulate.bend import kept_segments
from training.simulate.growing import growing
from training.simulate.meshes import volume
from training.simulate.rig import Rig, load_rig, restricted

pytestmark = pytest.mark.timeout(300)  # decimates the anatomy first


@pytest.fixture(scope="module")
def leg(shared: Path, kept: Path) -> Rig:
    return restricted(load_rig(shared / "anatomy", kept), kept_segments("leg"))


def child(leg: Rig, young: float, seed: int = 5) -> Rig:
    return growing(leg, np.random.default_rng(seed), young=young)


def surface(rig: Rig, part: int) -> tuple[np.ndarray, np.ndarray]:
    start, stop = rig.vertex_starts[part], rig.vertex_starts[part + 1]
    return rig.vertices[start:stop], rig.faces[rig.face_starts[part] : rig.face_starts[part + 1]] - start


def size(rig: Rig, name: str) -> float:
    return volume(*surface(rig, rig.names.index(name)))


def test_a_childs_parts_are_an_adults_and_follow_what_they_followed(leg: Rig) -> None:
    young = child(leg, 0.8)
    assert (young.names, young.kinds) == (leg.names, leg.kinds)
    for part in range(len(leg.names)):
        old, new = leg.vertex_starts[part], young.vertex_starts[part]
        assert np.array_equal(young.followed[new], leg.followed[old])
    assert len(young.vertices) == len(young.normals) == len(young.followed) == len(young.weights)


def test_every_bone_is_still_closed(leg: Rig) -> None:
    young = child(leg, 0.5)
    for part in range(len(young.names)):
        if young.kinds[part] != "bone":
            continue
        faces = surface(young, part)[1]
        there = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
        keys = [there @ [1 << 32, 1], there @ [1, 1 << 32]]
        assert np.array_equal(np.sort(keys[0]), np.sort(keys[1])), young.names[part]


@pytest.mark.parametrize("name", ["Femur.l", "Tibia.l", "First metatarsal bone.l"])
def test_a_growth_plate_is_a_gap_that_no_bone_crosses(leg: Rig, name: str) -> None:
    young = child(leg, 0.5)
    points, faces = surface(young, young.names.index(name))
    axis = 2 if "metatarsal" in name else 1
    reach = np.sort(points[faces][:, :, axis], axis=1)[:, [0, 2]]  # of every triangle, along the bone
    levels = np.linspace(points[:, axis].min() + 1, points[:, axis].max() - 1, 800)
    crossed = ((reach[:, 0] < levels[:, None]) & (reach[:, 1] > levels[:, None])).sum(axis=1)
    whole = np.median(crossed)
    assert crossed.min() < 0.6 * whole
    assert size(young, name) < size(leg, name)


def test_the_younger_the_less_is_bone(leg: Rig) -> None:
    for name in ("Patella.l", "Navicular bone.l", "Sesamoid bones of foot.l"):
        sizes = [size(child(leg, young), name) for young in (0.0, 0.5, 1.0)]
        assert sizes[0] > sizes[1] > sizes[2] > 0


def test_a_plate_that_has_closed_leaves_the_bone_whole(leg: Rig) -> None:
    grown_up = child(leg, 0.0)
    assert size(grown_up, "Talus.l") == pytest.approx(size(leg, "Talus.l"))
