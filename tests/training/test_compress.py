"""Networks in eight bits, and beside each other in one pack."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from classifiers.packs import load_pack
from classifiers.runtimes import load
from classifiers.vino import ov
from training.average import average
from training.begin import VIEW_PACK
from training.calibrate import Calibration
from training.compress import in_eight_bits
from training.export import export
from training.recipe import Recipe

pytestmark = [
    pytest.mark.timeout(300),  # converts networks
    # Keras's own saving does not yet follow NumPy 2 in this.
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning"),
]

CALIBRATION = Calibration(
    temperature=0.6,
    margin=0.4,
    other_threshold=0.2,
    energy_centre=0.0,
    energy_width=1.0,
    use_energy=False,
    rotation_bias=0.0,
    measured={},
    further_scale=0.5,
)


def test_half_the_file_and_all_but_the_same_answers(tmp_path: Path) -> None:
    network = ov.Core().read_model(VIEW_PACK / "model.xml")
    in_eight_bits(network)
    ov.save_model(network, str(tmp_path / "model.xml"))
    size, before = ((folder / "model.bin").stat().st_size for folder in (tmp_path, VIEW_PACK))
    assert 0.5 < size / before < 0.6
    film = np.random.default_rng(0).random((1, 208, 208, 1), dtype=np.float32)
    exact = {"INFERENCE_PRECISION_HINT": "f32"}
    here, there = (
        ov.Core().compile_model(folder / "model.xml", "CPU", exact)(film)["view"]
        for folder in (tmp_path, VIEW_PACK)
    )
    assert not np.array_equal(here, there)
    np.testing.assert_allclose(here, there, atol=0.2)


def nothing(_: Recipe) -> list[np.ndarray]:
    """No films: a network alone keeps its normalisation."""
    return []


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network as ``train`` leaves it, calibrated beside another."""
    folder = tmp_path_factory.mktemp("network")
    average([], start=VIEW_PACK, of_start=1.0, out=folder, settling=nothing)
    (folder / "calibration.json").write_text(json.dumps(asdict(CALIBRATION)))
    return folder


def test_two_networks_make_one_pack(folder: Path, tmp_path: Path) -> None:
    said = export(network_folder=folder, pack=tmp_path / "view" / "9", further=folder)
    assert said.count("largest difference from Keras") == 2
    pack = load_pack(tmp_path / "view" / "9")
    assert pack.manifest.weights.further == "further.xml"
    first = load(pack)
    assert first.further is not None
    film = np.random.default_rng(1).random((1, 208, 208, 1), dtype=np.float32)
    one, two = (runtime.infer(film)["view"] for runtime in (first, first.further))
    np.testing.assert_allclose(two, one * 0.5, atol=0.2)


@pytest.mark.parametrize(
    ("changed", "why"),
    [({"further_scale": None}, "was calibrated without"), ({"use_energy": True}, "there is no further one")],
)
def test_what_cannot_be_the_further_one_is_refused(
    folder: Path, tmp_path: Path, changed: dict[str, object], why: str
) -> None:
    alone = tmp_path / "network"
    alone.mkdir()
    for file in folder.iterdir():
        (alone / file.name).symlink_to(file)
    (alone / "calibration.json").unlink()
    (alone / "calibration.json").write_text(json.dumps(asdict(replace(CALIBRATION, **changed))))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=why):
        export(network_folder=alone, pack=tmp_path / "view" / "9", further=folder)
    assert not (tmp_path / "view").exists()
