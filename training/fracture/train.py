"""Teach the network on simulated films, and on the few real ones that may teach."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import keras
import numpy as np

from training.detect.augment import Style
from training.detect.example import BoxedFilm
from training.detect.loop import Pool, Recipe, batches, learn
from training.detect.network import begin_with_imagenet, detector
from training.detect.targets import Batch
from training.fracture.films import LABELS, SIDE, other_films, real_examples, simulated
from training.lung.train import network as lung_network

# forearms lie on the plate any way round, of either side
STYLE: Final = Style(turn=10.0, scale=(0.8, 1.3), shape=0.06, shift=0.08, mirrored=0.5, quarter_turns=0.4,
                     greys=0.6, coarse=0.35, coarsest=0.45, rough=0.4)  # fmt: skip
BROKEN, WHOLE, REAL, OTHER = 7, 3, 1, 1  # films of each kind in a batch


def pools(shared: Path, folder: Path) -> list[Pool]:
    """Simulated films with and without anything broken, real forearms, real films of other parts. Raises
    ValueError when nothing has been rendered into ``folder``."""
    broken: list[BoxedFilm] = []
    whole: list[BoxedFilm] = []
    for film, _ in simulated(folder, held_out=False):
        (broken if len(film.labels) else whole).append(film)
    if not broken or not whole:
        raise ValueError(f"{folder} holds no films; python -m training fracture prepare renders them")
    counts = np.bincount(np.concatenate([film.labels for film in broken]), minlength=len(LABELS))
    odds = [float(np.max(1 / counts[film.labels]) ** 0.5) for film in broken]
    return [
        Pool(films=broken, count=BROKEN, odds=odds),
        Pool(films=whole, count=WHOLE),
        Pool(films=real_examples(shared, "train"), count=REAL),
        Pool(films=other_films(shared, "train"), count=OTHER),
    ]


def begin_with_lungs(model: keras.Model, weights: Path) -> int:
    """Give ``model`` what a lung detector's weights have of the same name and shape: a backbone that has seen
    thousands of radiographs. Returns how many layers took them. Raises FileNotFoundError."""
    if not weights.is_file():
        raise FileNotFoundError(f"no lung network at {weights}; python -m training lung train makes one")
    other = lung_network()
    other.load_weights(weights)
    there = {layer.name for layer in other.layers}
    taken = 0
    for layer in model.layers:
        values = [] if layer.name not in there else other.get_layer(layer.name).get_weights()
        if values and [one.shape for one in values] == [one.shape for one in layer.get_weights()]:
            layer.set_weights(values)
            taken += 1
    return taken


def train(shared: Path, folder: Path, out: Path, recipe: Recipe, report: Callable[[str], None], *,
          start: Path | None = None) -> Path:  # fmt: skip
    """Train, or go on from the last checkpoint in ``out``; returns the weights' file.

    Begins with ImageNet's weights, or with those of the lung detector ``start``.
    """
    kept = pools(shared, folder)
    names = ("broken", "whole", "real forearms", "other real films")
    report(", ".join(f"{len(pool.films)} {name}" for pool, name in zip(kept, names, strict=True)))
    model = detector(len(LABELS), side=SIDE, upright=False)
    if start is None:
        begin_with_imagenet(model)
    else:
        report(f"{begin_with_lungs(model, start)} layers begin with the lung detector's weights")

    def feed(seed: int) -> Iterator[Batch]:
        return batches(kept, side=SIDE, labels=len(LABELS), seed=seed, style=STYLE)

    learn(model, feed, recipe, out, report)
    return out / "model.weights.h5"
