"""Places and boxes become findings: probabilities, suppression, edges; against a plain, slow way to do it."""

from __future__ import annotations

import math
import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from classifiers.closer import merged, square_round, squares
from classifiers.detection import Seen, joined, resized, seen, suppressed
from classifiers.detectmanifest import Closer, Detect
from classifiers.manifest import Classes, Manifest, Output, Task, Values
from classifiers.prepare import Placement

LABELS = tuple("abcdefgh")
SAME = Placement(scale=(1.0, 1.0), offset=(0.0, 0.0))


def logit(probability: float) -> float:
    return math.log(probability / (1 - probability))


@pytest.fixture(name="manifest")
def detecting_manifest(tiny_manifest: Manifest) -> Manifest:
    head = Output(name="scores", values=Values.LOGITS, labels=LABELS, classes=Classes.INDEPENDENT)
    return replace(
        tiny_manifest,
        name="finder",
        task=Task.DETECT,
        outputs={"detect": head, "classify": replace(head, name="image", labels=LABELS[::-1])},
        detect=Detect(boxes="boxes", overlap=0.5, most=5),
    )


def boxes_of(random: np.random.Generator, count: int, side: float = 512.0) -> NDArray[np.float32]:
    middles, sizes = random.uniform(0, side, (count, 2)), random.uniform(side / 50, side / 3, (count, 2))
    return np.concatenate([middles - sizes / 2, middles + sizes / 2], axis=1).astype(np.float32)


def one_place(values: float, box: tuple[float, ...]) -> dict[str, NDArray[np.float32]]:
    scores = np.full((1, len(LABELS)), -20, np.float32)
    scores[0, 2] = values
    return {
        "detect": scores,
        "boxes": np.array([box], np.float32),
        "classify": np.arange(len(LABELS), dtype=np.float32),
    }


@pytest.mark.parametrize(
    ("temperature", "bias", "weight", "expected"),
    [
        ((1.0,), (0.0,), None, 1.5),
        ((2.0,), (0.25,), None, 1.0),
        ((1.0,), (0.0,), 0.5, 4.0),  # "c" is the sixth of the whole film's labels: its logit there is 5
        ((2.0,), (-1.0,), -0.25, -1.5),
        (tuple(range(1, 9)), tuple(range(8)), None, 2.5),
    ],
)
def test_a_probability_is_the_calibrated_logit_and_a_score_the_networks_own(
    manifest: Manifest,
    temperature: tuple[float, ...],
    bias: tuple[float, ...],
    weight: float | None,
    expected: float,
) -> None:
    head = replace(manifest.outputs["detect"], temperature=temperature, bias=bias)
    weights = None if weight is None else tuple(weight if label == "c" else 0.0 for label in LABELS)
    detect = Detect(boxes="boxes", overlap=0.5, most=5, image_weight=weights)
    changed = replace(manifest, outputs={**manifest.outputs, "detect": head}, detect=detect)
    found = seen(one_place(1.5, (10, 10, 50, 50)), changed, SAME, (100, 100))
    (index,) = np.flatnonzero(found.labels == 2)
    assert logit(found.probabilities[index]) == pytest.approx(expected)
    assert logit(found.scores[index]) == pytest.approx(1.5)


@pytest.mark.parametrize(("probability", "count"), [(0.0099, 0), (0.0101, 1), (0.9, 1)])
def test_a_candidate_has_a_hundredth_at_least(manifest: Manifest, probability: float, count: int) -> None:
    found = seen(one_place(logit(probability), (10, 10, 50, 50)), manifest, SAME, (100, 100))
    assert len(found.labels) == count


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ((10, 20, 30, 60), (10, 20, 30, 60)),
        ((-10, -20, 30, 60), (0, 0, 30, 60)),
        ((80, 50, 130, 130), (80, 50, 100, 90)),
        ((-50, 10, -1, 20), None),
        ((100, 10, 150, 20), None),
        ((40, 89.5, 60, 120), None),  # half a pixel of it is left
    ],
)
def test_a_box_ends_where_the_film_does(
    manifest: Manifest, box: tuple[float, ...], expected: tuple[float, ...] | None
) -> None:
    found = seen(one_place(3.0, box), manifest, SAME, (90, 100))
    assert found.boxes.tolist() == ([list(expected)] if expected else [])


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        (1.0, (40, 20, 60, 80)),
        (0.5, (45, 35, 55, 65)),
        (1.5, (35, 5, 65, 90)),  # the film ends at 90
        (8.0, (0, 0, 100, 90)),
    ],
)
def test_a_box_keeps_its_middle_and_ends_where_the_film_does(
    times: float, expected: tuple[float, ...]
) -> None:
    boxes = np.array([(40, 20, 60, 80), (10, 10, 20, 20)], np.float32)
    drawn = resized(boxes, np.array([times, 1.0]), (90, 100))
    assert drawn.dtype == np.float32
    assert drawn.tolist() == [list(expected), [10, 10, 20, 20]]


