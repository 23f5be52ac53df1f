"""The body as a puppet: every vertex follows one bone or a blend of neighbouring bones.

A *segment* is what moves as one: the thigh, a phalanx, the carpus. Bones follow their segment; skin follows the
segments whose bones are near.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from scipy.spatial import cKDTree

from training.simulate.meshes import Floats, Ints, Part, load_body, vertex_normals

TISSUES: Final = ("skin", "bone", "inner", "lung", "vessel", "airway", "phar", "cart", "tooth", "lean", "air", "solid",
                  "gut", "metal", "cast")  # fmt: skip
CHANNEL: Final = {tissue: index for index, tissue in enumerate(TISSUES)}
OPEN_TUBES: Final = {
    "vessel": 28.0,
    "airway": 28.0,
    "gut": 28.0,
}  # mm: their meshes are not closed everywhere
DIGITS: Final = ("first", "second", "third", "fourth", "fifth")
CARPUS: Final = r"(Scaphoid|Lunate|Triquetrum|Pisiform|Trapez|Capitate|Hamate)"
TARSUS: Final = r"(Talus|Calcaneus|Navicular|uboid|uneiform|metatarsal)"
HEAD: Final = (r"Parietal|Frontal|Occipital|Temporal|Sphenoid|Ethmoid|ethmoid|Vomer|Zygomatic|Nasal|nasal|Maxilla|Mandible|"
               r"Palatine|Lacrimal|incisor|canine|molar|Atlas|Axis|Sinus|alar")  # fmt: skip
NECK: Final = r"Vertebra C|Hyoid|haryn|ricoid|Thyroid|rytenoid|Corniculate"


def _sided(side: str) -> list[tuple[str, str]]:
    end = rf"\.{side}$"
    table = [
        (f"girdle.{side}", rf"(Clavicle|Scapula){end}"),
        (f"arm.{side}", rf"Humerus{end}"),
        (f"forearm.{side}", rf"(Radius|Ulna){end}"),
        (f"thumb1.{side}", rf"First metacarpal bone{end}"),
        (f"thumb2.{side}", rf"Proximal phalanx of first finger of hand{end}"),
        (f"thumb3.{side}", rf"Distal phalanx of first finger of hand{end}"),
        (f"hand.{side}", rf"({CARPUS}.*|metacarpal bone){end}"),
        (f"thigh.{side}", rf"Femur{end}"),
        (f"shank.{side}", rf"(Tibia|Fibula){end}"),
        (f"patella.{side}", rf"Patella{end}"),
        (f"foot.{side}", rf"({TARSUS}.*|Sesamoid.*){end}"),
        (f"toes.{side}", rf"finger of foot{end}"),
    ]
    for digit in (2, 3, 4, 5):
        for bone, word in ((1, "Proximal"), (2, "Middle"), (3, "Distal")):
            table.append(
                (f"f{digit}{bone}.{side}", rf"{word} phalanx of {DIGITS[digit - 1]} finger of hand{end}")
            )
    return table


SEGMENT_OF: Final = tuple((name, re.compile(pattern)) for side in "lr" for name, pattern in _sided(side)) + (
    ("neck", re.compile(NECK)),
    ("head", re.compile(HEAD)),
)
SEGMENTS: Final = (*(name for name, _ in SEGMENT_OF), "trunk")
ARM: Final = ("arm", "forearm", "hand", "thumb1", "thumb2", "thumb3",
              *(f"f{digit}{bone}" for digit in (2, 3, 4, 5) for bone in (1, 2, 3)))  # fmt: skip
LEG: Final = ("thigh", "shank", "patella", "foot", "toes")


def segment_of(name: str) -> str:
    """The segment a part follows."""
    return next((segment for segment, pattern in SEGMENT_OF if pattern.search(name)), "trunk")


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

    def part(self, name: str, kind: str = "bone") -> slice:
        """Where the vertices of a part are. Raises KeyError."""
        for index, key in enumerate(zip(self.names, self.kinds, strict=True)):
            if key == (name, kind):
                return slice(int(self.vertex_starts[index]), int(self.vertex_starts[index + 1]))
        raise KeyError(name)

    def bone(self, name: str) -> Floats:
        """The outer vertices of a bone, (n, 3) mm."""
        return self.vertices[self.part(name)]


def load_rig(anatomy: Path, cache: Path) -> Rig:
    """The rigged body, from the cache where it is there."""
    parts = load_body(anatomy, cache)
    kept = cache / "weights-4.npz"
    if not kept.is_file():
        rig = _assemble(parts)
        partial = kept.with_suffix(".partial.npz")
        np.savez(partial, followed=rig[0], weights=rig[1])
        partial.replace(kept)
    stored = np.load(kept)
    return _joined(parts, stored["followed"], stored["weights"])


def _joined(parts: tuple[Part, ...], followed: Ints, weights: Floats) -> Rig:
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
    )


def _assemble(parts: tuple[Part, ...]) -> tuple[Ints, Floats]:
    bones: dict[str, list[Floats]] = {}
    for part in parts:
        if part.kind in ("bone", "tooth"):
            bones.setdefault(segment_of(part.name), []).append(part.vertices)
    trees = {name: cKDTree(np.concatenate(points)) for name, points in bones.items()}
    followed, weights = [], []
    for part in [*parts, *(part for part in parts if part.inner is not None)]:
        if part.kind in ("skin", "lean"):
            indices, shares = _skin_weights(part, trees)
        else:
            indices = np.full((len(part.vertices), 3), SEGMENTS.index(segment_of(part.name)))
            shares = np.tile([1.0, 0.0, 0.0], (len(part.vertices), 1))
        followed.append(indices)
        weights.append(shares)
    return np.concatenate(followed).astype(np.int64), np.concatenate(weights)


def _skin_weights(part: Part, trees: Mapping[str, cKDTree]) -> tuple[Ints, Floats]:
    near = np.full((len(part.vertices), len(SEGMENTS)), np.inf)
    in_arm = beyond_gap(part.vertices)
    for name, tree in trees.items():
        distance = tree.query(part.vertices)[0]
        of_arm = name.partition(".")[0] in ARM[1:]
        wrong = ~in_arm if of_arm else in_arm & (not name.startswith(("arm", "girdle")))
        near[:, SEGMENTS.index(name)] = distance + 500.0 * wrong
    fine = ((np.abs(part.vertices[:, 0]) > 205) & (part.vertices[:, 1] < 900)) | (part.vertices[:, 1] < 120)
    softness = np.where(fine, 4.0, 12.0)[:, None]
    shares = np.exp(-np.minimum((near - near.min(axis=1, keepdims=True)) / softness, 60.0))
    shares /= shares.sum(axis=1, keepdims=True)
    shares = _smoothed(shares, part.faces, rounds=5)
    best = np.argsort(-shares, axis=1)[:, :3]
    kept = np.take_along_axis(shares, best, axis=1)
    return best, kept / kept.sum(axis=1, keepdims=True)


def _smoothed(values: Floats, faces: Ints, *, rounds: int) -> Floats:
    edges = np.unique(
        np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1), axis=0
    )
    degree = np.maximum(np.bincount(edges.ravel(), minlength=len(values)), 1)[:, None]
    used = np.flatnonzero(values.max(axis=0) > 1e-4)
    for _ in range(rounds):
        for column in used:
            there = np.bincount(edges[:, 0], values[edges[:, 1], column], len(values))
            back = np.bincount(edges[:, 1], values[edges[:, 0], column], len(values))
            values[:, column] = 0.4 * values[:, column] + 0.6 * (there + back) / degree[:, 0]
    return values


def beyond_gap(points: Floats) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Whether points of the resting body lie beyond the gap between trunk and hanging arm."""
    gap = np.interp(
        points[:, 1], (700, 900, 970, 1000, 1060, 1150, 1160), (195, 192, 173, 165, 155, 160, 400)
    )
    return np.asarray((np.abs(points[:, 0]) > gap) & (points[:, 1] > 640), dtype=np.bool_)


def segments(names: Iterable[str], sides: str = "lr") -> frozenset[str]:
    """Segment names with their sides added: segments(("thigh",)) is {"thigh.l", "thigh.r"}."""
    found = set()
    for name in names:
        found |= {name} if name in SEGMENTS else {f"{name}.{side}" for side in sides}
    return frozenset(found)


def restricted(rig: Rig, keep: frozenset[str]) -> Rig:
    """The rig without the parts of other segments, and without skin that would be drawn into a cap point anyway."""
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
    )
