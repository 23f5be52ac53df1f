"""Small real networks, made on the spot, and packs around them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from shutil import copytree
from typing import Any

import numpy as np
import pytest

from classifiers.detectmanifest import Detect
from classifiers.manifest import (
    Classes,
    Engine,
    Fit,
    Format,
    Gate,
    Input,
    Layout,
    Manifest,
    Output,
    Polarity,
    Task,
    Values,
    Weights,
)
from classifiers.packs import Pack, write_pack
from classifiers.vino import ops, ov

LABELS = ("chest_pa_ap", "hand_ap", "knee_ap")
SIDE = 16


@pytest.fixture(scope="session")
def tiny_network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SavedModel: float32 (N, 16, 16, 1) -> "view" (N, 3) logits and "projection" (N, 2) softmax."""
    return _network(tmp_path_factory, seed=7)


@pytest.fixture(scope="session")
def other_network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny network with other weights."""
    return _network(tmp_path_factory, seed=8)


def _network(tmp_path_factory: pytest.TempPathFactory, *, seed: int) -> Path:
    keras = pytest.importorskip("keras", reason="TensorFlow is not installed")
    keras.utils.set_random_seed(seed)
    film = keras.Input((SIDE, SIDE, 1), name="film")
    x = keras.layers.Conv2D(8, 3, strides=2, activation="relu")(film)
    x = keras.layers.DepthwiseConv2D(3, padding="same", activation="relu6")(x)
    x = keras.layers.BatchNormalization()(x)
    x = keras.layers.Flatten()(x)
    view = keras.layers.Dense(len(LABELS), name="view")(x)
    projection = keras.layers.Dense(2, activation="softmax", name="projection")(x)
    folder = tmp_path_factory.mktemp("network") / "saved_model"
    keras.Model(film, {"view": view, "projection": projection}).export(folder, verbose=False)
    return folder


@pytest.fixture(scope="session")
def tiny_manifest() -> Manifest:
    """The manifest of a view pack around the tiny network, its digest not yet filled in."""
    return Manifest(
        name="view",
        version="1",
        task=Task.VIEW,
        runtime=Engine.OPENVINO,
        licence="CC0-1.0",
        training_data="none: random weights",
        weights=Weights(format=Format.SAVED_MODEL, path="saved_model", sha256=hashlib.sha256().hexdigest()),
        input=Input(
            name="film",
            height=SIDE,
            width=SIDE,
            channels=1,
            layout=Layout.NHWC,
            fit=Fit.STRETCH,
            polarity=Polarity.BONE_BRIGHT,
            range=(0.0, 1.0),
        ),
        outputs={
            "view": Output(name="view", values=Values.LOGITS, labels=LABELS),
            "projection": Output(name="projection", values=Values.PROBABILITIES, labels=("ap", "pa")),
        },
        gate=Gate(margin=0.0),
    )


@pytest.fixture
def make_pack(tmp_path: Path, tiny_network: Path, tiny_manifest: Manifest) -> Callable[..., Pack]:
    """Write the tiny network as a pack under ``tmp_path / "packs"``; keywords replace manifest fields."""

    def make(**changes: object) -> Pack:
        manifest = replace(tiny_manifest, **changes)
        folder = tmp_path / "packs" / manifest.name / manifest.version
        copytree(tiny_network, folder / "saved_model")
        return write_pack(folder, manifest)

    return make


@pytest.fixture
def films_of_noise() -> Callable[[int], np.ndarray]:
    """N batches for the tiny network: float32 (N, 16, 16, 1) in [0, 1]."""

    def make(count: int) -> np.ndarray:
        return np.random.default_rng(3).random((count, SIDE, SIDE, 1), np.float32)

    return make


@pytest.fixture(scope="session")
def frozen_graph(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A frozen graph as TensorFlow 1 wrote them: "input" (N, 16, 16, 1) -> "final_result" (N, 3)
    probabilities.
    """
    tf = pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
    random = np.random.default_rng(11)
    graph = tf.Graph()
    with graph.as_default():
        film = tf.compat.v1.placeholder(tf.float32, (None, SIDE, SIDE, 1), name="input")
        kernel = tf.constant(random.normal(0, 0.5, (3, 3, 1, 4)).astype(np.float32))
        x = tf.nn.relu6(tf.nn.conv2d(film, kernel, strides=2, padding="SAME"))
        x = tf.reshape(tf.reduce_mean(x, axis=(1, 2)), (-1, 4))
        weights = tf.constant(random.normal(0, 0.5, (4, len(LABELS))).astype(np.float32))
        tf.nn.softmax(tf.matmul(x, weights), name="final_result")
    file = tmp_path_factory.mktemp("frozen") / "network.pb"
    file.write_bytes(graph.as_graph_def().SerializeToString())
    return file


FINDER_SIDE = 256
FINDER_LABELS = ("dot", "patch", "never")


