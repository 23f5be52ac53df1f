"""Measure a pack on real films, through the same classes the service runs."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from classifiers.answers import calibrated, view_of
from classifiers.baseline import baseline_of
from classifiers.packs import Pack, add_baseline, load_pack
from classifiers.runtimes import load
from classifiers.view import ViewClassifier
from training.films import ANY_WAY_ROUND, Example, RealFilm, chest_films, film_of, read, real_films
from training.measures import Judged, gains, grouped, measures
from training.wrapped import agreement

WRAPPED_EVERY = 4  # films, that are also sent as DICOM
TIMED = 200  # films


def evaluate(*, shared: Path, pack: Path, out: Path, split: str, against: Path | None = None) -> str:
    """Measure on the films of one split, write metrics.json and pictures to the folder ``out``/``split``, and
    return the figures as text.

    ``out`` may hold pictures of real films, which are never committed; the pictures of ``final`` show none
    and also go to the pack. The split ``look`` also gives the pack the baseline that later scores are held
    against. With ``against``, another pack is measured on the same films beside it, and the difference.
    Raises ValueError for a split without films.
    """
    from training import pictures

    films = [film for film in real_films(shared) if film.split == split]
    if not films:
        raise ValueError(f"no film in {shared} is of the split {split!r}")
    chests = chest_films(shared, "test")
    found, *others = [_Measured(films, chests, one) for one in (pack, against) if one is not None]
    times = speed(films[:TIMED], [one.classifier for one in (found, *others)])
    measured = {**found.figures(), **times[0]}
    for other, taken in zip(others, times[1:], strict=True):
        measured["against"] = _beside(other, found, taken)
    out = out / split
    out.mkdir(parents=True, exist_ok=True)
    (out / "metrics.json").write_text(json.dumps(measured, indent=1))
    thirty = [item for item in found.judged if item.film.one_of_thirty]
    for folder in (out, pack) if split == "final" else (out,):
        pictures.confusion(thirty, folder / "confusion.png")
        pictures.risk_coverage(thirty, folder / "risk_coverage.png")
        pictures.reliability(thirty, folder / "reliability.png")
    if split == "look":
        said = [item.prediction for item in found.judged]
        add_baseline(pack, baseline_of(said, measured=f"{len(said)} real films, split look of the card"))
    wrong = [item for item in found.judged if not item.right and item.film.split != "final"]
    pictures.worst(wrong, out / "worst.png")
    return json.dumps(measured, indent=1)


class _Measured:
    """All that one pack says of the films of a split."""

    def __init__(self, films: Sequence[RealFilm], chests: Sequence[Example], folder: Path) -> None:
        self.pack = load_pack(folder)
        runtime = load(self.pack, threads=1)
        self.classifier = ViewClassifier(self.pack, runtime)
        self.judged = judge(films, self.pack, self.classifier)
        upright = [film for film in films if film.one_of_thirty and film.folder not in ANY_WAY_ROUND]
        turned = [
            np.mean([_turned(film, quarter, self.classifier) == quarter for quarter in range(4)])
            for film in upright
        ]
        beam, named = beams(chests, self.pack, self.classifier)
        patients = [film.group for film in chests]
        # each: a value per film, and the films' groups
        self.shares: dict[str, tuple[NDArray[np.generic], list[str]]] = {
            "ap_or_pa": (beam, patients),
            "nih_named_chest_pa_ap": (named, patients),
            "rotation": (np.array(turned), [film.group for film in upright]),
        }

    def figures(self) -> dict[str, object]:
        """Every figure with its interval."""
        some = self.judged[::WRAPPED_EVERY]
        return (
            measures(self.judged)
            | {name: grouped(values, groups) for name, (values, groups) in self.shares.items()}
            | {
                "chest_films": len(self.shares["ap_or_pa"][1]),
                "same_as_dicom": agreement(
                    [read(item.film.path) for item in some],
                    [item.stated for item in some],
                    self.classifier,
                ),
            }
        )


def _beside(before: _Measured, after: _Measured, taken: Mapping[str, float]) -> dict[str, object]:
    """What ``before`` says of the same films, how long it has ``taken``, and how much better ``after`` is,
    figure by figure."""
    gained = gains(before.judged, after.judged)
    for name, (values, groups) in after.shares.items():
        gained[name] = grouped(np.subtract(values, before.shares[name][0], dtype=float), groups)
    return {"pack": str(before.pack.ref), "figures": {**before.figures(), **taken}, "gained": gained}


def judge(films: Sequence[RealFilm], pack: Pack, classifier: ViewClassifier) -> list[Judged]:
    """What the pack says of each film."""
    head = pack.manifest.outputs["view"]
    found = []
    for film in films:
        (row,) = classifier.heads([film_of(read(film.path))])
        said = view_of(row, pack.manifest, pack.ref)
        found.append(
            Judged(film=film, scores=calibrated(row["view"], head), prediction=said, labels=head.labels)
        )
    return found


def beams(
    chests: Sequence[Example], pack: Pack, classifier: ViewClassifier
) -> tuple[NDArray[np.generic], NDArray[np.generic]]:
    """For each NIH film, whether AP or PA is right, and whether it is named a frontal chest."""
    rows = [classifier.heads([film_of(film.pixels)])[0] for film in chests]
    beam = np.array([row["projection"].argmax() for row in rows]) == [film.projection for film in chests]
    labels = pack.manifest.outputs["view"].labels
    named = np.array([labels[int(row["view"].argmax())] == "chest_pa_ap" for row in rows])
    return np.asarray(beam), named


def _turned(film: RealFilm, quarter: int, classifier: ViewClassifier) -> int:
    """How many quarter turns the pack sees in a film that was turned by ``quarter``."""
    (said,) = classifier.predict([film_of(np.rot90(read(film.path), quarter))])
    return int(said.further["rotation"][0].label) // 90


def speed(films: Sequence[RealFilm], classifiers: Sequence[ViewClassifier]) -> list[dict[str, float]]:
    """Milliseconds of one core that each needs to prepare and name one decoded film, the classifiers in turn:
    the median, and the mean, to which those films add most that are looked at again."""
    taken: list[list[float]] = [[] for _ in classifiers]
    for film in films:
        decoded = film_of(read(film.path))
        for times, classifier in zip(taken, classifiers, strict=True):
            start = time.perf_counter()
            classifier.predict([decoded])
            times.append((time.perf_counter() - start) * 1000)
    return [
        {"speed_ms": round(float(np.median(times)), 2), "speed_mean_ms": round(float(np.mean(times)), 2)}
        for times in taken
    ]
