"""A person put into position: the body bent, with what the view does not need drawn together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from training.simulate.bend import kept_segments, motions
from training.simulate.hardware import Surface
from training.simulate.meshes import Floats, vertex_normals
from training.simulate.people import Person, body_of, person, reshaped
from training.simulate.pose import Motion, Skeleton, blended
from training.simulate.rig import Rig
from training.simulate.segments import ARM, SEGMENTS
from training.simulate.setup import View


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """A posed body. ``vertices`` (n, 3) mm belong to ``rig``; ``bones`` are the person's joints at rest."""

    rig: Rig
    who: Person
    bones: Skeleton
    angles: Mapping[str, float]
    moved: Mapping[str, Motion]
    vertices: Floats

    def point(self, landmark: str) -> Floats:
        """Where a landmark is after posing, (3,) mm."""
        at, motion = self.bones.points[landmark], self.moved.get(_carrier(landmark))
        return at if motion is None else motion.rotation @ at + motion.shift

    def wrapped(self, thick: float) -> Surface:
        """The outside of a cast of ``thick`` mm around the skin."""
        part = self.rig.kinds.index("skin")
        start, stop = self.rig.vertex_starts[part], self.rig.vertex_starts[part + 1]
        skin = self.vertices[start:stop]
        faces = self.rig.faces[self.rig.face_starts[part] : self.rig.face_starts[part + 1]] - start
        return skin + thick * vertex_normals(skin, faces), faces


def position(rig: Rig, bones: Skeleton, view: View, rng: Generator, who: Person | None = None) -> Patient:
    """Draw a person (or take ``who``) and a pose for a view. ``rig`` is what the view keeps of the body."""
    who = who or person(rng, curved=view.scoliosis)
    angles = {joint: float(rng.uniform(*span)) for joint, span in view.pose.items()}
    places = reshaped(np.array(list(bones.points.values())), who)
    own = Skeleton(points=dict(zip(bones.points, places, strict=True)), frames=bones.frames)
    moved = motions(own, angles)
    vertices = blended(rig, body_of(rig, who), moved)
    _draw_together(rig, vertices, own.points, view)
    if view.cut is not None:
        low, high = (rng.uniform(*span) for span in view.cut)
        vertices[:, 1] = np.clip(vertices[:, 1], low, high)
    return Patient(rig=rig, who=who, bones=own, angles=angles, moved=moved, vertices=vertices)


def _draw_together(rig: Rig, vertices: Floats, points: Mapping[str, Floats], view: View) -> None:
    """Move the skin of what is not shown into a point inside what is, in place: surfaces stay closed."""
    keep = kept_segments(view.keep)
    for index in np.unique(rig.followed[:, 0]):
        if SEGMENTS[index] not in keep:
            vertices[rig.followed[:, 0] == index] = _cap_point(SEGMENTS[index], points, keep, view)


def _cap_point(segment: str, points: Mapping[str, Floats], keep: frozenset[str], view: View) -> Floats:
    part, _, side = segment.partition(".")
    mirror = np.array([-1.0 if side == "r" else 1.0, 1.0, 1.0])
    if "trunk" in keep:
        return np.asarray(points["shoulder" if part in ARM else "hip"] * mirror)
    landmark = {"leg": "hip", "arm": "shoulder", "forearm": "elbow"}[view.keep]
    return np.asarray(points[landmark] + np.array([0.0, 15.0 if view.keep == "leg" else -15.0, 0.0]))


CARRIED_BY = {
    "arm.l": ("elbow", "humerus"),
    "forearm.l": ("wrist", "forearm"),
    "hand.l": ("capitate", "thumb1"),
    "thumb1.l": ("thumb2",),
    "thumb2.l": ("thumb3",),
    "thigh.l": ("knee", "femur"),
    "patella.l": ("patella",),
    "shank.l": ("shank", "ankle"),
    "foot.l": ("calcaneus", "foot", "toe_base"),
}
CARRIERS = {landmark: segment for segment, landmarks in CARRIED_BY.items() for landmark in landmarks}


def _carrier(landmark: str) -> str:
    """The segment a landmark moves with; "" for one of the trunk."""
    if landmark[0] == "f" and landmark[1:].isdigit():
        return "hand.l" if landmark[2] == "1" else f"f{landmark[1]}{int(landmark[2]) - 1}.l"
    return CARRIERS.get(landmark, "")
