"""Fine-tune the network, resumable, with an average of its weights kept along the way."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, fields
from functools import partial
from pathlib import Path
from typing import Final

import keras
import numpy as np
import tensorflow as tf

from training.augment import Batch
from training.average import between
from training.backbone import (
    imagenet_file,
    load_imagenet,
    normalised_anew,
    settled,
    settled_where_it_learns,
)
from training.begin import go_on_from
from training.feed import Report, fed, settling
from training.kept import save_arrays
from training.load import WEIGHTS
from training.network import body_of, learning, network
from training.pace import Pace
from training.recipe import Recipe
from training.simulate.views import LABELS

CHECKPOINT: Final = "checkpoint.npz"


def train(
    *,
    shared: Path,
    films: Sequence[Path],
    out: Path,
    recipe: Recipe,
    start: Path | None,
    backbone: Path | None,
    report: Report,
) -> Path:
    """Train by ``recipe``; returns the weights' path in ``out``. Continues from a checkpoint found there.

    ``start`` is a view pack, or a file of weights, to begin with instead of ImageNet's, which ``backbone`` or
    an installed package holds. The kept weights are ``recipe.of_start`` parts the start's and the rest the
    trained ones: a network between the two forgets less than the trained one and knows more than the start
    (WiSE-FT: Wortsman et al., CVPR 2022). Raises FileNotFoundError when films or weights are missing, and as
    ``go_on_from`` does.
    """
    out.mkdir(parents=True, exist_ok=True)
    model = _begun(recipe, start, backbone)
    (out / "recipe.json").write_text(json.dumps(asdict(recipe) | {"labels": LABELS}, indent=1))
    few = partial(settling, shared, films, recipe, report=report)
    # Where a share of the start is kept, the start is needed again.
    if recipe.of_start or not (out / CHECKPOINT).is_file():
        set_to_films = settled if start is None else normalised_anew
        set_to_films(body_of(model), few(side=recipe.small))
    begun = model.get_weights()
    loop = _Loop(model, recipe, out)
    loop.run(partial(fed, shared, films, recipe, report=report), report)
    loop.settle()
    model.set_weights(between(model.get_weights(), begun, recipe.of_start if start is not None else 0.0))
    settled_where_it_learns(body_of(model), few(side=recipe.side))
    final = out / WEIGHTS
    model.save_weights(final)
    return final


def _begun(recipe: Recipe, start: Path | None, backbone: Path | None) -> keras.Model:
    model = network(recipe, side=None)
    if start is None:
        load_imagenet(body_of(model), imagenet_file(backbone, size=recipe.body))
    elif start.is_dir():
        go_on_from(model, start, size=recipe.body)
    else:
        model.load_weights(start)
    return model


class _Loop:
    def __init__(self, model: keras.Model, recipe: Recipe, out: Path) -> None:
        self.model, self.recipe, self._kept = model, recipe, out / CHECKPOINT
        self._optimizer = keras.optimizers.AdamW(recipe.rate, weight_decay=recipe.decay, clipnorm=1.0)
        self._optimizer.build(model.trainable_variables)
        self._mean = [variable.numpy().copy() for variable in model.trainable_variables]
        self.step, self._pace = 0, Pace(recipe)
        if self._kept.is_file():
            self._resume()
        self._update = tf.function(self._update_once)

    def run(self, feed: Callable[..., Iterator[Batch]], report: Report) -> None:
        losses: list[float] = []
        side, films = 0, iter(())  # type: tuple[int, Iterator[Batch]]
        while (done := self._pace.done(self.step)) < 1.0:
            wanted = self.recipe.small if done < self.recipe.small_share else self.recipe.side
            if wanted != side:
                side, films = wanted, feed(side=wanted, step=self.step)
            self._optimizer.learning_rate.assign(self._pace.rate(self.step, done))
            batch = next(films)
            loss = self._update(*(tf.constant(getattr(batch, field.name)) for field in fields(batch)))
            losses.append(float(loss))
            keep = min(self.recipe.average, (1 + self.step) / (10 + self.step))
            for mean, variable in zip(self._mean, self.model.trainable_variables, strict=True):
                mean *= keep
                mean += (1 - keep) * variable.numpy()
            self.step += 1
            if self.step % 20 == 0:
                loss, minutes = np.mean(losses[-20:]), self._pace.minutes()
                report(f"step {self.step}, {done:.0%}, loss {loss:.3f}, {minutes:.1f} min")
            if self.step % 100 == 0:
                self._keep()

    def settle(self) -> None:
        """Give the network its averaged weights."""
        for mean, variable in zip(self._mean, self.model.trainable_variables, strict=True):
            variable.assign(mean)

    def _update_once(self, images, views, view_weights, beams, beam_weights, turns, turn_weights):  # type: ignore[no-untyped-def]
        with tf.GradientTape() as tape:
            out = learning(self.model, images)
            smooth = self.recipe.smoothing
            wanted = tf.one_hot(views, len(LABELS)) * (1 - smooth) + smooth / len(LABELS)
            loss = _mean(tf.nn.softmax_cross_entropy_with_logits(wanted, out["view"]), view_weights)
            loss += 0.3 * _mean(
                tf.nn.sparse_softmax_cross_entropy_with_logits(beams, out["projection"]), beam_weights
            )
            loss += self.recipe.turning * _mean(
                tf.nn.sparse_softmax_cross_entropy_with_logits(turns, out["rotation"]), turn_weights
            )
        gradients = tape.gradient(loss, self.model.trainable_variables)
        self._optimizer.apply_gradients(zip(gradients, self.model.trainable_variables, strict=True))
        return loss

    def _keep(self) -> None:
        arrays = {f"w{k}": variable.numpy() for k, variable in enumerate(self.model.variables)}
        arrays |= {f"m{k}": mean for k, mean in enumerate(self._mean)}
        save_arrays(self._kept, step=self.step, minutes=self._pace.minutes(), **arrays)

    def _resume(self) -> None:
        stored = np.load(self._kept)
        self.step, self._pace.spent = int(stored["step"]), float(stored["minutes"])
        for k, variable in enumerate(self.model.variables):
            variable.assign(stored[f"w{k}"])
        self._mean = [stored[f"m{k}"].copy() for k in range(len(self._mean))]


def _mean(losses: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
    return tf.reduce_sum(losses * weights) / tf.maximum(tf.reduce_sum(weights), 1.0)