def overlap_of(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    low, high = np.maximum(one[:2], other[:2]), np.minimum(one[2:], other[2:])
    shared = float(np.prod(np.maximum(high - low, 0)))
    areas = [float(np.prod(box[2:] - box[:2])) for box in (one, other)]
    return shared / (sum(areas) - shared)


def one_by_one(found: Seen, overlap: float, most: int) -> set[int]:
    """Greedy suppression in plain loops."""
    kept: list[int] = []
    for index in np.argsort(-found.probabilities, kind="stable").tolist():
        mine = [other for other in kept if found.labels[other] == found.labels[index]]
        clear = all(overlap_of(found.boxes[index], found.boxes[other]) <= overlap for other in mine)
        if clear and len(mine) < most:
            kept.append(index)
    return set(kept)


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 2**32),
    st.sampled_from([0, 1, 30, 600]),
    st.floats(0.05, 0.95),
    st.sampled_from([1, 3, 40]),
)
def test_suppression_keeps_what_plain_loops_keep(seed: int, count: int, overlap: float, most: int) -> None:
    random = np.random.default_rng(seed)
    found = Seen(
        labels=random.integers(0, 2, count),
        scores=np.zeros(count),
        probabilities=random.permutation(count) / max(1, count),
        boxes=boxes_of(random, count, 200.0),
    )
    kept = suppressed(found, overlap=overlap, most=most)
    expected = found.only(np.array(sorted(one_by_one(found, overlap, most)), np.int64))
    assert sorted(kept.probabilities.tolist()) == sorted(expected.probabilities.tolist())
    assert np.all(np.diff(kept.probabilities) <= 0)


def test_eight_labels_at_four_thousand_places_cost_next_to_nothing(manifest: Manifest) -> None:
    random = np.random.default_rng(0)
    raw = {
        "detect": random.normal(-6.5, 1.5, (4032, 8)).astype(np.float32),  # 2,500 candidates: a poor network
        "boxes": boxes_of(random, 4032),
        "classify": np.zeros(8, np.float32),
    }
    times = []
    for _ in range(40):
        start = time.perf_counter()
        found = suppressed(seen(raw, manifest, SAME, (512, 512)), overlap=0.5, most=5)
        times.append(time.perf_counter() - start)
    assert len(found.labels) == 40
    assert min(times) < 0.005  # 1 ms alone on a core; the machine of a test may be busy


def boxes_at(*places: tuple[int, float, tuple[float, ...]]) -> Seen:
    return Seen(
        labels=np.array([label for label, _, _ in places], np.int64),
        scores=np.array([probability for _, probability, _ in places]),
        probabilities=np.array([probability for _, probability, _ in places]),
        boxes=np.array([box for _, _, box in places], np.float32).reshape(-1, 4),
    )


SITES = {"a": ("c", "d"), "b": ("d",)}


def test_each_site_that_is_probable_enough_gets_its_square() -> None:
    closer = Closer(sites=SITES, context=1.5, threshold=0.3)
    found = boxes_at(
        (0, 0.9, (100, 100, 140, 120)),
        (1, 0.2, (0, 0, 9, 9)),
        (2, 0.9, (0, 0, 9, 9)),
        (0, 0.3, (5, 5, 15, 25)),
    )
    assert squares(found, LABELS, closer) == [("a", (90, 80, 60)), ("a", (-5, 0, 30))]


def test_a_square_has_its_box_in_the_middle_and_may_leave_the_film() -> None:
    assert square_round(np.array([0, 10, 20, 50], np.float32), 2.0) == (-30, -10, 80)


def test_what_belongs_to_a_site_counts_only_from_a_look_at_that_site() -> None:
    box = (0.0, 0.0, 10.0, 10.0)
    whole = boxes_at((0, 0.9, box), (2, 0.8, box), (3, 0.7, box), (4, 0.6, box))
    at_a = boxes_at((0, 0.9, box), (2, 0.5, box), (4, 0.9, box))
    at_b = boxes_at((2, 0.9, box), (3, 0.4, box))
    closer = Closer(sites=SITES, context=1.5, threshold=0.3)
    found = merged(whole, [("a", at_a), ("b", at_b)], LABELS, closer)
    assert list(zip(found.labels.tolist(), found.probabilities.tolist(), strict=True)) == [
        (4, 0.6),
        (2, 0.5),
        (3, 0.4),
    ]
    assert len(joined([whole, at_a]).labels) == 7
    too = merged(whole, [("a", at_a), ("b", at_b)], LABELS, replace(closer, everywhere=("d",)))
    assert (too.labels == 3).sum() == 2  # what the whole film said of it, and what the closer look did
    assert (too.labels == 2).sum() == 1
