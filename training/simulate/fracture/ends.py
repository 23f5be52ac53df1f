"""Breaks near the joints, and joints that come apart with nothing broken."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from training.simulate.cut import NO_TAG
from training.simulate.fracture.injuries import (
    ELBOW_JOINT,
    FRACTURE,
    WRIST_JOINT,
    Injury,
    bent,
    hinged,
    levered,
    shift,
    snapped,
    swollen,
)
from training.simulate.fracture.jagged import corner_height, surface
from training.simulate.fracture.limb import HEAD, HUMERUS, RADIUS, ULNA, Limb, away
from training.simulate.fracture.variants import bulge
from training.simulate.meshes import Floats
from training.simulate.pose import STILL, turn


def distal_radius(arm: Limb, rng: Generator) -> Injury:
    """Colles, Smith and undisplaced breaks just above the wrist, sometimes with the ulnar styloid's."""
    points = arm.points(RADIUS)
    low = float((points @ arm.up).min())
    at = arm.at(RADIUS, low + rng.uniform(16, 38))
    main = away(arm, rng, arm.front * rng.choice([-1, 1], p=[0.25, 0.75]), 15)
    far = bent(at, main, rng.uniform(1, 32)).then(turn(arm.front, rng.uniform(-2, 10), at.centre))
    far = far.then(shift(-main * rng.uniform(-0.5, 7) + arm.up * rng.uniform(-1.2, 5)))
    _, below, tag = snapped(arm, RADIUS, at, rng, crushed=0.3)
    for piece in below:
        piece.move(far)
    arm.carry(far, float(at.centre @ arm.up), rng.uniform(10, 22))
    injury = Injury(name="distal_radius", breaks=[(FRACTURE, tag)])
    if rng.random() < 0.35:
        _styloid_off(arm, injury, rng)
    swollen(arm, at, rng)
    return injury


def _styloid_off(arm: Limb, injury: Injury, rng: Generator) -> None:
    tip = arm.points(ULNA)
    there = arm.at(ULNA, float((tip @ arm.up).min()) + rng.uniform(5, 22))
    _, below, tag = snapped(arm, ULNA, there, rng, crushed=0)
    injury.breaks.append((FRACTURE, tag))
    for piece in below:
        piece.move(shift(rng.normal(0, 1.4, 3) - arm.up * rng.uniform(0.5, 2)))


def growth_plate(arm: Limb, rng: Generator) -> Injury:
    """A child's wrist, Salter-Harris type II (J Bone Joint Surg Am 1963): the end of the radius slips along
    its growth plate, a corner of the shaft with it. The arm is a child's (``variants.growing``)."""
    pieces = sorted(arm.pieces[RADIUS], key=lambda piece: float((piece.outer.vertices @ arm.up).mean()))
    end, shaft = pieces[:2]
    at = arm.at(RADIUS, float((shaft.outer.vertices @ arm.up).min()) + rng.uniform(1.5, 4))
    side = -away(arm, rng, arm.front * rng.choice([-1, 1], p=[0.25, 0.75]), 25)
    tag = arm.new_tag()
    _, corner = arm.cut(RADIUS, surface(at, corner_height(at, side, rng)), tag, only=[shaft])
    far = bent(at, -side, rng.uniform(0, 22))
    far = far.then(shift(side * rng.uniform(0, 9) - arm.up * rng.uniform(0, 1.5)))
    for piece in [*corner, end]:
        piece.move(far)
    arm.carry(far, float(at.centre @ arm.up), rng.uniform(8, 16))
    injury = Injury(name="growth_plate", breaks=[(FRACTURE, tag)])
    if rng.random() < 0.3:
        _styloid_off(arm, injury, rng)
    swollen(arm, at, rng)
    return injury


def buckle(arm: Limb, rng: Generator) -> Injury:
    """A child's radius pressed together above the wrist (torus): its cortex bulges, mostly on one side, and
    nothing parts."""
    at = arm.at(RADIUS, float((arm.points(RADIUS) @ arm.up).min()) + rng.uniform(18, 42))
    side, tag = away(arm, rng, arm.front * rng.choice([-1, 1], p=[0.25, 0.75]), 40), arm.new_tag()
    mm, wide = rng.uniform(0.8, 2.6), rng.uniform(2.5, 5)
    far = bent(at, side, rng.uniform(0, 14))

    def pressed(vertices: Floats, share: float) -> Floats:
        follows = np.clip(0.5 - (vertices - at.centre) @ at.axis / 8, 0, 1)[:, None]
        gone = vertices @ far.rotation.T + far.shift - vertices
        return np.asarray(follows * gone + share * bulge(at, vertices, mm=mm, wide=wide, side=side))

    for piece in arm.pieces[RADIUS]:
        near = np.abs((piece.outer.vertices - at.centre) @ at.axis) < wide
        piece.outer.tags[near & (piece.outer.tags == NO_TAG)] = tag
        piece.shape(pressed(piece.outer.vertices, 1.0), pressed(piece.inner.vertices, 0.7))
    arm.carry(far, float(at.centre @ arm.up), rng.uniform(8, 16))
    swollen(arm, at, rng)
    return Injury(name="buckle", breaks=[(FRACTURE, tag)])


