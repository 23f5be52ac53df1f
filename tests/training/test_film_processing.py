"""Processing of simulated films: always a film, always the same for the same seed."""

from __future__ import annotations

import numpy as np
import pytest

from training.simulate import film


def signal() -> tuple[np.ndarray, np.ndarray]:  # type: ignore[type-arg]
    rows, columns = np.mgrid[:120, :90].astype(np.float32)
    body = (columns - 45) ** 2 + ((rows - 60) / 1.5) ** 2 < 35**2
    attenuation = np.where(body, 2.0 + 0.02 * rows, 0.1).astype(np.float32)
    return attenuation, body


@pytest.mark.parametrize("seed", range(8))
def test_a_developed_film_lies_between_black_and_white(seed: int) -> None:
    attenuation, body = signal()
    picture = film.developed(
        attenuation,
        body,
        np.random.default_rng(seed),
        pitch=1.0,
        trunk=bool(seed % 2),
        blackened=12,
        whitened=6,
    )
    assert picture.shape == attenuation.shape
    assert picture.min() >= 0
    assert picture.max() <= 1
    assert picture[body].mean() > picture[~body].mean()  # bone bright: the body lies above the air


def test_the_same_seed_gives_the_same_film() -> None:
    attenuation, body = signal()
    pictures = []
    for _ in range(2):
        rng = np.random.default_rng(4)
        picture = film.developed(attenuation, body, rng, pitch=1.0, trunk=False, blackened=12, whitened=6)
        picture = film.marked(film.collimated(picture, rng, often=1.0), rng, often=1.0)
        pictures.append(film.compressed(picture, rng))
    assert np.array_equal(pictures[0], pictures[1])


def test_shutters_leave_the_middle_open() -> None:
    picture = np.full((100, 100), 0.5, dtype=np.float32)
    shut = film.collimated(picture, np.random.default_rng(3), often=1.0)
    assert shut.size >= picture.size
    assert np.isclose(shut, 0.5).mean() > 0.2
