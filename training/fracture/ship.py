"""The trained network as a pack."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from classifiers.packs import Pack, write_pack
from router.types import Mode
from training.detect.export import Shipped, export, thresholds_of
from training.fracture.choose import stored_choice, trained
from training.fracture.films import LABELS, SIDE, simulated
from training.simulate.fracture.injuries import GALEAZZI, MONTEGGIA

PROBES: Final = 6
ENOUGH: Final = 0.5
LICENCE: Final = "CC-BY-SA-4.0"
TRAINED_ON: Final = (
    "Simulated films of broken and whole forearms (BodyParts3D - The Database Center for Life Science - "
    "CC-BY-SA 2.1 Japan; Z-Anatomy - The libre 3D atlas of anatomy - CC-BY-SA 4.0) and 32 real films whose "
    "licences allow training (FracAtlas, CC BY 4.0, and others: see the card). Backbone: EfficientNet-Lite0, "
    "ImageNet."
)


def ship(home: Path, folder: Path) -> Pack:
    """Write ``home``'s network to ``folder`` (fracture/VERSION). Raises FileNotFoundError and ValueError as
    ``export`` does."""
    chosen = stored_choice(home)
    model = trained(home / "network" / "model.weights.h5")
    films = simulated(home / "films", held_out=True)
    probes = np.stack([film.pixels for (film, _), _ in zip(films, range(PROBES), strict=False)])
    shipped = Shipped(
        labels=LABELS,
        side=SIDE,
        calibration=chosen.calibration,
        thresholds=thresholds_of(LABELS, chosen.thresholds),
        licence=LICENCE,
        training_data=TRAINED_ON,
        most=3,
    )
    pack = export(model, shipped, folder, probes=(probes[..., None] / 255).astype(np.float32))
    return write_pack(folder, replace(pack.manifest, mode=mode_of(chosen.reached)))


def mode_of(reached: Mapping[str, float]) -> Mode:
    """Active only when the training reached ``ENOUGH`` of what it was made for, on simulated films held out;
    what cannot find those is no answer on real ones."""
    enough = min(reached[label] for label in (MONTEGGIA, GALEAZZI)) >= ENOUGH
    return Mode.ACTIVE if enough else Mode.SHADOW
