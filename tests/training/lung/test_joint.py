"""Two small networks as one: what each of them says of the labels it speaks for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from classifiers.vino import ops, ov
from training.detect.candidates import Candidates
from training.detect.export import OUTPUTS
from training.detect.network import HEAT_STRIDE, places
from training.lung.features import SIDE
from training.lung.films import LABELS
from training.lung.joint import (
    NOWHERE,
    OF_LUMPS,
    candidates_of_both,
    heat_of_scores,
    joint,
    said_jointly,
    unboxed_answers,
)
from training.lung.lumps import MASS, NODULE
from training.quick import compiled

PLACES, COUNT = len(places(SIDE)), len(LABELS)
FILMS = np.linspace(0, 1, 2 * SIDE * SIDE, dtype=np.float32).reshape(2, SIDE, SIDE, 1)
SHAPES = {
    "scores": (1, PLACES, COUNT),
    "boxes": (1, PLACES, 4),
    "image": (1, COUNT),
    "heat": (1, 20, 20, COUNT),
}


def _network(seed: int) -> ov.Model:
    """Says random numbers, and how bright the film is on top of them."""
    rng = np.random.default_rng(seed)
    film = ops.parameter([-1, SIDE, SIDE, 1], np.float32)
    film.output(0).get_tensor().set_names({"film"})
    results = []
    for name in OUTPUTS:
        shape = SHAPES[name]
        bright = ops.reduce_mean(film, np.array([1, 2, 3]), keep_dims=False)
        bright = ops.reshape(bright, np.array([-1, *[1] * (len(shape) - 1)]), special_zero=False)
        answer = ops.add(bright, rng.normal(size=shape).astype(np.float32))
        answer.output(0).get_tensor().set_names({name})
        results.append(ops.result(answer))
    return ov.Model(results, [film], "one")


def _said(network: ov.Model | Path) -> dict[str, NDArray[np.float32]]:
    answers = compiled(network)(FILMS)
    return {name: np.asarray(answers[name]) for name in OUTPUTS}


def test_the_joint_network_says_what_both_say_of_the_labels_they_speak_for(tmp_path: Path) -> None:
    other, own = _said(_network(1)), _said(_network(2))
    ov.save_model(joint(_network(1), _network(2)), tmp_path / "joint.xml", compress_to_fp16=False)
    found = _said(tmp_path / "joint.xml")
    for name, wanted in said_jointly(other, own).items():
        np.testing.assert_allclose(found[name], wanted, atol=1e-4)
    assert found["scores"].shape == (2, 2 * PLACES, COUNT)
    first, second = found["scores"][:, :PLACES], found["scores"][:, PLACES:]
    np.testing.assert_allclose(first[..., ~OF_LUMPS], other["scores"][..., ~OF_LUMPS], atol=1e-4)
    assert (first[..., OF_LUMPS] == NOWHERE).all()
    np.testing.assert_allclose(second, own["scores"], atol=1e-4)
    np.testing.assert_allclose(found["image"][:, NODULE], own["scores"][..., NODULE].max(axis=1), atol=1e-4)
    np.testing.assert_allclose(found["image"][:, 0], other["image"][:, 0], atol=1e-4)


def test_no_training_begins_with_a_network_that_boxed_films_taught() -> None:
    for network in (joint(_network(1), _network(2)), _network(2)):
        with pytest.raises(ValueError, match="no boxed film taught"):
            unboxed_answers(network)


def test_a_lump_that_one_place_sees_is_hot_there_and_nowhere_else() -> None:
    for place, size in ((0, 1), (40 * 7 + 12, 1), (1600 + 20 * 3 + 4, 1), (2000 + 10 * 9 + 9, 2)):
        scores = np.full((1, PLACES, COUNT), -5, dtype=np.float32)
        scores[0, place, NODULE] = 3
        hot = np.argwhere(heat_of_scores(scores)[0, ..., NODULE] > 0)
        assert len(hot) == size**2
        x, y = places(SIDE)[place]
        assert (np.abs((hot + 0.5) * HEAT_STRIDE - (y, x)) <= HEAT_STRIDE / 2).all()


def test_a_joint_network_is_not_joined_again() -> None:
    with pytest.raises(ValueError, match="places"):
        joint(joint(_network(1), _network(2)), _network(3))


def _candidates(*rows: tuple[int, int, float], films: int) -> Candidates:
    film, label, logit = zip(*rows, strict=True)
    return Candidates(
        film=np.array(film),
        label=np.array(label),
        logit=np.array(logit, dtype=np.float32),
        boxes=np.arange(4 * len(rows), dtype=np.float32).reshape(-1, 4),
        image=np.full((films, COUNT), 0.5, dtype=np.float32),
    )


def test_candidates_are_those_of_the_networks_that_speak_for_the_label() -> None:
    other = _candidates((0, MASS, 9.0), (0, 0, 1.0), (1, 0, 2.0), films=2)
    own = _candidates((0, MASS, 3.0), (0, MASS, 4.0), (0, 0, 9.0), (1, NODULE, 5.0), films=2)
    found = candidates_of_both(other, own)
    assert list(zip(found.film, found.label, found.logit, strict=True)) == [
        (0, 0, 1.0), (0, MASS, 3.0), (0, MASS, 4.0), (0, 0, 9.0), (1, 0, 2.0), (1, NODULE, 5.0)
    ]  # fmt: skip
    assert found.image[0, MASS] == 4.0 and found.image[1, NODULE] == 5.0
    assert found.image[1, MASS] == NOWHERE and found.image[0, 0] == 0.5


def test_candidates_of_other_films_are_not_put_together() -> None:
    with pytest.raises(ValueError, match="2 films and 3"):
        candidates_of_both(_candidates((0, 0, 1.0), films=2), _candidates((0, MASS, 1.0), films=3))
