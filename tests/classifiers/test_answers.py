"""Nothing uncertain is stated as certain: calibration, reject rules and the gate, as a table."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.answers import calibrated, findings_of, view_of
from classifiers.manifest import (
    Classes,
    Gate,
    Manifest,
    Output,
    Reject,
    RejectByClass,
    RejectByEnergy,
    RejectByHead,
    Task,
    Values,
)
from router.types import Mode, ModelRef

MODEL = ModelRef(name="view", version="1", sha256="0" * 64)
VIEWS = ("chest_pa_ap", "hand_ap", "other")


def logits_of(*probabilities: float) -> np.ndarray:
    """Raw logits that softmax turns into these probabilities."""
    return np.log(np.array(probabilities, np.float32))


def head(**changes: object) -> Output:
    """A view head over ``VIEWS``."""
    return replace(Output(name="view", values=Values.LOGITS, labels=VIEWS), **changes)


@pytest.fixture
def manifest(tiny_manifest: Manifest) -> Manifest:
    return replace(tiny_manifest, outputs={"view": head()}, gate=Gate(margin=0.3))


@pytest.mark.parametrize(
    ("probabilities", "gate", "thresholds", "view"),
    [
        ((0.90, 0.05, 0.05), Gate(margin=0.3), {}, "chest_pa_ap"),
        ((0.05, 0.90, 0.05), Gate(margin=0.3), {}, "hand_ap"),
        ((0.60, 0.39, 0.01), Gate(margin=0.3), {}, "unsure"),
        ((0.65, 0.30, 0.05), Gate(margin=0.3), {}, "chest_pa_ap"),
        ((0.40, 0.30, 0.30), Gate(margin=0.05, min_score=0.5), {}, "unsure"),
        ((0.60, 0.20, 0.20), Gate(margin=0.3), {"chest_pa_ap": 0.7}, "unsure"),
        ((0.60, 0.20, 0.20), Gate(margin=0.3), {"hand_ap": 0.7}, "chest_pa_ap"),
        ((0.05, 0.05, 0.90), Gate(margin=0.3), {}, "other"),
        ((0.26, 0.25, 0.49), Gate(margin=0.0), {}, "unsure"),  # other leads, but below its own threshold
    ],
)
def test_a_view_is_stated_only_when_the_gate_opens(
    manifest: Manifest,
    probabilities: tuple[float, ...],
    gate: Gate,
    thresholds: dict[str, float],
    view: str,
) -> None:
    manifest = replace(
        manifest,
        gate=gate,
        outputs={"view": head(thresholds=thresholds)},
        reject=(RejectByClass(threshold=0.5),),
    )
    found = view_of({"view": logits_of(*probabilities)}, manifest, MODEL)
    ranked = sorted(probabilities, reverse=True)
    assert found.view == view
    assert found.score == pytest.approx(ranked[0], abs=1e-6)
    assert found.margin == pytest.approx(ranked[0] - ranked[1], abs=1e-6)
    assert [c.score for c in found.candidates] == pytest.approx(ranked, abs=1e-6)


def test_the_gate_of_one_half_between_two_classes(manifest: Manifest) -> None:
    two = Output(name="view", values=Values.PROBABILITIES, labels=VIEWS[:2])
    manifest = replace(manifest, outputs={"view": two}, gate=Gate(margin=0.5))
    stated = {p: view_of({"view": np.float32([p, 1 - p])}, manifest, MODEL).view for p in (0.74, 0.76, 0.24)}
    assert stated == {0.74: "unsure", 0.76: "chest_pa_ap", 0.24: "hand_ap"}


@pytest.mark.parametrize(
    ("reject", "raw", "view", "score"),
    [
        (RejectByClass(threshold=0.3), {"view": logits_of(0.5, 0.1, 0.4)}, "other", 0.4),
        (RejectByClass(threshold=0.5), {"view": logits_of(0.5, 0.1, 0.4)}, "chest_pa_ap", 0.5),
        (RejectByEnergy(centre=4, width=1, threshold=0.5), {"view": np.float32([1, 0, 0])}, "other", None),
        (
            RejectByEnergy(centre=4, width=1, threshold=0.5),
            {"view": np.float32([9, 0, 0])},
            "chest_pa_ap",
            None,
        ),
        (
            RejectByHead(head="known", threshold=0.5),
            {"view": np.float32([9, 0, 0]), "known": np.float32([2])},
            "other",
            None,
        ),
        (
            RejectByHead(head="known", threshold=0.5),
            {"view": np.float32([9, 0, 0]), "known": np.float32([-2])},
            "chest_pa_ap",
            None,
        ),
    ],
)
def test_each_reject_rule_says_other_with_its_score(
    manifest: Manifest, reject: Reject, raw: dict[str, np.ndarray], view: str, score: float | None
) -> None:
    known = Output(name="known", values=Values.LOGITS, labels=("other",), classes=Classes.INDEPENDENT)
    manifest = replace(
        manifest, gate=Gate(margin=0.0), reject=(reject,), outputs={"view": head(), "known": known}
    )
    found = view_of({"known": np.float32([0.0])} | raw, manifest, MODEL)
    assert found.view == view
    assert score is None or found.score == pytest.approx(score, abs=1e-6)
    if view == "other":
        assert found.score >= reject.threshold
        assert found.score in [c.score for c in found.candidates if c.label == "other"]


def test_an_energy_score_follows_its_formula(manifest: Manifest) -> None:
    raw = np.float32([1.0, 2.0, 0.5])
    rule = RejectByEnergy(centre=3.0, width=0.7, threshold=0.0)
    energy = math.log(np.exp(raw.astype(float)).sum())
    found = view_of({"view": raw}, replace(manifest, reject=(rule,)), MODEL)
    assert found.score == pytest.approx(1 / (1 + math.exp((energy - 3.0) / 0.7)))


def test_five_candidates_at_most_best_first(manifest: Manifest) -> None:
    labels = ("chest_pa_ap", "hand_ap", "knee_ap", "elbow_ap", "ankle_ap", "foot_ap", "pelvis_ap")
    wide = Output(name="view", values=Values.LOGITS, labels=labels)
    found = view_of(
        {"view": np.arange(7, dtype=np.float32)}, replace(manifest, outputs={"view": wide}), MODEL
    )
    assert [c.label for c in found.candidates] == list(labels[:1:-1])


def test_a_shadow_says_that_it_is_one(manifest: Manifest) -> None:
    assert (
        view_of({"view": logits_of(1, 1, 1)}, replace(manifest, mode=Mode.SHADOW), MODEL).mode is Mode.SHADOW
    )


def test_temperature_and_bias_move_the_probabilities() -> None:
    raw = np.float32([2.0, 0.0, 0.0])
    sharp = calibrated(raw, head())
    soft = calibrated(raw, head(temperature=(2.0,)))
    moved = calibrated(raw, head(temperature=(1.0, 1.0, 2.0), bias=(0.0, 1.0, 0.0)))
    assert sharp[0] > soft[0]
    assert soft == pytest.approx(np.exp([1, 0, 0]) / np.exp([1, 0, 0]).sum())
    assert moved == pytest.approx(np.exp([2, 1, 0]) / np.exp([2, 1, 0]).sum())


def test_probabilities_without_calibration_stay_what_they_are() -> None:
    given_as = head(values=Values.PROBABILITIES)
    assert calibrated(np.float32([0.7, 0.2, 0.1]), given_as) == pytest.approx([0.7, 0.2, 0.1], abs=1e-6)
    alone = head(values=Values.PROBABILITIES, classes=Classes.INDEPENDENT)
    assert calibrated(np.float32([0.7, 0.0, 1.0]), alone) == pytest.approx([0.7, 0.0, 1.0], abs=1e-6)


@given(st.lists(st.floats(-1e4, 1e4, width=32), min_size=3, max_size=3), st.sampled_from(list(Classes)))
def test_any_logits_give_probabilities(raw: list[float], classes: Classes) -> None:
    found = calibrated(np.float32(raw), head(classes=classes))
    assert ((found >= 0) & (found <= 1)).all()
    assert classes is Classes.INDEPENDENT or found.sum() == pytest.approx(1.0)


def classify(manifest: Manifest, **changes: object) -> Manifest:
    """A specialist with the labels a, b, c, of which a and b may be stated."""
    output = Output(
        name="out", values=Values.PROBABILITIES, labels=("a", "b", "c"), thresholds={"a": 0.4, "b": 0.6}
    )
    return replace(
        manifest, task=Task.CLASSIFY, outputs={"classify": replace(output, **changes)}, gate=Gate(margin=0.3)
    )


@pytest.mark.parametrize(
    ("classes", "probabilities", "stated"),
    [
        (Classes.EXCLUSIVE, (0.8, 0.1, 0.1), ["a"]),
        (Classes.EXCLUSIVE, (0.45, 0.35, 0.20), []),  # the gate of 0.3 stays shut
        (Classes.EXCLUSIVE, (0.2, 0.55, 0.25), []),  # below b's threshold
        (Classes.EXCLUSIVE, (0.1, 0.1, 0.8), []),  # c has no threshold: never stated
        (Classes.INDEPENDENT, (0.9, 0.95, 0.99), ["b", "a"]),
        (Classes.INDEPENDENT, (0.3, 0.5, 0.99), []),
    ],
)
def test_a_specialist_states_labels_that_have_a_threshold_and_reach_it(
    manifest: Manifest, classes: Classes, probabilities: tuple[float, ...], stated: list[str]
) -> None:
    found = findings_of(np.float32(probabilities), classify(manifest, classes=classes), MODEL)
    assert [finding.label for finding in found] == stated
    assert all(finding.box is None and finding.score >= finding.threshold for finding in found)
