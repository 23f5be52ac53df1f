"""What a network of the task ``detect`` saw: its places and boxes, made findings on a film. Pure numpy.

``docs/packs.md``, "How places and boxes become findings", says the same in words. Greedy non-maximum
suppression by intersection over union, label by label, is that of Girshick et al., "Rich feature hierarchies"
(CVPR 2014).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifiers.answers import logits
from classifiers.manifest import Manifest
from classifiers.prepare import Placement

FLOOR = 0.01  # the least probability that makes a place a candidate
SMALLEST = 1.0  # film pixels: a box that is thinner after it was cut off at the film's edge is not there
TRIED_FIRST = 256  # boxes of a label

Raw = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Seen:
    """Boxes seen in one film, n of them; ``labels`` are indices into those of the head ``detect``."""

    labels: NDArray[np.int64]  # (n,)
    scores: NDArray[np.float64]  # (n,) in [0, 1]: the network's own numbers
    probabilities: NDArray[np.float64]  # (n,) in [0, 1], calibrated
    boxes: NDArray[np.float32]  # (n, 4): left, top, right, bottom in film pixels

    def only(self, which: NDArray[np.bool_] | NDArray[np.int64]) -> Seen:
        """Those that an index or a mask names, in its order."""
        return Seen(
            labels=self.labels[which],
            scores=self.scores[which],
            probabilities=self.probabilities[which],
            boxes=self.boxes[which],
        )


def joined(parts: Sequence[Seen]) -> Seen:
    """All boxes of at least one part."""
    return Seen(
        labels=np.concatenate([part.labels for part in parts]),
        scores=np.concatenate([part.scores for part in parts]),
        probabilities=np.concatenate([part.probabilities for part in parts]),
        boxes=np.concatenate([part.boxes for part in parts]),
    )


def seen(
    raw: Raw, manifest: Manifest, placement: Placement, shape: tuple[int, ...], *, floor: float = FLOOR
) -> Seen:
    """Every place of one film with a probability of ``floor`` and more, before suppression.

    ``raw`` as ``Runtime.infer`` gives it, of one film: ``detect`` (places, labels), ``boxes`` (places, 4) in
    input pixels, ``classify`` (labels,) where the pack has that head. ``placement`` of the film in the input,
    ``shape`` (H, W) of the film: boxes are cut off at its edge, those beside it are left out.
    """
    head = manifest.outputs["detect"]
    own = logits(raw["detect"], head)
    z = own / np.array(head.temperature) + _added(raw, manifest)
    boxes = placement.to_film(raw["boxes"])
    np.clip(boxes, 0, np.array([shape[1], shape[0]] * 2, np.float32), out=boxes)
    there = np.all(boxes[:, 2:] - boxes[:, :2] >= SMALLEST, axis=1, keepdims=True)
    places, labels = np.nonzero((z >= _logit(floor)) & there)
    return Seen(
        labels=labels,
        scores=_sigmoid(own[places, labels]),
        probabilities=_sigmoid(z[places, labels]),
        boxes=boxes[places],
    )


def suppressed(found: Seen, *, overlap: float, most: int) -> Seen:
    """Of each label the ``most`` probable boxes that overlap no more probable one by more than ``overlap``
    (intersection over union); most probable first, equals in the order they came in.
    """
    kept: list[int] = []
    for label in np.unique(found.labels):
        (of_label,) = np.nonzero(found.labels == label)
        kept += _of_label(found, of_label, overlap, most)
    order = np.array(kept, np.int64)
    return found.only(order[np.argsort(-found.probabilities[order], kind="stable")])


def _of_label(found: Seen, which: NDArray[np.int64], overlap: float, most: int) -> list[int]:
    """Which boxes of one label stay. The best few are tried alone first: a box never hurts a better one, so
    when they fill ``most`` places the others cannot matter.
    """
    better = which
    if which.size > TRIED_FIRST:
        probabilities = found.probabilities[which]
        least = np.partition(probabilities, -TRIED_FIRST)[-TRIED_FIRST]
        better = which[probabilities >= least]
    for tried in (better, which):
        order = tried[np.argsort(-found.probabilities[tried], kind="stable")]
        kept: list[int] = order[strongest(found.boxes[order], overlap, most)].tolist()
        if len(kept) == most or tried.size == which.size:
            break
    return kept


def resized(
    boxes: NDArray[np.float32], times: NDArray[np.float64], shape: tuple[int, ...]
) -> NDArray[np.float32]:
    """Boxes (n, 4) whose width and height are multiplied by ``times`` (n,), about their middles; cut off at
    the edge of the film of ``shape`` (H, W), whose pixels they are in.
    """
    middle, half = (boxes[:, :2] + boxes[:, 2:]) / 2, (boxes[:, 2:] - boxes[:, :2]) / 2 * times[:, None]
    edges = np.concatenate([middle - half, middle + half], axis=1)
    return np.asarray(np.clip(edges, 0, [shape[1], shape[0]] * 2), np.float32)


def strongest(boxes: NDArray[np.float32], overlap: float, most: int) -> list[int]:
    """Indices of the boxes that stay, ``most`` of them at most, of (n, 4) boxes in falling order of
    probability: those that overlap no better one that stays by more than ``overlap``.
    """
    columns = tuple(np.ascontiguousarray(boxes.T, np.float32))
    left, top, right, bottom = columns
    areas = (right - left) * (bottom - top)
    alive = np.arange(len(boxes))
    kept: list[int] = []
    while alive.size and len(kept) < most:
        best, rest = int(alive[0]), alive[1:]
        kept.append(best)
        width = np.minimum(right[rest], right[best]) - np.maximum(left[rest], left[best])
        height = np.minimum(bottom[rest], bottom[best]) - np.maximum(top[rest], top[best])
        shared = np.maximum(width, 0) * np.maximum(height, 0)
        alive = rest[shared <= overlap * (areas[rest] + areas[best] - shared)]
    return kept


def _added(raw: Raw, manifest: Manifest) -> NDArray[np.float64]:
    """What is added to every place's logit: the bias, and the weighed logit of the whole film; (labels,)."""
    head, detect = manifest.outputs["detect"], manifest.detect
    added = np.broadcast_to(np.array(head.bias, np.float64), len(head.labels)).copy()
    if detect is None or detect.image_weight is None:
        return added
    whole = manifest.outputs["classify"]
    film = dict(zip(whole.labels, logits(raw["classify"], whole), strict=True))
    # A label that the whole film has no logit of has a weight of 0: the manifest was held to that.
    known = np.array([film.get(label, 0.0) for label in head.labels])
    return np.asarray(added + np.array(detect.image_weight) * known)


def _sigmoid(z: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * z)))


def _logit(probability: float) -> float:
    return math.log(probability / (1.0 - probability))
