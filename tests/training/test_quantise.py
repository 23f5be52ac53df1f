"""Networks in eight bits, and beside each other in one pack."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from classifiers.packs import load_pack
from classifiers.pixels import read_film
from classifiers.prepare import prepare
from classifiers.runtimes import load
from classifiers.vino import ov
from training.average import average
from training.begin import CONVOLUTIONS, VIEW_PACK, convolutions
from training.calibrate import Calibration
from training.export import export
from training.load import QUANTISED, WEIGHTS, quantised, trained
from training.quantise import EXACT, in_eight_bits, with_names
from training.quick import named, opened, predicted
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


STUDY = sorted((Path(__file__).parents[2] / "service" / "demo").glob("*.dcm"))


def nothing(_: Recipe) -> list[np.ndarray]:
    """No films: a network alone keeps its normalisation."""
    return []


@pytest.fixture(scope="module")
def films() -> list[np.ndarray]:
    """The demonstration study as a network looks at it."""
    side, margin = Recipe().side, Recipe().margin
    return [prepare(read_film(path, long_side=None).image, side=side, margin=margin) for path in STUDY]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, films: list[np.ndarray]) -> Path:
    """A network as ``quantise`` leaves it, calibrated beside another."""
    folder = tmp_path_factory.mktemp("network")
    average([], start=VIEW_PACK, of_start=1.0, out=folder, settling=nothing)
    small = in_eight_bits(with_names(trained(folder)[0]), films)
    ov.save_model(small, str(folder / QUANTISED))
    (folder / "calibration.json").write_text(json.dumps(asdict(CALIBRATION)))
    return folder


def test_all_but_the_same_is_said_in_eight_bits(folder: Path, films: list[np.ndarray]) -> None:
    exact = predicted(named(with_names(trained(folder)[0])), films)
    small = predicted(opened(folder / QUANTISED), films)
    for head, values in exact.items():
        now = small[head]
        assert not np.array_equal(now, values)
        np.testing.assert_allclose(now, values, atol=1.0)
        assert (now.argmax(axis=1) == values.argmax(axis=1)).all()


def test_kernels_are_kept_as_whole_numbers_but_those_that_see_edges(folder: Path) -> None:
    network = ov.Core().read_model(folder / QUANTISED)
    behind = [
        op.input_value(1).get_node().get_type_name()
        for op in network.get_ordered_ops()
        if op.get_type_name() in CONVOLUTIONS
    ]
    assert len(behind) == len(convolutions())
    whole = [kind == "Multiply" for kind in behind]
    assert whole == [False] * EXACT + [True] * (len(behind) - EXACT)


def test_what_was_not_brought_to_eight_bits_is_neither_calibrated_nor_exported(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="run `python -m training quantise`"):
        export(network_folder=tmp_path, pack=tmp_path / "view" / "10")


def test_what_was_trained_since_is_brought_to_eight_bits_again_first(folder: Path) -> None:
    weights, small = folder / WEIGHTS, folder / QUANTISED
    assert quantised(folder)[0] == small
    before = weights.stat()
    os.utime(weights, ns=(before.st_atime_ns, small.stat().st_mtime_ns + 1))
    try:
        with pytest.raises(ValueError, match="run quantise again"):
            quantised(folder)
    finally:
        os.utime(weights, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_two_networks_make_one_pack(folder: Path, tmp_path: Path) -> None:
    said = export(network_folder=folder, pack=tmp_path / "view" / "10", further=folder)
    assert said.count("largest difference from what was calibrated") == 2
    pack = load_pack(tmp_path / "view" / "10")
    assert pack.manifest.weights.further == "further.xml"
    first = load(pack)
    assert first.further is not None
    film = np.random.default_rng(1).random((1, 208, 208, 1), dtype=np.float32)
    one, two = (runtime.infer(film)["view"] for runtime in (first, first.further))
    np.testing.assert_allclose(two, one * 0.5, rtol=1e-2, atol=1e-3)  # in half precision


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
        export(network_folder=alone, pack=tmp_path / "view" / "10", further=folder)
    assert not (tmp_path / "view").exists()