def finder_graph(side: int) -> ov.Model:
    """A network that measures instead of having learned: "film" (1, side, side, 1) -> 3 labels, 2 places.

    "dot" is what is white, at the first place; "patch" what is at least light grey, at the second; "never"
    is not there. Each box is the rectangle with its label's centre of gravity and second moments, so that
    it lies where the grey values lie to a fraction of a pixel; each logit grows with the label's area and is
    6 at the most.
    """
    image = ops.parameter([1, side, side, 1], np.float32, name="film")
    middles = np.arange(side, dtype=np.float32) + 0.5
    axes = {"x": middles.reshape(1, 1, side, 1), "y": middles.reshape(1, side, 1, 1)}
    whole = ops.constant([1, 2, 3], dtype=np.int64)

    def total(values: ov.Node) -> ov.Node:
        return ops.reduce_sum(values, whole, keep_dims=True)

    logits, boxes, masks = [], [], []
    for above, white in ((0.6, 1.0), (0.25, 0.45)):
        steep = ops.multiply(ops.subtract(image, np.float32(above)), np.float32(1 / (white - above)))
        mask = ops.clamp(steep, 0.0, 1.0)
        mass = ops.maximum(total(mask), np.float32(1e-3))
        sides = []
        for axis in ("x", "y"):
            middle = ops.divide(total(ops.multiply(mask, axes[axis])), mass)
            far = ops.subtract(ops.constant(axes[axis]), middle)
            spread = ops.divide(total(ops.multiply(mask, ops.multiply(far, far))), mass)
            # A rectangle n pixels long has a variance of (n * n - 1) / 12.
            half = ops.multiply(
                ops.sqrt(ops.add(ops.multiply(spread, np.float32(12)), np.float32(1))), np.float32(0.5)
            )
            sides.append((ops.subtract(middle, half), ops.add(middle, half)))
        edges = [sides[0][0], sides[1][0], sides[0][1], sides[1][1]]
        boxes.append(ops.reshape(ops.concat(edges, 3), np.array([1, 1, 4]), special_zero=False))
        logit = ops.minimum(ops.subtract(ops.multiply(mass, np.float32(0.5)), np.float32(4)), np.float32(6))
        logits.append(ops.reshape(logit, np.array([1, 1, 1]), special_zero=False))
        masks.append(mask)
    none = ops.constant(np.full((1, 1, 1), -20, np.float32))
    scores = ops.concat([ops.concat([logits[0], none, none], 2), ops.concat([none, logits[1], none], 2)], 1)
    grid = ops.concat([*masks, ops.multiply(masks[0], np.float32(0))], 3)
    pooled = ops.reduce_mean(
        ops.reshape(grid, np.array([1, side // 8, 8, side // 8, 8, 3]), special_zero=False),
        ops.constant([2, 4], dtype=np.int64),
        keep_dims=False,
    )
    outputs = {
        "scores": scores,
        "boxes": ops.concat(boxes, 1),
        "image": ops.reduce_max(scores, ops.constant([1], dtype=np.int64), keep_dims=False),
        "heat": ops.multiply(ops.subtract(pooled, np.float32(0.5)), np.float32(20)),
    }
    results = []
    for name, node in outputs.items():
        result = ops.result(node)
        result.output(0).get_tensor().set_names({name})
        results.append(result)
    image.output(0).get_tensor().set_names({"film"})
    return ov.Model(results, [image], "finder")


@pytest.fixture(scope="session")
def finder_network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the IR of ``finder_graph``."""
    folder = tmp_path_factory.mktemp("finder")
    ov.save_model(finder_graph(FINDER_SIDE), folder / "model.xml", compress_to_fp16=False)
    return folder


@pytest.fixture(scope="session")
def make_finder(
    tmp_path_factory: pytest.TempPathFactory, finder_network: Path, tiny_manifest: Manifest
) -> Callable[..., Pack]:
    """Write ``finder_graph`` as a pack of the task detect; keywords replace manifest fields."""

    def make(**changes: Any) -> Pack:
        head = Output(
            name="scores",
            values=Values.LOGITS,
            labels=FINDER_LABELS,
            classes=Classes.INDEPENDENT,
            thresholds={"dot": 0.5, "patch": 0.5},
        )
        fields: dict[str, Any] = {
            "name": "finder",
            "task": Task.DETECT,
            "weights": replace(tiny_manifest.weights, format=Format.OPENVINO_IR, path="model.xml"),
            "input": replace(tiny_manifest.input, height=FINDER_SIDE, width=FINDER_SIDE, fit=Fit.FILM),
            "outputs": {"detect": head},
            "detect": Detect(boxes="boxes", overlap=0.5, most=5, heat="heat"),
        }
        manifest = replace(tiny_manifest, **(fields | changes))
        folder = tmp_path_factory.mktemp("packs") / manifest.name / manifest.version
        copytree(finder_network, folder)
        return write_pack(folder, manifest)

    return make
