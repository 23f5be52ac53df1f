"""How wrong the network is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import tensorflow as tf


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """How much each part of the loss counts; 0 leaves it out."""

    places: float = 1.0
    boxes: float = 2.0
    heat: float = 0.5
    image: float = 0.5
    extra: float = 0.25


def loss_of(out: dict[str, Any], batch: dict[str, Any], shares: Shares) -> Any:
    """One number for the outputs of ``network.detector`` and the arrays of ``targets.Batch``."""
    total = 0.0
    if shares.places:
        fit = _overlap(batch["boxes"], out["boxes"])
        taken = batch["box_weight"]
        count = tf.maximum(tf.reduce_sum(taken), 1.0)
        total += shares.boxes * tf.reduce_sum((1 - fit) * taken) / count
        good = tf.stop_gradient(tf.clip_by_value(fit, 0.0, 1.0))[..., None]  # how well the box fits
        total += shares.places * _quality(out["scores"], batch["found"] * good, batch["found_weight"]) / count
    if shares.heat:
        weight = batch["heat_weight"][:, None, None, :]
        total += shares.heat * _mean(_cross(out["heat"], batch["heat"]), weight * tf.ones_like(batch["heat"]))
    total += shares.image * _mean(_cross(out["image"], batch["image"]), batch["image_weight"])
    if shares.extra and "extra" in out:
        total += shares.extra * _mean(_cross(out["extra"], batch["extra"]), batch["extra_weight"])
    return total


def _cross(logits: Any, wanted: Any) -> Any:
    return tf.nn.sigmoid_cross_entropy_with_logits(wanted, logits)


def _mean(losses: Any, weights: Any) -> Any:
    return tf.reduce_sum(losses * weights) / tf.maximum(tf.reduce_sum(weights), 1.0)


def _quality(logits: Any, wanted: Any, weight: Any) -> Any:
    """Quality focal loss (Li et al. 2020): the score of a place is how well its box fits."""
    off = tf.square(tf.sigmoid(logits) - wanted)
    return tf.reduce_sum(off * _cross(logits, wanted) * weight)


def _overlap(one: Any, two: Any) -> Any:
    """Generalised intersection over union (Rezatofighi et al. 2019) of (..., 4) with (..., 4)."""
    left_top = tf.maximum(one[..., :2], two[..., :2])
    right_bottom = tf.minimum(one[..., 2:], two[..., 2:])
    shared = tf.reduce_prod(tf.maximum(right_bottom - left_top, 0.0), axis=-1)
    both = tf.reduce_prod(one[..., 2:] - one[..., :2], -1) + tf.reduce_prod(two[..., 2:] - two[..., :2], -1)
    union = tf.maximum(both - shared, 1.0)
    around = tf.reduce_prod(
        tf.maximum(one[..., 2:], two[..., 2:]) - tf.minimum(one[..., :2], two[..., :2]), axis=-1
    )
    return shared / union - (around - union) / tf.maximum(around, 1.0)
