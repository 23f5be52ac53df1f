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
from training.simulate.bodies import CHILD, GROWN, LIMBS, Bodies
from training.simulate.implants import implants
from training.simulate.meshes import Floats, Ints
from training.simulate.patient import Patient, position
from training.simulate.people import Person, childlike, person
from training.simulate.pose import Skeleton, skeleton
from training.simulate.raster import Camera, Raster, thickness
from training.simulate.rig import Rig, load_rig
from training.simulate.segments import CHANNEL, OPEN_TUBES, TISSUES
from training.simulate.setup import View

PIXELS = 288  # of a film's long side, before margins are cropped
THICKEST = 600.0  # mm
AGAIN = 0.03  # of the films of limbs have two exposures of the same side


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
    body: str  # whose bones: a kind of ``bodies``
    beside: Shot | None = None  # another exposure of this patient on the same plate
    both: bool = False  # of the other side


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sitter:
    """Who is exposed, and how the view is set up for somebody of this size (1: a grown-up's)."""

    who: Person
    rig: Rig
    body: str
    size: float
    view: View


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
    body: str = GROWN  # whose bones: a kind of ``bodies``


class Studio:
    """The rigged body and all that is worth keeping between films; ``raster`` traces the rays."""

    def __init__(
        self, anatomy: Path, cache: Path, *, pixels: int = PIXELS, raster: Raster = thickness
    ) -> None:
        self._pixels, self._raster = pixels, raster
        self.rig: Rig = load_rig(anatomy, cache)
        self.bones: Skeleton = skeleton(self.rig)
        self._grain = beam.Grain(np.random.default_rng(0))
        self._bodies = Bodies(self.rig)
        gut = self.rig.vertices[self.rig.part("Transverse colon", "gut")][::9]
        self._gut = np.concatenate([gut, gut - [0, 90, 0]])

    def pose(self, view: View, rng: Generator, *, body: tuple[str, int] | None = None) -> Shot:
        """Draw a person (with the bones of ``body``, a kind of ``bodies`` and its number), position and beam,
        and trace the rays; of some also for a second exposure."""
        sitter = self._sitter(view, rng, body or self._bodies.drawn(view.keep, rng))
        shot, both = self._shot(sitter, rng), rng.random() < view.pair
        if both or (view.keep in LIMBS and rng.random() < AGAIN):
            return replace(shot, beside=self._shot(sitter, rng), both=both)
        return shot

    def _sitter(self, view: View, rng: Generator, body: tuple[str, int]) -> _Sitter:
        who, size, by = person(rng, curved=view.scoliosis), 1.0, 1.0
        if body[0] == CHILD:
            who, size = childlike(who, rng), rng.uniform(0.45, 0.85)
            by = rng.uniform(1.0, 1.5) if rng.random() < 0.5 else 1.0  # fields are often wide for a child
        width, height = by * rng.uniform(*view.width), by * rng.uniform(*view.height)
        field = replace(view, width=(width, width), height=(height, height))
        rig = self._bodies.of(view.keep, *body)
        return _Sitter(who=who, rig=rig, body=body[0], size=size, view=field)

    def _shot(self, sitter: _Sitter, rng: Generator) -> Shot:
        view = sitter.view
        patient = position(sitter.rig, self.bones, view, rng, sitter.who)
        cast = rng.uniform(3, 11) if view.keep in LIMBS and rng.random() < 0.07 else 0.0
        metal = implants(patient, view, rng) if rng.random() <= view.metal else []
        look = aim(patient, view, rng, pixels=self._pixels)
        surfaces = [(surface, "metal") for surface in metal]
        surfaces += [(patient.wrapped(cast), "cast")] if cast else []
        tissues = traced(patient, surfaces, look, self._raster)
        _draw_over(tissues, view, rng)
        tissues *= np.float32(sitter.size)
        return Shot(view=view, who=sitter.who, angles=patient.angles, tissues=tissues, body=sitter.body,
                    pitch=look.pitch_at_patient * sitter.size, gut=look.project(self._gut)[:, :2],
                    metal=bool(metal))  # fmt: skip

    def expose(self, shot: Shot, rng: Generator) -> Film:
        """One film of a shot."""
        kv = int(rng.choice(shot.view.kv))
        picture, upside, mirrored = hung(self.picture(shot, kv, rng), shot.view, rng)
        pixels = film.compressed(picture, rng)
        metal = shot.metal or (shot.beside is not None and shot.beside.metal)
        return Film(pixels=pixels, label=shot.view.label, upside=upside, mirrored=mirrored, metal=metal,
                    kv=kv, angles=shot.angles, body=shot.body)  # fmt: skip

    def picture(self, shot: Shot, kv: int, rng: Generator) -> film.Map:
        """The processed film, float32 (H, W) in [0, 1], before it is hung, collimated and marked."""
        view = shot.view
        signal, body = self._signal(shot, kv, rng)
        if shot.beside is not None:
            beside = self._signal(shot.beside, kv, rng)
            pairs = [(one, other[:, ::-1] if shot.both else other)
                     for one, other in zip((signal, body), beside, strict=True)]  # fmt: skip
            signal, body = _side_by_side(pairs, rng)
        return film.developed(signal, body > 0.5, rng, pitch=shot.pitch, trunk=_dense(view, kv),
                              blackened=view.blackened, whitened=view.whitened)  # fmt: skip

    def _signal(self, shot: Shot, kv: int, rng: Generator) -> list[film.Map]:
        """What the detector makes of a shot, and where the body is, both (H, W)."""
        view, shape = shot.view, shot.tissues.shape[1:]
        gas = bowel.gas(shot.gut, shape, rng, pitch=shot.pitch, amount=view.gas) if view.gas else None
        how = beam.exposure(rng, kv, trunk=view.grid)
        signal = beam.attenuation(
            shot.tissues, gas, shot.who, how, self._grain, rng, pitch=shot.pitch, trunk=_dense(view, kv)
        )
        body = np.asarray(shot.tissues[CHANNEL["skin"]] > 0.3, dtype=np.float32)
        bent = film.warped([signal, body], rng, turn=float(rng.normal(0, 3)), stretch=0.06, bend=3.0)
        window = _margin(signal.shape, rng)
        return [one[window] for one in bent]


