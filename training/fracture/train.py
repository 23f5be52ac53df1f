"""Teach the network on simulated films, and on the few real ones that may teach."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Final

import numpy as np

from training.begin import begin_with_view, settled_heads
from training.detect.augment import Style
from training.detect.example import BoxedFilm
from training.detect.loop import Pool, Recipe, batches, learn
from training.detect.network import detector
from training.detect.targets import Batch
from training.fracture.films import LABELS, SIDE, other_films, real_examples, simulated

# forearms lie on the plate any way round, of either side
STYLE: Final = Style(turn=10.0, scale=(0.8, 1.3), shape=0.06, shift=0.08, mirrored=0.5, quarter_turns=0.4,
                     greys=0.6, coarse=0.35, coarsest=0.45, rough=0.4)  # fmt: skip
SETTLING: Final = 8  # batches that set the heads' normalisations
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


def train(shared: Path, folder: Path, out: Path, recipe: Recipe, report: Callable[[str], None]) -> Path:
    """Train, or go on from the last checkpoint in ``out``; returns the weights' file.

    Begins with the backbone of the shipped view pack, which has seen forearms, simulated and real.
    """
    kept = pools(shared, folder)
    names = ("broken", "whole", "real forearms", "other real films")
    report(", ".join(f"{len(pool.films)} {name}" for pool, name in zip(kept, names, strict=True)))
    model = detector(len(LABELS), side=SIDE, upright=False)

    def feed(seed: int) -> Iterator[Batch]:
        return batches(kept, side=SIDE, labels=len(LABELS), seed=seed, style=STYLE)

    begin_with_view(model)
    settled_heads(
        model, (np.asarray(batch.inputs, dtype=np.float32) for batch in islice(feed(recipe.seed), SETTLING))
    )
    learn(model, feed, replace(recipe, settle=0), out, report)
    return out / "model.weights.h5"
