"""How much of the start to keep: mixtures of it and what was trained from it, side by side on real films.

The films are those that may train but were held out, and the evaluate-only ones of ``look``, whose say in
this one number the card admits; never those of ``final``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from router.views import OTHER
from training.asked import softmax
from training.average import Settling, mixture
from training.films import RealFilm, read, real_films
from training.quick import predicted, quick
from training.simulate.views import LABELS

Floats = NDArray[np.float64]
SPLITS = ("look", "calibrate")
TEMPERATURES = np.exp(np.linspace(np.log(0.3), np.log(2.0), 40))


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """What a mixture says of the real films of one split."""

    of_start: float
    split: str
    top_1: float  # over the films of the thirty views
    log_loss: float  # over the films that have a view, at the temperature that suits them best
    temperature: float


def weigh(
    networks: Sequence[Path],
    *,
    start: Path,
    shares: Sequence[float],
    shared: Path,
    settling: Settling,
) -> Iterator[Weighed]:
    """Every share of the start, on every split; ``settling`` and what is raised as for ``mixture``."""
    mixed = mixture(networks, start, settling)
    films = [film for film in real_films(shared) if film.split in SPLITS and film.folder != OTHER]
    images = [mixed.recipe.shown(read(film.path)) for film in films]
    for of_start in shares:
        logits = np.asarray(predicted(quick(mixed.with_start(of_start)), images)["view"], dtype=np.float64)
        for split in SPLITS:
            chosen = [row for row, film in enumerate(films) if film.split == split]
            yield weighed(of_start, split, logits[chosen], [films[row] for row in chosen])


def weighed(of_start: float, split: str, logits: Floats, films: Sequence[RealFilm]) -> Weighed:
    """What logits (n, labels) say of ``films``, all of one split."""
    accepted = np.array([[label in film.accepted for label in LABELS] for film in films])
    thirty = np.array([film.one_of_thirty for film in films])
    right = accepted[np.arange(len(films)), logits.argmax(axis=1)]
    losses = [log_loss(logits / temperature, accepted) for temperature in TEMPERATURES]
    return Weighed(
        of_start=of_start,
        split=split,
        top_1=float(right[thirty].mean()),
        log_loss=min(losses),
        temperature=float(TEMPERATURES[int(np.argmin(losses))]),
    )


def log_loss(logits: Floats, accepted: NDArray[np.bool_]) -> float:
    """The mean of minus the logarithm of what logits (n, labels) give to the accepted labels (n, labels)."""
    likelihood = (softmax(logits) * accepted).sum(axis=1)
    return float(-np.log(np.maximum(likelihood, 1e-9)).mean())
