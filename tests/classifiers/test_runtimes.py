"""Both runtimes give the same numbers, and a network that is not what its manifest says does not start."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from classifiers.manifest import Engine, Format, Layout, Manifest, Weights
from classifiers.packs import Pack, write_pack
from classifiers.runtimes import load
from classifiers.vino import ov
from router.errors import PackError

MakePack = Callable[..., Pack]
Noise = Callable[[int], np.ndarray]


def as_ir(pack: Pack, folder: Path, **changes: object) -> Pack:
    """The same pack with its weights as an OpenVINO IR with half precision weights."""
    folder = folder / "ir" / pack.manifest.name / pack.manifest.version
    folder.mkdir(parents=True)
    ov.save_model(ov.Core().read_model(str(pack.weights)), str(folder / "model.xml"), compress_to_fp16=True)
    weights = Weights(format=Format.OPENVINO_IR, path="model.xml", sha256="0" * 64)
    return write_pack(folder, replace(pack.manifest, weights=weights, **changes))


@pytest.mark.parametrize("count", [0, 1, 5, 33])
def test_openvino_and_tensorflow_agree_within_a_thousandth(
    make_pack: MakePack, films_of_noise: Noise, count: int
) -> None:
    pack = make_pack()
    batch = films_of_noise(count)
    openvino = load(pack, threads=1).infer(batch)
    tensorflow = load(pack, threads=1, engine=Engine.TENSORFLOW).infer(batch)
    assert openvino.keys() == tensorflow.keys() == {"view", "projection"}
    for head, values in openvino.items():
        assert values.shape == (count, len(pack.manifest.outputs[head].labels))
        assert values.dtype == np.float32
        np.testing.assert_allclose(values, tensorflow[head], atol=1e-3)


def test_an_ir_with_half_precision_weights_agrees_with_its_source(
    make_pack: MakePack, films_of_noise: Noise, tmp_path: Path
) -> None:
    pack = make_pack()
    batch = films_of_noise(4)
    np.testing.assert_allclose(
        load(as_ir(pack, tmp_path)).infer(batch)["view"], load(pack).infer(batch)["view"], atol=5e-3
    )


def test_a_frozen_graph_runs_on_both(
    tiny_manifest: Manifest, tmp_path: Path, frozen_graph: Path, films_of_noise: Noise
) -> None:
    folder = tmp_path / "view" / "1"
    folder.mkdir(parents=True)
    (folder / "network.pb").write_bytes(frozen_graph.read_bytes())
    weights = Weights(format=Format.FROZEN_GRAPH, path="network.pb", sha256="0" * 64)
    view = replace(tiny_manifest.outputs["view"], name="final_result")
    film = replace(tiny_manifest.input, name="input")
    pack = write_pack(folder, replace(tiny_manifest, weights=weights, outputs={"view": view}, input=film))
    batch = films_of_noise(3)
    found = load(pack).infer(batch)["view"]
    np.testing.assert_allclose(found, load(pack, engine=Engine.TENSORFLOW).infer(batch)["view"], atol=1e-3)
    np.testing.assert_allclose(found.sum(axis=1), 1.0, atol=1e-5)


def test_a_batch_gives_what_its_films_give_alone(make_pack: MakePack, films_of_noise: Noise) -> None:
    runtime = load(make_pack(), hint="throughput")
    batch = films_of_noise(7)
    alone = np.concatenate([runtime.infer(batch[i : i + 1])["view"] for i in range(7)])
    np.testing.assert_allclose(runtime.infer(batch)["view"], alone, atol=1e-5)


def test_a_label_too_many_stops_the_start(make_pack: MakePack) -> None:
    pack = make_pack()
    outputs = dict(pack.manifest.outputs)
    outputs["view"] = replace(outputs["view"], labels=(*outputs["view"].labels, "ankle_ap"))
    pack = replace(pack, manifest=replace(pack.manifest, outputs=outputs))
    with pytest.raises(
        PackError, match=r"^pack view@1: the head 'view' has 4 labels, but the network gives 3 values$"
    ):
        load(pack)


@pytest.mark.parametrize("engine", list(Engine))
@pytest.mark.parametrize(
    ("part", "change", "sentence"),
    [
        ("input", {"name": "picture"}, "no tensor 'picture'"),
        ("input", {"height": 20, "width": 20}, "cannot run it"),
        ("input", {"channels": 3}, "cannot run it"),
        ("input", {"layout": Layout.NCHW}, "cannot run it"),
    ],
)
def test_a_network_unlike_its_manifest_stops_the_start(
    make_pack: MakePack, engine: Engine, part: str, change: dict[str, object], sentence: str
) -> None:
    pack = make_pack()
    changed = replace(pack.manifest, **{part: replace(getattr(pack.manifest, part), **change)})
    with pytest.raises(PackError, match=r"^pack view@1: ") as refused:
        load(replace(pack, manifest=changed), engine=engine)
    assert sentence in str(refused.value)
    assert "\n" not in str(refused.value)


def test_another_shape_is_refused_by_the_runtime(make_pack: MakePack) -> None:
    runtime = load(make_pack())
    with pytest.raises(ValueError, match=r"view@1 takes float32 \(N, \(16, 16, 1\)\)"):
        runtime.infer(np.zeros((1, 16, 16, 3), np.float32))


def test_an_unreadable_network_stops_the_start(tiny_manifest: Manifest, tmp_path: Path) -> None:
    folder = tmp_path / "view" / "1"
    folder.mkdir(parents=True)
    (folder / "model.xml").write_text("<net/>")
    (folder / "model.bin").write_bytes(b"")
    weights = Weights(format=Format.OPENVINO_IR, path="model.xml", sha256="0" * 64)
    pack = write_pack(folder, replace(tiny_manifest, weights=weights))
    with pytest.raises(PackError, match=r"^pack view@1: openvino cannot run it: "):
        load(pack)


def test_a_compiled_network_is_kept_for_the_next_start(make_pack: MakePack, tmp_path: Path) -> None:
    pack = make_pack()
    load(pack, cache=tmp_path / "cache")
    kept = {path.name for path in (tmp_path / "cache").iterdir()}
    assert kept
    load(pack, cache=tmp_path / "cache")
    assert {path.name for path in (tmp_path / "cache").iterdir()} == kept


def test_the_service_does_not_need_tensorflow(make_pack: MakePack) -> None:
    program = (
        "import sys; from pathlib import Path; from classifiers.packs import load_pack\n"
        "from classifiers.runtimes import load\n"
        "load(load_pack(Path(sys.argv[1]))); sys.exit('tensorflow' in sys.modules or 'keras' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program, str(make_pack().folder)], check=True, timeout=60)
