"""The tarsal bones of two more people, put where the body's are.

The Visible Human feet are bones alone, in frames of their own, both of the right side. They are mirrored,
brought to the body's foot by one similarity (Umeyama, PAMI 1991), and each bone is then moved most of the way
to where the body's lies, so that it meets the body's leg, metatarsals and skin. Their metatarsals and toes
come as one piece, and the man's talus is missing: those stay the body's.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from training.simulate.meshes import Floats, merge, vertex_normals, volume
from training.simulate.ossicle_rig import means
from training.simulate.rig import Rig, Surfaces

ATTRIBUTION: Final = "foot bones: University of Denver, Visible Human, CC BY 4.0"
PEOPLE: Final = ("VHF", "VHM")
BONES: Final = {
    "Calcaneous": "Calcaneus.l",
    "Cuboid": "Cuboid bone.l",
    "IntermediateCuneiform": "Intermediate cuneiform bone.l",
    "LateralCuneiform": "Lateral cuneiform bone.l",
    "MedialCuneiform": "Medial cuneiform bone.l",
    "Navicular": "Navicular bone.l",
    "Talus": "Talus.l",
}
MIRROR: Final = np.array([-1.0, 1.0, 1.0])
CELL: Final = 0.9  # mm
CORTEX: Final = 0.8  # mm, the anatomy has outer surfaces only
CENTRED: Final = 0.7  # of the way to the body's bone


def tarsus(anatomy: Path, person: str, rig: Rig) -> Surfaces:
    """The tarsal bones of one of PEOPLE in the frame of ``rig``, outer and inner surfaces by name and kind.

    Raises FileNotFoundError without ``anatomy``, ValueError for somebody else.
    """
    if person not in PEOPLE:
        raise ValueError(f"{person} is none of {', '.join(PEOPLE)}")
    arrays = np.load(anatomy / "foot_bones_vh.npz")
    there = {name: own for own, name in BONES.items() if f"{person}_{own}_v" in arrays.files}
    raw = {name: arrays[f"{person}_{own}_v"].astype(np.float64) * MIRROR for name, own in there.items()}
    goal = np.array([rig.bone(name).mean(axis=0) for name in raw])
    rotation, scale, shift = similarity(np.array([points.mean(axis=0) for points in raw.values()]), goal)
    found: Surfaces = {}
    for middle, (name, points) in zip(goal, raw.items(), strict=True):
        vertices = scale * points @ rotation.T + shift
        vertices += CENTRED * (middle - vertices.mean(axis=0))
        faces = arrays[f"{person}_{there[name]}_f"].astype(np.int64)
        if volume(vertices, faces) < 0:
            faces = faces[:, ::-1].copy()
        cluster, faces = merge(vertices, faces, CELL)
        outer = means(vertices, cluster)
        found[name, "bone"] = outer, faces
        found[name, "inner"] = outer - CORTEX * vertex_normals(outer, faces), faces
    return found


def similarity(points: Floats, goal: Floats) -> tuple[Floats, float, Floats]:
    """The rotation (3, 3), scale and shift (3,) that bring points (n, 3) nearest to ``goal`` (n, 3).

    A point goes to ``scale * rotation @ point + shift``."""
    a, b = points - points.mean(axis=0), goal - goal.mean(axis=0)
    u, stretch, v = np.linalg.svd(b.T @ a)
    handed = np.array([1.0, 1.0, np.sign(np.linalg.det(u @ v))])
    rotation = (u * handed) @ v
    scale = float((stretch * handed).sum() / (a**2).sum())
    return rotation, scale, goal.mean(axis=0) - scale * rotation @ points.mean(axis=0)
