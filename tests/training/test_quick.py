"""What OpenVINO says of a network is what Keras says."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers

from training.quick import predicted, quick


@pytest.fixture(scope="module")
def model() -> keras.Model:
    entry = keras.Input((16, 16, 1), name="image")
    seen = layers.BatchNormalization()(layers.Conv2D(4, 3, padding="same")(entry))
    flat = layers.GlobalAveragePooling2D()(seen)
    return keras.Model(entry, {"view": layers.Dense(5)(flat), "turn": layers.Dense(2)(flat)})


@pytest.mark.timeout(120)  # loads TensorFlow
def test_outputs_are_known_by_name_for_any_number_of_films(model: keras.Model) -> None:
    films = np.random.default_rng(0).random((7, 16, 16, 1)).astype(np.float32)
    wanted = model(films, training=False)
    found = predicted(quick(model), list(films[..., 0]), batch=3)
    assert set(found) == {"view", "turn"}
    for name, values in found.items():
        np.testing.assert_allclose(values, np.asarray(wanted[name]), atol=1e-5)


@pytest.mark.timeout(120)
def test_what_has_no_names_is_numbered_and_weights_are_those_of_then(model: keras.Model) -> None:
    film = np.ones((1, 16, 16, 1), np.float32)
    alone = keras.Model(model.input, model.output["view"])
    before = np.asarray(alone(film, training=False))
    run = quick(alone)
    model.layers[1].set_weights([2 * one for one in model.layers[1].get_weights()])
    assert set(run(film)) == {0}
    np.testing.assert_allclose(run(film)[0], before, atol=1e-5)
