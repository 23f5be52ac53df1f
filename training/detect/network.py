"""The detector: EfficientNet-Lite0, a feature pyramid, boxes without anchors, and a map of each label.

Three levels of strides 8, 16 and 32 (feature pyramid: Lin et al. 2017). At every place of every level the
network says how far it is to the four edges of the box that is centred near there (FCOS: Tian et al. 2019)
and, per label, how well that box fits something (generalised focal loss: Li et al. 2020). A map of each label
on the middle level is pooled by log-sum-exp (Pinheiro and Collobert 2015) to one number per film: films of
which only the labels are known teach it where to look, and the places of the boxes see it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

from training.backbone import backbone, imagenet_file, load_imagenet

STRIDES: Final = (8, 16, 32)
LEVELS: Final = ("block4_add", "block10_add", "block15_project_norm")  # the last feature of each stride
HEAT_STRIDE: Final = 16
SHARPNESS: Final = 3.0  # of the log-sum-exp: 0 is the mean, infinity the maximum
RARE: Final = -4.6  # logit of 1 %: at first nothing is anywhere, or the many empty places drown the rest
USUAL: Final = (3.0, 3.0, 2.5)  # strides from the centre to an edge that each level begins with


def detector(
    labels: int, *, side: int, extra: int = 0, wide: int = 64, depth: int = 2, upright: bool = True
) -> keras.Model:
    """The network for ``labels`` labels: (N, side, side, 1) in [0, 1] to a dictionary of

    ``scores`` (N, A, labels) logits, ``boxes`` (N, A, 4) left, top, right, bottom in input pixels,
    ``image`` (N, labels) logits, ``heat`` (N, side/16, side/16, labels) logits; with ``extra`` also
    ``extra`` (N, extra), logits of further labels of the film that only help to learn.

    A = places of all levels, fine to coarse, row by row. ``upright`` gives the heads each place's position:
    on films that are always taken upright a place tells much. ``side`` is a multiple of 32.
    Raises ValueError when it is not.
    """
    if side % 32:
        raise ValueError(f"the side is a multiple of 32, not {side}")
    body = backbone(side=side)
    pyramid = _pyramid([body.get_layer(name).output for name in LEVELS], wide)
    seen = _separable(pyramid[1], wide, "heat_tower")
    heat = layers.Conv2D(labels, 1, bias_initializer=keras.initializers.Constant(-2.0), name="heat")(seen)
    found = {"image": pooled(heat), "heat": heat}
    if extra:
        maps = layers.Conv2D(extra, 1, bias_initializer=keras.initializers.Constant(-2.0), name="heat_extra")
        found["extra"] = pooled(maps(seen))
    scores, boxes = _boxes(pyramid, heat, side=side, labels=labels, wide=wide, depth=depth, upright=upright)
    return keras.Model(body.input, {"scores": scores, "boxes": boxes} | found, name="detector")


def pooled(heat: Any) -> Any:
    """(N, h, w, K) logits of places to (N, K), logits of the film: a soft maximum."""
    places = ops.reshape(heat, (-1, heat.shape[1] * heat.shape[2], heat.shape[3]))
    many = float(np.log(heat.shape[1] * heat.shape[2]))
    return (ops.logsumexp(places * SHARPNESS, axis=1) - many) / SHARPNESS


def _separable(value: Any, wide: int, name: str) -> Any:
    value = layers.DepthwiseConv2D(3, padding="same", use_bias=False, name=f"{name}_depthwise")(value)
    value = layers.Conv2D(wide, 1, use_bias=False, name=f"{name}_point")(value)
    value = layers.BatchNormalization(epsilon=1e-3, momentum=0.97, name=f"{name}_norm")(value)
    return layers.ReLU(6.0, name=f"{name}_relu")(value)


def _pyramid(features: Sequence[Any], wide: int) -> list[Any]:
    """Each level with what the coarser ones know."""
    merged: list[Any] = []
    for stride, feature in reversed(list(zip(STRIDES, features, strict=True))):
        value = layers.Conv2D(wide, 1, use_bias=False, name=f"lateral{stride}")(feature)
        value = layers.BatchNormalization(epsilon=1e-3, momentum=0.97, name=f"lateral{stride}_norm")(value)
        if merged:
            coarse = layers.UpSampling2D(2, name=f"up{stride}")(merged[0])
            value = layers.Add(name=f"merge{stride}")([value, coarse])
        merged.insert(0, _separable(value, wide, f"pyramid{stride}"))
    return merged


def _boxes(
    pyramid: Sequence[Any], heat: Any, *, side: int, labels: int, wide: int, depth: int, upright: bool
) -> tuple[Any, Any]:
    scores, boxes = [], []
    for stride, start, value in zip(STRIDES, USUAL, pyramid, strict=True):
        cells = side // stride
        hint = _at_stride(layers.ReLU(6.0, name=f"hint{stride}")(heat + 6.0) / 6.0, stride)
        parts = [value, hint] + ([_positions(value, cells)] if upright else [])
        value = layers.Concatenate(name=f"joined{stride}")(parts)
        for step in range(depth):
            value = _separable(value, wide, f"tower{stride}_{step}")
        score = _answer(value, labels, RARE, f"score{stride}")
        reach = _answer(value, 4, start, f"reach{stride}")
        scores.append(layers.Reshape((cells * cells, labels), name=f"scores{stride}")(score))
        far = layers.Reshape((cells * cells, 4), name=f"far{stride}")(ops.softplus(reach) * float(stride))
        sign = np.array([-1, -1, 1, 1], dtype=np.float32)
        centre = np.tile(places(side, stride), (1, 2))[None]
        boxes.append(ops.clip(far * sign + centre, 0.0, float(side)))
    return ops.concatenate(scores, axis=1), ops.concatenate(boxes, axis=1)


def _answer(value: Any, wide: int, start: float, name: str) -> Any:
    bias = keras.initializers.Constant(start)
    return layers.Conv2D(wide, 3, padding="same", bias_initializer=bias, name=name)(value)


def _at_stride(heat: Any, stride: int) -> Any:
    if stride < HEAT_STRIDE:
        return layers.UpSampling2D(HEAT_STRIDE // stride, interpolation="bilinear", name=f"heat{stride}")(
            heat
        )
    if stride > HEAT_STRIDE:
        return layers.MaxPooling2D(stride // HEAT_STRIDE, name=f"heat{stride}")(heat)
    return heat


def _positions(value: Any, cells: int) -> Any:
    """Where each place is, as two more channels in [-1, 1] (CoordConv: Liu et al. 2018)."""
    line = (np.arange(cells, dtype=np.float32) + 0.5) / cells * 2 - 1
    grid = np.stack(np.meshgrid(line, line), axis=-1)[None]
    return ops.zeros_like(value[..., :2]) + grid


def places(side: int, stride: int | None = None) -> NDArray[np.float32]:
    """x, y in input pixels of the centres of all places of a level, or of all levels: float32 (A, 2)."""
    if stride is None:
        return np.concatenate([places(side, one) for one in STRIDES])
    line = (np.arange(side // stride, dtype=np.float32) + 0.5) * stride
    return np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2).astype(np.float32)


def begin_with_imagenet(model: keras.Model, file: Path | None = None) -> None:
    """Give the backbone of ``model`` ImageNet's weights. Raises FileNotFoundError when there are none."""
    body = backbone(side=None)
    load_imagenet(body, imagenet_file(file))
    for layer in model.layers:
        if layer.name in {one.name for one in body.layers} and layer.weights:
            layer.set_weights(body.get_layer(layer.name).get_weights())


