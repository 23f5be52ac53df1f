"""Every foreign format becomes a pack that gives its source's numbers; a file that does more is refused."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from classifiers.importers import Recipe, import_model
from classifiers.manifest import Engine, Fit, Format, Task, Values
from classifiers.packs import load_pack
from classifiers.runtimes import load
from router.errors import PackError

keras = pytest.importorskip("keras", reason="TensorFlow is not installed")
tf = pytest.importorskip("tensorflow", reason="TensorFlow is not installed")

# Keras's own saving does not yet follow NumPy 2 in this.
pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't accept a copy:DeprecationWarning"
)

LABELS = ("galeazzi", "monteggia", "none")
WITHIN = 1e-3


def recipe(**changes: object) -> Recipe:
    fields: dict[str, object] = {
        "name": "fracture",
        "version": "1",
        "licence": "Apache-2.0",
        "labels": LABELS,
    }
    return Recipe(**(fields | changes))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def network() -> Any:
    """A small classifier as Keras builds it: (N, 16, 16, 3) -> 3 probabilities."""
    keras.utils.set_random_seed(3)
    film = keras.Input((16, 16, 3))
    x = keras.layers.Conv2D(6, 3, padding="same", use_bias=False, name="conv")(film)
    x = keras.layers.BatchNormalization(name="norm")(x)
    x = keras.layers.ReLU(max_value=6.0, name="relu")(x)
    y = keras.layers.DepthwiseConv2D(3, padding="same", name="depth")(x)
    x = keras.layers.Add(name="add")([x, y])
    x = keras.layers.Flatten(name="flat")(x)
    model = keras.Model(film, keras.layers.Dense(3, activation="softmax", name="top")(x))
    random = np.random.default_rng(1)
    norm = model.get_layer("norm")
    norm.set_weights([random.uniform(0.5, 1.5, 6).astype(np.float32) for _ in range(4)])
    return model


@pytest.fixture(scope="module")
def topology() -> dict[str, Any]:
    """The same network as Keras 2 described it."""

    def node(kind: str, name: str, inputs: list[str], **config: object) -> dict[str, Any]:
        calls = [[[source, 0, 0, {}] for source in inputs]] if inputs else []
        return {"class_name": kind, "name": name, "config": {"name": name, **config}, "inbound_nodes": calls}

    convolution = {
        "strides": [1, 1],
        "padding": "same",
        "data_format": "channels_last",
        "kernel_size": [3, 3],
    }
    layers = [
        node("InputLayer", "film", [], batch_input_shape=[None, 16, 16, 3], dtype="float32", sparse=False),
        node("Conv2D", "conv", ["film"], filters=6, use_bias=False, activation="linear", **convolution),
        node("BatchNormalization", "norm", ["conv"], axis=[3], momentum=0.9, epsilon=0.001, fused=None),
        node("ReLU", "relu", ["norm"], max_value=6.0, negative_slope=0.0, threshold=0.0),
        node("DepthwiseConv2D", "depth", ["relu"], depth_multiplier=1, **convolution),
        node("Add", "add", ["relu", "depth"], trainable=True),
        node("Flatten", "flat", ["add"], data_format="channels_last"),
        node(
            "Dense",
            "top",
            ["flat"],
            units=3,
            activation="softmax",
            kernel_initializer={"class_name": "Zeros"},
        ),
    ]
    config = {
        "name": "m",
        "layers": layers,
        "input_layers": [["film", 0, 0]],
        "output_layers": [["top", 0, 0]],
    }
    return {"class_name": "Model", "config": config}


def weights_of(network: Any) -> dict[str, np.ndarray]:
    """The network's weights by the names Keras 2 gave them."""
    found = {}
    for layer in network.layers:
        for variable in layer.weights:
            short = (
                "depthwise_kernel" if (layer.name, variable.name) == ("depth", "kernel") else variable.name
            )
            found[f"{layer.name}/{short}"] = np.asarray(variable)
    return found


def write_h5(file: Path, network: Any, topology: dict[str, Any]) -> Path:
    """An .h5 file of Keras 2."""
    with h5py.File(file, "w") as h5:
        h5.attrs["keras_version"] = b"2.2.4-tf"
        h5.attrs["model_config"] = json.dumps(topology).encode()
        for name, values in weights_of(network).items():
            h5[f"model_weights/{name.split('/')[0]}/{name}:0"] = values
    return file


