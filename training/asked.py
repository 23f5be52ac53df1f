"""Networks that name views, asked as the running service asks them: again where a first look is not sure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifiers.looks import in_other_positions
from router.known_films import SURE_ENOUGH
from training.quick import Network, predicted

Floats = NDArray[np.float64]
Images = Sequence[NDArray[np.float32]]
CHUNK = 256  # films whose looks are held at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Networks:
    """Those of a pack: the first, and the one that is asked too where the first is not sure, its logits times
    ``scale``."""

    first: Network
    further: Network | None = None
    scale: float | None = None

    def looks(self, images: Images) -> Floats:
        """The view's logits of prepared films (side, side), of each look at them: (looks, n, labels)."""
        found = [looked_at(one, images) for one in (self.first, self.further) if one is not None]
        return scaled(np.concatenate(found), self.scale)


def scaled(looks: Floats, scale: float | None) -> Floats:
    """Looks of two networks, as many of each, the second one's multiplied; without a scale as they are."""
    if scale is None:
        return looks
    half = len(looks) // 2
    return np.concatenate([looks[:half], looks[half:] * scale])


def scale_of(looks: Floats, truth: NDArray[np.int64], weight: Floats) -> float:
    """The scale at which the temperature that suits the first of two networks suits the second too; ``looks``
    are of both, as many of each, the rest is as for ``best_temperature``."""
    ours, theirs = (best_temperature(half, truth, weight) for half in np.split(looks, 2))
    return ours / theirs


def looked_at(run: Network, images: Images) -> Floats:
    """As ``Networks.looks``, of one network."""
    found = []
    for start in range(0, len(images), CHUNK):
        first = np.stack(images[start : start + CHUNK])[..., None]
        looks = [first, *in_other_positions(first)]
        found.append(np.stack([predicted(run, list(look[..., 0]))["view"] for look in looks]))
    return np.concatenate(found, axis=1).astype(np.float64)


def answered(looks: Floats, temperature: float) -> Floats:
    """Probabilities (n, labels) as the running service gives them, from logits (looks, n, labels): of the
    first look, or of the mean of all where that is not sure enough."""
    first = softmax(looks[0] / temperature)
    unclear = first.max(axis=1, keepdims=True) < SURE_ENOUGH
    return np.asarray(np.where(unclear, softmax(looks.mean(axis=0) / temperature), first))


def best_temperature(looks: Floats, truth: NDArray[np.int64], weight: Floats) -> float:
    """The temperature of least weighted negative log-likelihood, to 1 %, for logits (looks, n, labels), true
    labels (n,) and weights (n,) that sum to anything."""
    candidates = np.exp(np.linspace(np.log(0.3), np.log(4.0), 260))

    def cost(temperature: float) -> float:
        likelihood = answered(looks, temperature)[np.arange(len(truth)), truth]
        return float(-(weight * np.log(np.maximum(likelihood, 1e-9))).sum())

    return float(min(candidates, key=cost))


def softmax(logits: Floats) -> Floats:
    """Probabilities (..., labels)."""
    odds = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(odds / odds.sum(axis=-1, keepdims=True))