def trained(weights: Path, labels: int, *, side: int) -> keras.Model:
    """The network of films that lie any way round, with the weights of a file. Raises FileNotFoundError."""
    if not weights.is_file():
        raise FileNotFoundError(f"{weights} is not there; the stage train makes it")
    model = detector(labels, side=side, upright=False)
    model.load_weights(weights)
    return model


def freeze(model: keras.Model, blocks: int) -> None:
    """Keep the stem's and the first ``blocks`` blocks' weights as they are: they see edges."""
    for layer in model.layers:
        block = layer.name.partition("_")[0]
        if block in ("stem", "scaled"):
            layer.trainable = blocks == 0
        elif block.startswith("block"):
            layer.trainable = int(block.removeprefix("block")) >= blocks


def _features(model: keras.Model, levels: Sequence[str]) -> Any:
    """One tensor, or a list of several."""
    found = [model.get_layer(level).output for level in levels]
    return found[0] if len(found) == 1 else found


def deeper(model: keras.Model) -> keras.Model:
    """The part of the network from its finest level to the coarser ones."""
    return keras.Model(_features(model, LEVELS[:1]), _features(model, LEVELS[1:]), name="deeper")


def cut(model: keras.Model, levels: Sequence[str] = LEVELS[:1]) -> tuple[keras.Model, keras.Model]:
    """The network in two: image to the features ``levels``, and those to the outputs. They share the weights
    of ``model``; the first may be run once and its answers kept while the second learns."""
    middle = _features(model, levels)
    return keras.Model(model.input, middle, name="lower"), keras.Model(middle, model.output, name="upper")
