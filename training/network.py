"""The view network: one forward pass names the view, the beam's direction through a chest, and the film's
rotation."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import keras
from keras import layers

from training.backbone import backbone
from training.simulate.views import LABELS

PROJECTIONS: Final = ("ap", "pa")
ROTATIONS: Final = ("0", "90", "180", "270")  # degrees counter-clockwise that the film was turned


def network(imagenet: Path, *, side: int, frozen: int) -> keras.Model:
    """(N, side, side, 1) in [0, 1], bone bright, to logits ``view``, ``projection`` and ``rotation``.

    The first ``frozen`` convolutions keep their ImageNet weights: they see edges, which films have too.
    """
    body = backbone(imagenet, side=side)
    convolutions = [layer for layer in body.layers if "conv" in layer.name]
    for layer in convolutions[:frozen]:
        layer.trainable = False
    features = layers.GlobalAveragePooling2D(name="features")(body.output)
    dropped = layers.Dropout(0.25)(features)
    heads = [
        layers.Dense(len(names), name=name)(dropped)
        for name, names in (("view", LABELS), ("projection", PROJECTIONS), ("rotation", ROTATIONS))
    ]
    return keras.Model(
        body.input, dict(zip(("view", "projection", "rotation"), heads, strict=True)), name="view"
    )
