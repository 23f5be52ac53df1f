"""The ImageNet MobileNetV2, read from its quantised weights and made trainable again.

The quantised file has batch normalisation folded into its convolutions, so the float network has none: it
trains with small batches, and behaves the same in training and use.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers
from numpy.typing import NDArray

QUANTISED = "mobilenet_v2_1.0_224_quant.tflite"


def backbone(weights: Path, *, side: int | None) -> keras.Model:
    """MobileNetV2 without its classifier: (N, side, side, 1) in [0, 1] to its last feature map (N, h, w,
    1280).

    ``weights`` is the quantised TFLite file. The three colour channels of the first layer are summed into
    one, and the recipe's scaling to [-1, 1] is folded in. Raises FileNotFoundError.
    """
    if not weights.is_file():
        raise FileNotFoundError(f"the ImageNet weights are not at {weights}")
    reader = _Quantised(weights)
    entry = keras.Input((side, side, 1), name="image")
    tensors: dict[int, Any] = {reader.entry: entry}
    for operation in reader.operations:
        source, target = int(operation["inputs"][0]), int(operation["outputs"][0])
        kind = operation["op_name"]
        if kind in ("AVERAGE_POOL_2D", "MEAN"):
            return keras.Model(entry, tensors[source], name="mobilenet_v2")
        if kind == "ADD":
            tensors[target] = layers.Add()([tensors[int(index)] for index in operation["inputs"][:2]])
        elif kind in ("CONV_2D", "DEPTHWISE_CONV_2D"):
            tensors[target] = _convolution(reader, operation, tensors[source], first=source == reader.entry)
    raise ValueError(f"{weights.name} has no pooling layer: it is not the MobileNetV2 it should be")


class _Quantised:
    def __init__(self, path: Path) -> None:
        plain = tf.lite.experimental.OpResolverType.BUILTIN_REF
        self._file = tf.lite.Interpreter(str(path), experimental_op_resolver_type=plain)
        self._file.allocate_tensors()
        self.details = {item["index"]: item for item in self._file.get_tensor_details()}
        self.entry = int(self._file.get_input_details()[0]["index"])
        self.operations = self._file._get_ops_details()

    def floats(self, index: int) -> NDArray[np.float32]:
        """A tensor's values, dequantised."""
        quantisation = self.details[index]["quantization_parameters"]
        values = self._file.get_tensor(index).astype(np.float32)
        return np.asarray(
            (values - quantisation["zero_points"][0]) * quantisation["scales"][0], dtype=np.float32
        )

    def size(self, index: int) -> int:
        """The height of a feature map."""
        return int(self.details[index]["shape"][1])

    def clipped(self, index: int) -> bool:
        """Whether a tensor comes out of a ReLU6 (its zero is the lowest code)."""
        return bool(self.details[index]["quantization_parameters"]["zero_points"][0] == 0)


def _convolution(reader: _Quantised, operation: dict[str, Any], value: Any, *, first: bool) -> Any:
    source, kernel_at, bias_at = (int(index) for index in operation["inputs"][:3])
    target = int(operation["outputs"][0])
    kernel, bias = reader.floats(kernel_at), reader.floats(bias_at)
    strides = round(reader.size(source) / reader.size(target))
    if operation["op_name"] == "CONV_2D":
        kernel = kernel.transpose(1, 2, 3, 0)
        if first:
            bias = bias - kernel.sum(axis=(0, 1, 2))
            kernel = 2 * kernel.sum(axis=2, keepdims=True)
        layer: Any = layers.Conv2D(kernel.shape[3], kernel.shape[:2], strides=strides, padding="same")
    else:
        kernel = kernel[0][..., None]
        layer = layers.DepthwiseConv2D(kernel.shape[:2], strides=strides, padding="same")
    value = layer(value)
    layer.set_weights([kernel, bias])
    return layers.ReLU(6.0)(value) if reader.clipped(target) else value
