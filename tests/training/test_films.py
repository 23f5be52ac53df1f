"""Who may be used for what: the promise of the model card."""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path

import numpy as np

from training.augment import batches
from training.films import UNKNOWN, Example, real_films, share
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


def test_unknown_is_not_a_class() -> None:
    assert UNKNOWN < 0
