"""Films in, views out: through a real network, with the manifest's preprocessing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from classifiers.film import Film
from classifiers.manifest import Engine, Fit, Manifest, Polarity, Task
from classifiers.packs import Pack
from classifiers.polarity import TURNED
from classifiers.prepare import prepare
from classifiers.runtimes import load
from classifiers.tensors import batch, tensor
from classifiers.view import ViewClassifier
from router.errors import PackError
from router.types import INVERTED, POLARITY

MakePack = Callable[..., Pack]


def film(image: np.ndarray) -> Film:
    """A film of these pixels, as large as stored."""
    rows, columns = image.shape
    return Film(image=image.astype(np.float32), stored_rows=rows, stored_columns=columns, scale=(1.0, 1.0))


def noise(count: int, rows: int = 40, columns: int = 30) -> list[Film]:
    random = np.random.default_rng(5)
    return [film(random.random((rows + i, columns), np.float32)) for i in range(count)]


def test_each_film_of_a_batch_gets_its_own_view_in_order(make_pack: MakePack) -> None:
    pack = make_pack()
    classifier = ViewClassifier(pack, load(pack))
    films = noise(6)
    together = classifier.predict(films)
    alone = [classifier.predict([one])[0] for one in films]
    assert together == alone
    assert len({prediction.score for prediction in together}) == 6
    assert all(prediction.model == pack.ref for prediction in together)
    assert all(prediction.view in pack.manifest.outputs["view"].labels for prediction in together)


def test_no_films_no_views(make_pack: MakePack) -> None:
    pack = make_pack()
    assert ViewClassifier(pack, load(pack)).predict([]) == []


def test_both_runtimes_state_the_same(make_pack: MakePack) -> None:
    pack = make_pack()
    films = noise(4)
    one = ViewClassifier(pack, load(pack)).predict(films)
    two = ViewClassifier(pack, load(pack, engine=Engine.TENSORFLOW)).predict(films)
    assert [p.view for p in one] == [p.view for p in two]
    assert [p.score for p in one] == pytest.approx([p.score for p in two], abs=1e-3)


def test_further_heads_are_read_beside_the_view(make_pack: MakePack) -> None:
    pack = make_pack()
    (prediction,) = ViewClassifier(pack, load(pack)).predict(noise(1))
    heads = prediction.further
    assert heads.keys() == {"projection"}
    assert {candidate.label for candidate in heads["projection"]} == {"ap", "pa"}
    assert sum(candidate.score for candidate in heads["projection"]) == pytest.approx(1.0)
    assert prediction.score <= 1.0


def test_another_task_is_no_view_classifier(make_pack: MakePack) -> None:
    pack = make_pack()
    wrong = replace(pack, manifest=replace(pack.manifest, task=Task.DETECT))
    with pytest.raises(PackError, match="its task is detect, not view"):
        ViewClassifier(wrong, load(pack))


@pytest.mark.parametrize(
    ("change", "black", "white"),
    [
        ({}, 0.0, 1.0),
        ({"polarity": Polarity.BONE_DARK}, 1.0, 0.0),
        ({"range": (-1.0, 1.0)}, -1.0, 1.0),
        ({"range": (0.0, 255.0), "mean": (128.0,), "scale": (128.0,)}, -1.0, 127 / 128),
        ({"range": (0.0, 255.0), "polarity": Polarity.BONE_DARK}, 255.0, 0.0),
    ],
)
def test_black_and_white_become_what_the_manifest_says(
    tiny_manifest: Manifest, change: dict[str, object], black: float, white: float
) -> None:
    wanted = replace(tiny_manifest.input, **change)
    assert tensor(np.zeros((9, 9), np.float32), wanted) == pytest.approx(black)
    assert tensor(np.ones((9, 9), np.float32), wanted) == pytest.approx(white)


def test_a_grey_film_fills_three_channels_each_with_its_mean_and_scale(tiny_manifest: Manifest) -> None:
    wanted = replace(tiny_manifest.input, channels=3, mean=(0.1, 0.2, 0.3), scale=(1.0, 2.0, 4.0))
    found = tensor(np.ones((20, 10), np.float32), wanted)
    assert found.shape == (16, 16, 3)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found[0, 0], [0.9, 0.4, 0.175], rtol=1e-6)


def test_centre_takes_the_middle_square_and_stretch_the_whole(tiny_manifest: Manifest) -> None:
    image = np.zeros((32, 64), np.float32)
    image[:, :16] = 1.0  # left of the central square
    centre = tensor(image, replace(tiny_manifest.input, fit=Fit.CENTRE))
    stretch = tensor(image, replace(tiny_manifest.input, fit=Fit.STRETCH))
    assert centre.max() == 0.0
    assert stretch.mean() == pytest.approx(0.25)


def test_film_fit_is_the_one_preprocessing_of_training(tiny_manifest: Manifest) -> None:
    image = np.random.default_rng(1).random((70, 50), np.float32)
    found = tensor(image, replace(tiny_manifest.input, fit=Fit.FILM))
    np.testing.assert_array_equal(found[..., 0], prepare(image, side=16))


def test_a_film_that_may_not_be_written_is_only_read(tiny_manifest: Manifest) -> None:
    image = np.random.default_rng(1).random((70, 50), np.float32)
    image.flags.writeable = False
    for fit in Fit:
        tensor(image, replace(tiny_manifest.input, fit=fit))


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (500, 1), (3, 4000)])
@pytest.mark.parametrize("fit", [Fit.CENTRE, Fit.STRETCH])
def test_films_of_any_shape_fit(tiny_manifest: Manifest, shape: tuple[int, int], fit: Fit) -> None:
    found = batch([np.full(shape, 0.5, np.float32)], replace(tiny_manifest.input, fit=fit))
    assert found == pytest.approx(0.5)


def test_a_film_that_its_header_shows_inverted_is_said_to_be(make_pack: MakePack) -> None:
    pack = make_pack()
    classifier = ViewClassifier(pack, load(pack))
    (plain,) = noise(1)
    as_read, turned = classifier.predict([plain, replace(plain, notes=(TURNED,))])
    assert POLARITY not in as_read.further
    assert [candidate.label for candidate in turned.further[POLARITY]] == [INVERTED]
    assert turned.candidates == as_read.candidates
