"""The body as a puppet: every vertex follows one bone or a blend of neighbouring bones.

A *segment* is what moves as one: the thigh, a phalanx, the carpus. Bones follow their segment; skin follows
the segments whose bones are near.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from training.kept import save_arrays
from training.simulate.meshes import Floats, Ints, Part, load_body, vertex_normals
from training.simulate.padding import padding
from training.simulate.segments import SEGMENTS, segment_of
from training.simulate.skin import follow

Surfaces = dict[tuple[str, str], tuple[Floats, Ints]]  # vertices and faces by name and kind of a part


@dataclass(frozen=True, slots=True, kw_only=True)
class Rig:
    """All parts in one vertex array, with what each vertex follows."""

    names: tuple[str, ...]  # per part
    kinds: tuple[str, ...]
    vertices: Floats  # (n, 3) mm; a bone's inner surface is a part of its own, kind "inner"
    normals: Floats  # (n, 3)
    faces: Ints  # (m, 3)
    vertex_starts: Ints  # (parts + 1,)
    face_starts: Ints  # (parts + 1,)
    followed: Ints  # (n, 3) segments each vertex follows
    weights: Floats  # (n, 3), rows sum to 1
    fat: Floats  # (n,) share of a person's fat that lies there; of skin alone, else 0

    def part(self, name: str, kind: str = "bone") -> slice:
        """Where the vertices of a part are. Raises KeyError."""
        index = self.index(name, kind)
        return slice(int(self.vertex_starts[index]), int(self.vertex_starts[index + 1]))

    def index(self, name: str, kind: str = "bone") -> int:
        """The number of a part. Raises KeyError."""
        for index, key in enumerate(zip(self.names, self.kinds, strict=True)):
            if key == (name, kind):
                return index
        raise KeyError(name)

    def surface(self, index: int) -> tuple[Floats, Ints]:
        """The vertices (n, 3) mm of a part, and its faces (m, 3), which count from its first vertex."""
        start, stop = self.vertex_starts[index], self.vertex_starts[index + 1]
        faces = self.faces[self.face_starts[index] : self.face_starts[index + 1]]
        return self.vertices[start:stop], faces - start

    def bone(self, name: str) -> Floats:
        """The outer vertices of a bone, (n, 3) mm."""
        return self.vertices[self.part(name)]


def load_rig(anatomy: Path, cache: Path) -> Rig:
    """The rigged body, from the cache where it is there."""
    parts = load_body(anatomy, cache)
    kept = cache / "weights-5.npz"
    if not kept.is_file():
        followed, weights = follow(parts)
        save_arrays(kept, followed=followed, weights=weights, fat=_fat(parts, followed, weights))
    stored = np.load(kept)
    return _joined(parts, stored["followed"], stored["weights"], stored["fat"])


def _fat(parts: tuple[Part, ...], followed: Ints, weights: Floats) -> Floats:
    """``Rig.fat`` of all parts, inner surfaces last."""
    bones = np.concatenate([part.vertices for part in parts if part.kind == "bone"])
    fat, start = np.zeros(len(followed)), 0
    for part in parts:
        own = slice(start, start + len(part.vertices))
        if part.kind == "skin":
            fat[own] = padding(part.vertices, bones, followed[own], weights[own])
        start = own.stop
    return fat


def _joined(parts: tuple[Part, ...], followed: Ints, weights: Floats, fat: Floats) -> Rig:
    rows = [(part.name, part.kind, part.vertices, part.faces) for part in parts]
    rows += [(part.name, "inner", part.inner, part.faces) for part in parts if part.inner is not None]
    vertex_starts = np.cumsum([0, *(len(row[2]) for row in rows)])
    return Rig(
        names=tuple(row[0] for row in rows),
        kinds=tuple(row[1] for row in rows),
        vertices=np.concatenate([row[2] for row in rows]),
        normals=np.concatenate([vertex_normals(row[2], row[3]) for row in rows]),
        faces=np.concatenate([row[3] + start for row, start in zip(rows, vertex_starts[:-1], strict=True)]),
        vertex_starts=vertex_starts,
        face_starts=np.cumsum([0, *(len(row[3]) for row in rows)]),
        followed=followed,
        weights=weights,
        fat=fat,
    )


def replaced(rig: Rig, surfaces: Surfaces, *, without: str = "") -> Rig:
    """``rig`` with other surfaces for some parts, and without one of them."""
    rows = []
    for index, key in enumerate(zip(rig.names, rig.kinds, strict=True)):
        if key[0] == without:
            continue
        if key in surfaces:
            vertices, faces = surfaces[key]
            own = np.full((len(vertices), 3), SEGMENTS.index(segment_of(key[0])))
            share = np.tile([1.0, 0.0, 0.0], (len(vertices), 1))
            kept = (own, share, np.zeros(len(vertices)))
            rows.append((key, vertices, vertex_normals(vertices, faces), faces, *kept))
        else:
            vertices, faces = rig.surface(index)
            at = slice(int(rig.vertex_starts[index]), int(rig.vertex_starts[index + 1]))
            kept = (rig.followed[at], rig.weights[at], rig.fat[at])
            rows.append((key, vertices, rig.normals[at], faces, *kept))
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
        fat=np.concatenate([row[6] for row in rows]),
    )


def segments(names: Iterable[str], sides: str = "lr") -> frozenset[str]:
    """Segment names with their sides added: segments(("thigh",)) is {"thigh.l", "thigh.r"}."""
    found = set()
    for name in names:
        found |= {name} if name in SEGMENTS else {f"{name}.{side}" for side in sides}
    return frozenset(found)


def restricted(rig: Rig, keep: frozenset[str]) -> Rig:
    """The rig without the parts of other segments, and without skin that would be drawn into a cap point
    anyway."""
    kept = np.isin(np.arange(len(SEGMENTS)), [SEGMENTS.index(name) for name in keep])
    rows, faces, names, kinds, vertex_counts, face_counts = [], [], [], [], [], []
    total = 0
    for index, (name, kind) in enumerate(zip(rig.names, rig.kinds, strict=True)):
        start, stop = rig.vertex_starts[index], rig.vertex_starts[index + 1]
        own = rig.faces[rig.face_starts[index] : rig.face_starts[index + 1]]
        if kind in ("skin", "lean"):
            own = own[kept[rig.followed[own, 0]].any(axis=1)]
        elif segment_of(name) not in keep:
            continue
        used, renumbered = np.unique(own, return_inverse=True)
        assert used.size == 0 or (used[0] >= start and used[-1] < stop)
        rows.append(used)
        faces.append(renumbered.reshape(-1, 3) + total)
        total += len(used)
        names.append(name)
        kinds.append(kind)
        vertex_counts.append(len(used))
        face_counts.append(len(own))
    chosen = np.concatenate(rows)
    return Rig(
        names=tuple(names),
        kinds=tuple(kinds),
        vertices=rig.vertices[chosen],
        normals=rig.normals[chosen],
        faces=np.concatenate(faces),
        vertex_starts=np.cumsum([0, *vertex_counts]),
        face_starts=np.cumsum([0, *face_counts]),
        followed=rig.followed[chosen],
        weights=rig.weights[chosen],
        fat=rig.fat[chosen],
    )
