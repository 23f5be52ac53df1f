"""In which size the boxes of a label are drawn: as many times a network's own as finds most.

A network that is not sure where an edge lies draws it where it is on average. A box is right by how much of
the truth and of itself the two share, and where either may lie a little off, a larger one shares more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from classifiers.detection import resized
from training.detect.measures import Judged, free_response
from training.lung.films import LABELS, ORIGINAL
from training.lung.said import Said

SIZES: Final = (0.9, 0.95, 1.0, 1.05, 1.1, 1.15, 1.2, 1.25, 1.3, 1.4)
OVERLAPS: Final = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)  # all that the literature judges by
Judgements = Mapping[tuple[int, float], list[Judged]]


def sized(spoken: Said, sizes: tuple[float, ...]) -> Said:
    """The same with each box in the size of its label."""
    seen, plate = spoken.candidates, (int(ORIGINAL), int(ORIGINAL))
    boxes = resized(seen.boxes, np.array(sizes)[seen.label], plate)
    return replace(spoken, candidates=replace(seen, boxes=boxes))


def judgements(spoken: Said) -> Judgements:
    """The boxes of each label in each size, at every overlap, on films that have a box of the label; by their
    own scores, for where every film has the finding a film's figure tells nothing."""
    score = spoken.candidates.logit.astype(np.float64)
    found: dict[tuple[int, float], list[Judged]] = {}
    for size in SIZES:
        drawn = sized(spoken, (size,) * len(LABELS))
        for label in range(len(LABELS)):
            among = spoken.with_finding(label)
            found[label, size] = [drawn.judged(label, score, among=among, iou=one) for one in OVERLAPS]
    return found


def sizes_of(judged: Judgements, among: NDArray[np.bool_]) -> tuple[float, ...]:
    """Of each label the size in which most of its boxes are found on the films ``among`` (F,): on average
    over all overlaps and over 1/8 to 8 false boxes a film. Of sizes in which as many are found it is the
    nearest to the network's own."""
    weights = among.astype(np.float64)

    def found(label: int, size: float) -> tuple[float, float]:
        curves = [free_response(item, weights) for item in judged[label, size]]
        return float(np.mean(curves)), -abs(size - 1)

    return tuple(max(SIZES, key=lambda size: found(label, size)) for label in range(len(LABELS)))
