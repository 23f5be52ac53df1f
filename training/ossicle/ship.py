"""The trained network as a pack."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

import keras
import numpy as np

from classifiers.detectmanifest import Closer
from classifiers.packs import Pack
from router.types import Mode
from training.detect.calibrate import Calibration
from training.detect.example import BoxedFilm
from training.detect.export import Shipped, export
from training.detect.network import trained
from training.ossicle.calibrate import SITE_NEEDS, kept
from training.ossicle.films import CONTEXT, LABELS, SIDE, SITE_OF, simulated_feet, squares, whole

LICENCE: Final = (
    "Apache-2.0; learnt from films rendered from CC BY-SA 4.0 and CC BY 4.0 anatomy, see the card"
)
DATA: Final = (
    "Simulated films of feet and ankles from BodyParts3D / Z-Anatomy (CC BY-SA) and the Visible Human feet "
    "(University of Denver, CC BY 4.0); no real foot. The backbone began as that of a view pack, which has "
    "learnt from ImageNet, simulated films of all parts and real films that may train."
)
PROBES: Final = 8


def probes(feet: Path) -> list[BoxedFilm]:
    """A few looks of both kinds at films that were not learnt from."""
    found: list[BoxedFilm] = []
    for foot in simulated_feet(feet, held_out=True):
        found += [whole(foot), *(square for _, square in squares(foot, np.random.default_rng(0))[:1])]
        if len(found) >= PROBES:
            break
    return found[:PROBES]


def shipped(calibration: Calibration, thresholds: Mapping[str, float]) -> Shipped:
    """What the pack says: six bones, each looked for at its own site."""
    return Shipped(
        labels=LABELS,
        side=SIDE,
        calibration=calibration,
        thresholds=thresholds,
        licence=LICENCE,
        training_data=DATA,
        closer=Closer(
            sites=MappingProxyType({site: (name,) for name, site in SITE_OF.items()}),
            context=CONTEXT,
            threshold=SITE_NEEDS,
        ),
        overlap=0.3,
        most=2,
        mode=Mode.SHADOW,  # how much it misses on real films nobody has measured: the card
    )


def write(model: keras.Model, feet: Path, folder: Path, said: Shipped) -> Pack:
    """Export and check. Raises ValueError when OpenVINO and Keras disagree."""
    images = np.stack([one.pixels for one in probes(feet)])[..., None].astype(np.float32) / 255.0
    return export(model, said, folder, probes=images)


def ship(work: Path, pack: Path) -> Pack:
    """Write the pack from ``work``/network and what was chosen for it. Raises FileNotFoundError."""
    calibration, thresholds, _ = kept(work / "network" / "chosen.json")
    model = trained(work / "network" / "model.weights.h5", len(LABELS), side=SIDE)
    return write(model, work / "feet", pack, shipped(calibration, thresholds))
