"""Measure a pack on real films, through the same classes the service runs."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from classifiers.answers import calibrated, view_of
from classifiers.packs import Pack, load_pack
from classifiers.prepare import prepare
from classifiers.runtimes import Runtime, load
from router.views import NNCPR_VIEWS
from training.calibrate import ranking
from training.films import ANY_WAY_ROUND, LARGEST_SOURCE, RealFilm, chest_films, read, real_films
from training.simulate.film import floats

Floats = NDArray[np.float64]
DRAWS = 1000  # of the bootstrap
SIDEWAYS = ("abdomen_ap", "abdomen_left_lateral_decubitus")


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One real film and what the pack says of it."""

    film: RealFilm
    scores: Floats  # (labels,) calibrated probabilities
    stated: str  # after gate and reject: a label, other or unsure
    labels: tuple[str, ...]

    @property
    def top(self) -> str:
        """The best label whatever the gate says."""
        return self.labels[int(self.scores.argmax())]

    @property
    def right(self) -> bool:
        """Whether the best label is true."""
        return self.top in self.film.accepted


def evaluate(*, shared: Path, pack: Path, out: Path, splits: Sequence[str]) -> str:
    """Measure, write metrics.json and pictures to ``out``, and return the table as text.

    ``out`` may hold pictures of real films, which are never committed; the pictures that show none also go to
    the pack.
    """
    from training import pictures

    loaded = load_pack(pack)
    runtime = load(loaded, threads=1)
    films = [film for film in real_films(shared) if film.split in splits]
    judged = judge(films, loaded, runtime)
    measured = (
        measures(judged)
        | beam_and_turn(shared, films, loaded, runtime)
        | {"speed_ms": speed(films, loaded, runtime)}
    )
    out.mkdir(parents=True, exist_ok=True)
    (out / "metrics.json").write_text(json.dumps(measured, indent=1))
    thirty = [item for item in judged if item.film.one_of_thirty]
    for folder in (out, pack):
        pictures.confusion(thirty, folder / "confusion.png")
        pictures.risk_coverage(thirty, folder / "risk_coverage.png")
        pictures.reliability(thirty, folder / "reliability.png")
    pictures.worst(
        [item for item in judged if not item.right and item.film.split != "final"], out / "worst.png"
    )
    return json.dumps(measured, indent=1)


def judge(films: Sequence[RealFilm], pack: Pack, runtime: Runtime) -> list[Judged]:
    """What the pack says of each film."""
    head = pack.manifest.outputs["view"]
    found = []
    for film in films:
        raw = infer(runtime, [read(film.path)], pack)
        row = {name: values[0] for name, values in raw.items()}
        stated = view_of(row, pack.manifest, pack.ref).view
        found.append(
            Judged(film=film, scores=calibrated(row["view"], head), stated=stated, labels=head.labels)
        )
    return found


def infer(runtime: Runtime, films: Sequence[NDArray[np.uint8]], pack: Pack) -> dict[str, NDArray[np.float32]]:
    """Raw outputs for uint8 films (H, W), bone bright."""
    images = [prepare(floats(film), side=pack.manifest.input.height) for film in films]
    return runtime.infer(np.stack(images)[..., None])


def measures(judged: Sequence[Judged]) -> dict[str, object]:
    """Every figure with its 95 % interval by a bootstrap over groups."""
    thirty = [item for item in judged if item.film.one_of_thirty]
    beyond = [item for item in judged if not item.film.one_of_thirty]
    elsewhere = [item for item in thirty if item.film.source != LARGEST_SOURCE]
    largest = [item for item in thirty if item.film.source == LARGEST_SOURCE]
    figures: dict[str, object] = {
        "films": len(judged),
        "groups": len({item.film.group for item in judged}),
        "top1_30_views": interval(thirty, accuracy),
        "macro_recall": interval(thirty, macro_recall),
        "top1_largest_source": interval(largest, accuracy),
        "top1_other_sources": interval(elsewhere, accuracy),
        "coverage_at_99": interval(thirty, coverage_at_99),
        "stated": interval(
            thirty,
            lambda items: float(
                np.mean([item.stated in item.labels and item.stated != "other" for item in items])
            ),
        ),
        "right_when_stated": interval(thirty, right_when_stated),
        "calibration_error_stated": interval(thirty, calibration_error),
        "other_auroc": interval([*thirty, *beyond], other_auroc),
        "other_detected_at_5_percent": interval([*thirty, *beyond], other_detected),
        "extended_right": {
            name: [sum(i.right for i in items), len(items)]
            for name, items in _by_folder(beyond).items()
            if name != "other"
        },
        "recall": {
            name: [sum(i.right for i in items), len(items)]
            for name, items in sorted(_by_folder(thirty).items())
        },
    }
    return figures


def interval(items: Sequence[Judged], measure: Callable[[Sequence[Judged]], float]) -> list[float]:
    """[value, low, high]: the measure and its 95 % bootstrap interval over groups; empty without films."""
    if not items:
        return []
    groups: dict[str, list[Judged]] = {}
    for item in items:
        groups.setdefault(item.film.group, []).append(item)
    pools, rng = list(groups.values()), np.random.default_rng(0)
    drawn = []
    for _ in range(DRAWS):
        chosen = [item for index in rng.integers(len(pools), size=len(pools)) for item in pools[index]]
        drawn.append(measure(chosen))
    low, high = np.nanpercentile(drawn, [2.5, 97.5])
    return [round(float(value), 4) for value in (measure(items), low, high)]