def _dense(view: View, kv: int) -> bool:
    """Whether it is a trunk behind a grid, at a voltage at which bone and gas still differ much."""
    return view.grid and kv < 100


def traced(patient: Patient, surfaces: list[tuple[hardware.Surface, str]], look: Camera, raster: Raster
           ) -> NDArray[np.float32]:  # fmt: skip
    """(tissues, H, W) in cm of a body and of surfaces added to it, each with its tissue. A cast is what lies
    outside the skin."""
    rig = patient.rig
    channels = np.array([CHANNEL[kind] for kind in rig.kinds])
    limits = np.array([OPEN_TUBES.get(kind, THICKEST) for kind in rig.kinds])
    tissues = raster(patient.vertices, rig.faces, rig.face_starts, channels, limits, view=look,
                     tissues=len(TISSUES))  # fmt: skip
    if surfaces:
        tissues += raster(*_joined(surfaces), view=look, tissues=len(TISSUES))
    if any(tissue == "cast" for _, tissue in surfaces):
        tissues[CHANNEL["cast"]] = np.maximum(tissues[CHANNEL["cast"]] - tissues[CHANNEL["skin"]], 0)
    return tissues


def _draw_over(tissues: NDArray[np.float32], view: View, rng: Generator) -> None:
    """What lies on some patients, drawn into the metal, in place."""
    if rng.random() < 0.12:
        hardware.drawn(tissues[CHANNEL["metal"]], rng, chest="chest" in view.label)
    if view.centre in ("pelvis", "hip") and rng.random() < 0.08:
        hardware.shield(tissues[CHANNEL["metal"]], rng)


def _side_by_side(pairs: list[tuple[film.Map, film.Map]], rng: Generator) -> list[film.Map]:
    """Two exposures on one plate, in either order, of each pair of maps; air where neither lies."""
    tall = max(len(one) for one in pairs[0])
    above = [int(rng.integers(tall - len(one) + 1)) for one in pairs[0]]
    order, gap = rng.permutation(2).tolist(), int(rng.integers(0, 20))
    plate = []
    for pair in pairs:
        air = float(min(one.min() for one in pair))
        first, second = (np.pad(pair[place], ((above[place], tall - len(pair[place]) - above[place]), (0, 0)),
                                constant_values=air) for place in order)  # fmt: skip
        between = np.full((tall, gap), air, dtype=np.float32)
        plate.append(np.concatenate([first, between, second], axis=1))
    return plate


def hung(picture: film.Map, view: View, rng: Generator) -> tuple[film.Map, int, bool]:
    """The film as it is hung, collimated and marked; its quarter turns and whether it is mirrored."""
    if rng.random() < view.tight:
        picture = film.equalised(picture, rng)
    mirrored = bool(rng.random() < view.mirror) != seen_from_behind(view)
    picture = picture[:, ::-1] if mirrored else picture
    quarter = 2 if rng.random() < view.upside_down else 0
    picture = film.collimated(np.rot90(picture, quarter), rng, often=view.collimation)
    return film.marked(np.ascontiguousarray(picture), rng, often=0.5), quarter, mirrored


def seen_from_behind(view: View) -> bool:
    """Whether the tube stands behind the trunk: such a film is hung mirrored, as if the patient faced us."""
    return bool(view.grid and np.cos(np.deg2rad(np.mean(view.azimuth))) < -0.5)


def _joined(surfaces: list[tuple[hardware.Surface, str]]) -> tuple[Floats, Ints, Ints, Ints, Floats]:
    """Surfaces as ``thickness`` wants them: points, faces, starts, channels, limits."""
    firsts = np.cumsum([0, *(len(points) for (points, _), _ in surfaces)])
    faces = [own + first for ((_, own), _), first in zip(surfaces, firsts[:-1], strict=True)]
    return (
        np.concatenate([points for (points, _), _ in surfaces]),
        np.concatenate(faces),
        np.cumsum([0, *map(len, faces)]),
        np.array([CHANNEL[tissue] for _, tissue in surfaces]),
        np.full(len(surfaces), THICKEST),
    )


def _margin(shape: tuple[int, ...], rng: Generator) -> tuple[slice, slice]:
    rows, columns = (slice(int(n * rng.uniform(0, 0.08)), int(n * rng.uniform(0.92, 1.0))) for n in shape[:2])
    return rows, columns
