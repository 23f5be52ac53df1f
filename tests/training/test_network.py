"""The view network while it learns."""

from __future__ import annotations

import numpy as np
import pytest

from training.network import body_of, learning, network
from training.recipe import Recipe
from training.train import between


@pytest.mark.timeout(120)  # loads TensorFlow
def test_features_are_dropped_while_it_learns_alone() -> None:
    model = network(Recipe(), side=64)
    films = np.random.default_rng(0).random((4, 64, 64, 1)).astype(np.float32)
    first, second = (np.asarray(learning(model, films)["view"]) for _ in range(2))
    assert not np.array_equal(first, second)
    assert np.array_equal(model(films, training=False)["view"], model(films, training=False)["view"])


@pytest.mark.timeout(120)
def test_by_batch_it_follows_the_films_but_in_blocks_that_do_not_learn() -> None:
    model = network(Recipe(frozen=3), side=64)
    films = np.random.default_rng(0).random((4, 64, 64, 1)).astype(np.float32)
    norms = [body_of(model).get_layer(name) for name in ("block5_expand_norm", "block1_expand_norm")]
    before = [norm.moving_mean.numpy().copy() for norm in norms]
    learning(model, films)
    moved = [np.any(norm.moving_mean.numpy() != old) for norm, old in zip(norms, before, strict=True)]
    assert moved == [True, False]


def test_weights_between_two_networks_hold_as_much_of_each_as_is_asked() -> None:
    old, new = [np.zeros(3), np.full((2, 2), 4.0)], [np.ones(3), np.full((2, 2), 8.0)]
    assert [values.ravel()[0] for values in between(new, old, 0.75)] == [0.25, 5.0]
    assert all(np.array_equal(one, two) for one, two in zip(between(new, old, 0.0), new, strict=True))