def write_tfjs(folder: Path, network: Any, topology: dict[str, Any]) -> Path:
    """A TensorFlow.js layers model with its weights in two shards."""
    weights = weights_of(network)
    data = b"".join(values.astype("<f4").tobytes() for values in weights.values())
    (folder / "group1-shard1of2").write_bytes(data[:1000])
    (folder / "group1-shard2of2").write_bytes(data[1000:])
    entries = [{"name": n, "shape": list(v.shape), "dtype": "float32"} for n, v in weights.items()]
    manifest = [{"paths": ["group1-shard1of2", "group1-shard2of2"], "weights": entries}]
    document = {
        "modelTopology": {"keras_version": "2.1.4", "model_config": topology},
        "weightsManifest": manifest,
    }
    (folder / "model.json").write_text(json.dumps(document))
    return folder / "model.json"


def write_frozen(file: Path, network: Any) -> Path:
    """A frozen graph of TensorFlow 1 with the network's numbers."""
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    function = tf.function(lambda x: tf.identity(network(x, training=False), name="final_result"))
    concrete = function.get_concrete_function(tf.TensorSpec((None, 16, 16, 3), tf.float32, name="input"))
    file.write_bytes(convert_variables_to_constants_v2(concrete).graph.as_graph_def().SerializeToString())
    return file


WRITERS: dict[str, Callable[[Path, Any, dict[str, Any]], Path]] = {
    "Keras 2 .h5": lambda folder, net, topology: write_h5(folder / "model.h5", net, topology),
    "TensorFlow.js": write_tfjs,
    ".keras": lambda folder, net, _: (net.save(folder / "model.keras"), folder / "model.keras")[1],
    "SavedModel": lambda folder, net, _: (net.export(folder / "model", verbose=False), folder / "model")[1],
    "frozen graph": lambda folder, net, _: write_frozen(folder / "network.pb", net),
}


@pytest.mark.parametrize("writer", WRITERS)
def test_each_format_becomes_a_pack_that_gives_its_sources_numbers(
    tmp_path: Path, network: Any, topology: dict[str, Any], writer: str
) -> None:
    source = WRITERS[writer](tmp_path, network, topology)
    told: list[str] = []
    imported = import_model(source, tmp_path / "packs", recipe(), progress=told.append)
    pack = load_pack(tmp_path / "packs" / "fracture" / "1")
    assert pack == imported.pack
    assert imported.difference <= WITHIN
    assert told[0] == "reading the model"
    head = pack.manifest.outputs["classify"]
    assert (head.labels, head.values) == (LABELS, Values.PROBABILITIES)
    assert "Apache-2.0" in (pack.folder / "CARD.md").read_text()
    films = np.random.default_rng(9).random((5, 16, 16, 3), np.float32)
    expected = np.asarray(network(films, training=False))
    assert np.ptp(expected, axis=0).max() > 0.01, "the network should tell these films apart"
    np.testing.assert_allclose(load(pack).infer(films)["classify"], expected, atol=WITHIN)
    assert sorted(path.name for path in (tmp_path / "packs").iterdir()) == ["fracture"]


@pytest.mark.parametrize("writer", ["SavedModel", "frozen graph"])
def test_weights_can_stay_tensorflows_and_run_on_both(
    tmp_path: Path, network: Any, topology: dict[str, Any], writer: str
) -> None:
    source = WRITERS[writer](tmp_path, network, topology)
    pack = import_model(source, tmp_path / "packs", recipe(format=Format.SAVED_MODEL)).pack
    assert pack.manifest.weights.format is not Format.OPENVINO_IR
    films = np.random.default_rng(9).random((5, 16, 16, 3), np.float32)
    found = [load(pack, engine=engine).infer(films)["classify"] for engine in Engine]
    np.testing.assert_allclose(found[0], found[1], atol=WITHIN)


def test_a_view_pack_can_be_imported(tmp_path: Path, network: Any, topology: dict[str, Any]) -> None:
    source = WRITERS["Keras 2 .h5"](tmp_path, network, topology)
    views = ("chest_pa_ap", "hand_ap", "knee_ap")
    pack = import_model(
        source, tmp_path / "packs", recipe(name="view", version="mine-1", task=Task.VIEW, labels=views)
    ).pack
    assert pack.manifest.outputs["view"].labels == views


def test_teachable_machines_customs_and_labels_are_known(
    tmp_path: Path, network: Any, topology: dict[str, Any]
) -> None:
    source = write_h5(tmp_path / "keras_model.h5", network, topology)
    (tmp_path / "labels.txt").write_text("0 Class 1\n1 Class 2\n2 Class 3\n")
    manifest = import_model(source, tmp_path / "packs", recipe(labels=None)).pack.manifest
    assert manifest.outputs["classify"].labels == ("Class 1", "Class 2", "Class 3")
    assert (manifest.input.fit, manifest.input.range) == (Fit.CENTRE, (-1.0, 1.0))
    assert manifest.gate.margin == 0.5


