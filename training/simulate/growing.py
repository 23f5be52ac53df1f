"""Children: open growth plates, ends and small bones that are not all bone yet.

A growth plate is a gap: the bone is cut twice, and what lies between is left out, for cartilage is as dark as
muscle. Where the plates lie, and which end of a hand's or a foot's bone has one: Scheuer and Black,
"Developmental Juvenile Osteology" (2000). A child's proportions are drawn in ``people``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.random import Generator

from training.simulate.cut import NO_TAG, Field, Shell, cut
from training.simulate.meshes import Floats, Ints
from training.simulate.pose import unit
from training.simulate.rig import Rig, replaced
from training.simulate.segments import CARPUS

NOTHING: Final = 0.02  # of its size, what stays of a bone that is not there yet
ALONG_FOOT: Final = (0.0, 0.0, -1.0)
Direction = tuple[float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plate:
    """Where the bones of a pattern grow: ``depth`` mm from the end that lies towards the body, or from the
    other."""

    bones: str
    near: bool
    depth: tuple[float, float]
    towards: Direction = (0.0, 1.0, 0.0)  # the body, roughly: of a left bone
    lengthwise: bool = True  # across the bone's own long axis; else across ``towards`` itself
    ripens: bool = True  # its end becomes bone late
    missing: float = 0.3  # of the youngest have no such end yet
    closes: float = 0.0  # the youth below which it has closed


PLATES: Final = (
    Plate(bones=r"Hip bone", near=False, depth=(64, 78), lengthwise=False, ripens=False, closes=0.35),
    Plate(bones=r"Femur", near=True, depth=(14, 19), towards=(-0.75, 0.66, 0.0), lengthwise=False),
    Plate(bones=r"Femur", near=False, depth=(19, 25), missing=0.0),
    Plate(bones=r"Tibia", near=True, depth=(13, 18), missing=0.0),
    Plate(bones=r"Tibia", near=False, depth=(15, 20)),
    Plate(bones=r"Fibula", near=True, depth=(12, 17)),
    Plate(bones=r"Fibula", near=False, depth=(20, 26)),
    Plate(bones=r"Humerus", near=True, depth=(22, 30)),
    Plate(bones=r"Humerus", near=False, depth=(9, 14), closes=0.3),
    Plate(bones=r"Radius", near=True, depth=(5, 8)),
    Plate(bones=r"Radius", near=False, depth=(7, 12)),
    Plate(bones=r"Ulna", near=True, depth=(6, 10), closes=0.3),
    Plate(bones=r"Ulna", near=False, depth=(6, 11)),
    Plate(bones=r"(Second|Third|Fourth|Fifth) metacarpal", near=False, depth=(9, 12)),
    Plate(bones=r"First metacarpal|phalanx .* of hand", near=True, depth=(3.5, 5.5)),
    Plate(bones=r"(Second|Third|Fourth|Fifth) metatarsal", near=False, depth=(7, 10), towards=ALONG_FOOT),
    Plate(bones=r"First metatarsal", near=True, depth=(6, 9), towards=ALONG_FOOT),
    Plate(bones=r"(Proximal|Distal) phalanx .* of foot", near=True, depth=(2.5, 4), towards=ALONG_FOOT),
    Plate(bones=r"Calcaneus", near=True, depth=(5, 8), towards=ALONG_FOOT),
)
# what becomes bone last: the share of its size that the youngest lack
LATE: Final = ((CARPUS, 0.55), (r"Patella", 0.6), (r"Sesamoid", 1.0), (r"Navicular|uneiform|uboid", 0.45),
               (r"Talus|Calcaneus", 0.15))  # fmt: skip
Surfaces = dict[int, list[Shell]]  # of one bone: pieces of its outer and of its inner surface, by part


def growing(rig: Rig, rng: Generator, *, young: float) -> Rig:
    """A child's bones for an adult's, at rest: the same parts, each following the segment it followed.

    ``young`` in [0, 1]: 1 for two years or so, 0 for about to be grown up.
    """
    changed: Surfaces = {}
    for name in dict.fromkeys(
        name for name, kind in zip(rig.names, rig.kinds, strict=True) if kind == "bone"
    ):
        found = [plate for plate in PLATES if young >= plate.closes and re.search(plate.bones, name)]
        late = next((share for pattern, share in LATE if re.search(pattern, name)), 0.0)
        if not found and not late:
            continue
        bone = {part: [_shell(rig, part)] for part in _parts(rig, name)}
        for plate in found:
            bone = _parted(bone, plate, name.endswith(".r"), young, rng)
        size = max(NOTHING, 1 - late * young * rng.uniform(0.4, 1.0))
        changed |= _scaled(bone, size, about=_middle(bone))
    surfaces = {(rig.names[part], rig.kinds[part]): _one(shells) for part, shells in changed.items()}
    return replaced(rig, surfaces)


def _parts(rig: Rig, name: str) -> list[int]:
    """The outer surface of a bone, and its inner one where it has one."""
    return [k for kind in ("bone", "inner") for k, key in enumerate(zip(rig.names, rig.kinds, strict=True))
            if key == (name, kind)]  # fmt: skip


def _shell(rig: Rig, part: int) -> Shell:
    vertices, faces = rig.surface(part)
    return Shell(vertices=vertices, faces=faces, tags=np.full(len(vertices), NO_TAG))


def _points(bone: Surfaces) -> Floats:
    return np.concatenate([shell.vertices for shell in next(iter(bone.values()))])


def _middle(bone: Surfaces) -> Floats:
    points = _points(bone)
    return np.asarray((points.min(axis=0) + points.max(axis=0)) / 2)


def _parted(bone: Surfaces, plate: Plate, right: bool, young: float, rng: Generator) -> Surfaces:
    """The bone on both sides of an open growth plate; its end smaller the younger."""
    points = _points(bone)
    axis = _axis(points, plate, right)
    along = points @ axis
    depth = rng.uniform(*plate.depth)
    level = along.max() - depth if plate.near else along.min() + depth
    gap = rng.uniform(0.5, 1.6) + 1.6 * young
    waves = _waves(axis, rng)
    above = _kept(bone, lambda at: at @ axis - level - gap / 2 - waves(at), upper=True)
    below = _kept(bone, lambda at: at @ axis - level + gap / 2 - waves(at), upper=False)
    end = above if plate.near else below
    if plate.ripens and any(end.values()):
        absent = young > 0.7 and rng.random() < plate.missing
        end = _scaled(end, NOTHING if absent else 1 - young * rng.uniform(0.02, 0.3), about=_middle(end))
    rest = below if plate.near else above
    return {part: rest[part] + end[part] for part in bone}


def _axis(points: Floats, plate: Plate, right: bool) -> Floats:
    towards = unit(np.array(plate.towards) * [-1 if right else 1, 1, 1])
    if not plate.lengthwise:
        return towards
    long = np.linalg.svd(points - points.mean(axis=0), full_matrices=False)[2][0]
    return np.asarray(long * np.sign(long @ towards))


def _waves(axis: Floats, rng: Generator) -> Field:
    """A growth plate is not quite flat."""
    across = unit(np.cross(axis, rng.normal(size=3)))
    tall, length, phase = rng.uniform(0.1, 0.7), rng.uniform(9, 25), rng.uniform(0, 2 * np.pi)
    return lambda at: np.asarray(tall * np.sin(2 * np.pi / length * (at @ across) + phase))


def _kept(bone: Surfaces, field: Field, *, upper: bool) -> Surfaces:
    halves = {
        part: [cut(shell, field, NO_TAG)[not upper] for shell in shells] for part, shells in bone.items()
    }
    return {part: [half for half in found if len(half.faces)] for part, found in halves.items()}


def _scaled(bone: Surfaces, size: float, *, about: Floats) -> Surfaces:
    return {
        part: [shell.placed(about + size * (shell.vertices - about)) for shell in shells]
        for part, shells in bone.items()
    }


def _one(shells: Sequence[Shell]) -> tuple[Floats, Ints]:
    starts = np.cumsum([0, *(len(shell.vertices) for shell in shells)])
    corners = [shell.faces + start for shell, start in zip(shells, starts[:-1], strict=True)]
    return np.concatenate([shell.vertices for shell in shells]), np.concatenate(corners)
