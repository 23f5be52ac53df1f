"""A posed arm, in mm, whose long bones can be cut and moved, with skin and hand carried along."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from training.simulate.bend import HAND_PARTS
from training.simulate.cut import NO_TAG, Field, Shell, cut
from training.simulate.fracture.jagged import Place, place
from training.simulate.fracture.joined import joined
from training.simulate.meshes import Floats
from training.simulate.patient import Patient
from training.simulate.pose import STILL, Motion, Skeleton, turn, unit
from training.simulate.segments import SEGMENTS

RADIUS, ULNA, HUMERUS = "Radius.l", "Ulna.l", "Humerus.l"
LONG: Final = (RADIUS, ULNA, HUMERUS)
HEAD, CAPITELLUM, ULNAR_HEAD, NOTCH = 101, 102, 103, 104  # tags of joint surfaces
HAND_SIDE: Final = frozenset(f"{part}.l" for part in HAND_PARTS)


@dataclass(slots=True, kw_only=True, eq=False)
class Piece:
    """One fragment: outer and inner surface of the cortex."""

    outer: Shell
    inner: Shell

    def move(self, motion: Motion) -> None:
        """Move the fragment."""
        self.outer, self.inner = self.outer.moved(motion), self.inner.moved(motion)

    def shape(self, shift: Floats, inner_shift: Floats) -> None:
        """Add (n, 3) mm to the outer and (m, 3) mm to the inner vertices."""
        self.outer = self.outer.placed(self.outer.vertices + shift)
        self.inner = self.inner.placed(self.inner.vertices + inner_shift)


@dataclass(slots=True, kw_only=True)
class Limb:
    """A forearm under the simulator's hands; ``patient()`` gives the outcome."""

    origin: Patient
    axes: Floats  # (3, 3): rows lateral, towards the body, palm side, of the forearm as posed
    upper: Floats  # the same of the upper arm
    elbow: Floats  # (3,) mm
    pieces: dict[str, list[Piece]]
    rest: Floats  # (n, 3) posed vertices of all other parts, in the rig's order
    of_forearm: Floats  # (n,) how far each of them follows forearm and hand
    of_hand: Floats
    follows: dict[str, Motion] = field(default_factory=dict)  # what happened to the wrist and the hand
    tags: int = 0
    region: str = "forearm"  # what the film will be centred on: elbow | forearm | wrist | hand

    @property
    def lateral(self) -> Floats:
        """Towards the thumb's side in supination, unit."""
        return np.asarray(self.axes[0])

    @property
    def up(self) -> Floats:
        """From the wrist to the elbow, unit."""
        return np.asarray(self.axes[1])

    @property
    def front(self) -> Floats:
        """Towards the palm's side in supination, unit."""
        return np.asarray(self.axes[2])

    def points(self, bone: str) -> Floats:
        """All outer vertices of a bone as it is now, (n, 3) mm."""
        return np.concatenate([piece.outer.vertices for piece in self.pieces[bone]])

    def tagged(self, tags: Sequence[int]) -> Floats:
        """All outer vertices with one of the tags, (n, 3) mm."""
        found = [piece.outer.vertices[np.isin(piece.outer.tags, tags)]
                 for pieces in self.pieces.values() for piece in pieces]  # fmt: skip
        return np.concatenate(found)

    def joints(self) -> tuple[Floats, Floats]:
        """Where the radial head lies from the humerus and the ulnar head from the radius, (3,) mm each."""
        ends = [self.tagged([tag]).mean(axis=0) for tag in (HEAD, CAPITELLUM, ULNAR_HEAD, NOTCH)]
        return ends[0] - ends[1], ends[2] - ends[3]

    def level(self, bone: str, share: float) -> float:
        """How far along ``up`` a share of the bone's length lies, 0 at the elbow's end, 1 at the wrist's."""
        along = self.points(bone) @ self._along(bone)
        return float(along.max() - share * np.ptp(along))

    def at(self, bone: str, level: float) -> Place:
        """The place of a bone at a level (``level``)."""
        return place(self.points(bone), level, self._along(bone))

    def _along(self, bone: str) -> Floats:
        return np.asarray(self.upper[1] if bone == HUMERUS else self.axes[1])

    def new_tag(self) -> int:
        """A tag no break has yet."""
        self.tags += 1
        return self.tags

    def cut(self, bone: str, surface: Field, tag: int = NO_TAG, *, only: Sequence[Piece] | None = None
            ) -> tuple[list[Piece], list[Piece]]:  # fmt: skip
        """Cut a bone (or ``only`` these pieces of it): what lies on the body's side, and the rest."""
        above: list[Piece] = []
        below: list[Piece] = []
        kept = [] if only is None else [piece for piece in self.pieces[bone] if piece not in only]
        for piece in self.pieces[bone] if only is None else only:
            outer, inner = cut(piece.outer, surface, tag), cut(piece.inner, surface, NO_TAG)
            for side, half, hollow in zip((above, below), outer, inner, strict=True):
                if len(half.faces):
                    side.append(Piece(outer=half, inner=hollow))
        self.pieces[bone] = kept + above + below
        return above, below

    def carry(self, motion: Motion, level: float, soft: float) -> None:
        """Move hand and skin below ``level`` along; ``soft`` mm around it they follow in part."""
        self._carry(motion, self.below(level, soft))

    def carry_all(self, motion: Motion, level: float, soft: float) -> None:
        """Move forearm, hand and the upper arm's skin below ``level`` of the upper arm along."""
        below = _step((level + soft - self.rest @ self.upper[1]) / (2 * soft))
        self._carry(motion, np.maximum(self.of_forearm, below * (self.of_forearm < 0.99)))

    def twist(self, axis: Floats, degrees: float, about: Floats, share: Floats) -> None:
        """Turn every part but the long bones around an axis by its ``share`` (n,) of the angle."""
        rows = np.flatnonzero(share > 1e-3)
        off, angle = self.rest[rows] - about, np.deg2rad(degrees) * share[rows]
        along = (off @ axis)[:, None] * axis
        turned = np.cos(angle)[:, None] * (off - along) + np.sin(angle)[:, None] * np.cross(axis, off)
        self.rest = self.rest.copy()
        self.rest[rows] = about + along + turned
        self._follow(turn(axis, degrees, about))

    def below(self, level: float, soft: float) -> Floats:
        """How far each vertex of ``rest`` follows what lies below a level: (n,), all of the hand 1."""
        along = _step((level + soft - self.rest @ self.up) / (2 * soft))
        return np.maximum(self.of_hand, self.of_forearm * along)

    def _carry(self, motion: Motion, weight: Floats) -> None:
        rows = np.flatnonzero(weight > 1e-3)
        there = self.rest[rows]
        gone = there @ motion.rotation.T + motion.shift - there
        self.rest = self.rest.copy()
        self.rest[rows] = there + weight[rows, None] * gone
        self._follow(motion)

    def _follow(self, motion: Motion) -> None:
        for name in ("wrist", "hand"):
            self.follows[name] = self.follows.get(name, STILL).then(motion)

    def swell(self, at: Floats, axis: Floats, mm: float, wide: float) -> None:
        """Push the skin out by up to ``mm`` around a place."""
        off = self.rest - at
        radial = off - np.outer(off @ axis, axis)
        size = np.linalg.norm(radial, axis=1)
        amount = mm * np.exp(-(((off @ axis) / wide) ** 2)) * (size < 70) * self._skin()
        self.rest = self.rest + radial * (amount / np.maximum(size, 8.0))[:, None]

    def _skin(self) -> NDArray[np.bool_]:
        rig = self.origin.rig
        parts = [kind == "skin" for kind in rig.kinds]
        return np.repeat(parts, np.diff(rig.vertex_starts))

    def patient(self) -> Patient:
        """The patient with the arm as it is now."""
        shells = {
            (name, kind): [piece.outer if kind == "bone" else piece.inner for piece in pieces]
            for name, pieces in self.pieces.items()
            for kind in ("bone", "inner")
        }
        rig, vertices = joined(self.origin.rig, shells, self.rest)
        fore, moved = self.origin.moved["forearm.l"], dict(self.origin.moved)
        hand, wrist = self.follows.get("hand", STILL), self.follows.get("wrist", STILL)
        for name in HAND_SIDE & moved.keys():
            moved[name] = moved[name].then(hand)
        points = dict(self.origin.bones.points)
        posed = fore.rotation @ points["wrist"] + fore.shift
        points["wrist"] = fore.rotation.T @ (wrist.rotation @ posed + wrist.shift - fore.shift)
        bones = Skeleton(points=points, frames=self.origin.bones.frames)
        return replace(self.origin, rig=rig, vertices=vertices, moved=moved, bones=bones)


