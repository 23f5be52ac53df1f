"""What one version of the detector gained over another: both asked the same films, out of fold, and every
draw of patients measures both."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from training.detect.calibrate import RIGHT
from training.detect.measures import area_under_curve, average_precision, free_response, interval
from training.lung.crossed import Crossed
from training.lung.films import LABELS
from training.lung.said import Said

Floats = NDArray[np.float64]
Measure = Callable[[Floats], float]
ALL: Final = "all eight"  # the mean of the labels' figures


def gained(now: tuple[Said, Crossed], before: tuple[Said, Crossed]) -> dict[str, dict[str, list[float]]]:
    """By measure and label: before, now, and what was gained with its 95 % interval.

    ``froc``: the mean share of the boxes found at 1/8 to 8 false boxes per film; ``ap``: average precision;
    ``auc``: of boxed films by the report. Raises ValueError when the two were not asked the same films.
    """
    if [film.path for film in now[0].films] != [film.path for film in before[0].films]:
        raise ValueError("the two versions were not asked the same films")
    new, old = dict(_measures(*now)), dict(_measures(*before))
    every = np.ones(len(now[0].films))
    return {
        kind: {
            label: [
                round(value, 4)
                for value in (
                    old[kind][label](every),
                    new[kind][label](every),
                    *interval(now[0].groups, _difference(new[kind][label], old[kind][label])),
                )
            ]
            for label in new[kind]
        }
        for kind in new
    }


def _difference(new: Measure, old: Measure) -> Measure:
    return lambda weights: new(weights) - old(weights)


def _measures(spoken: Said, sure: Crossed) -> Iterator[tuple[str, dict[str, Measure]]]:
    items = [spoken.judged(k, sure.boxes, among=spoken.boxed, iou=RIGHT) for k in range(len(LABELS))]
    boxed, report = spoken.boxed, spoken.shown()[spoken.boxed] > 0.5

    def froc(label: int) -> Measure:
        return lambda weights: float(np.mean(free_response(items[label], weights)))

    def precision(label: int) -> Measure:
        return lambda weights: average_precision(items[label], weights)

    def area(label: int) -> Measure:
        score = sure.films[boxed, label]
        return lambda weights: area_under_curve(score, report[:, label], weights[boxed])

    for kind, measure in (("froc", froc), ("ap", precision), ("auc", area)):
        each = [measure(k) for k in range(len(LABELS))]
        yield kind, dict(zip(LABELS, each, strict=True)) | {ALL: _mean(each)}


def _mean(each: list[Measure]) -> Measure:
    return lambda weights: float(np.mean([one(weights) for one in each]))
