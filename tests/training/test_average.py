"""A network between several is between them, weight by weight."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import keras
import numpy as np
import pytest

from training.average import average, between
from training.begin import VIEW_PACK, go_on_from
from training.load import WEIGHTS, trained
from training.network import body_of, network
from training.recipe import Recipe
from training.simulate.views import LABELS


def test_a_share_of_the_start() -> None:
    tuned, begun = [np.array([2.0, 4.0])], [np.array([0.0, 8.0])]
    assert between(tuned, begun, 0.25)[0] == pytest.approx([1.5, 5.0])


def settling(recipe: Recipe) -> list[np.ndarray]:
    """Films for ``recipe``'s network."""
    shape = (3, recipe.side, recipe.side, 1)
    return [np.random.default_rng(0).random(shape).astype(np.float32)]


def left_by_training(folder: Path, model: keras.Model, change: float) -> Path:
    """A folder as ``train`` leaves it, every bias of the view head raised by ``change``."""
    folder.mkdir()
    kernel, bias = model.get_layer("view").get_weights()
    model.get_layer("view").set_weights([kernel, bias + change])
    model.save_weights(folder / WEIGHTS)
    model.get_layer("view").set_weights([kernel, bias])
    (folder / "recipe.json").write_text(json.dumps(asdict(Recipe()) | {"labels": LABELS}))
    return folder


@pytest.mark.timeout(120)  # loads TensorFlow
@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")
def test_three_networks_count_alike_and_the_start_as_it_is_told(tmp_path: Path) -> None:
    model = network(Recipe(), side=208)
    go_on_from(model, VIEW_PACK)
    begun = model.get_layer("view").get_weights()[1]
    made = [left_by_training(tmp_path / str(change), model, change) for change in (1.0, 2.0, 6.0)]
    written = average(made, start=VIEW_PACK, of_start=0.5, out=tmp_path / "out", settling=settling)
    found, recipe = trained(tmp_path / "out")
    assert written == tmp_path / "out" / WEIGHTS
    assert recipe.of_start == 0.5
    assert found.get_layer("view").get_weights()[1] == pytest.approx(begun + 1.5, abs=1e-4)
    body, films = body_of(found), settling(recipe)[0]
    reaching = keras.Model(body.input, body.get_layer("block5_expand_norm").input)(films, training=False)
    norm = body.get_layer("block5_expand_norm")
    assert norm.moving_mean.numpy() == pytest.approx(np.mean(reaching, axis=(0, 1, 2)), abs=1e-3)


@pytest.mark.timeout(120)  # loads TensorFlow
@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")
@pytest.mark.parametrize("body", ["lite0", "lite2"])
def test_without_networks_it_is_the_start_itself(tmp_path: Path, two_sizes: Path, body: str) -> None:
    model = network(Recipe(body=body), side=208)
    go_on_from(model, two_sizes, size=body)
    average([], start=two_sizes, of_start=0.5, out=tmp_path, settling=settling, body=body)
    for kept, begun in zip(trained(tmp_path)[0].get_weights(), model.get_weights(), strict=True):
        assert np.array_equal(kept, begun)
