"""Figures of an evaluation, each with its interval by a bootstrap over groups."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from router.types import ViewPrediction
from router.views import NNCPR_VIEWS, OTHER
from training.calibrate import ranking
from training.films import LARGEST_SOURCE, RealFilm

Floats = NDArray[np.float64]
DRAWS = 1000  # of the bootstrap


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One real film and what the pack says of it."""

    film: RealFilm
    scores: Floats  # (labels,) calibrated probabilities
    prediction: ViewPrediction  # what the service would say
    labels: tuple[str, ...]

    @property
    def stated(self) -> str:
        """After gate and reject: a label, other or unsure."""
        return self.prediction.view

    @property
    def top(self) -> str:
        """The best label whatever the gate says."""
        return self.labels[int(self.scores.argmax())]

    @property
    def right(self) -> bool:
        """Whether the best label is true."""
        return self.top in self.film.accepted


Measure = Callable[[Sequence[Judged]], float]
Pair = tuple[Judged, Judged]


def measures(judged: Sequence[Judged]) -> dict[str, object]:
    """Every figure with its 95 % interval by a bootstrap over groups."""
    thirty = [item for item in judged if item.film.one_of_thirty]
    beyond = [item for item in judged if not item.film.one_of_thirty]
    figures: dict[str, object] = {
        "films": len(judged),
        "groups": len({item.film.group for item in judged}),
    }
    for name, (wanted, measure) in FIGURES.items():
        figures[name] = interval([item for item in judged if wanted(item)], measure)
    extended = _by_folder([item for item in beyond if item.film.folder != OTHER])
    return figures | {
        "extended_right": {name: _right_of(items) for name, items in extended.items()},
        "recall": {name: _right_of(items) for name, items in sorted(_by_folder(thirty).items())},
    }


def interval(items: Sequence[Judged], measure: Measure) -> list[float]:
    """[value, low, high]: the measure and its 95 % bootstrap interval over groups; empty without films."""
    return _bootstrapped([item.film.group for item in items], lambda rows: measure([items[k] for k in rows]))


def gains(before: Sequence[Judged], after: Sequence[Judged]) -> dict[str, list[float]]:
    """How much better each figure is for ``after`` than for ``before``, the same films in the same order,
    with the 95 % interval of the difference: each draw of groups measures both."""
    found = {}
    for name, (wanted, measure) in FIGURES.items():
        pairs = [pair for pair in zip(before, after, strict=True) if wanted(pair[0])]

        def gain(rows: Sequence[int], measure: Measure = measure, pairs: list[Pair] = pairs) -> float:
            return measure([pairs[k][1] for k in rows]) - measure([pairs[k][0] for k in rows])

        found[name] = _bootstrapped([old.film.group for old, _ in pairs], gain)
    return found


def _bootstrapped(groups: Sequence[str], measure: Callable[[Sequence[int]], float]) -> list[float]:
    """[value, low, high] of a measure of rows, groups drawn with replacement; empty without rows, or when the
    measure is not a number for them."""
    if not groups or np.isnan(whole := measure(range(len(groups)))):
        return []
    members: dict[str, list[int]] = {}
    for row, group in enumerate(groups):
        members.setdefault(group, []).append(row)
    pools, rng = list(members.values()), np.random.default_rng(0)
    drawn = []
    for _ in range(DRAWS):
        drawn.append(measure([row for k in rng.integers(len(pools), size=len(pools)) for row in pools[k]]))
    low, high = np.nanpercentile(drawn, [2.5, 97.5])
    return [round(float(value), 4) for value in (whole, low, high)]


def stated_share(items: Sequence[Judged]) -> float:
    """Films for which a view is stated."""
    return float(np.mean([item.stated in item.labels and item.stated != OTHER for item in items]))


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
    stated = [item for item in items if item.stated in item.labels and item.stated != OTHER]
    return float(np.mean([item.stated in item.film.accepted for item in stated])) if stated else float("nan")


def calibration_error(items: Sequence[Judged]) -> float:
    """Expected calibration error in ten bins over the films for which a view is stated."""
    stated = [item for item in items if item.stated in item.labels and item.stated != OTHER]
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
        np.array([item.film.folder == OTHER for item in items]),
        np.array([item.film.one_of_thirty for item in items]),
    )


def other_detected(items: Sequence[Judged]) -> float:
    """Films of the folder ``other`` found when 5 % of films of the thirty views are rejected."""
    limit = np.percentile([strangeness(item) for item in items if item.film.one_of_thirty], 95)
    found = [strangeness(item) > limit for item in items if item.film.folder == OTHER]
    return float(np.mean(found)) if found else float("nan")


def grouped(values: NDArray[np.generic], groups: Sequence[str]) -> list[float]:
    """[mean, low, high] of one value per film."""
    names, index = np.unique(groups, return_inverse=True)
    sums, counts = np.bincount(index, np.asarray(values, dtype=float)), np.bincount(index)
    rng = np.random.default_rng(0)
    draws = rng.integers(len(names), size=(DRAWS, len(names)))
    low, high = np.percentile(sums[draws].sum(axis=1) / counts[draws].sum(axis=1), [2.5, 97.5])
    return [round(float(value), 4) for value in (np.mean(np.asarray(values, dtype=float)), low, high)]


def _by_folder(items: Sequence[Judged]) -> dict[str, list[Judged]]:
    found: dict[str, list[Judged]] = {}
    for item in items:
        found.setdefault(item.film.folder, []).append(item)
    return found


def _right_of(items: Sequence[Judged]) -> list[int]:
    return [sum(item.right for item in items), len(items)]


def _thirty(item: Judged) -> bool:
    return item.film.one_of_thirty


def _largest(item: Judged) -> bool:
    return item.film.one_of_thirty and item.film.source == LARGEST_SOURCE


def _elsewhere(item: Judged) -> bool:
    return item.film.one_of_thirty and item.film.source != LARGEST_SOURCE


def _any(_: Judged) -> bool:
    return True


FIGURES: Mapping[str, tuple[Callable[[Judged], bool], Measure]] = {
    "top1_30_views": (_thirty, accuracy),
    "macro_recall": (_thirty, macro_recall),
    "top1_largest_source": (_largest, accuracy),
    "top1_other_sources": (_elsewhere, accuracy),
    "coverage_at_99": (_thirty, coverage_at_99),
    "stated": (_thirty, stated_share),
    "right_when_stated": (_thirty, right_when_stated),
    "calibration_error_stated": (_thirty, calibration_error),
    "other_auroc": (_any, other_auroc),
    "other_detected_at_5_percent": (_any, other_detected),
}