def radial_neck(arm: Limb, rng: Generator) -> Injury:
    """The radial head tipped off its neck, or a part of the head knocked off."""
    top = float((arm.points(RADIUS) @ arm.up).max())
    at = arm.at(RADIUS, top - rng.uniform(9, 20))
    above, _, tag = snapped(arm, RADIUS, at, rng, crushed=0)
    motion = turn(away(arm, rng, arm.front, 90), rng.uniform(2, 42), at.centre)
    side = away(arm, rng, arm.front, 90)
    motion = motion.then(shift(side * rng.uniform(0, 4) - arm.up * rng.uniform(-1, 1)))
    for piece in above:
        piece.move(motion)
    return Injury(name="radial_neck", breaks=[(FRACTURE, tag)])


def olecranon(arm: Limb, rng: Generator) -> Injury:
    """The olecranon pulled off by the triceps."""
    top = float((arm.points(ULNA) @ arm.up).max())
    at = arm.at(ULNA, top - rng.uniform(12, 24))
    above, _, tag = snapped(arm, ULNA, at, rng, crushed=0.1)
    pull = shift(arm.up * rng.uniform(1, 14) - arm.front * rng.uniform(-1, 5))
    for piece in above:
        piece.move(turn(arm.lateral, rng.uniform(-25, 15), at.centre).then(pull))
    swollen(arm, at, rng)
    return Injury(name="olecranon", breaks=[(FRACTURE, tag)])


def supracondylar(arm: Limb, rng: Generator) -> Injury:
    """The humerus broken above the elbow; all below tips back."""
    points = arm.points(HUMERUS)
    axis, front = arm.upper[1], arm.upper[2]
    at = arm.at(HUMERUS, float((points @ axis).min()) + rng.uniform(24, 46))
    far = turn(np.cross(axis, front), rng.uniform(2, 34), at.centre)
    far = far.then(shift(-front * rng.uniform(-0.5, 11) + axis * rng.uniform(-1, 3) + rng.normal(0, 1.5, 3)))
    _, below, tag = snapped(arm, HUMERUS, at, rng, crushed=0.1)
    for piece in [*below, *arm.pieces[RADIUS], *arm.pieces[ULNA]]:
        piece.move(far)
    arm.carry_all(far, float(at.centre @ axis), rng.uniform(15, 35))
    return Injury(name="supracondylar", breaks=[(FRACTURE, tag)])


def elbow_dislocation(arm: Limb, rng: Generator) -> Injury:
    """The whole forearm behind the humerus; nothing broken."""
    by = -arm.upper[2] * rng.uniform(14, 28) + arm.upper[1] * rng.uniform(8, 28)
    motion = shift(by + arm.upper[0] * rng.uniform(-4, 12))
    for piece in [*arm.pieces[RADIUS], *arm.pieces[ULNA]]:
        piece.move(motion)
    arm.carry_all(motion, float(arm.elbow @ arm.upper[1]), rng.uniform(15, 30))
    return Injury(name="elbow_dislocation", joints=[ELBOW_JOINT])


def radial_head_out(arm: Limb, rng: Generator) -> Injury:
    """The radial head alone out of its joint."""
    main = away(arm, rng, arm.front if rng.random() < 0.7 else arm.lateral, 20)
    levered(arm, STILL, main, arm.tagged([HEAD]).mean(axis=0), rng.uniform(8, 20))
    return Injury(name="radial_head_out", joints=[ELBOW_JOINT])


def ulnar_head_out(arm: Limb, rng: Generator) -> Injury:
    """The ulnar head alone out of its joint."""
    hinged(arm, ULNA, away(arm, rng, arm.front * rng.choice([-1, 1]), 20), rng.uniform(9, 16))
    return Injury(name="ulnar_head_out", joints=[WRIST_JOINT])
