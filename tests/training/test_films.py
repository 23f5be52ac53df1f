"""Who may be used for what: the promise of the model card."""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path

import numpy as np
import pytest

from training.augment import batches
from training.films import UNKNOWN, Example, real_films, share, simulated
from training.looks import amplitudes, borrowed, filtered
from training.shapes import aslant, banded, bent
from training.simulate.fracture.film import BrokenFilm
from training.simulate.fracture.render import Order, keep, shard_path
from training.simulate.fracture.truth import Truth
from training.simulate.views import LABELS


def test_a_group_keeps_its_place_for_ever() -> None:
    assert share("f79240e2af") == share("f79240e2af")
    assert 0 <= share("anything") < 1
    assert share("a", "nih") != share("a")


def test_no_group_of_the_real_films_is_in_two_splits_of_one_kind(shared: Path) -> None:
    films = real_films(shared)
    for pair in ({"train", "calibrate"}, {"look", "final"}):
        groups = [{film.group for film in films if film.split == split} for split in sorted(pair)]
        assert not groups[0] & groups[1]


def test_what_was_looked_at_stays_among_the_looked_at(shared: Path) -> None:
    """Both hashes of the two rounds of splitting, written out once more."""
    evaluated = [film for film in real_films(shared) if film.split in ("look", "final")]
    for film in evaluated:
        first = int(hashlib.sha256(film.group.encode()).hexdigest(), 16) % 100 < 35
        later = share(film.group, "after view@1") < 0.2
        assert film.split == ("look" if first or later else "final")
    assert len({film.group for film in evaluated if film.split == "final"}) > 200


def test_an_evaluate_only_film_is_never_learnt_from(shared: Path) -> None:
    with (shared / "films" / "manifest.csv").open(newline="") as file:
        use = {row["path"]: row["use"] for row in csv.DictReader(file)}
    learnt = [film for film in real_films(shared) if film.split in ("train", "calibrate")]
    assert learnt
    assert all(use[film.path.relative_to(shared / "films").as_posix()].startswith("train") for film in learnt)


def pool(count: int, **known: int) -> list[Example]:
    rng = np.random.default_rng(0)
    return [
        Example(pixels=rng.integers(0, 255, (90, 70 + 10 * index), dtype=np.uint8), view=index, **known)  # type: ignore[arg-type]
        for index in range(count)
    ]


def test_a_batch_mixes_the_pools_in_their_numbers() -> None:
    batch = next(
        batches([(pool(3), 4), (pool(2, projection=1, upside=0), 2)], side=64, seed=1, flip=(True, False))
    )
    assert batch.images.shape == (6, 64, 64, 1)
    assert batch.images.min() >= 0
    assert batch.images.max() <= 1
    assert batch.projection_weights.tolist() == [0, 0, 0, 0, 1, 1]
    assert batch.rotation_weights.tolist() == [0, 0, 0, 0, 1, 1]


def test_the_same_seed_gives_the_same_batch() -> None:
    first, second = (next(batches([(pool(3), 5)], side=48, seed=9, flip=(True,))) for _ in range(2))
    assert np.array_equal(first.images, second.images)
    assert np.array_equal(first.views, second.views)


def test_a_lying_abdomen_teaches_no_view_when_it_is_turned_on_its_side() -> None:
    abdomen = [Example(pixels=pool(1)[0].pixels, view=LABELS.index("abdomen_ap"), upside=0)]
    batch = next(batches([(abdomen, 64)], side=32, seed=3, flip=(False,)))
    sideways = batch.rotations % 2 == 1
    assert sideways.any()
    assert batch.view_weights[sideways].max() == 0
    assert batch.view_weights[~sideways].min() == 1


def test_arms_rendered_for_another_model_teach_their_views_but_hands_do_not(tmp_path: Path) -> None:
    """Hands may lie between two views there. The last tenth of each shard is held out, as of others."""
    nothing = Truth(boxes=np.zeros((0, 4), np.float32), labels=(), unsure=frozenset(), places={})
    views = ["elbow_ap", "hand_ap", *["wrist_lateral"] * 9, "forearm_ap"]
    films = [
        (BrokenFilm(pixels=np.full((40, 30), k, np.uint8), view=view, injury="", truth=nothing), k)
        for k, view in enumerate(views)
    ]
    order = Order(anatomy=tmp_path, cache=tmp_path, out=tmp_path, seed=1, films=60)
    keep(shard_path(order, 0), films)
    learnt = [LABELS[film.view] for film in simulated([tmp_path], held_out=False)]
    assert learnt == ["elbow_ap", *["wrist_lateral"] * 9]
    assert [LABELS[film.view] for film in simulated([tmp_path], held_out=True)] == ["forearm_ap"]


def test_a_film_that_lies_aslant_is_all_there() -> None:
    film = np.full((80, 50), 200, dtype=np.uint8)
    turned = aslant(film, np.random.default_rng(4))
    assert turned.shape[0] > 50
    assert turned.shape[1] > 50
    assert (turned > 150).sum() == pytest.approx(film.size, rel=0.04)
    assert max(turned[0, 0], turned[-1, -1]) < 30


def test_a_band_lies_along_one_edge() -> None:
    film = np.tile(np.arange(60, dtype=np.uint8), (90, 1))
    for seed in range(8):
        changed = banded(film, np.random.default_rng(seed)) != film
        assert changed.shape == film.shape
        assert changed.mean() < 0.2
        assert not changed[20:70, 12:48].any()


def test_a_strange_filter_leaves_bone_bright() -> None:
    rows, columns = np.mgrid[:64, :64].astype(np.float32)
    film = np.exp(-((rows - 30) ** 2 + (columns - 30) ** 2) / 200).astype(np.float32)
    for seed in range(20):
        strange = filtered(film, np.random.default_rng(seed))
        assert 0 <= strange.min() <= strange.max() <= 1
        assert np.corrcoef(film.ravel(), strange.ravel())[0, 1] > 0.5


def test_a_bent_film_shows_the_same_a_little_elsewhere() -> None:
    dots = np.zeros((96, 96), dtype=np.float32)
    places = [(24, 24), (24, 72), (72, 24), (72, 72), (48, 48)]
    for row, column in places:
        dots[row - 3 : row + 4, column - 3 : column + 4] = 1
    for seed in range(10):
        found = bent(dots, np.random.default_rng(seed))
        assert (found != dots).any()
        for row, column in places:  # a hundredth of the side is nothing, an eighth is another joint
            assert found[row - 12 : row + 12, column - 12 : column + 12].max() > 0.5


def test_borrowed_textures_leave_things_where_they_are() -> None:
    rng = np.random.default_rng(2)
    film = np.zeros((96, 96), dtype=np.float32)
    film[30:70, 40:56] = 0.8
    other = rng.uniform(0, 1, (96, 96)).astype(np.float32)
    assert np.allclose(borrowed(film, amplitudes(film), 0.7), film, atol=1e-4)
    strange = borrowed(film, amplitudes(other), 0.5)
    assert np.abs(strange - film).mean() > 0.01
    assert np.corrcoef(strange.ravel(), film.ravel())[0, 1] > 0.6
    assert strange.min() >= 0 and strange.max() <= 1


def test_unknown_is_not_a_class() -> None:
    assert UNKNOWN < 0
