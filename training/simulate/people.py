"""People differ: build, fat, bone, spine. One adult made many, by smooth changes of the resting body."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numba
import numpy as np
from numpy.random import Generator

from training.simulate.meshes import Floats
from training.simulate.rig import Rig

WAVES = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """What makes one person, all drawn from one generator."""

    girth: float  # of x and z against the textbook body
    stature: float  # of y
    hips: float  # of x at the pelvis
    shoulders: float  # of x at the shoulders
    head: float  # of the head in all directions
    fat: float  # mm the skin of the chest lies farther out; elsewhere its share of that (``padding``)
    lean: float  # mm the muscle lies farther out
    bone: float  # mm the bones are thicker
    cortex: float  # mm the cortex is thicker
    density: float  # of bone mineral, 1 = the textbook's
    scoliosis: float  # mm
    kyphosis: float  # mm
    lung: float  # of the lungs' air, 1 = the textbook's
    directions: Floats  # (WAVES, 3) of the warp
    shifts: Floats  # (WAVES, 3) mm
    phases: Floats  # (WAVES,)


def person(rng: Generator, *, curved: float = 1.0) -> Person:
    """Draw a person; ``curved`` times as scoliotic as people are."""
    old = rng.random() < 0.3
    slight = rng.random() < 0.5  # wider hips, narrower shoulders, thinner bones, as most women have
    wavelength = rng.uniform(50, 350, WAVES)
    strength = rng.uniform(0.005, 0.013)
    directions = rng.normal(size=(WAVES, 3))
    directions *= (2 * np.pi / wavelength / np.linalg.norm(directions, axis=1))[:, None]
    return Person(
        girth=rng.uniform(0.84, 1.08) if slight else rng.uniform(0.92, 1.15),
        stature=rng.uniform(0.965, 1.035),
        hips=rng.uniform(1.0, 1.12) if slight else rng.uniform(0.95, 1.05),
        shoulders=rng.uniform(0.9, 1.0) if slight else rng.uniform(0.97, 1.06),
        head=rng.uniform(0.96, 1.05),
        fat=rng.uniform(-2, 4) if rng.random() < 0.55 else rng.uniform(4, 26),
        lean=rng.uniform(-1.5, 2.5),
        bone=rng.normal(-0.15 if slight else 0.1, 0.35),
        cortex=rng.normal(-0.25 if old else 0.05, 0.25),
        density=rng.uniform(0.6, 0.95) if old else rng.uniform(0.85, 1.35),
        scoliosis=curved * (rng.normal(0, 5) if rng.random() < 0.7 else rng.normal(0, 16)),
        kyphosis=rng.normal(0, 9),
        lung=rng.uniform(0.85, 1.12),
        directions=directions,
        shifts=rng.normal(size=(WAVES, 3)) * (strength * wavelength)[:, None],
        phases=rng.uniform(0, 2 * np.pi, WAVES),
    )


def childlike(who: Person, rng: Generator) -> Person:
    """The person with a child's thin bones and cortex, large head, narrow shoulders and hips."""
    return replace(
        who,
        head=rng.uniform(1.1, 1.5),
        shoulders=rng.uniform(0.86, 0.98),
        hips=rng.uniform(0.86, 1.0),
        bone=rng.uniform(-1.3, -0.3),
        cortex=rng.uniform(-0.7, 0.1),
        density=rng.uniform(0.6, 1.05),
        fat=min(who.fat, 8.0),
        scoliosis=0.0,
    )


def reshaped(points: Floats, who: Person) -> Floats:
    """The person's points (n, 3) mm for points of the resting body."""
    bends = np.array(
        [
            who.girth,
            who.stature,
            who.hips,
            who.shoulders,
            who.head,
            who.scoliosis,
            who.kyphosis,
            who.phases[0],
        ]
    )
    return np.asarray(_reshape(np.ascontiguousarray(points), bends, who.directions, who.shifts, who.phases))


@numba.njit(cache=True, fastmath=True)
def _reshape(points, bends, directions, shifts, phases):  # type: ignore[no-untyped-def]
    girth, stature, hips, shoulders, head, scoliosis, kyphosis, phase = bends
    out = np.empty_like(points)
    for row in range(len(points)):
        x, y, z = points[row, 0], points[row, 1], points[row, 2]
        dx, dy, dz = 0.0, 0.0, 0.0
        for wave in range(len(phases)):
            swing = np.sin(
                x * directions[wave, 0] + y * directions[wave, 1] + z * directions[wave, 2] + phases[wave]
            )
            dx += swing * shifts[wave, 0]
            dy += swing * shifts[wave, 1]
            dz += swing * shifts[wave, 2]
        trunk = min(max((y - 880) / 120, 0.0), 1.0) * min(max((1500 - y) / 80, 0.0), 1.0)
        trunk *= min(max((185 - abs(x)) / 60, 0.0), 1.0)
        turn = 2 * np.pi * (y - 900) / 520
        wide = girth * (1 + (hips - 1) * np.exp(-(((y - 900) / 130) ** 2)))
        wide *= 1 + (shoulders - 1) * np.exp(-(((y - 1400) / 120) ** 2))
        large = 1 + (head - 1) * min(max((y - 1470) / 70, 0.0), 1.0)  # above the third cervical vertebra
        out[row, 0] = x * wide * large + dx + scoliosis * trunk * np.sin(turn + phase)
        out[row, 1] = (1490 + (y - 1490) * large) * stature + dy
        out[row, 2] = (-25 + (z + 25) * large) * girth + dz + kyphosis * trunk * np.sin(turn)
    return out


def body_of(rig: Rig, who: Person) -> Floats:
    """The person's resting vertices (n, 3) mm."""
    counts = np.diff(rig.vertex_starts)
    thicker = np.repeat(
        [_thicker(name, kind, who) for name, kind in zip(rig.names, rig.kinds, strict=True)], counts
    )
    return np.asarray(reshaped(rig.vertices, who) + (thicker + who.fat * rig.fat)[:, None] * rig.normals)


def _thicker(name: str, kind: str, who: Person) -> float:
    if kind in ("skin", "lean"):
        return who.lean
    long = any(
        word in name
        for word in ("Femur", "Tibia", "Humerus", "Radius", "Ulna", "Hip", "metacarpal", "metatarsal")
    )
    share = 1.0 if long else 0.4
    if kind == "bone":
        return share * who.bone
    if kind == "inner":
        return share * who.bone - (share * who.cortex if who.cortex > 0 else 0.6 * share * who.cortex)
    return 0.0
