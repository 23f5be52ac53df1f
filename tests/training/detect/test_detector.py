"""The detector as a whole: it learns a few films by heart, goes on where it stopped, and ships."""

from __future__ import annotations

from pathlib import Path

import cv2
import keras
import numpy as np
import pytest

from classifiers.packs import load_pack
from training.detect.augment import PLAIN
from training.detect.calibrate import Calibration
from training.detect.candidates import answers, seen
from training.detect.example import BoxedFilm, fitted
from training.detect.export import Shipped, export
from training.detect.loop import Pool, Recipe, batches, learn
from training.detect.measures import overlaps
from training.detect.network import LEVELS, cut, deeper, detector
from training.quick import quick

# Keras's own saving does not yet follow NumPy 2 in this.
pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning"),
]

SIDE, LABELS, STEPS = 64, ("disc", "bar"), 80


def drawn(rng: np.random.Generator) -> BoxedFilm:
    """A grey film with a bright disc and a dark bar somewhere, small enough for the finest level: the others
    would need a backbone that knows something."""
    pixels = rng.normal(110, 6, (SIDE, SIDE)).astype(np.float32)
    x, y, u, v = (int(value) for value in rng.integers(12, SIDE - 12, 4))
    cv2.rectangle(pixels, (u - 10, v - 4), (u + 9, v + 3), 20.0, -1)
    cv2.circle(pixels, (x, y), 5, 240.0, -1)
    return BoxedFilm(
        pixels=np.clip(pixels, 0, 255).astype(np.uint8),
        boxes=np.array([[x - 5, y - 5, x + 6, y + 6], [u - 10, v - 4, u + 10, v + 4]], dtype=np.float32),
        labels=np.array([0, 1]),
        image=np.ones(2, dtype=np.float32),
        known=np.ones(2, dtype=np.float32),
    )


def learnt(out: Path, steps: int, lines: list[str]) -> keras.Model:
    rng = np.random.default_rng(3)
    films = [drawn(rng) for _ in range(24)]
    keras.utils.set_random_seed(1)
    model = detector(len(LABELS), side=SIDE, wide=16, depth=1)
    recipe = Recipe(steps=steps, rate=4e-3, frozen=0, settle=4, average=0.9, warm_up=5)
    pools = [Pool(films=films, count=12)]

    def feed(seed: int):  # type: ignore[no-untyped-def]
        return batches(pools, side=SIDE, labels=len(LABELS), seed=seed, style=PLAIN)

    return learn(model, feed, recipe, out, lines.append)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("network")


@pytest.fixture(scope="module")
def trained(folder: Path) -> keras.Model:
    return learnt(folder, STEPS, [])


def found_share(model: keras.Model) -> float:
    """Of what is drawn on twelve of the films that it learnt, how much it finds."""
    rng = np.random.default_rng(3)
    fits = []
    for film in [drawn(rng) for _ in range(12)]:
        out = model(film.pixels[None, ..., None].astype(np.float32) / 255, training=False)
        found = seen(np.asarray(out["scores"])[0], np.asarray(out["boxes"])[0], most=1)
        for label in range(len(LABELS)):
            fits.append(overlaps(found.boxes[found.labels == label], film.boxes[film.labels == label]).max())
    return float(np.mean(np.array(fits) > 0.4))


def test_it_finds_what_it_learnt_by_heart(trained: keras.Model) -> None:
    assert found_share(trained) > 0.7


def test_normalised_by_batch_while_it_learns_it_says_the_same_of_a_film_alone(trained: keras.Model) -> None:
    film = np.random.default_rng(0).random((3, SIDE, SIDE, 1), dtype=np.float32)
    alone, beside = trained(film[:1], training=False), trained(film, training=False)
    np.testing.assert_allclose(np.asarray(alone["scores"])[0], np.asarray(beside["scores"])[0], atol=1e-4)


def test_a_finished_training_is_read_back_and_not_done_again(trained: keras.Model, folder: Path) -> None:
    lines: list[str] = []
    again = learnt(folder, STEPS, lines)
    assert not lines
    for here, there in zip(trained.weights, again.weights, strict=True):
        np.testing.assert_array_equal(np.asarray(here), np.asarray(there))


def test_the_two_halves_of_a_network_say_what_the_whole_says(trained: keras.Model) -> None:
    image = np.random.default_rng(0).random((2, SIDE, SIDE, 1), dtype=np.float32)
    lower, upper = cut(trained)
    whole, halves = trained(image), upper(lower(image))
    for name, values in whole.items():
        np.testing.assert_allclose(np.asarray(values), np.asarray(halves[name]), atol=1e-4)


def test_what_lies_above_the_backbone_says_the_same_from_kept_features(trained: keras.Model) -> None:
    image = np.random.default_rng(0).random((2, SIDE, SIDE, 1), dtype=np.float32)
    (finest,) = quick(cut(trained)[0])(image).values()
    levels = [finest, *quick(deeper(trained))(finest).values()]
    below, heads = cut(trained, LEVELS)
    for kept, wanted in zip(levels, below(image), strict=True):
        np.testing.assert_allclose(kept, np.asarray(wanted), atol=1e-3)
    (first, _) = answers(heads, [tuple(level[k] for level in levels) for k in range(2)])
    for name, values in trained(image[:1]).items():
        np.testing.assert_allclose(first[name], np.asarray(values)[0], atol=0.01)


def test_it_ships_as_a_pack_that_says_the_same(trained: keras.Model, tmp_path: Path) -> None:
    two = (1.0, 1.0)
    calibration = Calibration(
        temperature=two, image_weight=(0.0, 0.5), bias=two, image_temperature=two, image_bias=two
    )
    shipped = Shipped(
        labels=LABELS,
        side=SIDE,
        calibration=calibration,
        thresholds={"disc": 0.4, "bar": 0.5},
        licence="none",
        training_data="drawn",
    )
    probes = np.stack([drawn(np.random.default_rng(k)).pixels for k in range(4)])[..., None] / np.float32(255)
    pack = export(trained, shipped, tmp_path / "shapes" / "1", probes=probes.astype(np.float32))
    assert load_pack(pack.folder).manifest == pack.manifest
    with pytest.raises(ValueError, match="differ"):
        export(detector(len(LABELS), side=SIDE), shipped, tmp_path / "shapes" / "2", probes=probes * np.nan)


def test_a_film_of_any_size_is_fitted_with_its_boxes() -> None:
    film = drawn(np.random.default_rng(5))
    large = cv2.resize(film.pixels, (512, 512), interpolation=cv2.INTER_NEAREST)
    wide = BoxedFilm(
        pixels=np.asarray(large, dtype=np.uint8),
        boxes=film.boxes * 8,
        labels=film.labels,
        image=film.image,
        known=film.known,
    )
    there = fitted(wide, side=SIDE)
    left, top, right, bottom = np.round(there.boxes[0]).astype(int).tolist()
    inside = there.pixels[top + 3 : bottom - 3, left + 3 : right - 3]
    assert inside.mean() > 200 and there.pixels.shape == (SIDE, SIDE)
