"""One film from start to end: a person, a pose, a beam, an exposure, a film, and the truth about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from training.simulate import beam, bowel, film, hardware
from training.simulate.bend import kept_segments, motions
from training.simulate.implants import implants
from training.simulate.meshes import Floats, vertex_normals
from training.simulate.people import Person, body_of, person, reshaped
from training.simulate.pose import Frame, Motion, Skeleton, blended, skeleton, turn
from training.simulate.raster import camera, thickness
from training.simulate.rig import ARM, CHANNEL, OPEN_TUBES, SEGMENTS, TISSUES, Rig, load_rig, restricted
from training.simulate.views import View

PIXELS = 288  # of a film's long side, before margins are cropped
THICKEST = 600.0  # mm


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """The patient in position: thickness maps that several exposures share."""

    view: View
    who: Person
    angles: Mapping[str, float]
    tissues: NDArray[np.float32]  # (tissues, H, W) cm
    pitch: float  # mm per pixel at the patient
    gut: Floats  # (n, 2) column, row of bowel wall points
    metal: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Film:
    """A simulated film with its truth. ``pixels`` is uint8 (H, W), bone bright."""

    pixels: NDArray[np.uint8]
    label: str
    upside: int  # quarter turns (counter-clockwise) that the film was turned away from how it is hung
    mirrored: bool
    metal: bool
    kv: int
    angles: Mapping[str, float]


class Studio:
    """The rigged body and all that is worth keeping between films."""

    def __init__(self, anatomy: Path, cache: Path, *, pixels: int = PIXELS) -> None:
        self._pixels = pixels  # of a film's long side, before its margins are cropped
        self.rig: Rig = load_rig(anatomy, cache)
        self.bones: Skeleton = skeleton(self.rig)
        self.grain = beam.Grain(np.random.default_rng(0))
        self._restricted: dict[str, Rig] = {}

    def pose(self, view: View, rng: Generator) -> Shot:
        """Draw a person, position and beam, and trace the rays."""
        who = person(rng)
        angles = {joint: float(rng.uniform(*span)) for joint, span in view.pose.items()}
        moved = motions(self._bones_of(who), angles)
        rig = self._rig_for(view.keep)
        rest = body_of(rig, who)
        body = blended(rig, rest, moved)
        self._cap(rig, body, who, view)
        if view.cut is not None:
            body[:, 1] = np.clip(body[:, 1], rng.uniform(*view.cut[0]), rng.uniform(*view.cut[1]))
        extra, cast = self._hardware(rig, body, view, who, moved, rng)
        return self._trace(rig, body, view, who, angles, moved, extra, cast, rng)

    def _rig_for(self, keep: str) -> Rig:
        if keep not in self._restricted:
            self._restricted[keep] = restricted(self.rig, kept_segments(keep))
        return self._restricted[keep]

    def _bones_of(self, who: Person) -> Skeleton:
        moved = reshaped(np.array(list(self.bones.points.values())), who)
        points = dict(zip(self.bones.points, moved, strict=True))
        frames = {
            name: Frame(origin=frame.origin, axes=frame.axes) for name, frame in self.bones.frames.items()
        }
        return Skeleton(points=points, frames=frames)

    def _cap(self, rig: Rig, body: Floats, who: Person, view: View) -> None:
        """Draw the skin of what is not shown together into a point inside what is: surfaces stay closed."""
        points = self._bones_of(who).points
        keep = kept_segments(view.keep)
        for index in np.unique(rig.followed[:, 0]):
            if SEGMENTS[index] not in keep:
                body[rig.followed[:, 0] == index] = _cap_point(SEGMENTS[index], points, keep, view)

    def _hardware(self, rig: Rig, body: Floats, view: View, who: Person, moved: Mapping[str, Motion], rng: Generator
                  ) -> tuple[list[hardware.Surface], float]:  # fmt: skip
        """Implants for this body, and the thickness of a cast in mm (0 for none)."""
        limb = view.keep in ("leg", "arm", "forearm")
        cast = rng.uniform(3, 11) if limb and rng.random() < 0.07 else 0.0
        if rng.random() > 0.16:
            return [], cast
        return implants(rig, body, view, self._bones_of(who), moved, rng), cast

    def _trace(self, rig: Rig, body: Floats, view: View, who: Person, angles: Mapping[str, float],
               moved: Mapping[str, Motion], extra: list[hardware.Surface], cast: float, rng: Generator) -> Shot:  # fmt: skip
        width, height = rng.uniform(*view.width), rng.uniform(*view.height)
        pitch = max(width, height) / self._pixels
        look = self._camera(
            view, who, moved, pitch, int(width / pitch) // 4 * 4, int(height / pitch) // 4 * 4, rng
        )
        faces, counts = rig.faces, list(np.diff(rig.face_starts))
        channels = [CHANNEL[kind] for kind in rig.kinds]
        limits = [OPEN_TUBES.get(kind, THICKEST) for kind in rig.kinds]
        points = [body]
        surfaces = [(surface, "metal") for surface in extra]
        if cast:
            surfaces.append((_wrapped(rig, body, cast), "cast"))
        total = len(body)
        for (vertices, triangles), tissue in surfaces:
            points.append(vertices)
            faces = np.concatenate([faces, triangles + total])
            total += len(vertices)
            counts.append(len(triangles))
            channels.append(CHANNEL[tissue])
            limits.append(THICKEST)
        tissues = thickness(np.concatenate(points), faces, np.cumsum([0, *counts]), np.array(channels), np.array(limits),
                            view=look, tissues=len(TISSUES))  # fmt: skip
        if cast:
            tissues[CHANNEL["cast"]] = np.maximum(tissues[CHANNEL["cast"]] - tissues[CHANNEL["skin"]], 0)
        if rng.random() < 0.12:
            hardware.drawn(tissues[CHANNEL["metal"]], rng, chest="chest" in view.label)
        if view.centre in ("pelvis", "hip") and rng.random() < 0.08:
            hardware.shield(tissues[CHANNEL["metal"]], rng)
        gut = self.rig.vertices[self.rig.part("Transverse colon", "gut")][::9]
        return Shot(view=view, who=who, angles=angles, tissues=tissues, pitch=pitch, metal=bool(extra),
                    gut=look.project(np.concatenate([gut, gut - [0, 90, 0]]))[:, :2])  # fmt: skip

    def _camera(
        self,
        view: View,
        who: Person,
        moved: Mapping[str, Motion],
        pitch: float,
        width: int,
        height: int,
        rng: Generator,
    ):  # type: ignore[no-untyped-def]  # noqa: ANN202
        bones = self._bones_of(who)
        motion = moved.get(_carrier(view.centre))
        frame = bones.frames[view.frame]
        carried = moved.get(
            {
                "hand": "hand.l",
                "foot": "foot.l",
                "leg": "foot.l",
                "elbow": "arm.l",
                "thumb": "thumb3.l",
                "patella": "patella.l",
            }.get(view.frame, "")
        )
        axes = frame.axes if carried is None else carried.rotation @ frame.axes
        if view.label in ("ankle_ap", "ankle_lateral"):
            axes = frame.axes
        centre = bones.points[view.centre]
        centre = centre if motion is None else motion.rotation @ centre + motion.shift
        centre = centre + axes @ np.array([rng.uniform(*span) for span in view.offset])
        azimuth, tilt = np.deg2rad(rng.uniform(*view.azimuth)), np.deg2rad(rng.uniform(*view.tilt))
        ray = np.array([-np.sin(azimuth) * np.cos(tilt), np.sin(tilt), -np.cos(azimuth) * np.cos(tilt)])
        up = axes @ (np.eye(3)["xyz".index(view.up[1])] * (1 if view.up[0] == "+" else -1))
        up = turn(axes @ ray, rng.uniform(*view.turn), np.zeros(3)).rotation @ up
        return camera(centre=centre, beam=axes @ ray, up=up, distance=rng.uniform(*view.distance),
                      behind=rng.uniform(60, 180) if view.grid else rng.uniform(20, 70), pitch=pitch, width=width, height=height)  # fmt: skip

    def expose(self, shot: Shot, rng: Generator) -> Film:
        """One film of a shot."""
        kv = int(rng.choice(shot.view.kv))
        picture, upside, mirrored = self._hung(self.picture(shot, kv, rng), shot.view, rng)
        return Film(pixels=film.compressed(picture, rng), label=shot.view.label, upside=upside, mirrored=mirrored,
                    metal=shot.metal, kv=kv, angles=shot.angles)  # fmt: skip

    def picture(self, shot: Shot, kv: int, rng: Generator) -> film.Map:
        """The processed film, float32 (H, W) in [0, 1], before it is hung, collimated and marked."""
        view = shot.view
        spine_grid = view.grid and kv < 100
        bubbles = None
        if view.gas:
            bubbles = bowel.gas(shot.gut, shot.tissues.shape[1:], rng, pitch=shot.pitch, amount=view.gas)
        signal = beam.attenuation(shot.tissues, bubbles, shot.who, beam.exposure(rng, kv, trunk=view.grid), self.grain, rng,
                                  pitch=shot.pitch, trunk=spine_grid)  # fmt: skip
        body = np.asarray(shot.tissues[CHANNEL["skin"]] > 0.3, dtype=np.float32)
        signal, body = film.warped([signal, body], rng, turn=float(rng.normal(0, 3)), stretch=0.06, bend=3.0)
        window = _margin(signal.shape, rng)
        return film.developed(signal[window], body[window] > 0.5, rng, pitch=shot.pitch, trunk=spine_grid,
                              blackened=view.blackened, whitened=view.whitened)  # fmt: skip

    @staticmethod
    def _hung(picture: film.Map, view: View, rng: Generator) -> tuple[film.Map, int, bool]:
        """How the film is hung, paired, collimated and marked; with its quarter turns and whether it is mirrored."""
        if rng.random() < view.tight:
            picture = film.equalised(picture, rng)
        mirrored = bool(rng.random() < view.mirror) != seen_from_behind(view)
        picture = picture[:, ::-1] if mirrored else picture
        if rng.random() < view.pair:
            gap = np.full(
                (picture.shape[0], int(rng.integers(0, 20))), float(np.percentile(picture, 2)), np.float32
            )
            pair = [picture, gap, picture[:, ::-1]]
            picture = np.concatenate(pair if rng.random() < 0.5 else pair[::-1], axis=1)
        quarter = 2 if rng.random() < view.upside_down else 0
        picture = film.collimated(np.rot90(picture, quarter), rng, often=view.collimation)
        return film.marked(np.ascontiguousarray(picture), rng, often=0.5), quarter, mirrored


def seen_from_behind(view: View) -> bool:
    """Whether the tube stands behind the trunk: such a film is hung mirrored, as if the patient faced us."""
    return bool(view.grid and np.cos(np.deg2rad(np.mean(view.azimuth))) < -0.5)


def _wrapped(rig: Rig, body: Floats, cast: float) -> hardware.Surface:
    """The outside of a cast of this many mm around the skin."""
    part = rig.kinds.index("skin")
    rows = slice(rig.vertex_starts[part], rig.vertex_starts[part + 1])
    faces = rig.faces[rig.face_starts[part] : rig.face_starts[part + 1]] - rig.vertex_starts[part]
    return body[rows] + cast * vertex_normals(body[rows], faces), faces


def _margin(shape: tuple[int, ...], rng: Generator) -> tuple[slice, slice]:
    spans = []
    for size in shape[:2]:
        spans.append(slice(int(size * rng.uniform(0, 0.08)), int(size * rng.uniform(0.92, 1.0))))
    return spans[0], spans[1]


def _carrier(landmark: str) -> str:
    """The segment a landmark moves with."""
    if landmark[0] == "f" and landmark[1:].isdigit():
        return "hand.l" if landmark[2] == "1" else f"f{landmark[1]}{int(landmark[2]) - 1}.l"
    table = {"thumb1": "hand.l", "thumb2": "thumb1.l", "thumb3": "thumb2.l", "capitate": "hand.l", "wrist": "forearm.l", "forearm": "forearm.l",
             "elbow": "arm.l", "humerus": "arm.l", "patella": "patella.l", "knee": "thigh.l", "femur": "thigh.l", "shank": "shank.l",
             "ankle": "shank.l", "calcaneus": "foot.l", "foot": "foot.l", "toe_base": "foot.l"}  # fmt: skip
    return table.get(landmark, "")


def _cap_point(segment: str, points: Mapping[str, Floats], keep: frozenset[str], view: View) -> Floats:
    part, _, side = segment.partition(".")
    mirror = np.array([-1.0 if side == "r" else 1.0, 1.0, 1.0])
    if "trunk" in keep:
        return points["shoulder" if part in ARM else "hip"] * mirror
    landmark = {"leg": "hip", "arm": "shoulder", "forearm": "elbow"}[view.keep]
    return points[landmark] + np.array([0.0, 15.0 if view.keep == "leg" else -15.0, 0.0])
