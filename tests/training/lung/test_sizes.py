"""Boxes that a detector draws too small or too large: which size finds most, without the fold it is for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from training.detect.candidates import Candidates
from training.lung.crossed import crossed
from training.lung.films import FOLDS, LABELS, ChestFilm
from training.lung.said import Said
from training.lung.sizes import SIZES, judgements, sized, sizes_of

FILMS = 50
EFFUSION, NODULE = LABELS.index("Effusion"), LABELS.index("Nodule")


def _film(number: int) -> ChestFilm:
    """Two findings on every film, never twice at the same places."""
    at = 0.2 + 0.3 * number / FILMS
    return ChestFilm(
        path=Path(f"{number}.png"),
        patient=f"p{number}",
        projection="PA",
        labels=frozenset({"Effusion", "Nodule"}),
        boxes=(("Effusion", at, at, at + 0.2, at + 0.3), ("Nodule", at, 0.7, at + 0.1, 0.8)),
        opacities=(),
        adjudicated=None,
        four_findings="",
        fold=number % FOLDS,
    )


def _spoken(effusions: NDArray[np.float64]) -> Said:
    """Each nodule as it is; of each effusion the middle, in so many times (F,) its true size."""
    films = tuple(_film(number) for number in range(FILMS))
    true = np.array([[box[1:] for box in film.boxes] for film in films]) * 1024
    middle, half = (true[..., :2] + true[..., 2:]) / 2, (true[..., 2:] - true[..., :2]) / 2
    half[:, 0] *= effusions[:, None]
    candidates = Candidates(
        film=np.repeat(np.arange(FILMS), 2),
        label=np.tile([EFFUSION, NODULE], FILMS),
        logit=np.zeros(2 * FILMS, dtype=np.float32),
        boxes=np.concatenate([middle - half, middle + half], axis=2).reshape(-1, 4).astype(np.float32),
        image=np.zeros((FILMS, len(LABELS)), dtype=np.float32),
    )
    return Said(
        films=films,
        candidates=candidates,
        groups=np.array([film.patient for film in films]),
        folds=np.array([film.fold for film in films]),
        boxed=np.ones(FILMS, dtype=bool),
    )


@pytest.mark.parametrize("drawn", [0.75, 1.0, 1.1])
def test_boxes_come_in_the_size_that_brings_them_to_the_truth(drawn: float) -> None:
    spoken = _spoken(np.full(FILMS, drawn))
    sizes = sizes_of(judgements(spoken), np.ones(FILMS, dtype=bool))
    # sides of which so much is shared overlap by its square, and .7 is the most that is asked for
    enough = [size for size in SIZES if min(drawn * size, 1 / (drawn * size)) ** 2 > 0.7]
    assert sizes[EFFUSION] == min(enough, key=lambda size: abs(size - 1))
    assert sizes[NODULE] == 1.0  # where several would do, the network's own


def test_only_boxes_of_the_label_change() -> None:
    spoken = _spoken(np.full(FILMS, 0.75))
    sizes = tuple(1.3 if label == EFFUSION else 1.0 for label in range(len(LABELS)))
    before, now = spoken.candidates.boxes, sized(spoken, sizes).candidates.boxes
    np.testing.assert_allclose(now[1::2], before[1::2], rtol=1e-5)
    np.testing.assert_allclose(now[::2, 2] - now[::2, 0], 1.3 * (before[::2, 2] - before[::2, 0]), rtol=1e-5)


def test_a_fold_has_no_say_in_the_size_of_its_own_boxes() -> None:
    odd = np.where(np.arange(FILMS) % FOLDS == 0, 0.6, 0.75)  # those of the first fold are smaller yet
    spoken = _spoken(odd)
    now, _ = crossed(spoken, judgements(spoken))
    here = spoken.folds[spoken.candidates.film] == 0
    mine = here & (spoken.candidates.label == EFFUSION)
    width = (now.candidates.boxes[:, 2] - now.candidates.boxes[:, 0])[mine]
    times = width / (0.6 * 0.2 * 1024)
    assert times == pytest.approx(np.full(width.shape, 1.15), rel=1e-4)  # enough for theirs, not for its own
    as_drawn = crossed(spoken, None)[0].candidates.boxes
    np.testing.assert_allclose(as_drawn, spoken.candidates.boxes, rtol=1e-5)
