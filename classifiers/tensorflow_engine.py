"""TensorFlow, the second runtime: an extra of the installation, imported only when a pack or an operator
chooses it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from numpy.typing import NDArray

# Operations that read or write files of their own choice or run Python: no network needs them.
FORBIDDEN = frozenset(
    {"ReadFile", "WriteFile", "MatchingFiles", "PyFunc", "PyFuncStateless", "EagerPyFunc", "DeleteFile"}
)


class SavedModel:
    """The default signature of a SavedModel folder."""

    def __init__(self, path: Path, input_name: str, outputs: Sequence[str], *, threads: int) -> None:
        """Raises ValueError or OSError for a folder that is no such network, or one that does more than
        compute.
        """
        _limit(threads)
        refuse_forbidden(_operations(path))
        self._model = tf.saved_model.load(str(path))  # kept: the signature's variables live in it
        if "serving_default" not in self._model.signatures:
            raise ValueError("the SavedModel has no signature 'serving_default'")
        self._run = self._model.signatures["serving_default"]
        self._input = known(input_name, list(self._run.structured_input_signature[1]))
        self._outputs = {name: known(name, list(self._run.structured_outputs)) for name in outputs}

    def __call__(self, tensor: NDArray[np.float32]) -> dict[str, NDArray[Any]]:
        """Run the tensor; outputs by name."""
        try:
            found = self._run(**{self._input: tf.constant(tensor)})
        except (tf.errors.OpError, TypeError) as error:
            raise ValueError(f"TensorFlow: {error}") from error
        return {name: found[key].numpy() for name, key in self._outputs.items()}


class FrozenGraph:
    """A GraphDef whose variables were made constants, as TensorFlow 1 exported it."""

    def __init__(self, path: Path, input_name: str, outputs: Sequence[str], *, threads: int) -> None:
        """Raises ValueError or OSError for a file that is no such graph or does more than compute."""
        _limit(threads)
        graph_def = read_graph(path)

        def load() -> None:
            tf.graph_util.import_graph_def(graph_def, name="")

        wrapped = tf.compat.v1.wrap_function(load, [])
        tensors = [wrapped.graph.as_graph_element(_tensor(name)) for name in (input_name, *outputs)]
        self._run = wrapped.prune(tensors[0], tensors[1:])
        self._outputs = tuple(outputs)

    def __call__(self, tensor: NDArray[np.float32]) -> dict[str, NDArray[Any]]:
        """Run the tensor; outputs by name."""
        try:
            found = self._run(tf.constant(tensor))
        except (tf.errors.OpError, TypeError) as error:
            raise ValueError(f"TensorFlow: {error}") from error
        return {name: value.numpy() for name, value in zip(self._outputs, found, strict=True)}


def read_graph(path: Path) -> Any:
    """The GraphDef in ``path``. Raises ValueError when it is none or does more than compute."""
    graph_def = tf.compat.v1.GraphDef()
    try:
        graph_def.ParseFromString(path.read_bytes())
    except DecodeError as error:
        raise ValueError(f"{path.name} is not a TensorFlow graph") from error
    refuse_forbidden({node.op for node in graph_def.node})
    return graph_def


def refuse_forbidden(operations: set[str]) -> None:
    """Raise ValueError when a graph would touch files or run Python."""
    if found := sorted(operations & FORBIDDEN):
        raise ValueError(f"the network does more than compute: it holds the operation {found[0]}")


def _operations(folder: Path) -> set[str]:
    found: set[str] = set()
    for meta in _parse(folder).meta_graphs:
        found |= {node.op for node in meta.graph_def.node}
        found |= {node.op for function in meta.graph_def.library.function for node in function.node_def}
    return found


def known(name: str, names: list[str]) -> str:
    """``name``, when it is one of ``names``; else raises ValueError."""
    if name not in names:
        raise ValueError(f"the network has no tensor {name!r}, only {', '.join(sorted(names))}")
    return name


def _tensor(name: str) -> str:
    return name if ":" in name else f"{name}:0"


def _limit(threads: int) -> None:
    """TensorFlow takes its thread count once per process: the first network that asks for one sets it."""
    if threads <= 0:
        return
    try:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
    except RuntimeError:
        return  # already running; the count it has stays


def signature(folder: Path) -> tuple[dict[str, tuple[int | None, ...]], tuple[str, ...]]:
    """The tensors of a SavedModel's default signature: inputs with their shapes (empty when open), outputs.

    Raises ValueError or OSError for a folder that is no such network, or one that does more than compute.
    """
    refuse_forbidden(_operations(folder))
    for meta in _parse(folder).meta_graphs:
        if "serving_default" in meta.signature_def:
            found = meta.signature_def["serving_default"]
            inputs = {name: _sides(info.tensor_shape) for name, info in found.inputs.items()}
            return inputs, tuple(found.outputs)
    raise ValueError("the SavedModel has no signature 'serving_default'")


def _sides(shape: Any) -> tuple[int | None, ...]:
    return tuple(side.size if side.size > 0 else None for side in shape.dim)


def _parse(folder: Path) -> Any:
    from tensorflow.python.saved_model.loader_impl import parse_saved_model

    return parse_saved_model(str(folder))


def ends(graph_def: Any) -> tuple[dict[str, tuple[int | None, ...]], list[str]]:
    """The placeholders of a graph with their shapes (empty when it has none), and the nodes nothing reads
    from.
    """
    read = {name.lstrip("^").split(":")[0] for node in graph_def.node for name in node.input}
    inputs: dict[str, tuple[int | None, ...]] = {}
    for node in graph_def.node:
        if node.op == "Placeholder":
            inputs[node.name] = _sides(node.attr["shape"].shape)
    outputs = [
        n.name for n in graph_def.node if n.name not in read and n.op not in ("Const", "NoOp", "Placeholder")
    ]
    return inputs, outputs
