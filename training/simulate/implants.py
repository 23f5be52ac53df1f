"""Which hardware a patient carries, and where: prostheses at joints, plates and nails on long bones, screws elsewhere."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.random import Generator

from training.simulate import hardware
from training.simulate.meshes import Floats
from training.simulate.pose import Motion, Skeleton
from training.simulate.rig import LEG, Rig, segment_of
from training.simulate.views import View


def implants(rig: Rig, body: Floats, view: View, bones: Skeleton, moved: Mapping[str, Motion], rng: Generator) -> list[hardware.Surface]:  # fmt: skip
    """Metal that this view's patient may carry, as surfaces along the posed bones."""
    choice = rng.random()
    if view.label == "shoulder_ap" or (view.label == "humerus_ap" and choice < 0.5):
        return _prosthetic_shoulder(rig, body, bones, moved, rng)
    if view.label in ("pelvis_ap", "hip_ap", "femur_ap", "oblique_view_of_Lauenstein") and choice < 0.7:
        thigh = moved["thigh.l"]
        head, knee = (thigh.rotation @ bones.points[name] + thigh.shift for name in ("hip", "knee"))
        return hardware.hip_prosthesis(head, knee, rng)
    if view.label.startswith("knee") and choice < 0.5:
        return _prosthetic_knee(rig, body, moved, rng)
    if view.keep == "trunk" or view.keep == "trunk+arms":
        return (
            hardware.pacemaker(rng)
            if "chest" in view.label or "thoracic" in view.label
            else _spinal(rig, body, rng)
        )
    near = {
        "leg": LEG,
        "arm": ("arm", "forearm", "hand"),
        "forearm": ("forearm", "hand"),
        "shoulder": ("arm", "girdle"),
    }[view.keep]
    names = [name for name, kind in zip(rig.names, rig.kinds, strict=True)
             if kind == "bone" and name.endswith(".l") and segment_of(name).partition(".")[0] in near]  # fmt: skip
    name = str(rng.choice(names))
    bone = body[rig.part(name)]
    if name in hardware.LONG_BONES:
        return hardware.nail(bone, rng) if rng.random() < 0.3 else hardware.plate(bone, rng)
    return hardware.wires(bone, rng) if rng.random() < 0.6 else hardware.plate(bone, rng)


def _prosthetic_shoulder(rig: Rig, body: Floats, bones: Skeleton, moved: Mapping[str, Motion], rng: Generator) -> list[hardware.Surface]:  # fmt: skip
    arm = moved["arm.l"]
    head, elbow = (arm.rotation @ bones.points[name] + arm.shift for name in ("shoulder", "elbow"))
    return hardware.shoulder_prosthesis(body[rig.part("Humerus.l")], head, elbow, rng)


def _prosthetic_knee(
    rig: Rig, body: Floats, moved: Mapping[str, Motion], rng: Generator
) -> list[hardware.Surface]:
    """Built on the straight leg, each half then moved with its bone."""
    shells = hardware.knee_prosthesis(rig.bone("Femur.l"), rig.bone("Tibia.l"), rng)
    placed = []
    for index, (points, faces) in enumerate(shells):
        motion = moved["thigh.l"] if index < 2 else moved["shank.l"]
        placed.append((points @ motion.rotation.T + motion.shift, faces))
    return placed if len(body) else []


def _spinal(rig: Rig, body: Floats, rng: Generator) -> list[hardware.Surface]:
    levels = [
        body[rig.part(f"Vertebra {name}")].mean(axis=0)
        for name in ("L5", "L4", "L3", "L2", "L1", "T12", "T11", "T10")
    ]
    first = int(rng.integers(0, 4))
    chosen = levels[first : first + int(rng.integers(2, 5))]
    surfaces = []
    for side in (-1, 1):
        heads = [level + np.array([side * 17.0, 0, -22.0]) for level in chosen]
        surfaces += [hardware.tube(head, head + np.array([-side * 7.0, 0, 42.0]), 2.8) for head in heads]
        surfaces += [hardware.tube(a, b, 2.8) for a, b in zip(heads, heads[1:], strict=False)]
    return surfaces
