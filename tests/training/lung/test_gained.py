"""Two versions of the detector on the same made-up films: what one gained over the other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from training.detect.candidates import Candidates
from training.lung.crossed import Crossed
from training.lung.films import LABELS, ChestFilm
from training.lung.gained import ALL, gained
from training.lung.said import Said

FILMS = 20
NODULE = LABELS.index("Nodule")
TRUE, ASIDE = (100.0, 100.0, 200.0, 200.0), (600.0, 600.0, 700.0, 700.0)


def _film(number: int) -> ChestFilm:
    edges = tuple(edge / 1024 for edge in TRUE)
    return ChestFilm(
        path=Path(f"{number}.png"),
        patient=f"p{number}",
        projection="PA",
        labels=frozenset({"Nodule"} if number % 2 else {"No Finding"}),
        boxes=(("Nodule", *edges),) if number % 2 else (),  # type: ignore[arg-type]
        opacities=(),
        adjudicated=None,
        four_findings="",
        fold=number % 5,
    )


def _version(*, good: bool) -> tuple[Said, Crossed]:
    """A box on every film with a nodule, where it is or aside; the film's own score alike."""
    films = tuple(_film(number) for number in range(FILMS))
    shows = np.array([bool(film.boxes) for film in films])
    count = int(shows.sum())
    whole = np.full((FILMS, len(LABELS)), 0.5)
    whole[:, NODULE] = shows if good else ~shows
    candidates = Candidates(
        film=np.flatnonzero(shows),
        label=np.full(count, NODULE),
        logit=np.zeros(count),
        boxes=np.tile(np.array(TRUE if good else ASIDE, dtype=np.float32), (count, 1)),
        image=np.zeros((FILMS, len(LABELS))),
    )
    spoken = Said(
        films=films,
        candidates=candidates,
        groups=np.array([film.patient for film in films]),
        folds=np.array([film.fold for film in films]),
        boxed=np.ones(FILMS, dtype=bool),
    )
    return spoken, Crossed(boxes=np.full(count, 0.5), films=whole, stated={})


def test_a_version_that_finds_what_the_other_misses_gains_all_of_it() -> None:
    found = gained(_version(good=True), _version(good=False))
    for kind in ("froc", "ap", "auc"):
        assert found[kind]["Nodule"][:3] == [0, 1, 1]
        assert found[kind]["Nodule"][3] == found[kind]["Nodule"][4] == 1
    assert found["froc"][ALL][2] == pytest.approx(1 / len(LABELS))


def test_the_same_version_gains_nothing() -> None:
    found = gained(_version(good=True), _version(good=True))
    assert all(figures[2:] == [0, 0, 0] for figures in found["froc"].values())


def test_versions_that_saw_other_films_are_not_compared() -> None:
    spoken, sure = _version(good=True)
    fewer = replace(spoken, films=spoken.films[::-1])
    with pytest.raises(ValueError, match="same films"):
        gained((spoken, sure), (fewer, sure))
