"""Which hardware a patient carries, and where: prostheses at joints, plates and nails on long bones, screws
elsewhere.
"""

from __future__ import annotations

import itertools
from typing import Final

import numpy as np
from numpy.random import Generator

from training.simulate import hardware
from training.simulate.meshes import Floats
from training.simulate.patient import Patient
from training.simulate.segments import LEG, segment_of
from training.simulate.setup import View

NEAR: Final = {
    "leg": LEG,
    "arm": ("arm", "forearm", "hand"),
    "forearm": ("forearm", "hand"),
    "shoulder": ("arm", "girdle"),
}
HIPS: Final = ("pelvis_ap", "hip_ap", "femur_ap", "oblique_view_of_Lauenstein")
LEVELS: Final = ("L5", "L4", "L3", "L2", "L1", "T12", "T11", "T10")


def implants(patient: Patient, view: View, rng: Generator) -> list[hardware.Surface]:
    """Metal that this view's patient may carry, as surfaces along the posed bones."""
    choice = rng.random()
    if view.label == "shoulder_ap" or (view.label == "humerus_ap" and choice < 0.5):
        return hardware.shoulder_prosthesis(*_arm(patient), rng)
    if view.label in HIPS and choice < 0.7:
        thigh = patient.moved["thigh.l"]
        head, knee = (thigh.rotation @ patient.bones.points[name] + thigh.shift for name in ("hip", "knee"))
        return hardware.hip_prosthesis(head, knee, rng)
    if view.label.startswith("knee") and choice < 0.5:
        return _prosthetic_knee(patient, rng)
    if view.keep.startswith("trunk"):
        chest = "chest" in view.label or "thoracic" in view.label
        return hardware.pacemaker(rng) if chest else _spinal(patient, rng)
    return _on_a_bone(patient, view, rng)


def _arm(patient: Patient) -> tuple[Floats, Floats]:
    arm = patient.moved["arm.l"]
    shoulder, elbow = (
        arm.rotation @ patient.bones.points[name] + arm.shift for name in ("shoulder", "elbow")
    )
    return shoulder, elbow


def _on_a_bone(patient: Patient, view: View, rng: Generator) -> list[hardware.Surface]:
    rig = patient.rig
    names = [
        name
        for name, kind in zip(rig.names, rig.kinds, strict=True)
        if kind == "bone" and name.endswith(".l") and segment_of(name).partition(".")[0] in NEAR[view.keep]
    ]
    name = str(rng.choice(names))
    bone = patient.vertices[rig.part(name)]
    if name in hardware.LONG_BONES:
        return hardware.nail(bone, rng) if rng.random() < 0.3 else hardware.plate(bone, rng)
    return hardware.wires(bone, rng) if rng.random() < 0.6 else hardware.plate(bone, rng)


def _prosthetic_knee(patient: Patient, rng: Generator) -> list[hardware.Surface]:
    """Built on the straight leg, each half then moved with its bone."""
    shells = hardware.knee_prosthesis(patient.rig.bone("Femur.l"), patient.rig.bone("Tibia.l"), rng)
    placed = []
    for index, (points, faces) in enumerate(shells):
        motion = patient.moved["thigh.l" if index < 2 else "shank.l"]
        placed.append((points @ motion.rotation.T + motion.shift, faces))
    return placed


def _spinal(patient: Patient, rng: Generator) -> list[hardware.Surface]:
    """Pedicle screws and rods over a few levels."""
    first = int(rng.integers(0, 4))
    chosen = LEVELS[first : first + int(rng.integers(2, 5))]
    centres = [patient.vertices[patient.rig.part(f"Vertebra {name}")].mean(axis=0) for name in chosen]
    surfaces = []
    for side in (-1, 1):
        heads = [centre + np.array([side * 17.0, 0, -22.0]) for centre in centres]
        surfaces += [hardware.tube(head, head + np.array([-side * 7.0, 0, 42.0]), 2.8) for head in heads]
        surfaces += [hardware.tube(a, b, 2.8) for a, b in itertools.pairwise(heads)]
    return surfaces