def accuracy(items: Sequence[Judged]) -> float:
    """Films whose best label is true."""
    return float(np.mean([item.right for item in items]))


def macro_recall(items: Sequence[Judged]) -> float:
    """The mean over views of the films of a view that are named right."""
    return float(np.mean([accuracy(group) for group in _by_folder(items).values()]))


def coverage_at_99(items: Sequence[Judged]) -> float:
    """The largest share of films, surest first, of which 99 % are right."""
    order = np.argsort([-item.scores.max() for item in items], kind="stable")
    right = np.cumsum([items[index].right for index in order]) / np.arange(1, len(items) + 1)
    reached = np.flatnonzero(right >= 0.99)
    return float((reached[-1] + 1) / len(items)) if reached.size else 0.0


def right_when_stated(items: Sequence[Judged]) -> float:
    """Of the films for which a view is stated, those for which it is true."""
    stated = [item for item in items if item.stated in item.labels and item.stated != "other"]
    return float(np.mean([item.stated in item.film.accepted for item in stated])) if stated else float("nan")


def calibration_error(items: Sequence[Judged]) -> float:
    """Expected calibration error in ten bins over the films for which a view is stated."""
    stated = [item for item in items if item.stated in item.labels and item.stated != "other"]
    if not stated:
        return float("nan")
    score = np.array([item.scores.max() for item in stated])
    right = np.array([item.right for item in stated])
    bins = np.minimum((score * 10).astype(int), 9)
    return float(
        sum(
            abs(score[bins == b].mean() - right[bins == b].mean()) * (bins == b).mean()
            for b in np.unique(bins)
        )
    )


def strangeness(item: Judged) -> float:
    """How sure the pack is that a film shows none of the thirty views."""
    return float(
        1 - sum(score for label, score in zip(item.labels, item.scores, strict=True) if label in NNCPR_VIEWS)
    )


def other_auroc(items: Sequence[Judged]) -> float:
    """How well films of the folder ``other`` are told from films of the thirty views."""
    score = np.array([strangeness(item) for item in items])
    return ranking(
        score,
        np.array([item.film.folder == "other" for item in items]),
        np.array([item.film.one_of_thirty for item in items]),
    )


def other_detected(items: Sequence[Judged]) -> float:
    """Films of the folder ``other`` found when 5 % of films of the thirty views are rejected."""
    limit = np.percentile([strangeness(item) for item in items if item.film.one_of_thirty], 95)
    found = [strangeness(item) > limit for item in items if item.film.folder == "other"]
    return float(np.mean(found)) if found else float("nan")


def beam_and_turn(shared: Path, films: Sequence[RealFilm], pack: Pack, runtime: Runtime) -> dict[str, object]:
    """AP or PA on NIH patients held out; rotation on real films turned by quarter turns."""
    chests = chest_films(shared, "test")
    raw = [infer(runtime, [film.pixels], pack) for film in chests]
    beam = np.array([row["projection"][0].argmax() for row in raw]) == [film.projection for film in chests]
    labels = pack.manifest.outputs["view"].labels
    named = np.array([labels[int(row["view"][0].argmax())] == "chest_pa_ap" for row in raw])
    turned = [
        [
            int(infer(runtime, [np.rot90(read(film.path), k).copy()], pack)["rotation"][0].argmax()) == k
            for k in range(4)
        ]
        for film in films
        if film.one_of_thirty and film.folder not in ANY_WAY_ROUND
    ]
    groups = [film.group for film in chests]
    return {
        "ap_or_pa": _grouped(beam, groups),
        "nih_named_chest_pa_ap": _grouped(named, groups),
        "rotation": _grouped(
            np.array(turned).mean(axis=1),
            [f.group for f in films if f.one_of_thirty and f.folder not in ANY_WAY_ROUND],
        ),
        "chest_films": len(chests),
    }


def _grouped(values: NDArray[np.generic], groups: Sequence[str]) -> list[float]:
    names, index = np.unique(groups, return_inverse=True)
    sums, counts = np.bincount(index, np.asarray(values, dtype=float)), np.bincount(index)
    rng = np.random.default_rng(0)
    draws = rng.integers(len(names), size=(DRAWS, len(names)))
    low, high = np.percentile(sums[draws].sum(axis=1) / counts[draws].sum(axis=1), [2.5, 97.5])
    return [round(float(value), 4) for value in (np.mean(np.asarray(values, dtype=float)), low, high)]


def speed(films: Sequence[RealFilm], pack: Pack, runtime: Runtime) -> float:
    """Milliseconds of one core for preparing and naming one decoded film, the median of thirty."""
    taken = []
    for film in films[:30]:
        pixels = read(film.path)
        start = time.perf_counter()
        infer(runtime, [pixels], pack)
        taken.append((time.perf_counter() - start) * 1000)
    return round(float(np.median(taken)), 2)


def _by_folder(items: Sequence[Judged]) -> dict[str, list[Judged]]:
    found: dict[str, list[Judged]] = {}
    for item in items:
        found.setdefault(item.film.folder, []).append(item)
    return found
