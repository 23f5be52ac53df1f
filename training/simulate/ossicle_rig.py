"""The leg with its foot bones as fine as the anatomy has them: ossicles are a few millimetres large.

The body of the other simulated films is decimated to 1.8 mm cells at the foot; here whole films have more
than twice as many pixels.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import numpy as np

from training.simulate.bend import kept_segments
from training.simulate.meshes import Floats, Ints, merge, vertex_normals, volume
from training.simulate.rig import Rig, restricted
from training.simulate.segments import SEGMENTS, segment_of

FINE: Final = {"foot.l": 0.9, "toes.l": 0.9, "shank.l": 1.6}  # mm, merging cells of bones
DRAWN_APART: Final = "Sesamoid bones of foot.l"  # drawn anew for every film

Surfaces = dict[tuple[str, str], tuple[Floats, Ints]]


def fine_leg(rig: Rig, anatomy: Path) -> tuple[Rig, tuple[Floats, ...]]:
    """The left leg of ``rig`` with fine bones below the knee, and its hallux sesamoids (n, 3) mm apart.

    The two sesamoids are the medial (tibial) one first. Raises FileNotFoundError without ``anatomy``.
    """
    leg = restricted(rig, kept_segments("leg"))
    fine = _fine_bones(anatomy)
    sesamoids = fine[DRAWN_APART, "bone"]
    return replaced(leg, fine, without=DRAWN_APART), tuple(
        sesamoids[0][piece] for piece in _pieces(*sesamoids, by=sesamoids[0][:, 0])
    )


def _fine_bones(anatomy: Path) -> Surfaces:
    table = json.loads((anatomy / "body.json").read_text())["parts"]
    arrays = np.load(anatomy / "body.npz")
    keys = {(entry["name"], entry["kind"]): entry["key"] for entry in table}
    found: Surfaces = {}
    for (name, kind), key in keys.items():
        if kind != "bone" or segment_of(name) not in FINE:
            continue
        vertices, faces = arrays[f"{key}_v"].astype(np.float64), arrays[f"{key}_f"].astype(np.int64)
        if volume(vertices, faces) < 0:
            faces = faces[:, ::-1].copy()
        cluster, faces = merge(vertices, faces, FINE[segment_of(name)])
        inside = arrays[f"{keys[name, 'binner']}_v"].astype(np.float64)
        found[name, "bone"] = means(vertices, cluster), faces
        found[name, "inner"] = means(inside, cluster), faces
    return found


def means(values: Floats, cluster: Ints) -> Floats:
    """The mean of the values (n, 3) of each cluster: (clusters, 3)."""
    counts = np.bincount(cluster)
    return np.column_stack([np.bincount(cluster, values[:, axis]) / counts for axis in range(3)])


def replaced(rig: Rig, surfaces: Surfaces, *, without: str = "") -> Rig:
    """``rig`` with other surfaces for some parts (by name and kind), and without one of them."""
    rows = []
    for index, key in enumerate(zip(rig.names, rig.kinds, strict=True)):
        if key[0] == without:
            continue
        at = slice(int(rig.vertex_starts[index]), int(rig.vertex_starts[index + 1]))
        if key in surfaces:
            vertices, faces = surfaces[key]
            own = np.full((len(vertices), 3), SEGMENTS.index(segment_of(key[0])))
            share = np.tile([1.0, 0.0, 0.0], (len(vertices), 1))
            rows.append((key, vertices, vertex_normals(vertices, faces), faces, own, share))
        else:
            faces = rig.faces[rig.face_starts[index] : rig.face_starts[index + 1]] - at.start
            rows.append((key, rig.vertices[at], rig.normals[at], faces, rig.followed[at], rig.weights[at]))
    starts = np.cumsum([0, *(len(row[1]) for row in rows)])
    return Rig(
        names=tuple(row[0][0] for row in rows),
        kinds=tuple(row[0][1] for row in rows),
        vertices=np.concatenate([row[1] for row in rows]),
        normals=np.concatenate([row[2] for row in rows]),
        faces=np.concatenate([row[3] + start for row, start in zip(rows, starts[:-1], strict=True)]),
        vertex_starts=starts,
        face_starts=np.cumsum([0, *(len(row[3]) for row in rows)]),
        followed=np.concatenate([row[4] for row in rows]),
        weights=np.concatenate([row[5] for row in rows]),
    )


def _pieces(vertices: Floats, faces: Ints, *, by: Floats) -> list[Ints]:
    """The vertices of each connected piece of a surface, sorted by the mean of ``by`` (n,)."""
    label = np.arange(len(vertices))
    while True:
        least = np.minimum.reduce([label[faces[:, corner]] for corner in range(3)])
        before = label.copy()
        for corner in range(3):
            np.minimum.at(label, faces[:, corner], least)
        if np.array_equal(label, before):
            break
    pieces = [np.flatnonzero(label == root) for root in np.unique(label[faces])]
    return sorted(pieces, key=lambda piece: float(by[piece].mean()))
