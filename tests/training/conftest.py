"""The anatomy, decimated and rigged once for all tests; a view pack whose networks differ in size."""

from __future__ import annotations

import fcntl
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from classifiers.packs import load_pack, write_pack
from classifiers.vino import ov
from training.simulate.rig import load_rig


@pytest.fixture(scope="session")
def kept(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the simulators keep what they made of the anatomy; all processes of a test run share it."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "anatomy"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        load_rig(shared / "anatomy", folder)
    return folder


@pytest.fixture
def two_sizes(tmp_path: Path) -> Path:
    """The shipped view pack with a larger further network, which has learnt nothing."""
    import keras

    from training.begin import VIEW_PACK
    from training.network import body_of, network
    from training.quantise import with_names
    from training.recipe import Recipe

    folder = tmp_path / "view" / "1"
    folder.mkdir(parents=True)
    for name in ("model.xml", "model.bin", "CARD.md"):
        (folder / name).write_bytes((VIEW_PACK / name).read_bytes())
    further = network(Recipe(body="lite2"), side=208)
    for layer in [*body_of(further).layers, *further.layers]:  # what adds nothing is not exported
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.beta.assign(np.ones_like(layer.beta))
        elif isinstance(layer, keras.layers.Dense):
            layer.bias.assign(np.ones_like(layer.bias))
    ov.save_model(with_names(further), str(folder / "further.xml"), compress_to_fp16=False)
    write_pack(folder, replace(load_pack(VIEW_PACK).manifest, version="1"))
    return folder
