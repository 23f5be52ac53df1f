"""Tube and detector set up around the part, as the view asks."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.random import Generator

from training.simulate.meshes import Floats
from training.simulate.patient import Patient
from training.simulate.pose import turn
from training.simulate.raster import Camera, camera
from training.simulate.setup import View

# the segment whose motion turns a frame
TURNS: Final = {"hand": "hand.l", "foot": "foot.l", "leg": "foot.l", "elbow": "arm.l", "thumb": "thumb3.l",
                "patella": "patella.l"}  # fmt: skip
AXES: Final = {"x": 0, "y": 1, "z": 2}


def aim(patient: Patient, view: View, rng: Generator, *, pixels: int) -> Camera:
    """Draw field, centring, direction and distance; the film's long side has ``pixels``."""
    width, height = rng.uniform(*view.width), rng.uniform(*view.height)
    pitch = max(width, height) / pixels
    axes = _axes(patient, view)
    centre = patient.point(view.centre) + axes @ np.array([rng.uniform(*span) for span in view.offset])
    beam = axes @ _ray(rng.uniform(*view.azimuth), rng.uniform(*view.tilt))
    up = (1 if view.up[0] == "+" else -1) * axes[:, AXES[view.up[1]]]
    return camera(
        centre=centre,
        beam=beam,
        up=turn(beam, rng.uniform(*view.turn), np.zeros(3)).rotation @ up,
        distance=rng.uniform(*view.distance),
        behind=rng.uniform(60, 180) if view.grid else rng.uniform(20, 70),
        pitch=pitch,
        width=int(width / pitch) // 4 * 4,
        height=int(height / pitch) // 4 * 4,
    )


def _axes(patient: Patient, view: View) -> Floats:
    """The part's own frame as it lies now. An ankle is set up by the leg, whatever its foot does."""
    axes = patient.bones.frames[view.frame].axes
    carrier = (
        None if view.label in ("ankle_ap", "ankle_lateral") else patient.moved.get(TURNS.get(view.frame, ""))
    )
    return axes if carrier is None else np.asarray(carrier.rotation @ axes)


def _ray(azimuth: float, tilt: float) -> Floats:
    """The beam's direction in the part's frame, unit, from degrees."""
    around, along = np.deg2rad(azimuth), np.deg2rad(tilt)
    return np.array([-np.sin(around) * np.cos(along), np.sin(along), -np.cos(around) * np.cos(along)])
