"""A foreign model, whatever its format, opened: something to run, and something OpenVINO can read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from classifiers.importers import h5, keras_file, tfjs
from classifiers.importers.recipe import Recipe
from classifiers.manifest import Fit, Format
from classifiers.tensorflow_engine import FrozenGraph, SavedModel, ends, known, read_graph, signature
from router.errors import PackError

Run = Callable[[NDArray[np.float32]], NDArray[np.float32]]


class Kind(StrEnum):
    """The formats that are read."""

    TEACHABLE_MACHINE = "Teachable Machine or Keras 2 .h5"
    KERAS = "Keras"
    TFJS = "TensorFlow.js layers model"
    SAVED_MODEL = "SavedModel"
    FROZEN_GRAPH = "frozen graph"


# How each kind's own tools make a picture into a network's input: (fit, what black and white become).
CUSTOMS: Mapping[Kind, tuple[Fit, tuple[float, float]]] = {
    Kind.TEACHABLE_MACHINE: (Fit.CENTRE, (-1.0, 1.0)),
    Kind.KERAS: (Fit.STRETCH, (0.0, 1.0)),
    Kind.TFJS: (Fit.STRETCH, (0.0, 1.0)),
    Kind.SAVED_MODEL: (Fit.STRETCH, (0.0, 1.0)),
    Kind.FROZEN_GRAPH: (Fit.STRETCH, (0.0, 1.0)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """An opened model: tensors' names, its input's (height, width, channels), and its own way to run it."""

    kind: Kind
    saved: Path  # what goes into the pack, or is made into an IR: a SavedModel folder or a frozen graph
    format: Format
    input_name: str
    output_name: str
    shape: tuple[int, int, int]
    run: Run  # float32 (N, H, W, C) -> float32 (N, labels), by the framework the model was made with
    labels: tuple[str, ...] | None  # from a labels.txt beside the file


def kind_of(path: Path) -> Kind:
    """What ``path`` is, by its name and contents. Raises PackError for something else."""
    if path.is_dir() and (path / "model.json").is_file():
        return Kind.TFJS
    if path.is_dir() and (path / "saved_model.pb").is_file():
        return Kind.SAVED_MODEL
    match path.suffix if path.is_file() else None:
        case ".json":
            return Kind.TFJS
        case ".keras":
            return Kind.KERAS
        case ".h5" | ".hdf5":
            return Kind.TEACHABLE_MACHINE if h5.keras_version(path) < 3 else Kind.KERAS
        case ".pb":
            return Kind.FROZEN_GRAPH
        case None:
            raise PackError(f"{path} is not there, or a folder without a model.json or saved_model.pb")
    raise PackError(
        f"{path.name} is no model file known here (.h5, .keras, model.json, .pb, a SavedModel folder)"
    )


def open_source(path: Path, recipe: Recipe, scratch: Path) -> Source:
    """Open the model at ``path``; ``scratch`` is an empty folder for what it is turned into. Raises
    PackError.
    """
    kind = kind_of(path)
    match kind:
        case Kind.SAVED_MODEL:
            return _saved_model(kind, path, recipe, labels(path))
        case Kind.FROZEN_GRAPH:
            return _frozen(path, recipe)
        case Kind.TEACHABLE_MACHINE:
            model = h5.read(path)
        case Kind.KERAS:
            model = keras_file.read(path)
        case Kind.TFJS:
            model = tfjs.read(path / "model.json" if path.is_dir() else path)
    return _keras(kind, model, recipe, scratch / "exported", labels(path))


def labels(path: Path) -> tuple[str, ...] | None:
    """The lines of ``labels.txt`` beside or in ``path``, without the number Teachable Machine puts before
    each.
    """
    file = (path if path.is_dir() else path.parent) / "labels.txt"
    if not file.is_file():
        return None
    lines = [line.strip() for line in file.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
    numbered = all(line.startswith(f"{i} ") for i, line in enumerate(lines))
    return tuple(line.split(" ", 1)[1] if numbered else line for line in lines)


def _keras(kind: Kind, model: Any, recipe: Recipe, folder: Path, found: tuple[str, ...] | None) -> Source:
    export(model, folder)
    if len(model.outputs) > 1:
        return _saved_model(kind, folder, recipe, found)
    # Run by Keras itself, so that the comparison covers the export too.
    return _saved_model(
        kind, folder, recipe, found, run=lambda batch: np.asarray(model(batch, training=False), np.float32)
    )


def export(model: Any, folder: Path) -> None:
    """Write a ``keras.Model`` of one input as a SavedModel: input "film", output "output", or several by
    their names.

    Keras's own export traces the network a dozen times over, once for each thing it might be used for; this,
    once.
    """

    def run(film: Any) -> dict[str, Any]:
        found = model(film, training=False)
        if isinstance(found, dict):
            return found
        names = model.output_names if isinstance(found, list) else ["output"]
        return dict(zip(names, found if isinstance(found, list) else [found], strict=True))

    module = tf.Module()
    module.held = [variable.value for variable in model.variables]
    spec = tf.TensorSpec(model.inputs[0].shape, tf.float32, name="film")
    signatures = {"serving_default": tf.function(run, input_signature=[spec])}
    tf.saved_model.save(module, str(folder), signatures=signatures)


def _saved_model(
    kind: Kind, folder: Path, recipe: Recipe, found: tuple[str, ...] | None, *, run: Run | None = None
) -> Source:
    try:
        inputs, outputs = signature(folder)
        input_name = known(_pick("input", recipe.input_name, list(inputs)), list(inputs))
        output_name = known(_pick("output", recipe.output_name, list(outputs)), list(outputs))
        runner = run or _runner(SavedModel(folder, input_name, [output_name], threads=0), output_name)
    except (ValueError, OSError) as error:
        raise PackError(f"the SavedModel cannot be read: {error}") from error
    return Source(
        kind=kind,
        saved=folder,
        format=Format.SAVED_MODEL,
        input_name=input_name,
        output_name=output_name,
        shape=_shape(inputs.get(input_name, ()), recipe),
        run=runner,
        labels=found,
    )


def _runner(network: SavedModel | FrozenGraph, output: str) -> Run:
    return lambda batch: np.asarray(network(batch)[output], np.float32)


def _frozen(path: Path, recipe: Recipe) -> Source:
    try:
        inputs, outputs = ends(read_graph(path))
        input_name = _pick("input", recipe.input_name, list(inputs))
        output_name = _pick("output", recipe.output_name, outputs)
        runner = _runner(FrozenGraph(path, input_name, [output_name], threads=0), output_name)
    except (ValueError, KeyError, OSError) as error:
        raise PackError(f"the frozen graph cannot be read: {error}") from error
    return Source(
        kind=Kind.FROZEN_GRAPH,
        saved=path,
        format=Format.FROZEN_GRAPH,
        input_name=input_name,
        output_name=output_name,
        shape=_shape(inputs.get(input_name, ()), recipe),
        run=runner,
        labels=labels(path),
    )


def _pick(what: str, wanted: str | None, names: list[str]) -> str:
    """The tensor that was asked for, or the only one."""
    if wanted is not None:
        return wanted
    if len(names) != 1:
        raise PackError(
            f"the model has {len(names)} {what}s ({', '.join(sorted(names)[:9])}): name the one to use"
        )
    return names[0]


def _shape(shape: tuple[int | None, ...], recipe: Recipe) -> tuple[int, int, int]:
    """(height, width, channels) from the network's (N, H, W, C), filled in from the recipe."""
    if shape and len(shape) != 4:
        raise PackError(f"the model's input has the shape {shape}, not (N, H, W, C)")
    _, height, width, channels = shape or (None, None, None, None)
    height, width = height or recipe.side, width or recipe.side
    if height is None or width is None:
        raise PackError("the model's input can have any size: say which side in pixels it was trained with")
    return height, width, channels or 3
