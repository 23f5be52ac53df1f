"""Joints: where they are, how far they bend, and the body bent.

Angles are in degrees and named as a radiographer would: knee flexion, wrist extension, hip abduction.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

import numba
import numpy as np
from scipy.spatial import cKDTree

from training.simulate.meshes import Floats
from training.simulate.rig import Rig
from training.simulate.segments import SEGMENTS


@dataclass(frozen=True, slots=True)
class Motion:
    """x -> rotation @ x + shift."""

    rotation: Floats
    shift: Floats

    def then(self, later: Motion) -> Motion:
        """First this, then ``later``."""
        return Motion(later.rotation @ self.rotation, later.rotation @ self.shift + later.shift)


STILL = Motion(np.eye(3), np.zeros(3))


def unit(vector: Floats) -> Floats:
    """``vector`` at length 1."""
    return np.asarray(vector / np.linalg.norm(vector))


def turn(axis: Floats, degrees: float, about: Floats) -> Motion:
    """A right-handed turn about an axis through a point."""
    x, y, z = unit(np.asarray(axis, dtype=np.float64))
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    angle = np.deg2rad(degrees)
    rotation = np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross
    return Motion(rotation, about - rotation @ about)


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """An anatomical frame: origin in mm; x lateral (left limb) or left, y proximal or up, z to the front,
    palm or dorsum of the foot; columns of ``axes``."""

    origin: Floats
    axes: Floats  # (3, 3)

    def out(self, vector: Floats) -> Floats:
        """A direction in this frame, in the body's."""
        return np.asarray(self.axes @ vector)


@dataclass(frozen=True, slots=True, kw_only=True)
class Skeleton:
    """Joint centres and frames of the resting body (left limbs)."""

    points: Mapping[str, Floats]
    frames: Mapping[str, Frame]


def skeleton(rig: Rig) -> Skeleton:
    """Find the joints in the bones."""
    points = _trunk_points(rig) | _arm_points(rig) | _leg_points(rig)
    for digit in (2, 3, 4, 5):
        points |= _finger_points(rig, digit)
    points |= _thumb_points(rig)
    return Skeleton(points=points, frames=_frames(rig, points))


def _bone(rig: Rig, name: str) -> Floats:
    return rig.bone(name)


def _below(points: Floats, mm: float) -> Floats:
    return np.asarray(points[points[:, 1] < points[:, 1].min() + mm])


def _sphere(points: Floats) -> Floats:
    system = np.column_stack([2 * points, np.ones(len(points))])
    return np.asarray(np.linalg.lstsq(system, (points**2).sum(axis=1), rcond=None)[0][:3])


def _ball(points: Floats, medial: float) -> Floats:
    top = points[points[:, 1] > points[:, 1].max() - 55]
    near = top[top[:, 0] * medial > np.percentile(top[:, 0] * medial, 55)]
    centre = _sphere(near)
    for _ in range(6):
        far = np.linalg.norm(top - centre, axis=1)
        near = top[np.abs(far - np.median(np.linalg.norm(near - centre, axis=1))) < 2.5]
        centre = _sphere(near)
    return centre


