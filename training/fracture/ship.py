"""The trained network as a pack."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Final

import keras
import numpy as np

from classifiers.detectmanifest import Closer, OneName
from classifiers.packs import Pack, write_pack
from router.types import Mode
from training.detect.calibrate import Calibration
from training.detect.example import BoxedFilm
from training.detect.export import Shipped, export
from training.detect.network import trained
from training.fracture.choice import stored_choice
from training.fracture.films import CONTEXT, LABELS, SIDE, simulated_arms, squares, whole
from training.simulate.fracture.injuries import FRACTURE, GALEAZZI, MONTEGGIA, PLACES

PROBES: Final = 6
# One break has one name. Its boxes by three names lie less exactly on each other than two of one name would.
ONE_NAME: Final = OneName(labels=(MONTEGGIA, GALEAZZI, FRACTURE), overlap=0.3)
PLACE_NEEDS: Final = 0.2  # probability of a joint's place at which it is looked at closer
ENOUGH: Final = 0.5
LICENCE: Final = "CC-BY-SA-4.0"
TRAINED_ON: Final = (
    "Simulated films of broken and whole forearms (BodyParts3D - The Database Center for Life Science - "
    "CC-BY-SA 2.1 Japan; Z-Anatomy - The libre 3D atlas of anatomy - CC-BY-SA 4.0) and 32 real films whose "
    "licences allow training (FracAtlas, CC BY 4.0, and others: see the card). Backbone: EfficientNet-Lite0, "
    "ImageNet."
)


def probes(folder: Path) -> list[BoxedFilm]:
    """A few looks of both kinds at films that were not learnt from."""
    rng, found = np.random.default_rng(0), []
    for arm in simulated_arms(folder, held_out=True):
        found += [whole(arm), *(look for _, look in squares(arm, rng)[:1])]
        if len(found) >= PROBES:
            break
    return found[:PROBES]


def shipped(calibration: Calibration, thresholds: Mapping[str, float]) -> Shipped:
    """What the pack says: breaks on the whole film, joints that are apart and breaks near them on a closer
    look."""
    return Shipped(
        labels=LABELS,
        side=SIDE,
        calibration=calibration,
        thresholds=thresholds,
        licence=LICENCE,
        training_data=TRAINED_ON,
        closer=Closer(
            sites=MappingProxyType({place: (joint, FRACTURE) for joint, place in PLACES.items()}),
            context=CONTEXT,
            threshold=PLACE_NEEDS,
            everywhere=(FRACTURE,),
        ),
        one_name=ONE_NAME,
        most=3,
    )


def write(model: keras.Model, films: Path, folder: Path, said: Shipped) -> Pack:
    """Export and check. Raises ValueError when OpenVINO and Keras disagree."""
    images = np.stack([one.pixels for one in probes(films)])[..., None].astype(np.float32) / 255.0
    return export(model, said, folder, probes=images)


def ship(home: Path, folder: Path) -> Pack:
    """Write ``home``'s network to ``folder`` (fracture/VERSION). Raises FileNotFoundError, and ValueError as
    ``write`` does."""
    chosen = stored_choice(home)
    model = trained(home / "network" / "model.weights.h5", len(LABELS), side=SIDE)
    pack = write(model, home / "films", folder, shipped(chosen.calibration, chosen.thresholds))
    return write_pack(folder, replace(pack.manifest, mode=mode_of(chosen.reached)))


def mode_of(reached: Mapping[str, float]) -> Mode:
    """Active only when the training reached ``ENOUGH`` of what it was made for, on simulated films held out;
    what cannot find those is no answer on real ones."""
    enough = min(reached[label] for label in (MONTEGGIA, GALEAZZI)) >= ENOUGH
    return Mode.ACTIVE if enough else Mode.SHADOW