def limb(patient: Patient) -> Limb:
    """Take a posed patient's left arm in hand."""
    rig, fore = patient.rig, patient.moved["forearm.l"].rotation
    rest_axes = patient.bones.frames["elbow"].axes
    axes = (fore @ rest_axes).T
    upper = (patient.moved["arm.l"].rotation @ rest_axes).T
    pieces = {name: [_whole(patient, name)] for name in LONG if name in rig.names}
    ends = [pieces[name][0].outer.vertices @ axes[1] for name in (RADIUS, ULNA)]
    points = np.concatenate([pieces[name][0].outer.vertices for name in (RADIUS, ULNA)])
    low = points[np.concatenate(ends) < min(end.min() for end in ends) + 8].mean(axis=0)
    elbow = patient.point("elbow")
    axes[1] = unit(elbow - low)
    axes[2] = unit(axes[2] - (axes[2] @ axes[1]) * axes[1])
    axes[0] = np.cross(axes[1], axes[2])
    hand = [SEGMENTS.index(name) for name in sorted(HAND_SIDE)]
    of_hand = (np.isin(rig.followed, hand) * rig.weights).sum(axis=1)
    of_fore = ((rig.followed == SEGMENTS.index("forearm.l")) * rig.weights).sum(axis=1)
    arm = Limb(origin=patient, axes=axes, upper=upper, elbow=elbow, pieces=pieces, of_hand=of_hand,
               rest=patient.vertices, of_forearm=np.minimum(of_hand + of_fore, 1.0))  # fmt: skip
    _tag_joints(arm)
    return arm


