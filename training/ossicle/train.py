"""Teach one network both looks: the whole film's sites and the squares around them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from training.detect.augment import Style
from training.detect.example import BoxedFilm
from training.detect.loop import Pool, Recipe, Report
from training.detect.teach import teach
from training.ossicle.films import LABELS, SIDE, simulated_feet, squares, whole
from training.simulate.ossicle_sites import OSSICLES

# feet lie on the plate any way round, of either side; the set-up already turns and bends them
STYLE: Final = Style(turn=8.0, scale=(0.85, 1.2), shape=0.05, shift=0.06, mirrored=0.5, quarter_turns=0.35,
                     greys=0.6, coarse=0.35, coarsest=0.35, rough=0.35, strange=0.3)  # fmt: skip
FROZEN: Final = 5  # blocks that keep the view network's weights: they see edges of bones already
WHOLES, THERE, EMPTY = 4, 6, 4  # films of each kind in a batch
BALANCED: Final = 0.6  # 0: as often as they were rendered; 1: every accessory bone equally often


def pools(folder: Path, *, seed: int, most: int | None = None) -> dict[str, Pool]:
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
    return {
        "films": Pool(films=wholes, count=WHOLES),
        "squares with a bone": Pool(films=there, count=THERE, odds=odds(there)),
        "without": Pool(films=empty, count=EMPTY),
    }


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
    report: Report,
    *,
    start: Path | None = None,
) -> Path:
    """Train on the films in ``folder``; of the real films of ``shared`` that may teach it takes only how they
    look. Begins and returns as ``teach`` does."""
    return teach(
        pools(folder, seed=recipe.seed),
        labels=len(LABELS),
        side=SIDE,
        style=STYLE,
        shared=shared,
        start=start,
        out=out,
        recipe=replace(recipe, frozen=FROZEN),
        report=report,
    )
