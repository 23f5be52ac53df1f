"""Begin with what a shipped view pack has learnt.

The detectors take its backbone, which has seen radiographs of all parts; the view network itself goes on from
the whole of it, for instance with a site's own films.

In the exported form every normalisation is part of the convolution before it. Kernels as small as that
leaves them would be thrown about by steps that suit the size kernels usually have, so each channel is brought
back to that size (He et al., ICCV 2015) and the normalisation after it divides by as much: the network says
the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

from classifiers.packs import SHIPPED, load_pack
from classifiers.vino import ov
from training.backbone import EPSILON, SMALLEST, backbone, settled
from training.network import body_of
from training.simulate.views import LABELS

VIEW_PACK: Final = SHIPPED / "view" / "10"
CONVOLUTIONS: Final = ("Convolution", "GroupConvolution")
LEAST, MOST = 0.1, 30.0  # times larger: a channel that does nothing stays small
Floats = NDArray[np.float32]


def begin_with_view(model: keras.Model, pack: Path = VIEW_PACK) -> None:
    """Give the backbone of ``model``, of the smallest size, the view pack's weights. Raises PackError for a
    pack that was changed, ValueError when its network has another backbone."""
    _begin(model, load_pack(pack).weights, SMALLEST)


def _begin(model: keras.Model, weights: Path, size: str) -> None:
    found, names = folded(weights), convolutions(size)
    if len(found) != len(names):
        raise ValueError(f"{weights} has {len(found)} convolutions, the backbone {len(names)}")
    there = {layer.name: layer for layer in model.layers}
    for name, (kernel, bias) in zip(names, found, strict=True):
        if name in there:
            wanted = there[name].get_weights()[0].shape
            if kernel.shape != wanted:
                raise ValueError(f"{name} is {kernel.shape} in {weights}, not {wanted}")
            set_folded(there[name], there[f"{name}_norm"], kernel, bias)


def set_folded(layer: Any, norm: Any | None, kernel: Floats, bias: Floats | None) -> None:
    """Give a convolution, and the normalisation after it, what the exported form has as one; without a
    normalisation (``norm`` None) it takes kernel and bias as they are."""
    if norm is None:
        layer.set_weights([kernel] if bias is None else [kernel, bias])
        return
    assert bias is not None
    larger = _enlarged(kernel)
    layer.set_weights([kernel * larger.reshape(per_channel(kernel))])
    one, nothing = np.ones_like(bias), np.zeros_like(bias)
    norm.set_weights([one, bias, nothing, larger**2 - np.float32(EPSILON)])


def go_on_from(model: keras.Model, pack: Path, *, size: str = SMALLEST) -> None:
    """Give a view network (``training.network``), its body of a size of ``training.backbone.SIZES``, all
    weights of that network of a view pack which has such a body; of two that have, those of the first.
    Raises as ``begin_with_view`` does, and ValueError when the pack's labels are not those of the table of
    views, or none of its networks has that body."""
    loaded = load_pack(pack)
    if (labels := loaded.manifest.outputs["view"].labels) != LABELS:
        changed = ", ".join(sorted(set(labels) ^ set(LABELS))) or "their order"
        raise ValueError(f"{loaded.ref} has other labels than the table of views: {changed}")
    there = [one for one in (loaded.weights, loaded.further) if one is not None]
    fitting = (one for one in there if len(folded(one)) == len(convolutions(size)))
    if (weights := next(fitting, None)) is None:
        raise ValueError(f"{loaded.ref} has no network whose body is {size}")
    _begin(body_of(model), weights, size)
    for name, kernel, bias in _heads(weights):
        model.get_layer(name).set_weights([kernel, bias])


def per_channel(kernel: Floats) -> tuple[int, ...]:
    """The shape in which a number per channel multiplies a kernel (h, w, in, out), or (h, w, channels, 1) of
    a convolution that keeps channels apart."""
    return (1, 1, -1, 1) if kernel.shape[3] == 1 else (1, 1, 1, -1)


def _enlarged(kernel: Floats) -> Floats:
    """By how much each channel's weights are below their usual size; (channels,), at least ``LEAST``."""
    apart = kernel.shape[3] == 1
    flat = kernel.reshape(-1, kernel.shape[2]) if apart else kernel.reshape(-1, kernel.shape[3])
    size = np.sqrt(np.mean(flat**2, axis=0))
    usual = np.sqrt(2.0 / len(flat))
    return np.asarray(np.clip(usual / np.maximum(size, 1e-6), LEAST, MOST), dtype=np.float32)


def convolutions(size: str = SMALLEST) -> list[str]:
    """The convolutions of a backbone of that size, first to last."""
    kinds = (layers.Conv2D, layers.DepthwiseConv2D)
    return [layer.name for layer in backbone(side=None, size=size).layers if isinstance(layer, kinds)]


def folded(weights: Path) -> list[tuple[Floats, Floats]]:
    """Kernel, as Keras lays it, and bias of each convolution of an OpenVINO network, first to last."""
    found = []
    for op in ov.Core().read_model(weights).get_ordered_ops():
        if op.get_type_name() in CONVOLUTIONS:
            found.append((kernel_of(op), bias_after(op)))
    return found


def kernel_of(op: Any) -> Floats:
    """The kernel of a convolution of an OpenVINO network, as Keras lays it."""
    kernel = constant(op.input_value(1).get_node())
    if op.get_type_name() == "GroupConvolution":  # (channels, 1, 1, h, w)
        return np.ascontiguousarray(kernel[:, :, 0].transpose(2, 3, 0, 1))
    return np.ascontiguousarray(kernel.transpose(2, 3, 1, 0))  # (out, in, h, w)


def bias_after(op: Any) -> Floats:
    """What is added to the answer of an operation: (channels,)."""
    return constant(after(op).input_value(1).get_node()).ravel()


def _heads(weights: Path) -> Iterator[tuple[str, Floats, Floats]]:
    """Name, kernel (features, labels) and bias of each head of an exported view network."""
    for name, op in heads(ov.Core().read_model(weights)):
        kernel = constant(op.input_value(1).get_node())
        if op.get_attributes()["transpose_b"]:
            kernel = kernel.T
        yield name, np.ascontiguousarray(kernel), bias_after(op)


def heads(network: ov.Model) -> Iterator[tuple[str, Any]]:
    """Name and multiplication of each head of an exported view network."""
    for op in network.get_ordered_ops():
        if op.get_type_name() == "MatMul":
            (name,) = after(op).output(0).get_names()
            yield name, op


def after(op: Any) -> Any:
    """The only operation that takes what ``op`` gives: here the one that adds its bias."""
    (taker,) = op.output(0).get_target_inputs()
    return taker.get_node()


def constant(node: Any) -> Floats:
    """The numbers of a constant, behind its conversion from half precision, or from eight bits
    (``training.quantise``)."""
    if node.get_type_name() == "Multiply":
        whole, unit = (constant(node.input_value(k).get_node()) for k in range(2))
        return whole * unit
    while node.get_type_name() == "Convert":
        node = node.input_value(0).get_node()
    return np.asarray(node.get_data(), dtype=np.float32)


def settled_heads(model: keras.Model, batches: Iterable[Floats]) -> None:
    """Set means and variances of the normalisations behind the backbone to those of films; the backbone's own
    stay."""
    settled(model, batches, keep={f"{name}_norm" for name in convolutions()})
