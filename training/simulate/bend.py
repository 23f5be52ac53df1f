"""From joint angles to where every segment goes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from training.simulate.meshes import Floats
from training.simulate.pose import STILL, Motion, Skeleton, turn, unit
from training.simulate.rig import segments

Angles = Mapping[str, float]
X, Y, Z = np.eye(3)
SPREAD = {2: 5.0, 3: 0.0, 4: -5.0, 5: -9.0}  # degrees per unit of splay
MIRROR = np.diag([-1.0, 1.0, 1.0])
HAND_PARTS = (
    "hand",
    "thumb1",
    "thumb2",
    "thumb3",
    *(f"f{digit}{bone}" for digit in (2, 3, 4, 5) for bone in (1, 2, 3)),
)


def motions(bones: Skeleton, angles: Angles) -> dict[str, Motion]:
    """Where each segment of the left limbs, neck and head goes; with ``both`` set, the right limbs mirror the
    left.

    Angles in degrees; what is not named stays at rest: ``knee_flexion``, ``patella_share`` (of the knee's
    flexion), ``hip_flexion``, ``hip_abduction``, ``hip_rotation`` (outward), ``ankle_flexion`` (dorsal),
    ``toe_extension``, ``shoulder_flexion``, ``shoulder_abduction``, ``shoulder_rotation`` (outward),
    ``girdle_lift``, ``elbow_flexion``, ``wrist_extension``, ``wrist_deviation`` (radial),
    ``thumb_abduction``, ``thumb_turn``, ``mcpN`` ``pipN`` ``dipN`` (flexion of finger N), ``curl`` (of all),
    ``splay`` (0 closed, 1 spread), ``neck_flexion``, ``neck_turn``.
    """
    moved = _leg(bones, angles) | _arm(bones, angles)
    if angles.get("both"):
        moved |= {name[:-1] + "r": _mirrored(motion) for name, motion in moved.items()}
    return moved | _neck(bones, angles)


def _mirrored(motion: Motion) -> Motion:
    return Motion(MIRROR @ motion.rotation @ MIRROR, MIRROR @ motion.shift)


def _leg(bones: Skeleton, angles: Angles) -> dict[str, Motion]:
    hip, knee, ankle = bones.points["hip"], bones.points["knee"], bones.points["ankle"]
    thigh = (
        turn(knee - hip, -angles.get("hip_rotation", 0.0), hip)
        .then(turn(X, -angles.get("hip_flexion", 0.0), hip))
        .then(turn(Z, angles.get("hip_abduction", 0.0), hip))
    )
    bent = angles.get("knee_flexion", 0.0)
    shank = turn(X, bent, knee).then(thigh)
    patella = turn(X, bent * angles.get("patella_share", 0.62), knee).then(thigh)
    leg = bones.frames["leg"]
    foot = turn(leg.out(X), -angles.get("ankle_flexion", 0.0), ankle).then(shank)
    toes = turn(leg.out(X), -angles.get("toe_extension", 0.0), bones.points["toe_base"]).then(foot)
    return {"thigh.l": thigh, "shank.l": shank, "patella.l": patella, "foot.l": foot, "toes.l": toes}


def _arm(bones: Skeleton, angles: Angles) -> dict[str, Motion]:
    shoulder, elbow, wrist = (bones.points[name] for name in ("shoulder", "elbow", "wrist"))
    girdle = turn(Z, angles.get("girdle_lift", 0.0), bones.points["sternoclavicular"])
    upper = (
        turn(shoulder - elbow, angles.get("shoulder_rotation", 0.0), shoulder)
        .then(turn(X, -angles.get("shoulder_flexion", 0.0), shoulder))
        .then(turn(Z, angles.get("shoulder_abduction", 0.0), shoulder))
        .then(girdle)
    )
    fore = turn(bones.frames["elbow"].out(X), -angles.get("elbow_flexion", 0.0), elbow).then(upper)
    hand = bones.frames["hand"]
    carpus = (
        turn(hand.out(X), angles.get("wrist_extension", 0.0), wrist)
        .then(turn(hand.out(Z), angles.get("wrist_deviation", 0.0), wrist))
        .then(fore)
    )
    moved = {"girdle.l": girdle, "arm.l": upper, "forearm.l": fore} | {
        f"{part}.l": carpus for part in HAND_PARTS
    }
    for digit in (2, 3, 4, 5):
        moved |= {name: motion.then(carpus) for name, motion in _finger(bones, angles, digit).items()}
    return moved | {name: motion.then(carpus) for name, motion in _thumb(bones, angles).items()}


def _aligned(start: Floats, goal: Floats) -> Floats:
    """The smallest rotation from one direction to another."""
    axis = np.cross(start, goal)
    size = float(np.linalg.norm(axis))
    if size < 1e-9:
        return np.eye(3)
    return turn(axis, float(np.degrees(np.arctan2(size, start @ goal))), np.zeros(3)).rotation


def _finger(bones: Skeleton, angles: Angles, digit: int) -> dict[str, Motion]:
    if f"mcp{digit}" not in angles:
        return {}
    palm = bones.frames["hand"].out(Z)
    joints = [bones.points[f"f{digit}{k}"] for k in (1, 2, 3, 4)]
    splay = turn(palm, SPREAD[digit] * angles.get("splay", 0.0), np.zeros(3)).rotation
    along = splay @ unit(joints[0] - bones.points[f"mc{digit}"])
    hinge = unit(np.cross(along, palm))
    moved, at, bent = {}, joints[0], angles.get("curl", 0.0)
    for bone, joint in ((1, "mcp"), (2, "pip"), (3, "dip")):
        bent += angles.get(f"{joint}{digit}", 0.0)
        start = unit(joints[bone] - joints[bone - 1])
        rotation = _aligned(start, turn(hinge, bent, np.zeros(3)).rotation @ along)
        motion = Motion(rotation, at - rotation @ joints[bone - 1])
        moved[f"f{digit}{bone}.l"] = motion
        at = motion.rotation @ joints[bone] + motion.shift
    return moved


def _thumb(bones: Skeleton, angles: Angles) -> dict[str, Motion]:
    if "thumb_abduction" not in angles and "thumb_turn" not in angles:
        return {}
    base = bones.points["thumb1"]
    axis = bones.points["thumb2"] - base
    whole = turn(axis, angles.get("thumb_turn", 0.0), base).then(
        turn(bones.frames["hand"].out(Z), angles.get("thumb_abduction", 0.0), base)
    )
    return {f"thumb{bone}.l": whole for bone in (1, 2, 3)}


def _neck(bones: Skeleton, angles: Angles) -> dict[str, Motion]:
    half = angles.get("neck_flexion", 0.0) / 2
    neck = turn(X, half, bones.points["C7"])
    head = (
        turn(Y, angles.get("neck_turn", 0.0), bones.points["C1"])
        .then(turn(X, half, bones.points["C3"]))
        .then(neck)
    )
    return {"neck": neck, "head": head} if half or angles.get("neck_turn") else {"neck": STILL, "head": STILL}


def kept_segments(keep: str) -> frozenset[str]:
    """The segments a view shows: ``leg``, ``forearm`` (with the hand), ``arm``, ``shoulder``, ``trunk``,
    ``trunk+arms``."""
    trunk = segments(("trunk", "neck", "head", "girdle", "thigh", "shank", "patella", "foot", "toes"))
    hand = segments(HAND_PARTS, "l")
    table = {
        "leg": segments(("thigh", "shank", "patella", "foot", "toes"), "l"),
        "forearm": segments(("forearm",), "l") | hand,
        "arm": segments(("arm", "forearm"), "l") | hand,
        "shoulder": trunk | segments(("arm", "forearm"), "l") | hand,
        "trunk": trunk,
        "trunk+arms": trunk | segments(("arm", "forearm", *HAND_PARTS)),
    }
    return table[keep]
