"""Breaks near the joints, and joints that come apart with nothing broken."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

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
from training.simulate.fracture.limb import HEAD, HUMERUS, RADIUS, ULNA, Limb, away
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
        tip = arm.points(ULNA)
        there = arm.at(ULNA, float((tip @ arm.up).min()) + rng.uniform(5, 22))
        _, below, tag = snapped(arm, ULNA, there, rng, crushed=0)
        injury.breaks.append((FRACTURE, tag))
        for piece in below:
            piece.move(shift(rng.normal(0, 1.4, 3) - arm.up * rng.uniform(0.5, 2)))
    swollen(arm, at, rng)
    return injury


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
