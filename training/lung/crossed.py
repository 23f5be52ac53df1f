"""What would be stated of each film by a calibration that has not seen it: each fold's is the others'."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from training.lung.films import FOLDS, LABELS
from training.lung.said import Said, fit, lines
from training.lung.sizes import Judgements, sized, sizes_of

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossed:
    """Probabilities and stated boxes whose calibration and thresholds came from the other folds."""

    boxes: Floats  # (n,)
    films: Floats  # (F, K)
    stated: dict[str, NDArray[np.bool_]]  # by profile: (n,)


def crossed(spoken: Said, judged: Judgements | None) -> tuple[Said, Crossed]:
    """Calibrate each fold by the others; beside it what was said, each box in the size that they chose by the
    ``judgements`` of what was said or, without them, as the networks drew it."""
    candidates = spoken.candidates
    edges = candidates.boxes.copy()
    boxes = np.zeros(len(candidates.film))
    films = np.zeros(candidates.image.shape)
    stated: dict[str, NDArray[np.bool_]] = {}
    for fold in range(FOLDS):
        others = spoken.folds != fold
        sizes = (1.0,) * len(LABELS) if judged is None else sizes_of(judged, others)
        drawn = sized(spoken, sizes)
        found = fit(drawn, others)
        probability = found.boxes(candidates)
        here = spoken.folds[candidates.film] == fold
        edges[here] = drawn.candidates.boxes[here]
        boxes[here] = probability[here]
        films[~others] = found.films(candidates)[~others]
        for kind, values in lines(drawn, probability, others).items():
            over = probability >= np.array(values)[candidates.label]
            stated.setdefault(kind, np.zeros(len(boxes), dtype=bool))[here] = over[here]
    now = replace(spoken, candidates=replace(candidates, boxes=edges))
    return now, Crossed(boxes=boxes, films=films, stated=stated)
