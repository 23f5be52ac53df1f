"""Figures of boxes, on films small enough to count by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from training.detect.calibrate import best_threshold, threshold_at
from training.detect.measures import (
    Judged,
    Truth,
    area_under_curve,
    average_precision,
    found_at,
    free_response,
    interval,
    judged,
    overlaps,
    precision_recall,
)

ONCE = np.ones(3)


def boxes(*values: tuple[float, float, float, float]) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    return np.array(values, dtype=np.float32).reshape(-1, 4)


@pytest.mark.parametrize(
    ("one", "two", "iou", "iobb"),
    [
        ((0, 0, 10, 10), (0, 0, 10, 10), 1.0, 1.0),
        ((0, 0, 10, 10), (5, 0, 15, 10), 1 / 3, 0.5),
        ((0, 0, 5, 5), (0, 0, 10, 10), 0.25, 1.0),
        ((0, 0, 5, 5), (5, 5, 9, 9), 0.0, 0.0),
    ],
    ids=["the same", "half beside", "within", "apart"],
)
def test_overlap_over_the_union_and_over_the_first_box(one, two, iou, iobb):  # type: ignore[no-untyped-def]
    assert overlaps(boxes(one), boxes(two))[0, 0] == pytest.approx(iou)
    assert overlaps(boxes(one), boxes(two), of_first=True)[0, 0] == pytest.approx(iobb)


def three_films() -> Judged:
    """Film 0: its box found, and found again. Film 1: a wrong box, surest of all; its true box is missed.
    Film 2: nothing there, a wrong box."""
    truth = Truth(
        film=np.array([0, 1]),
        boxes=boxes((0, 0, 10, 10), (50, 50, 60, 60)),
        films=np.arange(3),
        groups=np.array(["a", "b", "c"]),
    )
    return judged(
        np.array([0, 0, 1, 2]),
        np.array([0.8, 0.3, 0.9, 0.5]),
        boxes((0, 0, 10, 9), (0, 0, 9, 10), (0, 0, 5, 5), (1, 1, 2, 2)),
        truth,
        iou=0.5,
    )


def test_a_true_box_is_found_once_and_every_other_box_is_false() -> None:
    item = three_films()
    assert item.probability.tolist() == [0.9, 0.8, 0.5, 0.3]
    assert item.right.tolist() == [False, True, False, False]
    wrong, found = item.curve(ONCE)
    np.testing.assert_allclose(wrong, [1 / 3, 1 / 3, 2 / 3, 1])
    np.testing.assert_allclose(found, [0, 0.5, 0.5, 0.5])


@pytest.mark.parametrize(("budget", "share"), [(0.3, 0.0), (0.34, 0.5), (8, 0.5)])
def test_what_is_found_within_a_budget_of_false_boxes(budget: float, share: float) -> None:
    assert found_at(*three_films().curve(ONCE), budget) == share


def test_films_whose_truth_is_unknown_count_neither_way() -> None:
    truth = Truth(
        film=np.array([0]), boxes=boxes((0, 0, 9, 9)), films=np.array([0]), groups=np.array(["a", "b"])
    )
    item = judged(np.array([1, 0]), np.array([0.9, 0.5]), boxes((0, 0, 9, 9), (0, 0, 9, 9)), truth, iou=0.3)
    assert item.right.tolist() == [True] and average_precision(item, np.ones(2)) == 1


def test_average_precision_and_precision_at_a_threshold() -> None:
    item = three_films()
    assert average_precision(item, ONCE) == pytest.approx(0.25)  # half the truth at a precision of a half
    assert precision_recall(item, ONCE, 0.6) == pytest.approx((0.5, 0.5))
    assert free_response(item, ONCE, (0.25, 1.0)) == [0.0, 0.5]


def test_films_drawn_twice_count_twice() -> None:
    wrong, found = three_films().curve(np.array([2.0, 1.0, 0.0]))
    np.testing.assert_allclose(found, [0, 2 / 3, 2 / 3, 2 / 3])
    np.testing.assert_allclose(wrong, [1 / 3, 1 / 3, 1 / 3, 1])


@pytest.mark.parametrize(
    ("scores", "area"),
    [((0.1, 0.2, 0.8, 0.9), 1.0), ((0.9, 0.8, 0.2, 0.1), 0.0), ((0.1, 0.9, 0.2, 0.8), 0.5)],
)
def test_area_under_the_curve(scores: tuple[float, ...], area: float) -> None:
    positive = np.array([False, False, True, True])
    assert area_under_curve(np.array(scores), positive, np.ones(4)) == pytest.approx(area)
    assert math.isnan(area_under_curve(np.array(scores), np.zeros(4, dtype=bool), np.ones(4)))


def test_an_interval_draws_whole_patients() -> None:
    groups = np.repeat(np.arange(40), 5)
    value = (groups % 2).astype(float)  # all films of a patient agree: 40 facts, not 200
    middle, low, high = interval(groups, lambda weights: float((weights * value).sum() / weights.sum()))
    assert middle == 0.5 and 0.3 < low < 0.4 and 0.6 < high < 0.7


def test_thresholds_by_f1_and_by_false_boxes() -> None:
    item = three_films()
    assert best_threshold(item) == pytest.approx(0.65)  # between the hit and the next false box
    assert threshold_at(item, 0.4) == pytest.approx(0.5, abs=1e-4)
