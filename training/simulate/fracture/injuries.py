"""What may be broken or dislocated, and how its parts lie: Monteggia (Bado I-IV), Galeazzi, and the rest.

After Bado (Clin Orthop 1967), Rettig and Raskin (J Hand Surg 2001) for Galeazzi's distance from the joint.
Directions are those of the left forearm in supination: ``front`` is the palm's side.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.random import Generator

from training.simulate.fracture.jagged import Place, break_height, surface, wedge_height
from training.simulate.fracture.limb import HEAD, NOTCH, RADIUS, ULNA, ULNAR_HEAD, Limb, Piece, away
from training.simulate.meshes import Floats
from training.simulate.pose import Motion, turn, unit

MONTEGGIA, GALEAZZI, FRACTURE = "Monteggia", "Galeazzi", "fracture"
ELBOW_JOINT, WRIST_JOINT = "radiocapitellar_dislocation", "distal_radioulnar_dislocation"
LABELS: Final = (MONTEGGIA, GALEAZZI, FRACTURE, ELBOW_JOINT, WRIST_JOINT)
PLACES: Final = {ELBOW_JOINT: "radiocapitellar_joint", WRIST_JOINT: "distal_radioulnar_joint"}  # whole or not


@dataclass(slots=True, kw_only=True)
class Injury:
    """What was done to an arm. ``breaks`` are (label, tag of the rims); ``joints`` labels of dislocations."""

    name: str
    breaks: list[tuple[str, int]] = field(default_factory=list)
    joints: list[str] = field(default_factory=list)


def bent(at: Place, main: Floats, degrees: float) -> Motion:
    """The far fragment's turn that makes an apex towards ``main``."""
    return turn(np.cross(at.axis, main), degrees, at.centre)


def shift(by: Floats) -> Motion:
    """A move without a turn."""
    return Motion(np.eye(3), by)


def snapped(arm: Limb, bone: str, at: Place, rng: Generator, *, crushed: float = 0.2
            ) -> tuple[list[Piece], list[Piece], int]:  # fmt: skip
    """Break a bone, sometimes with a butterfly fragment: the pieces above, those below, the rims' tag."""
    height, tag = break_height(at, rng), arm.new_tag()
    above, below = arm.cut(bone, surface(at, height), tag)
    if rng.random() < crushed:
        under, out = wedge_height(at, height, rng)
        loose, below = arm.cut(bone, surface(at, under), tag, only=below)
        for piece in loose:
            piece.move(shift(out * rng.uniform(0.5, 6) + at.axis * rng.uniform(-2, 2)))
            piece.move(turn(np.cross(at.axis, out), rng.uniform(-15, 25), piece.outer.vertices.mean(axis=0)))
        arm.pieces[bone] = [piece for piece in arm.pieces[bone] if piece not in loose] + loose
    return above, below, tag


def monteggia(arm: Limb, rng: Generator) -> Injury:
    """The ulna broken, mostly in its first third, the radial head out of its joint."""
    bado = int(rng.choice([1, 2, 3, 4], p=[0.55, 0.17, 0.17, 0.11]))
    share = rng.uniform(0.16, 0.27) if bado == 3 else rng.uniform(0.17, 0.42 if rng.random() < 0.8 else 0.62)
    main = {1: arm.front, 2: -arm.front, 3: unit(arm.lateral + 0.25 * arm.front), 4: arm.front}[bado]
    main = away(arm, rng, main, 12)
    at = arm.at(ULNA, arm.level(ULNA, share))
    out = rng.uniform(8, 26)
    short = rng.uniform(0, 0.6) * max(out - 8, 0) * (rng.random() < 0.6)
    far = bent(at, main, rng.uniform(5, 38)).then(shift(at.axis * short + _slip(at, rng, short)))
    _, below, tag = snapped(arm, ULNA, at, rng)
    for piece in below:
        piece.move(far)
    injury = Injury(name=f"monteggia_{bado}", breaks=[(MONTEGGIA, tag)], joints=[ELBOW_JOINT])  # fmt: skip
    head = arm.tagged([HEAD]).mean(axis=0)
    if bado == 4:
        there = arm.at(RADIUS, arm.level(RADIUS, share * rng.uniform(0.8, 1.5)))
        above, below, tag = snapped(arm, RADIUS, there, rng)
        injury.breaks.append((MONTEGGIA, tag))
        for piece in below:
            piece.move(far)
        drift = shift(main * out).then(turn(np.cross(arm.up, main), rng.uniform(-12, 25), head + main * out))
        for piece in above:
            piece.move(drift)
    else:
        levered(arm, far, main, head, out)
    arm.carry(far, float(at.centre @ arm.up), rng.uniform(18, 40))
    swollen(arm, at, rng)
    return injury


def levered(arm: Limb, far: Motion, main: Floats, head: Floats, out: float) -> None:
    """Move the whole radius along with the far ulna, then turn it at the wrist until its head is ``out`` mm
    away."""
    foot = arm.points(RADIUS)
    foot = foot[foot @ arm.up < (foot @ arm.up).min() + 10].mean(axis=0)
    moved, base = (far.rotation @ point + far.shift for point in (head, foot))
    missing = out - float((moved - head) @ main)
    degrees = float(np.rad2deg(missing / np.linalg.norm(moved - base)))
    whole = far.then(turn(np.cross(unit(moved - base), main), degrees, base))
    for piece in arm.pieces[RADIUS]:
        piece.move(whole)


