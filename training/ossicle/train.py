"""Teach one network both looks: the whole film's sites and the squares around them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Final

import numpy as np

from training.detect.augment import Style
from training.detect.begin import begin
from training.detect.example import BoxedFilm
from training.detect.loop import Pool, Recipe, batches, learn
from training.detect.network import detector
from training.detect.targets import Batch
from training.films import films_that_teach
from training.looks import looks_of
from training.ossicle.films import LABELS, SIDE, simulated_feet, squares, whole
from training.simulate.ossicle_sites import OSSICLES

# feet lie on the plate any way round, of either side; the set-up already turns and bends them
STYLE: Final = Style(turn=8.0, scale=(0.85, 1.2), shape=0.05, shift=0.06, mirrored=0.5, quarter_turns=0.35,
                     greys=0.6, coarse=0.35, coarsest=0.35, rough=0.35, strange=0.3)  # fmt: skip
SETTLING: Final = 6  # batches that set the heads' normalisations
FROZEN: Final = 5  # blocks that keep the view network's weights: they see edges of bones already
WHOLES, THERE, EMPTY = 4, 6, 4  # films of each kind in a batch
BALANCED: Final = 0.6  # 0: as often as they were rendered; 1: every accessory bone equally often


def pools(folder: Path, *, seed: int, most: int | None = None) -> list[Pool]:
    """Whole films, squares with and squares without an accessory bone. Raises ValueError when nothing has
    been rendered into ``folder``."""
    rng = np.random.default_rng(seed)
    wholes: list[BoxedFilm] = []
    near: list[BoxedFilm] = []
    for number, foot in enumerate(simulated_feet(folder, held_out=False)):
        if most is not None and number >= most:
            break
        wholes.append(whole(foot))
        near += [square for _, square in squares(foot, rng)]
    there = [one for one in near if len(one.labels)]
    empty = [one for one in near if not len(one.labels)]
    if not wholes or not there or not empty:
        raise ValueError(f"{folder} holds no films of feet; python -m training ossicle prepare renders them")
    return [
        Pool(films=wholes, count=WHOLES),
        Pool(films=there, count=THERE, odds=odds(there)),
        Pool(films=empty, count=EMPTY),
    ]


def odds(films: list[BoxedFilm]) -> list[float]:
    """How often each square comes, so that rare bones are not drowned."""
    counts = np.bincount(np.concatenate([film.labels for film in films]), minlength=len(LABELS))
    weight = 1 / np.maximum(counts[: len(OSSICLES)], 1) ** BALANCED
    return [float(weight[film.labels].max()) for film in films]


def train(
    shared: Path,
    folder: Path,
    out: Path,
    recipe: Recipe,
    report: Callable[[str], None],
    *,
    start: Path | None = None,
) -> Path:
    """Train on the films in ``folder``, go on from the last checkpoint in ``out``; returns the weights.

    Of the real films of ``shared`` that may teach it takes only how they look. ``start`` is an ossicle pack
    to begin with instead of the view pack's backbone."""
    kept = pools(folder, seed=recipe.seed)
    report(
        ", ".join(
            f"{len(pool.films)} {name}"
            for pool, name in zip(kept, ("films", "squares with a bone", "without"), strict=True)
        )
    )
    model = detector(len(LABELS), side=SIDE, upright=False)
    looks = looks_of(films_that_teach(shared), np.random.default_rng(recipe.seed), SIDE)
    style = replace(STYLE, looks=looks)

    def feed(seed: int) -> Iterator[Batch]:
        return batches(kept, side=SIDE, labels=len(LABELS), seed=seed, style=style)

    if not (out / "checkpoint.npz").is_file():
        begin(model, start, islice(feed(recipe.seed), SETTLING))
    learn(model, feed, replace(recipe, settle=0, frozen=FROZEN), out, report)
    return out / "model.weights.h5"
