"""What runs a pack's network: OpenVINO by default, TensorFlow where a pack or an operator asks for it.

TensorFlow is imported only when it is chosen: the running service does without it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from classifiers.manifest import Engine, Format, Input, Layout, Manifest
from classifiers.packs import Pack
from router.errors import PackError

LARGEST_BATCH = 32  # films per call of the network: bounds its memory, and no CPU gains from more

Floats = NDArray[np.float32]
Hint = Literal["latency", "throughput"]


class Runtime(Protocol):
    """A warm network."""

    @property
    def further(self) -> Runtime | None:
        """The pack's other network, asked too about films that are looked at again; None without one."""
        ...

    def infer(self, batch: Floats) -> dict[str, Floats]:
        """Run ``batch``, float32 (N, H, W, C) as the manifest's input describes it, N >= 0.

        Returns by head of the manifest the raw output, float32 (N, labels). Of a detect pack the head
        ``detect`` is (N, places, labels); beside the heads there are ``boxes`` (N, places, 4) and, where the
        manifest names it, ``heat`` (N, rows, columns, labels). Raises ValueError for another shape.
        """
        ...


def load(
    pack: Pack,
    *,
    threads: int = 0,
    hint: Hint = "latency",
    cache: Path | None = None,
    engine: Engine | None = None,
) -> Runtime:
    """Load, check and warm the network of ``pack``, and its ``further`` one.

    ``threads`` of the CPU, 0 for the engine's own choice; ``hint``: one batch soon, or many batches per
    second; ``cache``: a folder where OpenVINO keeps compiled networks, so that the next start is quicker;
    ``engine``: another than the manifest's, e.g. to compare the two. Raises PackError in one sentence when
    the network cannot be read, has not the named tensors, or its outputs do not fit the labels.
    """
    chosen = engine or pack.manifest.runtime

    def opened(weights: Path, further: Runtime | None = None) -> Runtime:
        if chosen is Engine.OPENVINO:
            network = _openvino(pack, weights, threads, hint, cache)
        else:
            network = _tensorflow(pack, weights, threads)
        warm = Warm(pack, network, further)
        warm.check()
        return warm

    try:
        return opened(pack.weights, None if pack.further is None else opened(pack.further))
    except (RuntimeError, ValueError, OSError, ImportError, KeyError) as error:
        reason = " ".join(str(error).split())[:400]
        raise PackError(f"pack {pack.ref}: {chosen} cannot run it: {reason}") from error


class Network(Protocol):
    """One engine with one network loaded: a tensor in the network's own layout in, tensors by their names
    out.
    """

    def __call__(self, tensor: Floats) -> Mapping[str, NDArray[Any]]: ...


class Warm:
    """A loaded network behind the manifest's words: any N, NHWC in, heads out."""

    def __init__(self, pack: Pack, network: Network, further: Runtime | None = None) -> None:
        self._pack = pack
        self._network = network
        self._further = further
        self._input: Input = pack.manifest.input
        self._tensors = tensors_of(pack.manifest)
        self._empty: dict[str, Floats] = {}

    @property
    def further(self) -> Runtime | None:
        """See ``Runtime.further``."""
        return self._further

    def infer(self, batch: Floats) -> dict[str, Floats]:
        """See ``Runtime.infer``."""
        wanted = (self._input.height, self._input.width, self._input.channels)
        if batch.ndim != 4 or batch.shape[1:] != wanted or batch.dtype != np.float32:
            raise ValueError(f"{self._pack.ref} takes float32 (N, {wanted}), not {batch.dtype} {batch.shape}")
        parts = [self._run(batch[i : i + LARGEST_BATCH]) for i in range(0, len(batch), LARGEST_BATCH)]
        if len(parts) == 1:
            return parts[0]
        return {
            key: np.concatenate([none, *(part[key] for part in parts)]) for key, none in self._empty.items()
        }

    def check(self) -> None:
        """Run one black and one white film: warms the network, and shows whether the labels fit. Raises
        PackError.
        """
        shape = (2, self._input.height, self._input.width, self._input.channels)
        films = np.zeros(shape, np.float32)
        films[1] = 1.0
        found = self._run(films)
        for key, values in found.items():
            if not np.isfinite(values).all():
                raise PackError(f"pack {self._pack.ref}: the network's output {key!r} is not finite")
        if self._pack.manifest.detect is not None:
            self._check_places(found)
        for head, output in self._pack.manifest.outputs.items():
            if found[head].shape[-1] != len(output.labels):
                raise PackError(
                    f"pack {self._pack.ref}: the head {head!r} has {len(output.labels)} labels,"
                    f" but the network gives {found[head].shape[-1]} values"
                )
        self._empty = {key: values[:0] for key, values in found.items()}

    def _check_places(self, found: Mapping[str, Floats]) -> None:
        """Raise PackError unless every place has a box, and the heat a value per label."""
        places, boxes, heat = found["detect"], found["boxes"], found.get("heat")
        labels = len(self._pack.manifest.outputs["detect"].labels)
        if places.ndim != 3 or boxes.shape != (*places.shape[:2], 4):
            raise PackError(
                f"pack {self._pack.ref}: the network gives scores of shape {places.shape[1:]} and boxes of"
                f" shape {boxes.shape[1:]}, not (places, labels) and (places, 4)"
            )
        if heat is not None and (heat.ndim != 4 or heat.shape[3] != labels):
            raise PackError(
                f"pack {self._pack.ref}: the network gives heat of shape {heat.shape[1:]},"
                f" not (rows, columns, {labels})"
            )

    def _run(self, films: Floats) -> dict[str, Floats]:
        nchw = self._input.layout is Layout.NCHW
        tensor = np.ascontiguousarray(films.transpose(0, 3, 1, 2) if nchw else films)
        found = self._network(tensor)
        return {
            key: _in_its_shape(np.array(found[name], np.float32), key) for key, name in self._tensors.items()
        }


def tensors_of(manifest: Manifest) -> dict[str, str]:
    """The network's output tensors that a pack needs: what ``Runtime.infer`` calls each, and its own name."""
    tensors = {head: output.name for head, output in manifest.outputs.items()}
    if manifest.detect is not None:
        tensors["boxes"] = manifest.detect.boxes
        if manifest.detect.heat is not None:
            tensors["heat"] = manifest.detect.heat
    return tensors


def _in_its_shape(values: Floats, key: str) -> Floats:
    """A whole film's head is (N, labels), whatever axes of length 1 the network left; places keep theirs."""
    return values if key in ("detect", "boxes", "heat") else values.reshape(len(values), -1)


def _openvino(pack: Pack, weights: Path, threads: int, hint: Hint, cache: Path | None) -> Network:
    from classifiers.openvino_engine import OpenVinoNetwork

    manifest = pack.manifest
    names = list(dict.fromkeys(tensors_of(manifest).values()))
    return OpenVinoNetwork(
        weights, manifest.input, names, threads=threads, throughput=hint == "throughput", cache=cache
    )


def _tensorflow(pack: Pack, weights: Path, threads: int) -> Network:
    from classifiers.tensorflow_engine import FrozenGraph, SavedModel

    manifest = pack.manifest
    names = list(dict.fromkeys(tensors_of(manifest).values()))
    match manifest.weights.format:
        case Format.SAVED_MODEL:
            return SavedModel(weights, manifest.input.name, names, threads=threads)
        case Format.FROZEN_GRAPH:
            return FrozenGraph(weights, manifest.input.name, names, threads=threads)
        case Format.OPENVINO_IR:
            raise ValueError("TensorFlow cannot read an OpenVINO IR")
