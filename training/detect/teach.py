"""Teach a detector of films that lie any way round, from what the view network or an earlier pack knows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from training.detect.augment import Style
from training.detect.begin import begin
from training.detect.loop import Pool, Recipe, Report, batches, learn
from training.detect.network import detector
from training.detect.targets import Batch
from training.films import films_that_teach
from training.looks import looks_of


def teach(
    pools: Mapping[str, Pool],
    *,
    labels: int,
    side: int,
    style: Style,
    shared: Path,
    start: Path | None,
    out: Path,
    recipe: Recipe,
    report: Report,
) -> Path:
    """Learn from ``pools``, by the name of each, or go on from the last checkpoint in ``out``; returns the
    weights' file.

    Begins with the pack ``start``, or with the backbone of the shipped view pack, which has seen radiographs
    of all parts. Films are changed by ``style``, to greys that the real films of ``shared`` have. Raises as
    ``begin`` does.
    """
    report(", ".join(f"{len(pool.films)} {name}" for name, pool in pools.items()))
    model = detector(labels, side=side, upright=False)
    real = replace(style, looks=looks_of(films_that_teach(shared), np.random.default_rng(recipe.seed), side))

    def feed(seed: int) -> Iterator[Batch]:
        return batches(list(pools.values()), side=side, labels=labels, seed=seed, style=real)

    if not (out / "checkpoint.npz").is_file():
        begin(model, start, feed(recipe.seed))
    learn(model, feed, replace(recipe, settle=0), out, report)
    return out / "model.weights.h5"
