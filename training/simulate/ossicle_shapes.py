"""Small closed surfaces: corticated lumps, halves of them, sharp chips, grains; and bumps of a bone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.random import Generator
from scipy.spatial import cKDTree

from training.simulate.meshes import Floats, Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Lump:
    """A closed surface in mm; ``inner`` is the inside of its cortex, vertex for vertex. Without a cortex the
    two are the same; without marrow ``inner`` is None."""

    outer: Floats  # (n, 3)
    inner: Floats | None  # (n, 3)
    faces: Ints  # (m, 3), outward


@cache
def sphere(rounds: int) -> tuple[Floats, Ints]:
    """A unit sphere of 20 * 4^rounds triangles: points (n, 3) and faces (m, 3), outward."""
    golden = (1 + 5**0.5) / 2
    flat = np.array([(-1, golden, 0), (1, golden, 0), (-1, -golden, 0), (1, -golden, 0)])
    vertices = np.concatenate([flat, np.roll(flat, 1, axis=1), np.roll(flat, 2, axis=1)])
    vertices = vertices / np.hypot(1, golden)
    distance = np.linalg.norm(vertices[:, None] - vertices[None], axis=2)
    near = np.abs(distance - distance[distance > 0].min()) < 1e-6
    faces = np.array(
        [
            (a, b, c)
            for a in range(12)
            for b in range(a + 1, 12)
            for c in range(b + 1, 12)
            if near[a, b] and near[b, c] and near[a, c]
        ]
    )
    inward = np.linalg.det(vertices[faces]) < 0
    faces[inward] = faces[inward][:, ::-1]
    for _ in range(rounds):
        vertices, faces = _finer(vertices, faces)
    return vertices, faces


def _finer(vertices: Floats, faces: Ints) -> tuple[Floats, Ints]:
    edges = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
    unique, where = np.unique(edges, axis=0, return_inverse=True)
    between = vertices[unique].mean(axis=1)
    between /= np.linalg.norm(between, axis=1, keepdims=True)
    ab, bc, ca = (where.reshape(-1) + len(vertices)).reshape(3, -1)
    a, b, c = faces.T
    split = [(a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca)]
    return np.concatenate([vertices, between]), np.concatenate([np.column_stack(one) for one in split])


def ossicle(axes: Floats, cortex: float, rng: Generator, *, rough: float = 0.14) -> Lump:
    """An irregular ellipsoid about the origin with a cortex of ``cortex`` mm; ``axes`` (3, 3) are its
    half axes, rows, in mm."""
    points, faces = sphere(3)
    swell = np.ones(len(points))
    for frequency in (1.5, 2.5, 4.0):
        waves = rng.normal(size=(2, 3)) * frequency
        swell += rough / frequency**0.5 * np.sin(points @ waves.T + rng.uniform(0, 6.3, 2)).sum(axis=1) / 2
    corners = np.sign(points) * np.abs(points) ** rng.uniform(0.7, 1.0)  # rounded boxes as well as eggs
    outer = (corners * swell[:, None]) @ axes
    return Lump(outer=outer, inner=hollow(outer, cortex), faces=faces)


def hollow(outer: Floats, cortex: float) -> Floats:
    """The inside of a cortex of ``cortex`` mm of a star-shaped surface (n, 3); at least a tenth is left."""
    centre = outer.mean(axis=0)
    arm = outer - centre
    reach = np.maximum(np.linalg.norm(arm, axis=1, keepdims=True), 1e-6)
    return np.asarray(centre + arm * np.maximum(1 - cortex / reach, 0.1))


def halves(lump: Lump, cortex: float, gap: float, along: Floats, rng: Generator) -> tuple[Lump, Lump]:
    """A lump in two parts, ``gap`` mm apart, cut across ``along`` (unit) somewhere near its middle."""
    centre = lump.outer.mean(axis=0)
    normal = along + rng.normal(0, 0.2, 3)
    normal /= np.linalg.norm(normal)
    reach = float(np.abs((lump.outer - centre) @ normal).max())
    cut = rng.uniform(-0.3, 0.3) * reach
    parts = []
    for side in (-1.0, 1.0):
        depth = side * ((lump.outer - centre) @ normal - cut) - gap / 2
        outer = lump.outer - side * np.minimum(depth, 0)[:, None] * normal
        parts.append(Lump(outer=outer, inner=hollow(outer, cortex), faces=lump.faces))
    return parts[0], parts[1]


def chip(axes: Floats, rng: Generator) -> Lump:
    """A sharp fragment without a cortex, or with one on the side it came off, about the origin; ``axes``
    (3, 3) are its half axes, rows, in mm."""
    points, faces = sphere(int(rng.integers(0, 2)))
    outer = (points * rng.uniform(0.55, 1.2, (len(points), 1))) @ axes
    inner = outer * 0.999
    if rng.random() < 0.5:
        skin = rng.uniform(0.3, 0.7) * axes[2] / max(float(np.linalg.norm(axes[2])), 1e-6)
        inner = outer * 0.85 - skin * 0.5
    return Lump(outer=outer, inner=inner, faces=faces)


def grain(centre: Floats, radius: float) -> Lump:
    """A speck of chalk."""
    points, faces = sphere(1)
    return Lump(outer=centre + radius * points, inner=None, faces=faces)


def settled(lump: Lump, cortex: float, bone: Floats, normals: Floats, *, towards: Floats, gap: float) -> Lump:
    """A lump moved out along ``towards`` until its middle is clear of the bone, and flattened where it would
    come nearer than ``gap`` mm.

    ``bone`` (n, 3) mm and ``normals`` (n, 3) are the surfaces near by.
    """
    tree = cKDTree(bone)
    outer = lump.outer
    thick = float(np.percentile(-(outer - outer.mean(axis=0)) @ towards, 95))
    for _ in range(40):
        centre = outer.mean(axis=0, keepdims=True)
        if _clear(centre, tree, bone, normals)[0][0] >= gap + 0.65 * thick:
            break
        outer = outer + 0.5 * towards
    for _ in range(3):
        clear, out = _clear(outer, tree, bone, normals)
        outer = outer + np.maximum(gap - clear, 0)[:, None] * out
    return Lump(outer=outer, inner=hollow(outer, cortex), faces=lump.faces)


def _clear(points: Floats, tree: cKDTree, bone: Floats, normals: Floats) -> tuple[Floats, Floats]:
    """How far outside the bone points lie, mm (below 0 inside), and the way out there."""
    _, near = tree.query(points, k=4)
    out = normals[near].mean(axis=1)
    out /= np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-9)
    return np.einsum("ij,ij->i", points - bone[near].mean(axis=1), out), out


def bumped(vertices: Floats, at: Floats, towards: Floats, *, high: float, wide: float) -> Floats:
    """Vertices (n, 3) mm pulled ``high`` mm out around a point, as a process or a spur grows."""
    near = np.exp(-((vertices - at) ** 2).sum(axis=1) / (2 * wide**2))
    return np.asarray(vertices + high * near[:, None] * towards)
