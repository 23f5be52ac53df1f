"""Every figure of the lung detector's card, out of fold, with 95 % intervals by a bootstrap over patients."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from training.detect.calibrate import RIGHT
from training.detect.measures import (
    PER_FILM,
    Judged,
    area_under_curve,
    average_precision,
    found_at,
    free_response,
    interval,
    precision_recall,
)
from training.lung.crossed import Crossed
from training.lung.films import LABELS
from training.lung.published import WANG_AFP, WANG_IOBB, WANG_IOU
from training.lung.said import Said, most_per_film

Floats = NDArray[np.float64]
Figure = list[float]  # value, low, high
SHOWN: Final = 5  # boxes of a label on a film that the pack gives
FEWEST: Final = 8  # positive films for an area under the curve to be told


def figures(spoken: Said, sure: Crossed) -> dict[str, object]:
    """All of them, ready for JSON; each is [value, low, high]."""
    everything = np.ones(len(spoken.films), dtype=bool)
    # Where every film has the finding, boxes are ranked as in the papers, by their own scores: a probability
    # leans on how sure the film as a whole is, which tells nothing there.
    score = spoken.candidates.logit.astype(np.float64)
    return {
        "films": _counts(spoken),
        "localisation": _localisation(spoken, score, WANG_IOU, iobb=False, everywhere=False),
        "localisation_everywhere": _localisation(spoken, sure.boxes, WANG_IOU, iobb=False, everywhere=True),
        "localisation_iobb": _localisation(spoken, score, WANG_IOBB, iobb=True, everywhere=False),
        "one_box": {label: _one_box(spoken, sure, k) for k, label in enumerate(LABELS)},
        "froc": {label: _froc(spoken, sure, k) for k, label in enumerate(LABELS)},
        "ap": {label: _precision(spoken, sure, k) for k, label in enumerate(LABELS)},
        "auc": {label: _auc(spoken, sure, k) for k, label in enumerate(LABELS)},
        "stated": {
            kind: {label: _stated(spoken, stated, sure, k, everything) for k, label in enumerate(LABELS)}
            for kind, stated in sure.stated.items()
        },
        "normal": {kind: _on_normal(spoken, stated, sure) for kind, stated in sure.stated.items()},
        "calibration_error": _calibration_error(spoken, sure),
    }


def _counts(spoken: Said) -> dict[str, int]:
    return {
        "films": len(spoken.films),
        "boxed": int(spoken.boxed.sum()),
        "patients": len(set(spoken.groups.tolist())),
        "normal": int(_normal(spoken).sum()),
    } | {f"boxes of {label}": len(spoken.truth(k, among=spoken.boxed).film) for k, label in enumerate(LABELS)}


def _told(spoken: Said, measure: Callable[[Floats], float]) -> Figure:
    return [round(value, 4) for value in interval(spoken.groups, measure)]


def _localisation(
    spoken: Said, rank: Floats, published: Mapping[float, tuple[float, ...]], *, iobb: bool, everywhere: bool
) -> dict[str, dict[str, dict[str, Figure]]]:
    """By T, by label: the share of true boxes found at an AFP of at most Wang's, and the AFP that it took, on
    films that have a box of the label, or ``everywhere`` on all boxed films of which the label is known.
    Boxes come in the order of ``rank`` (n,), highest first."""
    found: dict[str, dict[str, dict[str, Figure]]] = {}
    for threshold in published:
        row = found.setdefault(f"{threshold:g}", {})
        for k, label in enumerate(LABELS):
            among = spoken.boxed if everywhere else spoken.with_finding(k)
            item = spoken.judged(k, rank, among=among, iou=threshold, iobb=iobb)
            row[label] = {
                "accuracy": _told(spoken, _at(item, WANG_AFP[k])),
                "afp": [round(_afp(item, WANG_AFP[k]), 4)],
            }
    return found


def _at(item: Judged, budget: float) -> Callable[[Floats], float]:
    return lambda weights: found_at(*item.curve(weights), budget)


def _afp(item: Judged, budget: float) -> float:
    wrong, _ = item.curve(np.ones(len(item.truths)))
    within = wrong[wrong <= budget]
    return float(within[-1]) if len(within) else 0.0


def _one_box(spoken: Said, sure: Crossed, label: int) -> dict[str, Figure]:
    """The most probable box alone, on films that have one: how often it is right."""
    first = most_per_film(spoken.candidates, sure.boxes, 1)
    among = spoken.with_finding(label)
    items = {
        iou: spoken.judged(label, sure.boxes, among=among, iou=iou, only=first)
        for iou in (0.1, 0.3, 0.5, 0.7)
    }
    return {f"{iou:g}": _told(spoken, _at(item, 99.0)) for iou, item in items.items()}


def _froc(spoken: Said, sure: Crossed, label: int) -> dict[str, Figure]:
    item = spoken.judged(label, sure.boxes, among=spoken.boxed, iou=RIGHT)
    every = {f"{budget:g}": _told(spoken, _at(item, budget)) for budget in PER_FILM}
    mean = _told(spoken, lambda weights: float(np.mean(free_response(item, weights))))
    return every | {"mean": mean}


def _precision(spoken: Said, sure: Crossed, label: int) -> dict[str, Figure]:
    items = {iou: spoken.judged(label, sure.boxes, among=spoken.boxed, iou=iou) for iou in (0.3, 0.5)}
    return {f"{iou:g}": _told(spoken, _average_of(item)) for iou, item in items.items()}


def _average_of(item: Judged) -> Callable[[Floats], float]:
    return lambda weights: average_precision(item, weights)


def _auc(spoken: Said, sure: Crossed, label: int) -> dict[str, Figure]:
    """Of whole films: boxed ones and the same patients' others by the report, adjudicated ones by a panel."""
    name = LABELS[label]
    report = np.array([name in film.labels for film in spoken.films])
    panel = np.array([film.adjudicated is not None for film in spoken.films])
    agreed = np.array([name in (film.adjudicated or ()) for film in spoken.films])
    told = {
        "boxed": (spoken.boxed, report),
        "others": (~spoken.boxed, report),
        "adjudicated": (panel, agreed),
    }
    score = sure.films[:, label]
    return {
        kind: [
            *_told(spoken, _area(score, positive, among)),
            int(positive[among].sum()),
            int(among.sum()),
        ]
        for kind, (among, positive) in told.items()
        if FEWEST <= positive[among].sum() <= among.sum() - FEWEST
    }


