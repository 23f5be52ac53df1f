"""Teach the network on simulated films, and on the few real ones that may teach."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from training.detect.augment import Style
from training.detect.example import BoxedFilm
from training.detect.loop import Pool, Recipe, Report
from training.detect.teach import teach
from training.fracture.films import (
    BREAKS,
    LABELS,
    SIDE,
    other_films,
    real_examples,
    real_squares,
    simulated_arms,
    squares,
    whole,
)
from training.simulate.fracture.injuries import PLACES

# forearms lie on the plate any way round, of either side
STYLE: Final = Style(turn=10.0, scale=(0.8, 1.3), shape=0.06, shift=0.08, mirrored=0.5, quarter_turns=0.4,
                     greys=0.6, coarse=0.35, coarsest=0.45, rough=0.4, strange=0.3)  # fmt: skip
BROKEN, WHOLE, APART, CLOSE, TOGETHER = 4, 2, 3, 2, 3  # looks at simulated films in a batch, of each kind
REAL, OTHER, NEAR = 1, 1, 2  # at real ones


def pools(shared: Path, folder: Path, *, seed: int) -> dict[str, Pool]:
    """Simulated films with and without anything broken, squares round joints that are apart, with a break
    near them and with neither, real forearms, real films of other parts, squares of both. Raises ValueError
    when nothing has been rendered into ``folder``."""
    rng = np.random.default_rng(seed)
    films: list[BoxedFilm] = []
    looks: list[BoxedFilm] = []
    for arm in simulated_arms(folder, held_out=False):
        films.append(whole(arm))
        looks += [look for _, look in squares(arm, rng)]
    broken = [film for film in films if _are(film, BREAKS).any()]
    apart = [look for look in looks if _are(look, PLACES).any()]
    close = [look for look in looks if len(look.labels) and not _are(look, PLACES).any()]
    if not broken or not apart:
        raise ValueError(f"{folder} holds no films; python -m training fracture prepare renders them")
    counts = np.bincount(np.concatenate([film.labels for film in broken]), minlength=len(LABELS))
    odds = [float(np.max(1 / counts[film.labels[_are(film, BREAKS)]]) ** 0.5) for film in broken]
    return {
        "broken": Pool(films=broken, count=BROKEN, odds=odds),
        "whole": Pool(films=[film for film in films if not _are(film, BREAKS).any()], count=WHOLE),
        "joints apart": Pool(films=apart, count=APART),
        "breaks near joints": Pool(films=close, count=CLOSE),
        "joints": Pool(films=[look for look in looks if not len(look.labels)], count=TOGETHER),
        "real forearms": Pool(films=real_examples(shared, "train"), count=REAL),
        "other real films": Pool(films=other_films(shared, "train"), count=OTHER),
        "squares of real films": Pool(films=real_squares(shared, "train", rng), count=NEAR),
    }


def _are(film: BoxedFilm, wanted: Collection[str]) -> NDArray[np.bool_]:
    """Which boxes have one of the labels ``wanted``: breaks, joints that are apart."""
    return np.isin(film.labels, [LABELS.index(label) for label in wanted])


def train(
    shared: Path,
    folder: Path,
    out: Path,
    recipe: Recipe,
    report: Report,
    *,
    start: Path | None = None,
) -> Path:
    """Train on the films in ``folder`` and real ones of ``shared``; begins and returns as ``teach`` does."""
    return teach(
        pools(shared, folder, seed=recipe.seed),
        labels=len(LABELS),
        side=SIDE,
        style=STYLE,
        shared=shared,
        start=start,
        out=out,
        recipe=recipe,
        report=report,
    )
