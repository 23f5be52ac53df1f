"""From a head's raw numbers to an answer: calibration, reject rules, gate. Pure; ``docs/packs.md`` says the
same in words.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from classifiers.manifest import (
    Classes,
    Gate,
    Manifest,
    Output,
    Reject,
    RejectByClass,
    RejectByEnergy,
    RejectByHead,
    Values,
)
from router.types import Candidate, Finding, ModelRef, ViewPrediction
from router.views import OTHER, UNSURE

STATED_CANDIDATES = 5
SMALLEST = 1e-7  # a probability of 0 or 1 that a float32 softmax gives: where the logit is cut off

Floats = NDArray[np.float64]


def logits(raw: NDArray[np.float32], output: Output) -> Floats:
    """The logits of one film's head, float64 (labels,), before calibration; exclusive ones are known up to a
    constant.
    """
    values = np.asarray(raw, np.float64)
    if output.values is Values.LOGITS:
        return values
    values = np.clip(values, SMALLEST, 1.0)
    if output.classes is Classes.EXCLUSIVE:
        return np.log(values)
    return np.log(values) - np.log1p(-np.clip(values, SMALLEST, 1.0 - SMALLEST))


def calibrated(raw: NDArray[np.float32], output: Output) -> Floats:
    """Calibrated probabilities of one film's head, float64 (labels,) in [0, 1]; they sum to 1 for exclusive
    classes.
    """
    return _squashed(logits(raw, output) / np.array(output.temperature) + np.array(output.bias), output)


def uncalibrated(raw: NDArray[np.float32], output: Output) -> Floats:
    """The network's own numbers of one film's head, before calibration, float64 (labels,) in [0, 1]."""
    return _squashed(logits(raw, output), output)


def _squashed(z: Floats, output: Output) -> Floats:
    if output.classes is Classes.INDEPENDENT:
        return np.asarray(0.5 * (1.0 + np.tanh(0.5 * z)))  # the logistic function, without its overflow
    odds = np.exp(z - z.max())
    return np.asarray(odds / odds.sum())


def candidates(probabilities: Floats, labels: tuple[str, ...]) -> list[Candidate]:
    """Every label with its probability, best first; equals in the network's order."""
    order = np.argsort(-probabilities, kind="stable")
    return [Candidate(label=labels[i], score=float(probabilities[i])) for i in order]


def view_of(raw: Mapping[str, NDArray[np.float32]], manifest: Manifest, model: ModelRef) -> ViewPrediction:
    """What the view pack says of one film, from its heads' raw outputs (each (labels,))."""
    head = manifest.outputs["view"]
    ranked = candidates(calibrated(raw["view"], head), head.labels)
    reject = max((_reject(rule, raw, manifest) for rule in manifest.reject), default=(False, 0.0))
    if reject[0]:
        view, score, ranked = OTHER, reject[1], _with_other(ranked, reject[1])
        rival = max((c.score for c in ranked if c.label != OTHER), default=0.0)
        margin = max(0.0, score - rival)
    else:
        score, margin = ranked[0].score, _lead(ranked)
        view = ranked[0].label if _opens(ranked[0], margin, manifest.gate, head) else UNSURE
    return ViewPrediction(
        view=view,
        score=score,
        margin=margin,
        candidates=tuple(ranked[:STATED_CANDIDATES]),
        model=model,
        mode=manifest.mode,
        further=_further(raw, manifest),
    )


def _further(
    raw: Mapping[str, NDArray[np.float32]], manifest: Manifest
) -> Mapping[str, tuple[Candidate, ...]]:
    """What the heads beside the view say of one film, calibrated, best first."""
    return {
        head: tuple(candidates(calibrated(raw[head], output), output.labels))
        for head, output in manifest.outputs.items()
        if head != "view"
    }


def together(raws: Sequence[NDArray[np.float32]], output: Output) -> NDArray[np.float32]:
    """What several looks at one film say as one: raw numbers (labels,) of an exclusive head, whose logits are
    the mean of those of ``raws``, each (labels,).

    Probabilities are multiplied, so to say, not added: a view that one look rules out is ruled out (the
    logarithmic opinion pool; Genest and Zidek, Statistical Science 1986).
    """
    mean = np.mean([logits(raw, output) for raw in raws], axis=0)
    if output.values is Values.PROBABILITIES:
        mean = _squashed(mean, output)
    return np.asarray(mean, np.float32)


def turned(raws: Sequence[NDArray[np.float32]], output: Output) -> NDArray[np.float32]:
    """How a film lies turned, as ``together`` says it, from what was said of it as it is and turned by one,
    two and three quarters more, counter-clockwise: each (4,), and all are turned back.
    """
    back = [np.roll(calibrated(raw, output), -quarter) for quarter, raw in enumerate(raws)]
    return _before_calibration(np.mean(back, axis=0), output)


