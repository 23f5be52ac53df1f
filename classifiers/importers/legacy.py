"""Networks described as Keras 1 and 2 and TensorFlow.js do, rebuilt in today's Keras, which can no longer
read them.

A topology names layers and how they are wired; the weights come beside it by name. Only the layers listed
here are built, each from settings that are known, so nothing a stranger wrote is ever executed.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from router.errors import PackError

Weights = Mapping[tuple[str, str], NDArray[Any]]  # by layer and variable, e.g. ("Conv1", "kernel")

LAYERS: Mapping[str, type[Any]] = {
    layer.__name__: layer
    for layer in (
        keras.layers.Activation,
        keras.layers.Add,
        keras.layers.Average,
        keras.layers.AveragePooling2D,
        keras.layers.BatchNormalization,
        keras.layers.Concatenate,
        keras.layers.Conv2D,
        keras.layers.Conv2DTranspose,
        keras.layers.Cropping2D,
        keras.layers.Dense,
        keras.layers.DepthwiseConv2D,
        keras.layers.Dropout,
        keras.layers.ELU,
        keras.layers.Flatten,
        keras.layers.GlobalAveragePooling2D,
        keras.layers.GlobalMaxPooling2D,
        keras.layers.LeakyReLU,
        keras.layers.MaxPooling2D,
        keras.layers.Maximum,
        keras.layers.Multiply,
        keras.layers.PReLU,
        keras.layers.Permute,
        keras.layers.ReLU,
        keras.layers.Reshape,
        keras.layers.SeparableConv2D,
        keras.layers.Softmax,
        keras.layers.SpatialDropout2D,
        keras.layers.Subtract,
        keras.layers.UpSampling2D,
        keras.layers.ZeroPadding2D,
    )
}
MODELS = ("Sequential", "Model", "Functional")
ACTIVATIONS = frozenset(
    {"linear", "relu", "relu6", "softmax", "sigmoid", "hard_sigmoid", "tanh", "elu", "selu", "softplus"}
    | {"softsign", "swish", "silu", "gelu", "exponential"}
)
# What only training, or only another backend, needs: left out.
TRAINING_ONLY = ("_initializer", "_regularizer", "_constraint")
LEFT_OUT = frozenset(
    {"trainable", "dtype", "seed", "noise_shape", "batch_input_shape", "input_shape", "input_dtype"}
    | {"sparse", "ragged", "implementation", "fused", "momentum", "renorm_momentum"}
)
RENAMED = {"depthwise_kernel": "kernel"}  # of DepthwiseConv2D


def rebuild(topology: Mapping[str, Any], weights: Weights) -> Any:
    """The ``keras.Model`` that a topology (``{"class_name": ..., "config": ...}``) and its weights describe.

    Raises PackError for a layer or setting that is not known, and when the weights do not fit the layers one
    to one.
    """
    builder = _Builder()
    try:
        model = builder.model(topology)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise PackError(f"the topology cannot be rebuilt: {type(error).__name__}: {error}") from error
    _fill(builder.layers, weights)
    return model


class _Builder:
    """Builds models, nested ones too, and remembers their layers by name."""

    def __init__(self) -> None:
        self.layers: dict[str, Any] = {}

    def model(self, node: Mapping[str, Any]) -> Any:
        config = node["config"]
        if node["class_name"] == "Sequential":
            return self._sequential(config)
        if node["class_name"] in MODELS:
            return self._functional(config)
        raise PackError(f"the topology is a {node['class_name']!r}, not a model")

    def _sequential(self, config: Any) -> Any:
        nodes = config if isinstance(config, list) else config["layers"]
        made: list[Any] = []
        for node in nodes:
            if (
                node["class_name"] != "InputLayer"
                and not made
                and (shape := _shape(node["config"])) is not None
            ):
                made.append(keras.Input(shape))
            made.append(self._layer(node))
        return keras.Sequential(made)

    def _functional(self, config: Mapping[str, Any]) -> Any:
        tensors: dict[tuple[str, int], list[Any]] = {}
        layers = {node["name"]: self._layer(node) for node in config["layers"]}
        waiting = [(node["name"], i, call) for node in config["layers"] for i, call in _calls(node)]
        for name, layer in layers.items():
            if keras.backend.is_keras_tensor(layer):
                tensors[name, 0] = [layer]
        while waiting:
            ready = [item for item in waiting if all((ref[0], ref[1]) in tensors for ref in item[2])]
            if not ready:
                raise PackError(f"the topology's layer {waiting[0][0]!r} is wired to nothing")
            for name, i, call in ready:
                inputs = [tensors[ref[0], ref[1]][ref[2]] for ref in call]
                found = layers[name](inputs[0] if len(inputs) == 1 else inputs)
                tensors[name, i] = found if isinstance(found, list) else [found]
            waiting = [item for item in waiting if (item[0], item[1]) not in tensors]
        ends = [
            [tensors[name, node][tensor] for name, node, tensor in _refs(config[key])]
            for key in ("input_layers", "output_layers")
        ]
        return keras.Model(*(end[0] if len(end) == 1 else end for end in ends))

    def _layer(self, node: Mapping[str, Any]) -> Any:
        """A layer, a nested model, or for an InputLayer its tensor."""
        kind, config = node["class_name"], node["config"]
        if kind in MODELS:
            return self.model(node)
        if kind == "InputLayer":
            return keras.Input(_shape(config))
        if kind not in LAYERS:
            raise PackError(
                f"the topology has a layer of kind {kind!r}, which is not one of those rebuilt here"
            )
        name = config["name"]
        if name in self.layers:
            raise PackError(f"the topology has two layers named {name!r}")
        self.layers[name] = LAYERS[kind](**_settings(kind, config))
        return self.layers[name]


def _calls(node: Mapping[str, Any]) -> Iterator[tuple[int, list[list[Any]]]]:
    for i, call in enumerate(node["inbound_nodes"]):
        yield i, _refs(call)


def _refs(refs: Any) -> list[list[Any]]:
    """References [layer, node, tensor], one or several, without the arguments some writers add."""
    refs = [refs] if refs and isinstance(refs[0], str) else refs
    if any(len(ref) > 3 and ref[3] for ref in refs):
        raise PackError("the topology calls a layer with further arguments")
    return [list(ref[:3]) for ref in refs]


def _shape(config: Mapping[str, Any]) -> tuple[int, ...] | None:
    shape = config.get("batch_input_shape", config.get("batch_shape"))
    return None if shape is None else tuple(shape[1:])


def _settings(kind: str, config: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a layer as today's Keras takes them. Raises PackError for one that would change the
    result.
    """
    known = inspect.signature(LAYERS[kind].__init__).parameters
    settings: dict[str, Any] = {}
    for key, value in config.items():
        if key.endswith(TRAINING_ONLY) or key in LEFT_OUT:
            continue
        if key.endswith("activation") and str(value) not in ACTIVATIONS:
            raise PackError(f"the topology's layer {config['name']!r} has the unknown activation {value!r}")
        if key in known or key == "name":
            settings[key] = value
        elif value not in (None, False, 1, [], {}):
            raise PackError(
                f"the topology's layer {config['name']!r} has an unknown setting {key} = {value!r}"
            )
    if kind == "BatchNormalization" and isinstance(settings.get("axis"), list):
        (settings["axis"],) = settings["axis"]
    return settings


def _fill(layers: Mapping[str, Any], weights: Weights) -> None:
    """Give every layer its weights; each must fit, none may be missing and none left over."""
    left = dict(weights)
    for name, layer in layers.items():
        found = {
            RENAMED.get(v, v) if layer.__class__.__name__ == "DepthwiseConv2D" else v: (n, v)
            for n, v in left
            if n == name
        }
        for variable in layer.weights:
            key = found.get(variable.name)
            if key is None:
                raise PackError(f"the layer {name!r} has no weights {variable.name!r}")
            values = left.pop(key)
            if tuple(values.shape) != tuple(variable.shape) or not np.isfinite(values).all():
                raise PackError(f"the weights {name}/{variable.name} of shape {values.shape} do not fit")
            variable.assign(values)
    if left:
        raise PackError(f"the weights {'/'.join(next(iter(left)))} belong to no layer")
