"""One foot with what grows around it: posed, seen through, and how plainly each thing shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from training.simulate import beam, film
from training.simulate.aim import aim
from training.simulate.ossicle_growth import (
    Foot,
    Growth,
    accessory,
    bump,
    chalk,
    fragment,
    grown_bones,
    hallux_sesamoids,
    standard,
)
from training.simulate.ossicle_people import tarsus
from training.simulate.ossicle_rig import fine_leg
from training.simulate.ossicle_shapes import Lump
from training.simulate.ossicle_sites import OSSICLES, SITES, anchors, edges, middle
from training.simulate.patient import Patient, position
from training.simulate.people import Person, reshaped
from training.simulate.pose import skeleton
from training.simulate.raster import Camera, thickness
from training.simulate.rig import Rig, load_rig, replaced
from training.simulate.segments import CHANNEL, TISSUES, segment_of
from training.simulate.setup import View

PIXELS: Final = 640  # of a film's long side
THICKEST: Final = 600.0  # mm
SPONGY: Final = 0.17  # mineral of trabecular bone over that of cortical bone
SHADOW: Final = 0.02  # cm of bone that counts as a thing's shadow
PLAIN: Final = 0.35  # own mineral over that of what lies before and behind it: seen as a thing of its own
Box = tuple[float, float, float, float]
Map = NDArray[np.floating]


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """A growth or a site on the film. ``plain`` is the share of its shadow that stands out from the bones
    before and behind it; ``shadow`` is bool (H, W)."""

    kind: str
    plain: float
    shadow: NDArray[np.bool_]
    millimetres: float = 0.0  # its longest extent
    bipartite: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FootShot:
    """A foot in position, seen through. ``things`` are growths, ``sites`` the six places."""

    view: View
    who: Person
    tissues: NDArray[np.float32]  # (tissues, H, W) cm
    pitch: float  # mm per pixel at the patient
    things: tuple[Thing, ...]
    sites: tuple[Thing, ...]


class FootStudio:
    """The fine leg and all that is worth keeping between films. ``person``: whose tarsal bones, one of
    ``ossicle_people.PEOPLE`` or the body's own. Raises FileNotFoundError without ``anatomy``."""

    def __init__(self, anatomy: Path, kept: Path, *, pixels: int = PIXELS, person: str = "") -> None:
        body = load_rig(anatomy, kept)
        self._pixels = pixels
        self.bones = skeleton(body)
        self.rig, self._sesamoids = fine_leg(body, anatomy)
        if person:
            self.rig = replaced(self.rig, tarsus(anatomy, person, self.rig))
        self._anchors, self._edges = anchors(self.rig), edges(self.rig)
        self._feet = _outside(self.rig)
        self.grain = beam.Grain(np.random.default_rng(0))

    def shoot(self, view: View, rng: Generator, *, wanted: Sequence[str] | None = None) -> FootShot:
        """Draw a person, a position, what grows there, and trace the rays. ``wanted`` names the accessory
        bones to be there instead of drawing them."""
        foot = self.foot(view, rng)
        if wanted is None:
            chance = 0.0 if rng.random() < 0.22 else 0.27
            wanted = [name for name in OSSICLES if rng.random() < chance]
        bumps = [] if wanted and rng.random() < 0.6 else grown_bones(foot, rng)
        foot = _bumped(foot, bumps)
        grown = [accessory(foot, name, rng) for name in wanted] + hallux_sesamoids(foot, rng)
        if rng.random() < 0.3:
            grown += [fragment(foot, rng) for _ in range(int(rng.integers(1, 3)))]
        if rng.random() < 0.15:
            grown.append(chalk(foot, rng))
        return _traced(foot, view, grown, aim(foot.patient, view, rng, pixels=self._pixels))

    def foot(self, view: View, rng: Generator) -> Foot:
        """A person with one foot in position for a view."""
        patient = position(self.rig, self.bones, view, rng)
        carried = patient.moved["foot.l"].rotation
        return Foot(
            patient=patient,
            anchors=self._anchors,
            edges=self._edges,
            sesamoids=tuple(reshaped(one, patient.who) for one in self._sesamoids),
            carried=carried,
            bone=patient.vertices[self._feet],
            normals=self.rig.normals[self._feet] @ carried.T,
        )


