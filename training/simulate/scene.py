"""One film from start to end: a person, a pose, a beam, an exposure, a film, and the truth about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from training.simulate import beam, bowel, film, hardware
from training.simulate.aim import aim
from training.simulate.bend import kept_segments
from training.simulate.growing import growing
from training.simulate.implants import implants
from training.simulate.meshes import Floats, Ints
from training.simulate.patient import Patient, position
from training.simulate.people import Person, childlike, person
from training.simulate.pose import Skeleton, skeleton
from training.simulate.raster import thickness
from training.simulate.rig import Rig, load_rig, restricted
from training.simulate.segments import CHANNEL, OPEN_TUBES, TISSUES
from training.simulate.setup import View

PIXELS = 288  # of a film's long side, before margins are cropped
THICKEST = 600.0  # mm
CHILDREN = {"leg": 0.2, "arm": 0.2, "forearm": 0.2, "shoulder": 0.12}  # of the films; 0.06 of the trunk's
AGES = {"leg": 12, "arm": 12, "forearm": 12}  # different children's bones that are kept; 3 of the trunk's


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
        self._pixels = pixels
        self.rig: Rig = load_rig(anatomy, cache)
        self.bones: Skeleton = skeleton(self.rig)
        self._grain = beam.Grain(np.random.default_rng(0))
        self._restricted: dict[str, Rig] = {}
        self._children: dict[tuple[str, int], Rig] = {}
        gut = self.rig.vertices[self.rig.part("Transverse colon", "gut")][::9]
        self._gut = np.concatenate([gut, gut - [0, 90, 0]])

    def pose(self, view: View, rng: Generator) -> Shot:
        """Draw a person, position and beam, and trace the rays."""
        who, rig, size = person(rng, curved=view.scoliosis), self._bones_of(view.keep), 1.0
        if rng.random() < CHILDREN.get(view.keep, 0.06):
            who, rig, size = childlike(who, rng), self._child(view.keep, rng), rng.uniform(0.45, 0.85)
            view = _wider(view, rng.uniform(1.0, 1.5) if rng.random() < 0.5 else 1.0)
        patient = position(rig, self.bones, view, rng, who)
        limb = view.keep in ("leg", "arm", "forearm")
        cast = rng.uniform(3, 11) if limb and rng.random() < 0.07 else 0.0
        metal = implants(patient, view, rng) if rng.random() <= view.metal else []
        return self._traced(patient, view, metal, cast, size, rng)

    def _bones_of(self, keep: str) -> Rig:
        if keep not in self._restricted:
            self._restricted[keep] = restricted(self.rig, kept_segments(keep))
        return self._restricted[keep]

    def _child(self, keep: str, rng: Generator) -> Rig:
        ages = AGES.get(keep, 3)
        age = int(rng.integers(ages))
        if (keep, age) not in self._children:
            own = np.random.default_rng([7, age])
            self._children[keep, age] = growing(self._bones_of(keep), own, young=(age + 0.5) / ages)
        return self._children[keep, age]

    def _traced(self, patient: Patient, view: View, metal: list[hardware.Surface], cast: float, size: float,
                rng: Generator) -> Shot:  # fmt: skip
        """``size`` of the patient against an adult."""
        look = aim(patient, view, rng, pixels=self._pixels)
        surfaces = [(surface, "metal") for surface in metal]
        surfaces += [(patient.wrapped(cast), "cast")] if cast else []
        tissues = thickness(*joined(patient, surfaces), view=look, tissues=len(TISSUES)) * np.float32(size)
        if cast:
            tissues[CHANNEL["cast"]] = np.maximum(tissues[CHANNEL["cast"]] - tissues[CHANNEL["skin"]], 0)
        if rng.random() < 0.12:
            hardware.drawn(tissues[CHANNEL["metal"]], rng, chest="chest" in view.label)
        if view.centre in ("pelvis", "hip") and rng.random() < 0.08:
            hardware.shield(tissues[CHANNEL["metal"]], rng)
        return Shot(view=view, who=patient.who, angles=patient.angles, tissues=tissues, metal=bool(metal),
                    pitch=look.pitch_at_patient * size, gut=look.project(self._gut)[:, :2])  # fmt: skip

    def expose(self, shot: Shot, rng: Generator) -> Film:
        """One film of a shot."""
        kv = int(rng.choice(shot.view.kv))
        picture, upside, mirrored = hung(self.picture(shot, kv, rng), shot.view, rng)
        pixels = film.compressed(picture, rng)
        return Film(pixels=pixels, label=shot.view.label, upside=upside, mirrored=mirrored, metal=shot.metal,
                    kv=kv, angles=shot.angles)  # fmt: skip

    def picture(self, shot: Shot, kv: int, rng: Generator) -> film.Map:
        """The processed film, float32 (H, W) in [0, 1], before it is hung, collimated and marked."""
        view, shape = shot.view, shot.tissues.shape[1:]
        dense = view.grid and kv < 100
        gas = bowel.gas(shot.gut, shape, rng, pitch=shot.pitch, amount=view.gas) if view.gas else None
        how = beam.exposure(rng, kv, trunk=view.grid)
        signal = beam.attenuation(
            shot.tissues, gas, shot.who, how, self._grain, rng, pitch=shot.pitch, trunk=dense
        )
        body = np.asarray(shot.tissues[CHANNEL["skin"]] > 0.3, dtype=np.float32)
        signal, body = film.warped([signal, body], rng, turn=float(rng.normal(0, 3)), stretch=0.06, bend=3.0)
        window = _margin(signal.shape, rng)
        return film.developed(signal[window], body[window] > 0.5, rng, pitch=shot.pitch, trunk=dense,
                              blackened=view.blackened, whitened=view.whitened)  # fmt: skip


def _wider(view: View, by: float) -> View:
    return replace(view, width=(view.width[0] * by, view.width[1] * by),
                   height=(view.height[0] * by, view.height[1] * by))  # fmt: skip


def hung(picture: film.Map, view: View, rng: Generator) -> tuple[film.Map, int, bool]:
    """The film as it is hung, paired, collimated and marked; its quarter turns and whether it is mirrored."""
    if rng.random() < view.tight:
        picture = film.equalised(picture, rng)
    mirrored = bool(rng.random() < view.mirror) != seen_from_behind(view)
    picture = picture[:, ::-1] if mirrored else picture
    if rng.random() < view.pair:
        size = (picture.shape[0], int(rng.integers(0, 20)))
        pair = [picture, np.full(size, np.percentile(picture, 2), dtype=np.float32), picture[:, ::-1]]
        picture = np.concatenate(pair if rng.random() < 0.5 else pair[::-1], axis=1)
    quarter = 2 if rng.random() < view.upside_down else 0
    picture = film.collimated(np.rot90(picture, quarter), rng, often=view.collimation)
    return film.marked(np.ascontiguousarray(picture), rng, often=0.5), quarter, mirrored


def seen_from_behind(view: View) -> bool:
    """Whether the tube stands behind the trunk: such a film is hung mirrored, as if the patient faced us."""
    return bool(view.grid and np.cos(np.deg2rad(np.mean(view.azimuth))) < -0.5)


def joined(patient: Patient, surfaces: list[tuple[hardware.Surface, str]]
            ) -> tuple[Floats, Ints, Ints, Ints, Floats]:  # fmt: skip
    """Body and added surfaces as ``thickness`` wants them: points, faces, starts, channels, limits."""
    rig, points, faces = patient.rig, [patient.vertices], [patient.rig.faces]
    counts, channels = list(np.diff(rig.face_starts)), [CHANNEL[kind] for kind in rig.kinds]
    limits = [OPEN_TUBES.get(kind, THICKEST) for kind in rig.kinds]
    total = len(patient.vertices)
    for (vertices, triangles), tissue in surfaces:
        points.append(vertices)
        faces.append(triangles + total)
        total += len(vertices)
        counts.append(len(triangles))
        channels.append(CHANNEL[tissue])
        limits.append(THICKEST)
    starts = np.cumsum([0, *counts])
    return np.concatenate(points), np.concatenate(faces), starts, np.array(channels), np.array(limits)


def _margin(shape: tuple[int, ...], rng: Generator) -> tuple[slice, slice]:
    rows, columns = (slice(int(n * rng.uniform(0, 0.08)), int(n * rng.uniform(0.92, 1.0))) for n in shape[:2])
    return rows, columns
