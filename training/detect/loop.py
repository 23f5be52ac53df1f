"""Train a detector, resumable, with an average of its weights kept along the way. What the layers that learn
see is normalised by each batch, and set to films when all is learnt.

    model = detector(len(LABELS), side=320)
    begin_with_imagenet(model)
    pools = [Pool(films=[fitted(film, side=320) for film in films], count=16)]
    feed = lambda seed: batches(pools, side=320, labels=len(LABELS), seed=seed)
    learn(model, feed, Recipe(minutes=30), out, print)

leaves the averaged weights in ``model`` and in ``out``/model.weights.h5; the same call again goes on from the
last checkpoint there, or returns at once when all is done.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Final

import keras
import numpy as np
import tensorflow as tf

from training.ahead import ahead
from training.backbone import settled, settled_where_it_learns
from training.detect.augment import Style, augmented
from training.detect.example import BoxedFilm
from training.detect.losses import Shares, loss_of
from training.detect.network import freeze
from training.detect.targets import Batch, batch_of
from training.kept import save_arrays
from training.pace import Pace

Report = Callable[[str], None]
LAST_SETTLING: Final = 40  # batches that set normalisation when all is learnt


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """All that decides how a network is trained; stored beside the weights."""

    steps: int = 2000
    rate: float = 1e-3
    warm_up: int = 50  # steps
    decay: float = 0.02  # of weights, times the rate, per step
    average: float = 0.995  # of the kept weights, per step
    frozen: int = 3  # blocks that keep their weights; 0 trains the stem too
    settle: int = 20  # batches over which normalisation is set before the first step; 0 leaves it
    seed: int = 1
    minutes: float = 1e9  # the schedule is shortened to end by then
    shares: Shares = field(default_factory=Shares)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """Films, square as from ``fitted``, of which every batch has ``count``; ``odds`` (one per film, any
    scale) says how often each comes."""

    films: Sequence[BoxedFilm]
    count: int
    odds: Sequence[float] | None = None


def batches(
    pools: Sequence[Pool], *, side: int, labels: int, seed: int, style: Style | None = None
) -> Iterator[Batch]:
    """Endless batches of changed films."""
    rng = np.random.default_rng(seed)
    style = style or Style()
    order = [drawn(pool, rng) for pool in pools]
    while True:
        chosen = [
            augmented(pool.films[next(turn)], rng, style)
            for pool, turn in zip(pools, order, strict=True)
            for _ in range(pool.count)
        ]
        images = np.stack([image for image, _ in chosen])[..., None]
        yield batch_of(images, [film for _, film in chosen], side=side, labels=labels)


def drawn(pool: Pool, rng: np.random.Generator) -> Iterator[int]:
    """Endless places in the pool: each film once a round, or by the pool's odds."""
    count = len(pool.films)
    odds = None if pool.odds is None else np.asarray(pool.odds, dtype=float) / np.sum(pool.odds)
    while True:
        round_ = rng.permutation(count) if odds is None else rng.choice(count, size=count, p=odds)
        yield from round_.tolist()


def learn(
    model: keras.Model, feed: Callable[[int], Iterator[Batch]], recipe: Recipe, out: Path, report: Report
) -> keras.Model:
    """Train ``model`` by ``recipe`` with the batches of ``feed(seed)``; see the head of this file."""
    out.mkdir(parents=True, exist_ok=True)
    final = out / "model.weights.h5"
    if final.is_file():
        model.load_weights(final)
        return model
    freeze(model, recipe.frozen)
    loop = _Loop(model, recipe, out)
    films = ahead(feed(recipe.seed + loop.step))
    if loop.step == 0 and recipe.settle:
        settled(model, (batch.inputs for batch in itertools.islice(films, recipe.settle)))
    loop.run(films, report)
    loop.averaged()
    settled_where_it_learns(model, (batch.inputs for batch in itertools.islice(films, LAST_SETTLING)))
    model.save_weights(final)
    (out / "recipe.json").write_text(json.dumps(asdict(recipe) | {"done": loop.step}, indent=1))
    return model


class _Loop:
    def __init__(self, model: keras.Model, recipe: Recipe, out: Path) -> None:
        self.model, self.recipe, self._kept = model, recipe, out / "checkpoint.npz"
        self._optimizer = keras.optimizers.AdamW(recipe.rate, weight_decay=recipe.decay, clipnorm=1.0)
        self._optimizer.build(model.trainable_variables)
        self._mean = [tf.Variable(variable.value, trainable=False) for variable in model.trainable_variables]
        self.step, self._pace = 0, Pace(recipe)
        if self._kept.is_file():
            self._resume()
        self._update = tf.function(self._update_once, reduce_retracing=True)

    def run(self, films: Iterator[Batch], report: Report) -> None:
        self._pace.start()
        losses: list[float] = []
        while (done := self._pace.done(self.step)) < 1.0:
            self._optimizer.learning_rate.assign(self._pace.rate(self.step, done))
            batch = next(films)
            keep = min(self.recipe.average, (1 + self.step) / (10 + self.step))
            named = {one.name: getattr(batch, one.name) for one in fields(batch)}
            arrays = tf.nest.map_structure(tf.constant, named)
            losses.append(float(self._update(arrays, tf.constant(keep, tf.float32))))
            self.step += 1
            if self.step % 20 == 0:
                loss, minutes = np.mean(losses[-20:]), self._pace.minutes()
                report(f"step {self.step}, {done:.0%}, loss {loss:.4f}, {minutes:.1f} min")
            if self.step % 100 == 0:
                self._keep()

    def averaged(self) -> None:
        """Give the network its averaged weights."""
        for mean, variable in zip(self._mean, self.model.trainable_variables, strict=True):
            variable.assign(mean)

    def _update_once(self, arrays: dict[str, Any], keep: Any) -> Any:
        with tf.GradientTape() as tape:
            out = self.model(arrays["inputs"], training=True)
            loss = loss_of(out, arrays, self.recipe.shares)
        variables = self.model.trainable_variables
        gradients = tape.gradient(loss, variables)
        used = [(slope, one) for slope, one in zip(gradients, variables, strict=True) if slope is not None]
        self._optimizer.apply_gradients(used)
        for mean, variable in zip(self._mean, variables, strict=True):
            mean.assign(keep * mean + (1 - keep) * variable.value)
        return loss

    def _keep(self) -> None:
        arrays = {f"w{k}": variable.numpy() for k, variable in enumerate(self.model.variables)}
        arrays |= {f"m{k}": mean.numpy() for k, mean in enumerate(self._mean)}
        save_arrays(self._kept, step=self.step, minutes=self._pace.minutes(), **arrays)

    def _resume(self) -> None:
        stored = np.load(self._kept)
        self.step, self._pace.spent = int(stored["step"]), float(stored["minutes"])
        for k, variable in enumerate(self.model.variables):
            variable.assign(stored[f"w{k}"])
        for k, mean in enumerate(self._mean):
            mean.assign(stored[f"m{k}"])
