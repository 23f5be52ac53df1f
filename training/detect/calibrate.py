"""From a network's own numbers to probabilities, and where to draw the line.

The probability of a box is that it is right (intersection over union above ``RIGHT``): a logistic regression
on its logit and the film's logit of its label (Platt 1999), one per label, held towards that of all labels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from training.detect.candidates import Candidates
from training.detect.measures import Judged, Truth, judged

Floats = NDArray[np.float64]
RIGHT: Final = 0.3  # intersection over union above which a box counts as right
HELD: Final = 4.0  # how strongly a label's slopes are held to those of all labels


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Per label: probability = sigmoid(logit / temperature + image_weight * image logit + bias), and of the
    film sigmoid(image logit / image_temperature + image_bias)."""

    temperature: tuple[float, ...]
    image_weight: tuple[float, ...]
    bias: tuple[float, ...]
    image_temperature: tuple[float, ...]
    image_bias: tuple[float, ...]

    def boxes(self, candidates: Candidates) -> Floats:
        """(n,) probabilities of boxes."""
        label = candidates.label
        slope, weight, bias = (np.array(x) for x in (self.temperature, self.image_weight, self.bias))
        whole = candidates.image[candidates.film, label]
        return _sigmoid(candidates.logit / slope[label] + weight[label] * whole + bias[label])

    def films(self, candidates: Candidates) -> Floats:
        """(F, K) probabilities of films."""
        return _sigmoid(candidates.image / np.array(self.image_temperature) + np.array(self.image_bias))


def calibrated(
    candidates: Candidates, truths: Sequence[Truth], shown: NDArray[np.float32], *, whole: bool = True
) -> Calibration:
    """Fit to candidates of films that the network has not learnt from.

    ``truths``: one per label. ``shown`` (F, K): 1, 0 or nan, whether the film shows the label. ``whole``
    False leaves the film's logit out of the boxes' probabilities.
    """
    rows = [_rows(candidates, label, truth, whole) for label, truth in enumerate(truths)]
    every = np.concatenate([row for row, _ in rows]), np.concatenate([hit for _, hit in rows])
    shared = _fit(*every, np.zeros(3), np.array([0.05, 0.05, 0.0]))
    own = [_fit(row, hit, shared, np.array([HELD, HELD, 0.02])) for row, hit in rows]
    films = [_film_fit(candidates.image[:, label], shown[:, label]) for label in range(len(truths))]
    return Calibration(
        temperature=tuple(round(1 / one[0], 4) for one in own),
        image_weight=tuple(round(one[1], 4) for one in own),
        bias=tuple(round(one[2], 4) for one in own),
        image_temperature=tuple(round(1 / one[0], 4) for one in films),
        image_bias=tuple(round(one[2], 4) for one in films),
    )


def _rows(candidates: Candidates, label: int, truth: Truth, whole: bool) -> tuple[Floats, NDArray[np.bool_]]:
    """Columns: box logit, image logit, 1; and which are right. Films whose truth is unknown are left out."""
    mine = np.flatnonzero(candidates.label == label)
    mine = mine[np.isin(candidates.film[mine], truth.films)]
    order = mine[np.argsort(-candidates.logit[mine].astype(np.float64), kind="stable")]
    found = judged(
        candidates.film[order],
        candidates.logit[order].astype(np.float64),
        candidates.boxes[order],
        truth,
        iou=RIGHT,
    )
    image = candidates.image[candidates.film[order], label] * whole
    return np.column_stack([candidates.logit[order], image, np.ones(len(order))]).astype(
        np.float64
    ), found.right


def _film_fit(logit: NDArray[np.float32], shown: NDArray[np.float32]) -> Floats:
    sure = np.isfinite(shown)
    columns = np.column_stack([logit[sure], np.zeros(int(sure.sum())), np.ones(int(sure.sum()))])
    return _fit(
        columns.astype(np.float64), shown[sure] > 0.5, np.array([1.0, 0.0, 0.0]), np.array([1.0, 1.0, 0.02])
    )


def _fit(columns: Floats, hit: NDArray[np.bool_], towards: Floats, held: Floats) -> Floats:
    """Logistic regression with slopes that are not negative; a label without examples keeps ``towards``."""
    if not len(columns):
        return towards
    wanted = hit.astype(np.float64)

    def cost(weights: Floats) -> tuple[float, Floats]:
        z = columns @ weights
        away = weights - towards
        value = np.sum(np.logaddexp(0, z) - wanted * z) + np.sum(held * away**2)
        return float(value), np.asarray(columns.T @ (_sigmoid(z) - wanted) + 2 * held * away)

    start = np.maximum(towards, (0.2, 0.0, -99.0))
    bounds = [(0.05, 20.0), (0.0, 5.0), (None, None)]
    return np.asarray(minimize(cost, start, jac=True, method="L-BFGS-B", bounds=bounds).x)


def _sigmoid(z: NDArray[np.generic]) -> Floats:
    return np.asarray(0.5 * (1 + np.tanh(0.5 * np.asarray(z, dtype=np.float64))))


def best_threshold(item: Judged) -> float:
    """The probability at which F1 is highest, the middle between it and the next."""
    hits = np.cumsum(item.right)
    if not len(hits) or not hits[-1]:
        return 0.99
    f1 = 2 * hits / (np.arange(1, len(hits) + 1) + item.truths.sum())
    best = int(f1.argmax())
    after = item.probability[best + 1] if best + 1 < len(f1) else 0.0
    return float((item.probability[best] + after) / 2)


def threshold_at(item: Judged, budget: float) -> float:
    """The lowest probability with at most ``budget`` false positives per film."""
    wrong, _ = item.curve(np.ones(len(item.truths)))
    last = int(np.searchsorted(wrong, budget, side="right"))
    return float(item.probability[last] + 1e-6) if last < len(wrong) else 0.01


PROFILES: Final[Mapping[str, str]] = {
    "default": "the highest F1",
    "sensitive": "half a false box per film and label",
    "specific": "one false box in twenty films per label",
}


def profiles(items: Sequence[Judged], *, least: float = 0.0) -> dict[str, tuple[float, ...]]:
    """Thresholds per label for each profile, from boxes judged at ``RIGHT``. Specific ones are the highest.

    By default nothing less probable than ``least`` is stated: what is nearly always wrong is better unsaid.
    """
    default = [max(best_threshold(item), least) for item in items]
    sensitive = [threshold_at(item, 0.5) for item in items]
    specific = [threshold_at(item, 0.05) for item in items]
    chosen = {
        "default": default,
        "sensitive": [min(pair) for pair in zip(sensitive, default, strict=True)],
        "specific": [max(pair) for pair in zip(specific, default, strict=True)],
    }
    return {
        name: tuple(round(min(max(value, 0.01), 0.99), 4) for value in values)
        for name, values in chosen.items()
    }