def _meeting(first: Floats, second: Floats) -> Floats:
    """The middle of where two bones come closest."""
    distance, index = cKDTree(first).query(second)
    nearest = np.argsort(distance)[: max(8, len(second) // 25)]
    return np.asarray((second[nearest].mean(axis=0) + first[index[nearest]].mean(axis=0)) / 2)


def _trunk_points(rig: Rig) -> dict[str, Floats]:
    vertebrae = {f"C{k}": _bone(rig, f"Vertebra C{k}").mean(axis=0) for k in range(3, 8)}
    vertebrae |= {f"T{k}": _bone(rig, f"Vertebra T{k}").mean(axis=0) for k in range(1, 13)}
    vertebrae |= {f"L{k}": _bone(rig, f"Vertebra L{k}").mean(axis=0) for k in range(1, 6)}
    clavicle = _bone(rig, "Clavicle.l")
    return vertebrae | {
        "C1": _bone(rig, "Atlas (C1)").mean(axis=0),
        "sternum": _bone(rig, "Body of sternum").mean(axis=0),
        "clavicle": clavicle.mean(axis=0),
        "sternoclavicular": clavicle[clavicle[:, 0] < clavicle[:, 0].min() + 8].mean(axis=0),
        "scapula": _bone(rig, "Scapula.l").mean(axis=0),
        "skull": _bone(rig, "Sphenoid bone").mean(axis=0),
        "nose": _bone(rig, "Nasal bone.l").mean(axis=0),
        "sacrum": _bone(rig, "Sacrum").mean(axis=0),
        "pelvis": np.array([0.0, 895.0, 0.0]),
        "abdomen": np.array([0.0, 1020.0, 0.0]),
        "chest": np.array([0.0, 1285.0, 0.0]),
        "spine": np.array([0.0, 1180.0, -20.0]),
    }


def _arm_points(rig: Rig) -> dict[str, Floats]:
    humerus, ulna, radius = (_bone(rig, f"{name}.l") for name in ("Humerus", "Ulna", "Radius"))
    wrist = np.concatenate([_below(radius, 6), _below(ulna, 6)]).mean(axis=0)
    return {
        "shoulder": _ball(humerus, -1.0),
        "humerus": (humerus.min(axis=0) + humerus.max(axis=0)) / 2,
        "elbow": _below(humerus, 25).mean(axis=0),
        "forearm": (radius.min(axis=0) + radius.max(axis=0)) / 2,
        "wrist": wrist,
        "capitate": _bone(rig, "Capitate bone.l").mean(axis=0),
    }


def _leg_points(rig: Rig) -> dict[str, Floats]:
    femur, tibia, talus = (_bone(rig, f"{name}.l") for name in ("Femur", "Tibia", "Talus"))
    toes = _bone(rig, "Proximal phalanx of third finger of foot.l")
    return {
        "hip": _ball(femur, -1.0),
        "femur": (femur.min(axis=0) + femur.max(axis=0)) / 2,
        "knee": _below(femur, 30).mean(axis=0) + np.array([0.0, 0.0, -8.0]),
        "patella": _bone(rig, "Patella.l").mean(axis=0),
        "shank": (tibia.min(axis=0) + tibia.max(axis=0)) / 2,
        "ankle": (_below(tibia, 8).mean(axis=0) + talus.mean(axis=0)) / 2,
        "calcaneus": _bone(rig, "Calcaneus.l").mean(axis=0),
        "foot": _bone(rig, "Third metatarsal bone.l").mean(axis=0),
        "toe_base": _meeting(_bone(rig, "Third metatarsal bone.l"), toes),
    }


def _finger_points(rig: Rig, digit: int) -> dict[str, Floats]:
    word = ("first", "second", "third", "fourth", "fifth")[digit - 1]
    bones = [_bone(rig, f"{word.capitalize()} metacarpal bone.l")]
    bones += [
        _bone(rig, f"{row} phalanx of {word} finger of hand.l") for row in ("Proximal", "Middle", "Distal")
    ]
    joints = [_meeting(a, b) for a, b in itertools.pairwise(bones)]
    last = unit(bones[3].mean(axis=0) - joints[2])
    tip = bones[3][np.argsort((bones[3] - joints[2]) @ last)[-5:]].mean(axis=0)
    return {f"f{digit}{k + 1}": point for k, point in enumerate([*joints, tip])} | {
        f"mc{digit}": bones[0].mean(axis=0)
    }


def _thumb_points(rig: Rig) -> dict[str, Floats]:
    metacarpal, proximal, distal = (
        _bone(rig, name)
        for name in (
            "First metacarpal bone.l",
            "Proximal phalanx of first finger of hand.l",
            "Distal phalanx of first finger of hand.l",
        )
    )
    first, second, third = (
        _meeting(_bone(rig, "Trapezium bone.l"), metacarpal),
        _meeting(metacarpal, proximal),
        _meeting(proximal, distal),
    )
    tip = distal[np.argsort((distal - third) @ unit(distal.mean(axis=0) - third))[-5:]].mean(axis=0)
    return {"thumb1": first, "thumb2": second, "thumb3": third, "thumb4": tip}


def _frame(origin: Floats, up: Floats, front: Floats) -> Frame:
    y = unit(up)
    x = unit(np.cross(y, front))
    return Frame(origin=origin, axes=np.column_stack([x, y, np.cross(x, y)]))


def _frames(rig: Rig, points: Mapping[str, Floats]) -> dict[str, Frame]:
    world = Frame(origin=np.zeros(3), axes=np.eye(3))
    epicondyles = _below(_bone(rig, "Humerus.l"), 25)
    axis = np.linalg.svd(epicondyles - epicondyles.mean(axis=0), full_matrices=False)[2][0]
    axis = axis * np.sign(axis[0])
    shaft = unit(points["shoulder"] - points["elbow"])
    heads = points["f21"] - points["f51"]
    palm = unit(np.cross(heads, points["capitate"] - points["f31"]))
    toes = (points["toe_base"] - points["calcaneus"]) * np.array([1.0, 0.0, 1.0])
    blade = _bone(rig, "Scapula.l")
    blade = blade - blade.mean(axis=0)
    across = np.linalg.svd(blade, full_matrices=False)[2][2]
    across = unit(across * np.array([1.0, 0.0, 1.0]))
    thumb = unit(points["thumb2"] - points["thumb3"])
    return {
        "body": world,
        "patella": world,
        "elbow": _frame(points["elbow"], shaft, np.cross(axis, shaft)),
        "hand": _frame(points["capitate"], points["capitate"] - points["f31"], palm * np.sign(palm[2])),
        "leg": _frame(points["ankle"], np.array([0.0, 1.0, 0.0]), toes),
        "foot": _frame(points["foot"], -toes, np.array([0.0, 1.0, 0.0])),
        "scapula": _frame(points["scapula"], np.array([0.0, 1.0, 0.0]), across * np.sign(across[2])),
        "thumb": _frame(points["thumb3"], thumb, np.cross(np.cross(thumb, heads), thumb)),
    }


def blended(rig: Rig, vertices: Floats, motions: Mapping[str, Motion]) -> Floats:
    """The body's vertices (n, 3) after each segment's motion."""
    rotations = np.stack([motions.get(name, STILL).rotation for name in SEGMENTS])
    shifts = np.stack([motions.get(name, STILL).shift for name in SEGMENTS])
    return np.asarray(_blend(vertices, rig.followed, rig.weights, rotations, shifts))


@numba.njit(cache=True, fastmath=True)
def _blend(vertices, followed, weights, rotations, shifts):  # type: ignore[no-untyped-def]
    out = np.zeros_like(vertices)
    for row in range(len(vertices)):
        x, y, z = vertices[row, 0], vertices[row, 1], vertices[row, 2]
        for column in range(followed.shape[1]):
            share = weights[row, column]
            if share < 1e-4:
                continue
            segment = followed[row, column]
            for axis in range(3):
                turned = (
                    rotations[segment, axis, 0] * x
                    + rotations[segment, axis, 1] * y
                    + rotations[segment, axis, 2] * z
                )
                out[row, axis] += share * (turned + shifts[segment, axis])
    return out
