"""How good boxes are: localisation, free-response curves, average precision, each with an interval by group.

A box is right when its intersection over union with a box of the truth of its label is more than a threshold
T, and no more probable box took that one already; every other box is a false positive. Localisation accuracy
and average false positives (AFP) as in Wang et al. 2017: the share of true boxes that are found, and the
false positives per film; "at an AFP" is at the lowest threshold of probability that keeps them at or below.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
PER_FILM: Final = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)  # false positives of a free-response curve
DRAWS: Final = 500  # of the bootstrap


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What F films show of one label."""

    film: Ints  # (m,) in [0, F): of which film each box is
    boxes: NDArray[np.float32]  # (m, 4)
    films: Ints  # the films that count, where every place of the label is known
    groups: NDArray[np.generic]  # (F,) patient or study of every film


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """The boxes of one label, most probable first, each right or wrong at one T."""

    probability: Floats  # (n,)
    right: NDArray[np.bool_]  # (n,)
    film: Ints  # (n,)
    truths: Ints  # (F,) true boxes of each film
    counts: NDArray[np.bool_]  # (F,) films that count

    def curve(self, weights: Floats) -> tuple[Floats, Floats]:
        """False positives per film and share of the true boxes found, as the threshold falls.

        ``weights`` (F,): how often each film is drawn.
        """
        each = weights[self.film]
        films, truths = float(weights[self.counts].sum()), float((weights * self.truths).sum())
        found = np.cumsum(each * self.right) / max(truths, 1e-9)
        wrong = np.cumsum(each * ~self.right) / max(films, 1e-9)
        return np.asarray(wrong), np.asarray(found)


def overlaps(one: NDArray[np.float32], two: NDArray[np.float32], *, of_first: bool = False) -> Floats:
    """Intersection over union of (n, 4) with (m, 4): (n, m). ``of_first``: over the first's area alone
    (IoBB)."""
    common = np.minimum(one[:, None, 2:], two[None, :, 2:]) - np.maximum(one[:, None, :2], two[None, :, :2])
    shared = np.prod(np.clip(common, 0, None), axis=2).astype(np.float64)
    first = np.prod(one[:, 2:] - one[:, :2], axis=1)[:, None]
    second = np.prod(two[:, 2:] - two[:, :2], axis=1)[None]
    return np.asarray(shared / np.maximum(first if of_first else first + second - shared, 1e-9))


def judged(
    film: Ints,
    probability: Floats,
    boxes: NDArray[np.float32],
    truth: Truth,
    *,
    iou: float,
    iobb: bool = False,
) -> Judged:
    """Match the boxes (n of them, of one label) with the truth, the most probable first."""
    counts = np.zeros(len(truth.groups), dtype=bool)
    counts[truth.films] = True
    order = np.argsort(-probability, kind="stable")
    order = order[counts[film[order]]]
    right = np.zeros(len(order), dtype=bool)
    places = {one: np.flatnonzero(truth.film == one) for one in np.unique(truth.film).tolist()}
    free = np.ones(len(truth.film), dtype=bool)
    for place in np.flatnonzero(np.isin(film[order], truth.film)):
        index = order[place]
        there = places[int(film[index])]
        there = there[free[there]]
        if there.size:
            fit = overlaps(boxes[index : index + 1], truth.boxes[there], of_first=iobb)[0]
            if fit.max() > iou:
                right[place], free[there[fit.argmax()]] = True, False
    truths = np.bincount(truth.film, minlength=len(truth.groups))
    return Judged(
        probability=probability[order], right=right, film=film[order], truths=truths * counts, counts=counts
    )


def found_at(wrong: Floats, found: Floats, budget: float) -> float:
    """The share of the truth found with at most ``budget`` false positives per film."""
    last = int(np.searchsorted(wrong, budget, side="right")) - 1
    return float(found[last]) if last >= 0 else 0.0


def average_precision(item: Judged, weights: Floats) -> float:
    """Area under precision over recall, precision made falling; 0 without a box of the truth."""
    each = weights[item.film]
    hits, truths = np.cumsum(each * item.right), float((weights * item.truths).sum())
    if truths <= 0 or not len(hits):
        return 0.0
    precision = hits / np.maximum(np.cumsum(each), 1e-9)
    falling = np.maximum.accumulate(precision[::-1])[::-1]
    return float(np.sum(np.diff(np.concatenate([[0.0], hits / truths])) * falling))


def precision_recall(item: Judged, weights: Floats, threshold: float) -> tuple[float, float]:
    """Of the boxes at least as probable as ``threshold``: the share that is right, and of the truth found."""
    each = weights[item.film] * (item.probability >= threshold)
    hits = float(np.sum(each * item.right))
    return hits / max(float(each.sum()), 1e-9), hits / max(float((weights * item.truths).sum()), 1e-9)


def area_under_curve(score: Floats, positive: NDArray[np.bool_], weights: Floats) -> float:
    """Chance that a positive film scores above a negative one; nan without both."""
    order = np.argsort(score, kind="stable")
    up, down = (weights * positive)[order], (weights * ~positive)[order]
    total = float(up.sum() * down.sum())
    if total == 0:
        return float("nan")
    return float(np.sum(up * (np.cumsum(down) - down / 2)) / total)


def interval(
    groups: NDArray[np.generic], measure: Callable[[Floats], float], *, draws: int = DRAWS, seed: int = 0
) -> tuple[float, float, float]:
    """``measure`` of weights of films, and its 95 % interval when groups are drawn anew."""
    names, of_film = np.unique(groups, return_inverse=True)
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), size=draws)
    values = [measure(np.asarray(row[of_film], dtype=np.float64)) for row in drawn]
    low, high = np.nanpercentile(values, (2.5, 97.5)) if np.isfinite(values).any() else (np.nan, np.nan)
    return measure(np.ones(len(groups))), float(low), float(high)


def free_response(item: Judged, weights: Floats, budgets: Sequence[float] = PER_FILM) -> list[float]:
    """The share of the truth found at each number of false positives per film (FROC)."""
    wrong, found = item.curve(weights)
    return [found_at(wrong, found, budget) for budget in budgets]
