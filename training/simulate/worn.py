"""Worn joints: spurs of bone around them, as most people of some age have (osteoarthritis, spondylosis)."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.random import Generator
from scipy.spatial import cKDTree

from training.simulate.meshes import Floats
from training.simulate.rig import Rig
from training.simulate.segments import segment_of

RING: Final = (2.5, 6.0, 11.0)  # mm from the next bone: where spurs begin, are tallest, and end
THICK: Final = 10.0  # mm from its axis to a bone's surface; on thinner ones spurs are smaller
LONG: Final = 5.0  # times that: a bone with a shaft, on which none grow
WAVES: Final = 7


def margins(rig: Rig) -> Floats:
    """How far each vertex of ``rig``, at rest, lies on the edge of a joint: (n,), 0 to 1. The skull has
    none."""
    bones = [
        slice(int(start), int(stop))
        for name, kind, start, stop in zip(
            rig.names, rig.kinds, rig.vertex_starts[:-1], rig.vertex_starts[1:], strict=True
        )
        if kind == "bone" and segment_of(name) != "head"
    ]
    edge = np.zeros(len(rig.vertices))
    others = np.concatenate([rig.vertices[bone] for bone in bones])
    of_bone = np.repeat(np.arange(len(bones)), [bone.stop - bone.start for bone in bones])
    for index, bone in enumerate(bones):
        own = rig.vertices[bone]
        near = (others > own.min(axis=0) - RING[-1]).all(axis=1) & (others < own.max(axis=0) + RING[-1]).all(
            axis=1
        )
        near &= of_bone != index
        if near.any():
            edge[bone] = np.interp(cKDTree(others[near]).query(own)[0], RING, (0.0, 1.0, 0.0)) * _ends(own)
    return edge


def _ends(bone: Floats) -> Floats:
    """The ends of a long bone, (n,) 0 to 1; all of another. Less than 1 where a bone is thin."""
    off = bone - bone.mean(axis=0)
    axis = np.linalg.svd(off, full_matrices=False)[2][0]
    along = off @ axis
    thick = float(np.median(np.linalg.norm(off - np.outer(along, axis), axis=1)))
    size = min(1.0, thick / THICK)
    if np.ptp(along) < LONG * thick:
        return np.full(len(bone), size)
    share = np.abs((along - along.min()) / np.ptp(along) - 0.5)
    return np.asarray(size * np.interp(share, (0.27, 0.36), (0.0, 1.0)))


def worn(rig: Rig, edge: Floats, rng: Generator) -> Rig:
    """The rig with spurs of up to some millimetres on what ``margins`` found."""
    waves = rng.normal(size=(WAVES, 3))
    waves *= (2 * np.pi / rng.uniform(5, 16, WAVES) / np.linalg.norm(waves, axis=1))[:, None]
    there = np.flatnonzero(edge > 0)
    rough = np.sin(rig.vertices[there] @ waves.T + rng.uniform(0, 2 * np.pi, WAVES)).sum(axis=1)
    tall = rng.uniform(0.4, 2.4) * edge[there] * np.maximum(rough, 0)
    vertices = rig.vertices.copy()
    vertices[there] += np.minimum(tall, 6.0)[:, None] * rig.normals[there]
    return replace(rig, vertices=vertices)
