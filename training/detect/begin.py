"""Begin with what a shipped detector has learnt.

A pack may hold several networks as one (``lung.joint``), and OpenVINO orders and names operations as it
likes, so that nothing in the file says which numbers were which layer's. But the part of it that gives one
network's answers is the same graph that a fresh network becomes when it is exported: walked side by side,
each convolution meets its twin.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

from classifiers.packs import load_pack
from classifiers.vino import ov
from training.backbone import normalised_anew
from training.begin import (
    CONVOLUTIONS,
    begin_with_view,
    bias_after,
    kernel_of,
    per_channel,
    set_folded,
    settled_heads,
)
from training.detect.export import converted
from training.detect.targets import Batch

Floats = NDArray[np.float32]
SETTLING: Final = 8  # batches that set the heads' normalisations, and as many that set all
ANSWERS: Final = ("boxes", "scores")  # every layer but those that only help to learn has a say in them


def answers_of(network: ov.Model) -> dict[str, Any]:
    """The operations that give the ``ANSWERS`` of an exported network."""
    return {name: network.output(name).get_node().input_value(0).get_node() for name in ANSWERS}


def begin(model: keras.Model, start: Path | None, films: Iterator[Batch]) -> None:
    """Give a fresh detector the weights of the pack ``start``; without one the view pack's backbone, below
    heads whose normalisations the first of ``films`` set. The next of them set what all is normalised by
    (``normalised_anew``). Raises as ``begin_with_pack`` and ``begin_with_view`` do."""
    images = (np.asarray(batch.inputs, dtype=np.float32) for batch in films)
    if start is not None:
        begin_with_pack(model, start)
    else:
        begin_with_view(model)
        settled_heads(model, islice(images, SETTLING))
    normalised_anew(model, islice(images, SETTLING))


def begin_with_pack(model: keras.Model, pack: Path) -> None:
    """Give a fresh detector the weights of a pack of its kind; layers that only help to learn stay as they
    are. Raises PackError for a pack that was changed, ValueError when its network is another."""
    answers = answers_of(ov.Core().read_model(load_pack(pack).weights))
    side = model.input.shape[1]
    _shifted(model)
    fresh = converted(model, np.zeros((1, side, side, 1), dtype=np.float32))
    met: dict[str, tuple[Any, Any]] = {}
    for name in ANSWERS:
        _walk(fresh.output(name).get_node().input_value(0).get_node(), answers[name], met)
    convolutions = list(_convolutions(model))
    for here, there in met.values():
        layer, norm = _layer_of(kernel_of(here), convolutions)
        bias = bias_after(there) if norm is not None or layer.use_bias else None
        set_folded(layer, norm, kernel_of(there), bias)


def _shifted(model: keras.Model) -> None:
    """Let every normalisation add something: what adds nothing is not exported."""
    for layer in model.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.beta.assign(np.ones_like(layer.beta))


def _walk(here: Any, there: Any, met: dict[str, tuple[Any, Any]]) -> None:
    """Both graphs from an answer back to the film; ``met`` gathers the pairs of convolutions by the name of
    the one ``here``."""
    waiting, seen = [(here, there)], set()
    while waiting:
        here, there = waiting.pop()
        kind = here.get_type_name()
        if here.get_friendly_name() in seen:
            continue
        seen.add(here.get_friendly_name())
        if kind != there.get_type_name() or here.get_input_size() != there.get_input_size():
            raise ValueError(f"the exported network has {there.get_type_name()} where {kind} was expected")
        if kind in CONVOLUTIONS:
            met[here.get_friendly_name()] = here, there
            waiting.append((_source(here, 0), _source(there, 0)))
        else:
            waiting += [(_source(here, k), _source(there, k)) for k in range(here.get_input_size())]


def _source(node: Any, place: int) -> Any:
    """The operation behind an input, behind the conversion of constants kept in half precision."""
    source = node.input_value(place).get_node()
    while source.get_type_name() == "Convert":
        source = source.input_value(0).get_node()
    return source


def _convolutions(model: keras.Model) -> Iterator[tuple[Any, Any | None, Floats]]:
    """Each convolution, the normalisation that becomes part of it, and its kernel as exported."""
    there = {layer.name: layer for layer in model.layers}
    for layer in model.layers:
        if isinstance(layer, (layers.Conv2D, layers.DepthwiseConv2D)):
            norm = there.get(f"{layer.name.removesuffix('_point')}_norm")
            kernel = np.asarray(layer.get_weights()[0])
            if norm is not None:
                scale, _, _, variance = norm.get_weights()
                times = scale / np.sqrt(variance + norm.epsilon)
                kernel = kernel * times.reshape(per_channel(kernel))
            yield layer, norm, kernel


def _layer_of(kernel: Floats, convolutions: list[tuple[Any, Any | None, Floats]]) -> tuple[Any, Any | None]:
    """The layer of a fresh network whose kernel this is: random ones are all different."""
    for layer, norm, known in convolutions:
        if known.shape == kernel.shape and np.allclose(known, kernel, atol=1e-6):
            return layer, norm
    raise ValueError("a convolution of the fresh network is none of its layers'")