def _before_calibration(probabilities: Floats, output: Output) -> NDArray[np.float32]:
    """Raw numbers (labels,) of an exclusive head that ``calibrated`` would give these probabilities."""
    z = (np.log(np.maximum(probabilities, SMALLEST)) - np.array(output.bias)) * np.array(output.temperature)
    return (z if output.values is Values.LOGITS else _squashed(z, output)).astype(np.float32)


def needed(manifest: Manifest, head: str) -> Mapping[str, float]:
    """Every label of a specialist's head that may be stated, with the probability that it needs."""
    thresholds = manifest.outputs[head].thresholds.items()
    return {label: max(threshold, manifest.gate.min_score) for label, threshold in thresholds}


def candidates_of(
    raw: NDArray[np.float32], manifest: Manifest, model: ModelRef, *, floor: float
) -> tuple[Finding, ...]:
    """What the head ``classify`` sees in one film, from its raw output (labels,): of the labels that may be
    stated those with a probability of ``floor``, most probable first.
    """
    head = manifest.outputs["classify"]
    thresholds = needed(manifest, "classify")
    own = dict(zip(head.labels, uncalibrated(raw, head).tolist(), strict=True))
    return tuple(
        Finding(
            label=candidate.label,
            score=own[candidate.label],
            probability=candidate.score,
            threshold=thresholds[candidate.label],
            model=model,
            mode=manifest.mode,
        )
        for candidate in candidates(calibrated(raw, head), head.labels)
        if candidate.label in thresholds and candidate.score >= floor
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What was said of one film: findings, and by model why it states nothing, where it has a reason."""

    findings: tuple[Finding, ...]
    silent: Mapping[ModelRef, str] = field(default_factory=dict)


def silence_of(raw: NDArray[np.float32], manifest: Manifest) -> str | None:
    """Why a ``classify`` pack states nothing about one film, when its gate stays shut: no label leads enough.

    ``raw``: its head's raw output (labels,). None where the gate is open, whatever is stated then.
    """
    head, gate = manifest.outputs["classify"], manifest.gate
    ranked = candidates(calibrated(raw, head), head.labels)
    if head.classes is not Classes.EXCLUSIVE or _lead(ranked) >= gate.margin:
        return None
    return gate.otherwise or f"no label leads the second by {gate.margin:.0%}"


def _lead(ranked: Sequence[Candidate]) -> float:
    """Of the first over the second, in [0, 1]."""
    return ranked[0].score - (ranked[1].score if len(ranked) > 1 else 0.0)


def findings_of(raw: NDArray[np.float32], manifest: Manifest, model: ModelRef) -> tuple[Finding, ...]:
    """What a ``classify`` pack states about one film, from its head's raw output (labels,); best first."""
    head = manifest.outputs["classify"]
    found = candidates_of(raw, manifest, model, floor=0.0)
    if head.classes is Classes.EXCLUSIVE:
        ranked = candidates(calibrated(raw, head), head.labels)
        leads = _lead(ranked) >= manifest.gate.margin
        found = tuple(finding for finding in found if leads and finding.label == ranked[0].label)
    return tuple(finding for finding in found if finding.probability >= finding.threshold)


def _opens(best: Candidate, margin: float, gate: Gate, head: Output) -> bool:
    """Whether the best label may be stated."""
    least = max(gate.min_score, head.thresholds.get(best.label, 0.0))
    return best.label != OTHER and margin >= gate.margin and best.score >= least


def _reject(rule: Reject, raw: Mapping[str, NDArray[np.float32]], manifest: Manifest) -> tuple[bool, float]:
    """Whether the rule makes the film ``other``, and with which score in [0, 1]."""
    match rule:
        case RejectByClass():
            head = manifest.outputs["view"]
            score = float(calibrated(raw["view"], head)[head.labels.index(OTHER)])
        case RejectByEnergy():
            z = logits(raw["view"], manifest.outputs["view"])
            energy = float(z.max() + math.log(np.exp(z - z.max()).sum()))
            score = 0.5 * (1.0 - math.tanh(0.5 * (energy - rule.centre) / rule.width))
        case RejectByHead():
            score = float(calibrated(raw[rule.head], manifest.outputs[rule.head])[0])
    return score >= rule.threshold, score


def _with_other(ranked: list[Candidate], score: float) -> list[Candidate]:
    """The candidates with ``other`` at its stated score; beside a rule of its own, the views share what it
    leaves.
    """
    if any(candidate.label == OTHER for candidate in ranked):
        changed = [Candidate(label=OTHER, score=score) if c.label == OTHER else c for c in ranked]
    else:
        shared = [Candidate(label=c.label, score=c.score * (1.0 - score)) for c in ranked]
        changed = [Candidate(label=OTHER, score=score), *shared]
    return sorted(changed, key=lambda candidate: -candidate.score)
