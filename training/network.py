"""The view network: one forward pass names the view, the beam's direction through a chest, and the film's
rotation."""

from __future__ import annotations

from typing import Any, Final

import keras
from keras import layers

from classifiers.manifest import QUARTER_TURNS
from training.backbone import backbone
from training.recipe import Recipe
from training.simulate.views import LABELS

PROJECTIONS: Final = ("ap", "pa")
ROTATIONS: Final = QUARTER_TURNS
HEADS: Final = {"view": LABELS, "projection": PROJECTIONS, "rotation": ROTATIONS}


def network(recipe: Recipe, *, side: int | None) -> keras.Model:
    """(N, side, side, 1) in [0, 1], bone bright, to logits ``view``, ``projection`` and ``rotation``; without
    weights worth anything. ``side`` None takes films of any size."""
    body = backbone(side=side, size=recipe.body)
    for layer in body.layers:
        layer.trainable = _learns(layer.name, recipe.frozen)
    entry = keras.Input((side, side, 1), name="image")
    dropped = layers.Dropout(0.2, name="dropped")(layers.GlobalAveragePooling2D(name="features")(body(entry)))
    heads = {name: layers.Dense(len(labels), name=name)(dropped) for name, labels in HEADS.items()}
    return keras.Model(entry, heads, name="view")


def learning(model: keras.Model, images: Any) -> dict[str, Any]:
    """The logits of all heads while the network learns: features are dropped, and what the blocks that learn
    see is normalised by each batch, so that steps have a size."""
    features = model.get_layer("features")(body_of(model)(images, training=True))
    dropped = model.get_layer("dropped")(features, training=True)
    return {name: model.get_layer(name)(dropped) for name in HEADS}


def body_of(model: keras.Model) -> keras.Model:
    """The backbone within the network."""
    return model.get_layer("backbone")


def _learns(layer: str, frozen: int) -> bool:
    block = layer.partition("_")[0]
    if block in ("stem", "scaled"):
        return frozen == 0
    return not block.startswith("block") or int(block.removeprefix("block")) >= frozen