def test_quantised_weights_of_tensorflow_js_are_scaled_back(
    tmp_path: Path, network: Any, topology: dict[str, Any]
) -> None:
    from classifiers.importers import tfjs

    file = write_tfjs(tmp_path, network, topology)
    document = json.loads(file.read_text())
    kernel = weights_of(network)["top/kernel"]
    low, step = float(kernel.min()), float(np.ptp(kernel)) / 255
    group = document["weightsManifest"][0]
    data, start = b"", 0
    whole = b"".join((tmp_path / name).read_bytes() for name in group["paths"])
    for entry in group["weights"]:
        size = 4 * int(np.prod(entry["shape"]))
        part, start = whole[start : start + size], start + size
        if entry["name"] == "top/kernel":
            entry["quantization"] = {"dtype": "uint8", "scale": step, "min": low}
            part = np.round((kernel - low) / step).astype(np.uint8).tobytes()
        data += part
    (tmp_path / "all").write_bytes(data)
    group["paths"] = ["all"]
    file.write_text(json.dumps(document))
    found = np.asarray(tfjs.read(file).get_layer("top").kernel)
    np.testing.assert_allclose(found, kernel, atol=step)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"labels": ("a", "b")}, "there are 2 labels, but the model gives 3 values"),
        ({"labels": None}, "the model has 3 outputs and no labels.txt"),
        ({"name": "view", "task": Task.VIEW}, "'galeazzi', which is not a view"),
        ({"name": "Fracture"}, "name = 'Fracture' is not a text"),
        ({"output_name": "nothing"}, "no tensor 'nothing', only output"),
    ],
)
def test_a_recipe_that_does_not_fit_leaves_nothing_behind(
    tmp_path: Path, network: Any, topology: dict[str, Any], changes: dict[str, object], sentence: str
) -> None:
    source = write_h5(tmp_path / "model.h5", network, topology)
    with pytest.raises(PackError) as refused:
        import_model(source, tmp_path / "packs", recipe(**changes))
    assert sentence in str(refused.value)
    assert list((tmp_path / "packs").iterdir()) == []


def test_a_detector_is_refused_because_nothing_here_could_run_it(tmp_path: Path) -> None:
    with pytest.raises(PackError, match="models that draw boxes cannot be imported yet"):
        import_model(tmp_path / "model.h5", tmp_path, recipe(task=Task.DETECT))


def test_a_pack_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "fracture" / "1").mkdir(parents=True)
    with pytest.raises(PackError, match=r"^pack fracture/1: is already in"):
        import_model(tmp_path / "model.h5", tmp_path, recipe())


