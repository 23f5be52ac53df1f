"""One film of a forearm with its truth: what is broken or dislocated, and where on the film."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from training.simulate import beam, film, hardware
from training.simulate.aim import aim
from training.simulate.bend import kept_segments
from training.simulate.fracture import variants
from training.simulate.fracture.case import Case, case, pronation, setup
from training.simulate.fracture.injuries import Injury, hinged
from training.simulate.fracture.joined import refined
from training.simulate.fracture.limb import HUMERUS, RADIUS, ULNA, Limb, away, limb
from training.simulate.fracture.truth import Site, Truth, drawn, places, read_off, sites
from training.simulate.meshes import Floats
from training.simulate.patient import Patient, position
from training.simulate.people import childlike, person
from training.simulate.pose import skeleton
from training.simulate.raster import Camera, thickness
from training.simulate.rig import load_rig, restricted
from training.simulate.scene import traced
from training.simulate.segments import CHANNEL
from training.simulate.setup import View

PIXELS = 416  # of a film's long side
AIMS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenShot:
    """A patient in position, broken or not: thickness maps that several exposures share."""

    view: View
    patient: Patient
    injury: Injury | None
    tissues: NDArray[np.float32]  # (tissues, H, W) cm
    pitch: float  # mm per pixel at the patient
    sites: tuple[Site, ...]  # what is hurt, and the places of the joints


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenFilm:
    """A simulated film with its truth. ``pixels`` is uint8 (H, W), bone bright."""

    pixels: NDArray[np.uint8]
    view: str
    injury: str  # "" for none
    truth: Truth


class BrokenStudio:
    """The rigged arm and all that is worth keeping between films."""

    def __init__(self, anatomy: Path, cache: Path, *, pixels: int = PIXELS) -> None:
        self._pixels = pixels
        whole = load_rig(anatomy, cache)
        self.bones = skeleton(whole)
        self.rig = refined(restricted(whole, kept_segments("arm")), (RADIUS, ULNA))
        self._grain = beam.Grain(np.random.default_rng(0))

    def pose(self, rng: Generator, *, only: str | None = None) -> BrokenShot:
        """Draw a case (``only`` as in ``case``), a position and a beam, and trace the rays."""
        what = case(rng, only)
        view = setup(what.region, rng)
        who = person(rng)
        who = childlike(who, rng) if what.child else who
        arm = limb(position(self.rig, self.bones, view, rng, who))
        arm.region = what.region
        variants.turned(arm, -pronation(view, rng))
        _varied(arm, what, rng)
        before = arm.joints()
        injury = None if what.hurt is None else what.hurt(arm, rng)
        patient = arm.patient()
        look, found = self._aimed(arm, patient, injury, before, view, rng)
        tissues = _traced(patient, look, what, rng) * np.float32(what.size)
        return BrokenShot(view=view, patient=patient, injury=injury, tissues=tissues, sites=found,
                          pitch=look.pitch_at_patient * what.size)  # fmt: skip

    def _aimed(self, arm: Limb, patient: Patient, injury: Injury | None, before: tuple[Floats, Floats],
               view: View, rng: Generator) -> tuple[Camera, tuple[Site, ...]]:  # fmt: skip
        """A beam that meets what is broken, if one of a few draws does."""
        for _ in range(AIMS):
            look = aim(patient, view, rng, pixels=self._pixels)
            found = sites(arm, injury, before, look)
            if all(site.inside(look) for site in found):
                break
        return look, found + places(arm, look)

    def expose(self, shot: BrokenShot, rng: Generator) -> BrokenFilm:
        """One film of a shot."""
        view, shape = shot.view, shot.tissues.shape[1:]
        how = beam.exposure(rng, int(rng.choice(view.kv)), trunk=False)
        signal = beam.attenuation(
            shot.tissues, None, shot.patient.who, how, self._grain, rng, pitch=shot.pitch, trunk=False
        )
        body = np.asarray(shot.tissues[CHANNEL["skin"]] > 0.3, dtype=np.float32)
        maps = [signal, body, *(drawn(site, (int(shape[0]), int(shape[1]))) for site in shot.sites)]
        signal, body, *masks = film.warped(maps, rng, turn=float(rng.normal(0, 3)), stretch=0.06, bend=3.0)
        rows, columns = (slice(int(n * rng.uniform(0, 0.06)), int(n * rng.uniform(0.94, 1))) for n in shape)
        picture = film.developed(signal[rows, columns], body[rows, columns] > 0.5, rng, pitch=shot.pitch,
                                 trunk=False, blackened=view.blackened, whitened=view.whitened)  # fmt: skip
        coded = np.full(picture.shape, 16, dtype=np.float32)
        for bit, mask in enumerate(masks):
            coded += np.float32(1 << bit) * (mask[rows, columns] > 0.5)
        picture, coded = _hung(picture, coded, view, rng)
        found = read_off(coded, shot.sites)
        return BrokenFilm(pixels=film.compressed(picture, rng), view=view.label, truth=found,
                          injury="" if shot.injury is None else shot.injury.name)  # fmt: skip


def _varied(arm: Limb, what: Case, rng: Generator) -> None:
    hinged(arm, ULNA, away(arm, rng, arm.front, 90), float(rng.normal(0, 1.2)))  # wrists differ in how loose
    if what.bow:
        variants.bowed(arm, rng)
    if what.callus:
        variants.healed(arm, rng)
    if what.child:
        variants.growing(arm, rng)
    elif what.scar:
        variants.scarred(arm, rng)


def _traced(patient: Patient, look: Camera, what: Case, rng: Generator) -> NDArray[np.float32]:
    surfaces = [(surface, "metal") for surface in (_metal(patient, rng) if what.metal else [])]
    surfaces += [(patient.wrapped(what.cast), "cast")] if what.cast else []
    tissues = traced(patient, surfaces, look, thickness)
    if rng.random() < 0.12:
        hardware.drawn(tissues[CHANNEL["metal"]], rng, chest=False)
    return tissues


def _metal(patient: Patient, rng: Generator) -> list[hardware.Surface]:
    """A plate, nail or wires on one or both bones of the forearm, or on the humerus."""
    surfaces = []
    count, odds = int(rng.integers(1, 3)), [0.45, 0.45, 0.1]
    for name in rng.choice([RADIUS, ULNA, HUMERUS], count, p=odds, replace=False):
        bone = patient.vertices[patient.rig.part(str(name))]
        maker = rng.choice([0, 1, 2], p=[0.6, 0.15, 0.25])
        surfaces += (hardware.plate, hardware.nail, hardware.wires)[maker](bone, rng)
    return surfaces


def _hung(picture: film.Map, coded: film.Map, view: View, rng: Generator) -> tuple[film.Map, film.Map]:
    """The film mirrored, turned, collimated and marked, and its truth moved in the same way.

    ``coded`` holds 16 or more where there is film, so that what shutters cover reads as less.
    """
    if rng.random() < view.mirror:
        picture, coded = picture[:, ::-1], coded[:, ::-1]
    quarter = 2 if rng.random() < view.upside_down else int(rng.choice([0, 1, 3], p=[0.92, 0.04, 0.04]))
    picture, coded = (np.ascontiguousarray(np.rot90(one, quarter)) for one in (picture, coded))
    again = deepcopy(rng)
    picture = film.collimated(picture, rng, often=max(view.collimation, 0.6))
    coded = film.collimated(coded, again, often=max(view.collimation, 0.6))
    return film.marked(picture, rng, often=0.5), coded
