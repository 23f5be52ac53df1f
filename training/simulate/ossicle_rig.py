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
from training.simulate.meshes import Floats, Ints, merge, volume
from training.simulate.rig import Rig, Surfaces, replaced, restricted
from training.simulate.segments import segment_of

FINE: Final = {"foot.l": 0.9, "toes.l": 0.9, "shank.l": 1.6}  # mm, merging cells of bones
DRAWN_APART: Final = "Sesamoid bones of foot.l"  # drawn anew for every film


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
