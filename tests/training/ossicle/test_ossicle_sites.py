"""Accessory bones lie where anatomy says, on the body's foot and on the two others."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from training.simulate.meshes import volume
from training.simulate.ossicle_people import PEOPLE, similarity
from training.simulate.ossicle_scene import FootStudio
from training.simulate.ossicle_sites import OSSICLES, SITES, anchors, middle

pytestmark = pytest.mark.timeout(300)  # decimates the anatomy first

# of the resting left foot: where a site lies against a bone's middle. x lateral, y up, z to the toes
BESIDE = [
    ("os_trigonum", "Talus.l", (None, None, "less")),  # behind the talus
    ("os_trigonum", "Calcaneus.l", (None, "more", "less")),  # above the heel bone
    ("accessory_navicular", "Navicular bone.l", ("less", "less", None)),  # medial and plantar
    ("os_peroneum", "Cuboid bone.l", ("more", "less", "less")),  # lateral, plantar, behind
    ("os_intermetatarseum", "First metatarsal bone.l", ("more", "more", "less")),  # lateral, dorsal, base
    ("os_intermetatarseum", "Second metatarsal bone.l", ("less", "more", "less")),
    ("os_vesalianum", "Fifth metatarsal bone.l", (None, None, "less")),  # behind the base
    ("os_supranaviculare", "Navicular bone.l", (None, "more", None)),  # dorsal
    ("os_supranaviculare", "Talus.l", (None, "more", "more")),  # at the talus's head
]


@pytest.fixture(scope="session", params=["", *PEOPLE], ids=["body", *PEOPLE])
def of_person(request: pytest.FixtureRequest, shared: Path, kept: Path, studio: FootStudio) -> FootStudio:
    return FootStudio(shared / "anatomy", kept, person=request.param) if request.param else studio


@pytest.mark.parametrize(("name", "bone", "way"), BESIDE)
def test_a_site_lies_on_its_side_of_the_bone(
    of_person: FootStudio, name: str, bone: str, way: tuple[str | None, ...]
) -> None:
    at = middle(of_person.rig.vertices, anchors(of_person.rig)[name])
    away = at - of_person.rig.bone(bone).mean(axis=0)
    for side, offset in zip(way, away, strict=True):
        assert side is None or (offset > 0) == (side == "more")


def test_every_site_is_within_two_millimetres_of_a_bone_it_belongs_to_or_between_two(
    of_person: FootStudio,
) -> None:
    for name in OSSICLES:
        at = middle(of_person.rig.vertices, anchors(of_person.rig)[name])
        near = [np.linalg.norm(of_person.rig.bone(bone) - at, axis=1).min() for bone, _ in SITES[name].bones]
        assert max(near) < (3.0 if len(near) == 1 else 9.0)


def test_borrowed_bones_are_closed_and_of_the_same_side(of_person: FootStudio) -> None:
    rig = of_person.rig
    for name in ("Calcaneus.l", "Navicular bone.l", "Cuboid bone.l"):
        index = [key == (name, "bone") for key in zip(rig.names, rig.kinds, strict=True)].index(True)
        faces = rig.faces[rig.face_starts[index] : rig.face_starts[index + 1]]
        assert volume(rig.vertices, faces) > 3000  # cubic mm, outward
    medial, lateral = rig.bone("Navicular bone.l"), rig.bone("Cuboid bone.l")
    assert medial[:, 0].mean() < lateral[:, 0].mean() - 10


def test_a_similarity_is_found_again() -> None:
    rng = np.random.default_rng(2)
    points = rng.normal(0, 20, (7, 3))
    rotation = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    rotation *= np.sign(np.linalg.det(rotation))
    found, scale, shift = similarity(points, 0.9 * points @ rotation.T + [3.0, -4.0, 5.0])
    assert found == pytest.approx(rotation)
    assert (scale, *shift) == pytest.approx((0.9, 3.0, -4.0, 5.0))