def _area(score: Floats, positive: NDArray[np.bool_], among: NDArray[np.bool_]) -> Callable[[Floats], float]:
    return lambda weights: area_under_curve(score[among], positive[among], weights[among])


def _shown(spoken: Said, stated: NDArray[np.bool_], sure: Crossed) -> NDArray[np.bool_]:
    return stated & most_per_film(spoken.candidates, sure.boxes, SHOWN)


def _stated(
    spoken: Said, stated: NDArray[np.bool_], sure: Crossed, label: int, among: NDArray[np.bool_]
) -> dict[str, Figure]:
    """At the thresholds that the other folds chose: precision, recall, false boxes per film."""
    item = spoken.judged(label, sure.boxes, among=among, iou=RIGHT, only=_shown(spoken, stated, sure))
    return {
        "precision": _told(spoken, lambda weights: precision_recall(item, weights, 0.0)[0]),
        "recall": _told(spoken, lambda weights: precision_recall(item, weights, 0.0)[1]),
        "false_per_film": _told(spoken, lambda weights: _false(item, weights)),
    }


def _false(item: Judged, weights: Floats) -> float:
    wrong, _ = item.curve(weights)
    return float(wrong[-1]) if len(wrong) else 0.0


def _normal(spoken: Said) -> NDArray[np.bool_]:
    return np.array([film.labels == {"No Finding"} for film in spoken.films])


def _on_normal(spoken: Said, stated: NDArray[np.bool_], sure: Crossed) -> dict[str, Figure]:
    """On films whose report found nothing: films with any box, and boxes per film."""
    normal = _normal(spoken)
    counts = np.bincount(
        spoken.candidates.film[_shown(spoken, stated, sure)], minlength=len(spoken.films)
    ).astype(float)

    def share(values: Floats) -> Callable[[Floats], float]:
        return lambda weights: float((weights * values * normal).sum() / max((weights * normal).sum(), 1))

    return {
        "films_with_a_box": _told(spoken, share(np.asarray(counts > 0, dtype=np.float64))),
        "boxes": _told(spoken, share(counts)),
    }


def _calibration_error(spoken: Said, sure: Crossed) -> dict[str, float]:
    """Expected calibration error, in tenths: of boxes, held against being right, and of films."""
    said, right = every_box(spoken, sure)
    shown = spoken.shown() > 0.5
    return {
        "boxes": round(_ece(said, right), 4),
        "films": round(_ece(sure.films.ravel(), shown.ravel()), 4),
    }


def every_box(spoken: Said, sure: Crossed) -> tuple[Floats, NDArray[np.bool_]]:
    """Probability of each box the pack would give as a candidate, and whether it is right."""
    first = most_per_film(spoken.candidates, sure.boxes, SHOWN) & (sure.boxes >= 0.01)
    among = np.ones(len(spoken.films), dtype=bool)
    items = [spoken.judged(k, sure.boxes, among=among, iou=RIGHT, only=first) for k in range(len(LABELS))]
    return np.concatenate([x.probability for x in items]), np.concatenate([x.right for x in items])


def _ece(probability: Floats, right: NDArray[np.bool_]) -> float:
    bins = np.minimum((probability * 10).astype(int), 9)
    off = [abs(probability[bins == k].sum() - right[bins == k].sum()) for k in range(10) if (bins == k).any()]
    return float(sum(off) / max(len(right), 1))