def away(arm: Limb, rng: Generator, main: Floats, spread: float) -> Floats:
    """A unit vector across the forearm near ``main``, ``spread`` degrees (standard deviation) off."""
    angle = np.deg2rad(rng.normal(0, spread))
    side = np.cross(arm.up, main)
    return unit(np.cos(angle) * main + np.sin(angle) * side)


def _step(x: Floats) -> Floats:
    x = np.clip(x, 0, 1)
    return np.asarray(x * x * (3 - 2 * x))


def _whole(patient: Patient, name: str) -> Piece:
    shells = []
    for kind in ("bone", "inner"):
        vertices = patient.vertices[patient.rig.part(name, kind)]
        _, faces = patient.rig.surface(patient.rig.index(name, kind))
        shells.append(Shell(vertices=vertices, faces=faces, tags=np.full(len(vertices), NO_TAG)))
    return Piece(outer=shells[0], inner=shells[1])


def _tag_joints(arm: Limb) -> None:
    radius, ulna = (arm.pieces[name][0].outer for name in (RADIUS, ULNA))
    along = radius.vertices @ arm.up
    radius.tags[along > along.max() - 13] = HEAD
    low = ulna.vertices @ arm.up
    ulna.tags[low < low.min() + 13] = ULNAR_HEAD
    head = ulna.vertices[ulna.tags == ULNAR_HEAD].mean(axis=0)
    radius.tags[(np.linalg.norm(radius.vertices - head, axis=1) < 18)] = NOTCH
    if HUMERUS in arm.pieces:
        humerus = arm.pieces[HUMERUS][0].outer
        top = radius.vertices[radius.tags == HEAD].mean(axis=0)
        humerus.tags[np.linalg.norm(humerus.vertices - top, axis=1) < 22] = CAPITELLUM