def _slip(at: Place, rng: Generator, short: float) -> Floats:
    """Sideways: ends that pass each other lie side by side."""
    angle = rng.uniform(0, 2 * np.pi)
    least = 1.4 * at.radius if short > 3 else 0.0
    far = max(least, rng.uniform(0, 1.2) * at.radius * (rng.random() < 0.75))
    return np.asarray(far * (np.cos(angle) * at.across + np.sin(angle) * at.third))


def swollen(arm: Limb, at: Place, rng: Generator) -> None:
    if rng.random() < 0.6:
        arm.swell(at.centre, at.axis, rng.uniform(1, 7), rng.uniform(20, 45))


def galeazzi(arm: Limb, rng: Generator) -> Injury:
    """The radius broken in its last third, shortened, and the ulnar head out of its joint."""
    share = rng.uniform(0.62, 0.9) if rng.random() < 0.85 else rng.uniform(0.5, 0.62)
    at = arm.at(RADIUS, arm.level(RADIUS, share))
    main = away(arm, rng, arm.front * rng.choice([-1, 1]), 35)
    short, wrist = rng.uniform(3, 15), float(arm.tagged([NOTCH]).mean(axis=0) @ arm.up)
    lever = float(at.centre @ arm.up) - wrist
    far = bent(at, main, min(rng.uniform(3, 32), float(np.rad2deg(18 / max(lever, 20)))))
    far = far.then(turn(arm.front, rng.uniform(-4, 10), at.centre))
    far = far.then(shift(at.axis * short + _slip(at, rng, short)))
    _, below, tag = snapped(arm, RADIUS, at, rng)
    for piece in below:
        piece.move(far)
    arm.carry(far, wrist + lever / 2, lever / 2 + 12)  # the ulna's skin is held back
    side = away(arm, rng, arm.front * rng.choice([-1, 1], p=[0.7, 0.3]), 20)
    gap = arm.tagged([ULNAR_HEAD]).mean(axis=0) - arm.tagged([NOTCH]).mean(axis=0)
    already = float((gap - (gap @ arm.up) * arm.up) @ side)
    side, already = (side, already) if already >= 0 else (-side, -already)
    missing = max(0.0, rng.uniform(7, 16) - already)
    hinged(arm, ULNA, side, missing)
    swollen(arm, at, rng)
    return Injury(name="galeazzi", breaks=[(GALEAZZI, tag)], joints=[WRIST_JOINT])  # fmt: skip


def hinged(arm: Limb, bone: str, side: Floats, mm: float) -> None:
    """Turn a whole bone at the elbow so that its far end moves ``mm`` to a side."""
    points = arm.points(bone)
    degrees = float(np.rad2deg(mm / np.ptp(points @ arm.up)))
    motion = turn(np.cross(side, arm.up), degrees, arm.elbow)
    for piece in arm.pieces[bone]:
        piece.move(motion)


def one_shaft(arm: Limb, rng: Generator) -> Injury:
    """One bone's shaft broken between joints that hold: little displacement (a nightstick's)."""
    bone = ULNA if rng.random() < 0.6 else RADIUS
    share = rng.uniform(*{"elbow": (0.2, 0.4), "forearm": (0.25, 0.88), "wrist": (0.7, 0.9)}[arm.region])
    at = arm.at(bone, arm.level(bone, share))
    above, below, tag = snapped(arm, bone, at, rng)
    points = arm.points(bone)
    ends = [points[np.argsort(points @ arm.up)[part]].mean(axis=0) for part in (slice(-40, None), slice(40))]
    for pieces, end, sign in ((above, ends[0], 1), (below, ends[1], -1)):
        side = away(arm, rng, arm.front, 90)
        mm = min(abs(rng.normal(0, 0.45)), 1.0) * at.radius
        reach = float(np.linalg.norm(at.centre - end))
        motion = turn(np.cross(arm.up * sign, side), float(np.rad2deg(mm / max(reach, 25))), end)
        motion = motion.then(shift(arm.up * sign * rng.uniform(0.15, 0.9)))
        for piece in pieces:
            piece.move(motion)
    swollen(arm, at, rng)
    return Injury(name=f"{bone[:-2].lower()}_shaft", breaks=[(FRACTURE, tag)])


def both_shafts(arm: Limb, rng: Generator) -> Injury:
    """Both bones broken, both end joints whole."""
    share = rng.uniform(0.7, 0.9) if arm.region == "wrist" else rng.uniform(0.3, 0.85)
    main = away(arm, rng, arm.front * rng.choice([-1, 1]), 40)
    bones = [(bone, arm.at(bone, arm.level(bone, float(np.clip(share + rng.normal(0, 0.05), 0.25, 0.9)))))
             for bone in (RADIUS, ULNA)]  # fmt: skip
    first = bones[0][1]
    short = rng.uniform(0, 14) * (rng.random() < 0.45)
    far = bent(first, main, rng.uniform(2, 32)).then(shift(first.axis * short + _slip(first, rng, short)))
    injury = Injury(name="both_shafts")
    for bone, at in bones:
        _, below, tag = snapped(arm, bone, at, rng)
        injury.breaks.append((FRACTURE, tag))
        for piece in below:
            piece.move(far.then(shift(rng.normal(0, 0.8, 3))))
    arm.carry(far, float(first.centre @ arm.up), rng.uniform(15, 35))
    swollen(arm, first, rng)
    return injury
