"""Two small networks as one: what each of them says of the labels it speaks for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from classifiers.vino import ops, ov
from training.detect.candidates import Candidates
from training.detect.export import OUTPUTS
from training.detect.network import places
from training.lung.features import SIDE
from training.lung.films import LABELS
from training.lung.joint import candidates_of_both, joint, said_jointly
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


def test_the_joint_network_says_the_places_of_both_and_their_mean_of_the_film(tmp_path: Path) -> None:
    other, own = _said(_network(1)), _said(_network(2))
    ov.save_model(joint(_network(1), _network(2)), tmp_path / "joint.xml", compress_to_fp16=False)
    found = _said(tmp_path / "joint.xml")
    for name, wanted in said_jointly(other, own).items():
        np.testing.assert_allclose(found[name], wanted, atol=1e-4)
    assert found["scores"].shape == (2, 2 * PLACES, COUNT)
    for name in ("scores", "boxes"):
        np.testing.assert_allclose(found[name][:, :PLACES], other[name], atol=1e-4)
        np.testing.assert_allclose(found[name][:, PLACES:], own[name], atol=1e-4)
    for name in ("image", "heat"):
        np.testing.assert_allclose(found[name], np.mean([other[name], own[name]], axis=0), atol=1e-4)


def test_a_third_one_speaks_as_much_as_the_two_before_it() -> None:
    two, third = said_jointly(_said(_network(1)), _said(_network(2))), _said(_network(3))
    found = _said(joint(joint(_network(1), _network(2)), _network(3)))
    assert found["scores"].shape == (2, 3 * PLACES, COUNT)
    np.testing.assert_allclose(found["scores"][:, : 2 * PLACES], two["scores"], atol=1e-4)
    np.testing.assert_allclose(found["image"], (two["image"] + third["image"]) / 2, atol=1e-4)


def _candidates(*rows: tuple[int, int, float], films: int, image: float = 0.5) -> Candidates:
    film, label, logit = zip(*rows, strict=True)
    return Candidates(
        film=np.array(film),
        label=np.array(label),
        logit=np.array(logit, dtype=np.float32),
        boxes=np.arange(4 * len(rows), dtype=np.float32).reshape(-1, 4),
        image=np.full((films, COUNT), image, dtype=np.float32),
    )


def test_candidates_are_those_of_both_film_by_film() -> None:
    other = _candidates((0, MASS, 9.0), (0, 0, 1.0), (1, 0, 2.0), films=2)
    own = _candidates((0, MASS, 3.0), (0, MASS, 4.0), (0, 0, 9.0), (1, NODULE, 5.0), films=2, image=2.5)
    found = candidates_of_both(other, own)
    assert list(zip(found.film, found.label, found.logit, strict=True)) == [
        (0, MASS, 9.0), (0, 0, 1.0), (0, MASS, 3.0), (0, MASS, 4.0), (0, 0, 9.0),
        (1, 0, 2.0), (1, NODULE, 5.0),
    ]  # fmt: skip
    assert (found.image == 1.5).all()


def test_candidates_of_other_films_are_not_put_together() -> None:
    with pytest.raises(ValueError, match="2 films and 3"):
        candidates_of_both(_candidates((0, 0, 1.0), films=2), _candidates((0, MASS, 1.0), films=3))
