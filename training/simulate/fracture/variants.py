"""Arms that differ without being broken: turned, bowed, growing, grown, healed."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Final

import numpy as np
from numpy.random import Generator

from training.simulate.fracture.jagged import Height, Place, place, plate_height, surface
from training.simulate.fracture.limb import HEAD, RADIUS, ULNA, ULNAR_HEAD, Limb, away
from training.simulate.meshes import Floats
from training.simulate.pose import Motion, turn, unit
from training.simulate.segments import segment_of

SCARS: Final = ((RADIUS, (13, 19)), (ULNA, (6, 11)))  # mm from the bone's last point: a styloid's
PLATES: Final = ((RADIUS, 1.0, (7, 12)), (ULNA, 1.0, (6, 11)), (RADIUS, 0.0, (5, 8)), (ULNA, 0.0, (8, 14)))


def turned(arm: Limb, degrees: float) -> None:
    """Turn the palm in: the radius rolls around the ulna, the hand follows, skin in part."""
    top, low = (arm.tagged([tag]).mean(axis=0) for tag in (HEAD, ULNAR_HEAD))
    axis = unit(top - low)
    for piece in arm.pieces[RADIUS]:
        piece.move(turn(axis, degrees, low))
    middle, half = float((top + low) @ arm.up) / 2, float((top - low) @ arm.up) / 2
    arm.twist(axis, degrees, low, arm.below(middle, half * 0.9))


def bowed(arm: Limb, rng: Generator) -> None:
    """Bend a bone smoothly by some millimetres between its ends."""
    for bone in (RADIUS, ULNA):
        points = arm.points(bone) @ arm.up
        low, length = float(points.min()), float(np.ptp(points))
        by = away(arm, rng, arm.front, 90) * rng.normal(0, 2.0)

        def bow(vertices: Floats, low: float = low, length: float = length, by: Floats = by) -> Floats:
            share = np.clip((vertices @ arm.up - low) / length, 0, 1)
            return np.asarray(np.sin(np.pi * share)[:, None] ** 2 * by)

        for piece in arm.pieces[bone]:
            piece.shape(bow(piece.outer.vertices), bow(piece.inner.vertices))


def healed(arm: Limb, rng: Generator) -> None:
    """An old break: a thick place on a shaft, perhaps with a slight bend."""
    bone = RADIUS if rng.random() < 0.5 else ULNA
    at = arm.at(bone, arm.level(bone, rng.uniform(0.3, 0.85)))
    mm, wide = rng.uniform(0.6, 2.6), rng.uniform(7, 20)
    side = away(arm, rng, arm.front, 90)
    for piece in arm.pieces[bone]:
        thicker, narrower = (
            bulge(at, shell.vertices, mm=mm, wide=wide, side=side) for shell in (piece.outer, piece.inner)
        )
        piece.shape(thicker, -0.3 * narrower)


def bulge(at: Place, vertices: Floats, *, mm: float, wide: float, side: Floats) -> Floats:
    """What pushes vertices (n, 3) out by some ``mm`` within ``wide`` mm of a place, most on one ``side``."""
    off = vertices - at.centre
    radial = off - np.outer(off @ at.axis, at.axis)
    size = np.maximum(np.linalg.norm(radial, axis=1), 1e-6)
    amount = mm * np.exp(-(((off @ at.axis) / wide) ** 2)) * (1 + 0.6 * (radial @ side) / size)
    return np.asarray(radial * (amount / size)[:, None])


def growing(arm: Limb, rng: Generator) -> None:
    """Open growth plates at wrist and elbow, ends not yet all bone, small carpal bones."""
    young = rng.uniform(0, 1)  # 1: the youngest
    for bone, end, depth in PLATES:
        if bone == ULNA and end == 0.0 and rng.random() < 0.4:
            continue
        points = arm.points(bone)
        along = points @ arm.up
        level = along.min() + rng.uniform(*depth) if end else along.max() - rng.uniform(*depth)
        at = place(points, float(level), arm.up)
        above, below = arm.cut(bone, surface(at, plate_height(rng)))
        ends, away_from_shaft = (below, -1.0) if end else (above, 1.0)
        gap, size = rng.uniform(0.5, 2.0) + 0.6 * young, 1 - rng.uniform(0.02, 0.25) * young
        for piece in ends:
            piece.move(_smaller(piece.outer.vertices.mean(axis=0), size))
            piece.move(Motion(np.eye(3), away_from_shaft * gap * arm.up * (0.6 + 0.4 * size)))
    _small_carpus(arm, 1 - young * rng.uniform(0.05, 0.5))


def scarred(arm: Limb, rng: Generator) -> None:
    """What growth plates leave in an adult's wrist: a thin sheet of denser bone across the end of radius and
    ulna, which an untaught eye takes for a break."""
    for bone, depth in SCARS:
        points = arm.points(bone)
        level = float((points @ arm.up).min()) + rng.uniform(*depth)
        at = replace(place(points, level, arm.up), axis=arm.up, across=arm.lateral, third=arm.front)
        plate, tall, hollow = plate_height(rng), rng.uniform(0.4, 1.6), rng.uniform(0.0, 0.9)
        above, _ = arm.cut(bone, surface(at, plate))
        _, sheet = arm.cut(bone, surface(at, partial(_raised, plate, tall)), only=above)
        for piece in sheet:
            marrow = piece.inner.vertices
            middle = marrow.mean(axis=0) if len(marrow) else np.zeros(3)
            piece.shape(np.zeros(3), (hollow - 1) * (marrow - middle))


def _raised(height: Height, mm: float, u: Floats, v: Floats) -> Floats:
    return np.asarray(height(u, v) + mm)


def _smaller(about: Floats, size: float) -> Motion:
    return Motion(size * np.eye(3), (1 - size) * about)


def _small_carpus(arm: Limb, size: float) -> None:
    rig = arm.origin.rig
    vertices = arm.rest.copy()
    middles: dict[str, Floats] = {}
    for index, (name, kind) in enumerate(zip(rig.names, rig.kinds, strict=True)):
        if segment_of(name) == "hand.l" and "metacarpal" not in name:
            own = slice(int(rig.vertex_starts[index]), int(rig.vertex_starts[index + 1]))
            middle = middles.setdefault(name, vertices[own].mean(axis=0)) if kind == "bone" else middles[name]
            vertices[own] = middle + size * (vertices[own] - middle)
    arm.rest = vertices
