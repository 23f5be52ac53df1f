"""Calibrated boxes: probabilities that come true, on boxes made by a known law."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from training.detect.calibrate import Calibration, calibrated, profiles
from training.detect.candidates import Candidates, joined, keep, kept, seen
from training.detect.measures import Truth, judged

FILMS = 2000


def lawful(
    seed: int = 0,
) -> tuple[Candidates, list[Truth], np.ndarray[tuple[int, ...], np.dtype[np.float32]]]:
    """Each film has one box of one label; it is right with sigmoid(logit / 2 + film's logit / 2 - 1)."""
    rng = np.random.default_rng(seed)
    logit, image = rng.normal(0, 2, FILMS), rng.normal(0, 2, (FILMS, 1))
    odds = 1 / (1 + np.exp(-(logit / 2 + image[:, 0] / 2 - 1)))
    right = np.flatnonzero(rng.random(FILMS) < odds)
    boxes = np.tile(np.array([0, 0, 10, 10], dtype=np.float32), (FILMS, 1))
    candidates = Candidates(
        film=np.arange(FILMS),
        label=np.zeros(FILMS, dtype=np.int64),
        logit=logit.astype(np.float32),
        boxes=boxes,
        image=image.astype(np.float32),
    )
    truth = Truth(film=right, boxes=boxes[right], films=np.arange(FILMS), groups=np.arange(FILMS))
    shown = (rng.random((FILMS, 1)) < 1 / (1 + np.exp(-image))).astype(np.float32)
    return candidates, [truth], shown


def test_it_finds_the_law_that_made_the_boxes() -> None:
    found = calibrated(*lawful())
    assert found.temperature[0] == pytest.approx(2.0, rel=0.15)
    assert found.image_weight[0] == pytest.approx(0.5, abs=0.08)
    assert found.bias[0] == pytest.approx(-1.0, abs=0.2)
    assert found.image_temperature[0] == pytest.approx(1.0, rel=0.15)


def test_what_is_said_with_a_probability_comes_true_that_often() -> None:
    found = calibrated(*lawful(0))
    candidates, (truth,), _ = lawful(1)
    probability = found.boxes(candidates)
    item = judged(candidates.film, probability, candidates.boxes, truth, iou=0.3)
    for low, high in ((0.0, 0.2), (0.2, 0.5), (0.5, 1.0)):
        within = (item.probability >= low) & (item.probability < high)
        assert item.right[within].mean() == pytest.approx(item.probability[within].mean(), abs=0.06)


def test_a_sensitive_threshold_is_no_higher_than_a_specific_one() -> None:
    candidates, (truth,), _ = lawful()
    item = judged(candidates.film, 1 / (1 + np.exp(-candidates.logit)), candidates.boxes, truth, iou=0.3)
    chosen = profiles([item])
    assert chosen["sensitive"][0] <= chosen["default"][0] <= chosen["specific"][0]


def test_a_label_without_any_true_box_is_calibrated_all_the_same() -> None:
    candidates, (truth,), shown = lawful()
    nothing = Truth(film=truth.film[:0], boxes=truth.boxes[:0], films=truth.films, groups=truth.groups)
    found = calibrated(candidates, [nothing], shown * 0)
    assert isinstance(found, Calibration) and np.isfinite(found.bias[0])
    assert found.boxes(candidates).max() < 0.2


def test_of_overlapping_places_the_best_stays_and_candidates_are_kept_and_joined(tmp_path: Path) -> None:
    scores = np.array([[2.0], [1.0], [0.0]], dtype=np.float32)
    boxes = np.array([[0, 0, 10, 10], [0, 0, 10, 9], [20, 20, 30, 30]], dtype=np.float32)
    found = seen(scores, boxes)
    np.testing.assert_array_equal(found.boxes, boxes[[0, 2]])
    candidates = lawful()[0]
    keep(tmp_path / "some.npz", candidates)
    both = joined([candidates, kept(tmp_path / "some.npz")])
    assert both.film[-1] == 2 * FILMS - 1 and len(both.image) == 2 * FILMS
