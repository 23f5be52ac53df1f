"""The films that the view network is fed: so many simulated ones, real ones and chests in a batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.ahead import ahead
from training.augment import Batch, batches
from training.films import Example, allowed, chest_films, simulated
from training.recipe import Recipe

Report = Callable[[str], None]
Floats = NDArray[np.float32]


def fed(
    shared: Path, folders: Sequence[Path], recipe: Recipe, *, side: int, report: Report, step: int = 0
) -> Iterator[Batch]:
    """Endless batches of ``side`` pixels, made ahead, other ones from each ``step`` on; the films are read
    anew, for some may have been rendered meanwhile. Raises FileNotFoundError without simulated films."""
    return ahead(_batches(shared, folders, recipe, side=side, seed=recipe.seed + step, report=report))


def settling(
    shared: Path, folders: Sequence[Path], recipe: Recipe, *, side: int, report: Report = print
) -> Iterator[Floats]:
    """The batches that set normalisation, (N, side, side, 1) each. They are not made ahead: a thread that did
    would keep all films in memory when these few are over. Raises as ``fed`` does."""
    films = _batches(shared, folders, recipe, side=side, seed=recipe.seed, report=report)
    return (batch.images for batch in islice(films, recipe.settle))


def settled_by(shared: Path, folders: Sequence[Path]) -> Callable[[Recipe], list[Floats]]:
    """What gives the batches that set the normalisation of the network of a recipe, at its full size."""
    return lambda recipe: list(settling(shared, folders, recipe, side=recipe.side))


def _batches(
    shared: Path, folders: Sequence[Path], recipe: Recipe, *, side: int, seed: int, report: Report
) -> Iterator[Batch]:
    pools = _pools(shared, folders, recipe)
    report(f"{side} px: " + ", ".join(f"{len(pool)} films ({count} a batch)" for pool, count in pools))
    return batches(pools, side=side, seed=seed, flip=(False, True, False))


def _pools(shared: Path, folders: Sequence[Path], recipe: Recipe) -> list[tuple[list[Example], int]]:
    made = list(simulated(folders, held_out=False))
    if not made:
        raise FileNotFoundError(
            f"no simulated films in {', '.join(map(str, folders))}: run `python -m training simulate`"
        )
    return [
        (made, recipe.simulated),
        (allowed(shared, "train"), recipe.real),
        (chest_films(shared, "train"), recipe.chest),
    ]
