"""Rigs with finer bones, and rigs put together from fragments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from training.simulate.cut import Shell, finer
from training.simulate.meshes import Floats, Ints
from training.simulate.rig import Rig


def refined(rig: Rig, names: Sequence[str]) -> Rig:
    """The rig with the named bones' triangles made four each, so that breaks can be jagged."""
    vertices: list[Floats] = []
    normals: list[Floats] = []
    sources: list[Ints] = []  # of each vertex, the one whose skeleton it follows
    faces: list[Ints] = []
    for index, name in enumerate(rig.names):
        part = slice(int(rig.vertex_starts[index]), int(rig.vertex_starts[index + 1]))
        own = rig.faces[rig.face_starts[index] : rig.face_starts[index + 1]] - part.start
        pairs = np.zeros((0, 2), dtype=np.int64)
        if name in names:
            pairs, own = finer(rig.vertices[part], own)
        faces.append(own + sum(map(len, vertices)))
        for kept, array in ((vertices, rig.vertices[part]), (normals, rig.normals[part])):
            kept.append(np.concatenate([array, array[pairs].mean(axis=1)]))
        sources.append(part.start + np.concatenate([np.arange(part.stop - part.start), pairs[:, 0]]))
    source = np.concatenate(sources)
    return replace(rig, vertices=np.concatenate(vertices), normals=np.concatenate(normals),
                   followed=rig.followed[source], weights=rig.weights[source],
                   fat=rig.fat[source], faces=np.concatenate(faces),
                   vertex_starts=np.cumsum([0, *map(len, vertices)]),
                   face_starts=np.cumsum([0, *map(len, faces)]))  # fmt: skip


def joined(rig: Rig, changed: Mapping[tuple[str, str], Sequence[Shell]], rest: Floats) -> tuple[Rig, Floats]:
    """One rig again; the fragments of a bone, ``changed`` by (name, kind), are one part.

    ``rest`` are the posed vertices of what is not changed, in the rig's order.
    """
    vertices: list[Floats] = []
    faces: list[Ints] = []
    counts, face_counts, total = [], [], 0
    for index, (name, kind) in enumerate(zip(rig.names, rig.kinds, strict=True)):
        start, stop = rig.vertex_starts[index], rig.vertex_starts[index + 1]
        shells: Sequence[Shell] = changed.get((name, kind), ())
        if not shells:
            own = rig.faces[rig.face_starts[index] : rig.face_starts[index + 1]] - start
            shells = [Shell(vertices=rest[start:stop], faces=own, tags=np.zeros(0, dtype=np.int64))]
        counts.append(sum(len(shell.vertices) for shell in shells))
        face_counts.append(sum(len(shell.faces) for shell in shells))
        for shell in shells:
            vertices.append(shell.vertices)
            faces.append(shell.faces + total)
            total += len(shell.vertices)
    every = np.concatenate(vertices)
    empty = np.zeros((len(every), 0))
    return replace(rig, vertices=every, normals=empty, faces=np.concatenate(faces),
                   vertex_starts=np.cumsum([0, *counts]), face_starts=np.cumsum([0, *face_counts]),
                   followed=empty.astype(np.int64), weights=empty,
                   fat=np.zeros(len(every))), every  # fmt: skip