def _outside(rig: Rig) -> NDArray[np.int64]:
    """The vertices of the outer surfaces of the bones of foot and shank."""
    found = []
    for index, (name, kind) in enumerate(zip(rig.names, rig.kinds, strict=True)):
        if kind == "bone" and segment_of(name) in ("foot.l", "toes.l", "shank.l"):
            found.append(np.arange(rig.vertex_starts[index], rig.vertex_starts[index + 1]))
    return np.concatenate(found)


def _bumped(foot: Foot, bumps: list[tuple[NDArray[np.float64], NDArray[np.float64], float, float]]) -> Foot:
    """The foot with its bones grown out; the skin stays."""
    if not bumps:
        return foot
    patient = foot.patient
    bony = np.repeat(
        [kind in ("bone", "inner") for kind in patient.rig.kinds], np.diff(patient.rig.vertex_starts)
    )
    vertices = patient.vertices.copy()
    vertices[bony] = bump(vertices[bony], bumps)
    return replace(foot, patient=replace(patient, vertices=vertices), bone=bump(foot.bone, bumps))


def _traced(foot: Foot, view: View, grown: list[Growth], look: Camera) -> FootShot:
    tissues = _body(foot.patient, look)
    outer, inner = tissues[CHANNEL["bone"]], tissues[CHANNEL["inner"]]
    shadows = [_through(growth.lumps, look) for growth in grown]
    for own, marrow in shadows:
        outer += own
        inner += marrow
    mineral = outer - (1 - SPONGY) * np.minimum(inner, outer)
    things = []
    for growth, (own, marrow) in zip(grown, shadows, strict=True):
        chalky = own - (1 - SPONGY) * np.minimum(marrow, own)
        extent = float(np.ptp(np.concatenate([lump.outer for lump in growth.lumps]), axis=0).max())
        things.append(Thing(kind=growth.kind, plain=_plain(own, chalky, mineral - chalky),
                            shadow=own > SHADOW, millimetres=extent, bipartite=growth.bipartite))  # fmt: skip
    seen = FootShot(view=view, who=foot.patient.who, tissues=tissues, pitch=look.pitch_at_patient,
                    things=tuple(things), sites=())  # fmt: skip
    return replace(seen, sites=tuple(_site(foot, name, look, mineral) for name in OSSICLES))


def _site(foot: Foot, name: str, look: Camera, mineral: film.Map) -> Thing:
    """Where a site is on the film, and whether a bone of ordinary size would stand out there."""
    own = _through((standard(foot, name),), look)[0]
    chalky = own * 0.5
    radius, at = SITES[name].radius, middle(foot.patient.vertices, foot.anchors[name])
    at = at + 3.0 * foot.out(SITES[name].towards)
    column, row, _ = look.project(at[None])[0]
    rows, columns = np.mgrid[: look.height, : look.width] + 0.5
    disc = (rows - row) ** 2 + (columns - column) ** 2 < (radius / look.pitch_at_patient) ** 2
    return Thing(kind=name, plain=_plain(own, chalky, mineral), shadow=disc, millimetres=2 * radius)


def _plain(own: film.Map, mineral: Map, others: Map) -> float:
    shadow = own > SHADOW
    return float(np.mean(mineral[shadow] >= PLAIN * others[shadow])) if shadow.any() else 0.0


def _body(patient: Patient, look: Camera) -> NDArray[np.float32]:
    rig = patient.rig
    channels = np.array([CHANNEL[kind] for kind in rig.kinds])
    limits = np.full(len(channels), THICKEST)
    return thickness(patient.vertices, rig.faces, rig.face_starts, channels, limits, view=look,
                     tissues=len(TISSUES))  # fmt: skip


def _through(lumps: Sequence[Lump], look: Camera) -> tuple[film.Map, film.Map]:
    """Centimetres of bone and of its marrow, each (H, W), of a few lumps."""
    surfaces = [(lump.outer, lump.faces, 0) for lump in lumps]
    surfaces += [(lump.inner, lump.faces, 1) for lump in lumps if lump.inner is not None]
    points = np.concatenate([points for points, _, _ in surfaces])
    firsts = np.cumsum([0, *(len(points) for points, _, _ in surfaces)])
    faces = np.concatenate(
        [faces + first for (_, faces, _), first in zip(surfaces, firsts[:-1], strict=True)]
    )
    starts = np.cumsum([0, *(len(faces) for _, faces, _ in surfaces)])
    channels = np.array([channel for _, _, channel in surfaces])
    both = thickness(points, faces, starts, channels, np.full(len(channels), THICKEST), view=look, tissues=2)
    return both[0], both[1]