@pytest.mark.parametrize(
    "name", ["absent.h5", "text.h5", "text.keras", "text.pb", "text.onnx", "model.json", "empty"]
)
def test_what_is_no_model_is_refused_in_a_sentence(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    if name not in ("absent.h5", "empty"):
        (tmp_path / name).write_text("not a model")
    with pytest.raises(PackError):
        import_model(tmp_path / name, tmp_path / "packs", recipe())


def change(topology: dict[str, Any], layer: str, **config: object) -> dict[str, Any]:
    """The topology with a layer's settings changed; ``class_name`` changes its kind."""
    changed: dict[str, Any] = json.loads(json.dumps(topology))
    for node in changed["config"]["layers"]:
        if node["name"] == layer:
            node["class_name"] = config.pop("class_name", node["class_name"])
            node["config"] |= config
    return changed


@pytest.mark.parametrize(
    ("layer", "config", "sentence"),
    [
        ("flat", {"class_name": "Lambda", "function": "x"}, "a layer of kind 'Lambda'"),
        ("top", {"activation": {"class_name": "function"}}, "unknown activation"),
        ("top", {"activation": "made_up"}, "unknown activation 'made_up'"),
        ("conv", {"standardise": "yes"}, "unknown setting standardise = 'yes'"),
        ("conv", {"filters": 7}, "do not fit"),
        ("top", {"use_bias": False}, "the weights top/bias belong to no layer"),
    ],
)
def test_a_layer_that_is_not_understood_is_never_guessed(
    tmp_path: Path, network: Any, topology: dict[str, Any], layer: str, config: dict[str, Any], sentence: str
) -> None:
    source = write_h5(tmp_path / "model.h5", network, change(topology, layer, **config))
    with pytest.raises(PackError) as refused:
        import_model(source, tmp_path / "packs", recipe())
    assert sentence in str(refused.value)


def test_an_h5_file_that_points_at_another_file_is_refused(
    tmp_path: Path, network: Any, topology: dict[str, Any]
) -> None:
    source = write_h5(tmp_path / "model.h5", network, topology)
    (tmp_path / "secret").write_bytes(b"\0" * 12)
    with h5py.File(source, "a") as h5:
        del h5["model_weights/top/top/bias:0"]
        h5["model_weights/top/top"].create_dataset(
            "bias:0", (3,), "f4", external=[(str(tmp_path / "secret"), 0, h5py.h5f.UNLIMITED)]
        )
    with pytest.raises(PackError, match=r"bias:0 points elsewhere"):
        import_model(source, tmp_path / "packs", recipe())
    with h5py.File(source, "a") as h5:
        del h5["model_weights/top/top/bias:0"]
        h5["model_weights/top/top/bias:0"] = h5py.ExternalLink(str(tmp_path / "other.h5"), "/x")
    with pytest.raises(PackError, match=r"bias:0 points elsewhere"):
        import_model(source, tmp_path / "packs", recipe())


@pytest.mark.parametrize("path", ["../secret", "/etc/passwd", "folder/shard", "..\\secret"])
def test_a_shard_in_another_folder_is_refused(
    tmp_path: Path, network: Any, topology: dict[str, Any], path: str
) -> None:
    (tmp_path / "model").mkdir()
    file = write_tfjs(tmp_path / "model", network, topology)
    document = json.loads(file.read_text())
    document["weightsManifest"][0]["paths"] = [path]
    file.write_text(json.dumps(document))
    with pytest.raises(PackError, match="lies in another folder"):
        import_model(file, tmp_path / "packs", recipe())


def test_a_keras_file_with_code_of_its_own_is_refused(tmp_path: Path) -> None:
    film = keras.Input((16, 16, 3))
    x = keras.layers.Lambda(lambda t: t * 2)(film)
    keras.Model(film, keras.layers.Dense(3)(keras.layers.Flatten()(x))).save(tmp_path / "model.keras")
    with pytest.raises(PackError, match="holds 'Lambda', which could run code of its own"):
        import_model(tmp_path / "model.keras", tmp_path / "packs", recipe())


@pytest.mark.parametrize(
    "entry",
    [
        {"module": "os", "class_name": "system", "config": {}, "registered_name": None},
        {"module": "keras.src.saving.saving_lib", "class_name": "load_model", "registered_name": None},
        {"module": "keras.layers", "class_name": "Dense", "registered_name": "evil>Dense"},
        {"module": "builtins", "class_name": "function", "registered_name": "function"},
    ],
)
def test_a_keras_file_that_names_something_else_is_refused(
    tmp_path: Path, network: Any, entry: dict[str, Any]
) -> None:
    network.save(tmp_path / "good.keras")
    with (
        zipfile.ZipFile(tmp_path / "good.keras") as good,
        zipfile.ZipFile(tmp_path / "bad.keras", "w") as bad,
    ):
        for name in good.namelist():
            data = good.read(name)
            if name == "config.json":
                config = json.loads(data)
                config["config"]["layers"][1]["config"]["kernel_initializer"] = entry
                data = json.dumps(config).encode()
            bad.writestr(name, data)
    with pytest.raises(PackError, match="which could run code of its own"):
        import_model(tmp_path / "bad.keras", tmp_path / "packs", recipe())


def test_a_graph_that_reads_files_is_refused(tmp_path: Path) -> None:
    graph = tf.Graph()
    with graph.as_default():
        film = tf.compat.v1.placeholder(tf.float32, (None, 16, 16, 3), name="input")
        secret = tf.strings.length(tf.io.read_file("/etc/passwd"))
        tf.identity(tf.reduce_mean(film, axis=(1, 2)) + tf.cast(secret, tf.float32), name="final_result")
    (tmp_path / "network.pb").write_bytes(graph.as_graph_def().SerializeToString())
    with pytest.raises(PackError, match="does more than compute: it holds the operation ReadFile"):
        import_model(tmp_path / "network.pb", tmp_path / "packs", recipe())


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("onemed_cataract", None),
        ("onemed_covid_ct", None),
        ("onemed_diabetic_retinopathy", None),
        ("onemed_redness", None),
        ("onemed_skin", None),
        ("radlens_v1", ("galeazzi", "monteggia")),
    ],
)
def test_real_models_are_imported_and_run_on_both_runtimes(
    shared: Path, tmp_path: Path, name: str, labels: tuple[str, ...] | None
) -> None:
    folder = shared / "models" / name
    source = folder if (folder / "model.json").is_file() else folder / "model.h5"
    imported = import_model(source, tmp_path, recipe(name=name, labels=labels, format=Format.SAVED_MODEL))
    assert imported.difference <= WITHIN
    wanted = imported.pack.manifest.input
    films = (
        np.random.default_rng(4)
        .uniform(*wanted.range, (2, wanted.height, wanted.width, 3))
        .astype(np.float32)
    )
    openvino = load(imported.pack).infer(films)["classify"]
    tensorflow = load(imported.pack, engine=Engine.TENSORFLOW).infer(films)["classify"]
    np.testing.assert_allclose(openvino, tensorflow, atol=WITHIN)
    np.testing.assert_allclose(openvino.sum(axis=1), 1.0, atol=WITHIN)
