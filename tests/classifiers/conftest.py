"""Small real networks, made on the spot, and packs around them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from shutil import copytree

import numpy as np
import pytest

from classifiers.manifest import (
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

LABELS = ("chest_pa_ap", "hand_ap", "knee_ap")
SIDE = 16


@pytest.fixture(scope="session")
def tiny_network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SavedModel: float32 (N, 16, 16, 1) -> "view" (N, 3) logits and "projection" (N, 2) softmax."""
    keras = pytest.importorskip("keras", reason="TensorFlow is not installed")
    keras.utils.set_random_seed(7)
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
