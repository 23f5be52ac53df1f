"""Films of feet: the same for a seed, boxes that lie where the bone is, and silence about what is hidden."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from training.ossicle.films import LABELS, SIDE, SITE_OF, Foot, simulated_feet, squares, whole
from training.simulate.ossicle import SHARD, FootOrder, feet, render_feet, setup, stored_feet
from training.simulate.ossicle_film import FootFilm, Truth, expose
from training.simulate.ossicle_scene import FootStudio
from training.simulate.ossicle_shapes import Lump, halves, hollow, ossicle, sphere
from training.simulate.setup import View
from training.simulate.views import TABLE

pytestmark = pytest.mark.timeout(300)  # decimates the anatomy first


def plainly(label: str) -> View:
    view = next(view for view in TABLE if view.label == label)
    return replace(view, pair=0.0, tight=0.0, collimation=0.0, mirror=0.0)


@pytest.mark.parametrize(
    ("name", "label", "shows"),
    [
        ("os_trigonum", "foot_lateral", True),
        ("os_supranaviculare", "foot_lateral", True),
        ("os_vesalianum", "foot_oblique", True),
        ("os_peroneum", "foot_oblique", True),
        ("os_trigonum", "ankle_ap", False),  # behind tibia and talus
    ],
)
def test_a_bone_shows_where_radiologists_see_it_and_not_where_others_hide_it(
    studio: FootStudio, name: str, label: str, shows: bool
) -> None:
    shares = []
    for seed in range(9):
        shot = studio.shoot(plainly(label), np.random.default_rng(seed), wanted=[name])
        shares.append(next(thing.plain for thing in shot.things if thing.kind == name))
    assert np.median(shares) > 0.6 if shows else np.median(shares) < 0.4


def test_a_film_is_the_same_for_the_same_seed(studio: FootStudio) -> None:
    first, second = (next(feet(studio, 5, 3)) for _ in range(2))
    assert np.array_equal(first.pixels, second.pixels)
    assert first.things == second.things
    assert first.sites == second.sites


@pytest.mark.parametrize("label", ["foot_lateral", "foot_ap"])
def test_a_box_lies_on_the_film_where_the_bone_is(studio: FootStudio, label: str) -> None:
    """With and without the bone, all else the same: what differs lies in the box."""
    view, name = plainly(label), "os_vesalianum" if label == "foot_ap" else "os_trigonum"
    shot = studio.shoot(view, np.random.default_rng(8), wanted=[name])
    bone = next(thing for thing in shot.things if thing.kind == name)
    without = shot.tissues.copy()
    without[:, bone.shadow] = 0  # a hole where it was
    films = [
        expose(replace(shot, tissues=tissues), studio.grain, np.random.default_rng(21))
        for tissues in (shot.tissues, without)
    ]
    box = next(thing.box for thing in films[0].things if thing.kind == name)
    change = np.abs(films[0].pixels.astype(float) - films[1].pixels)
    rows, columns = np.nonzero(change > 0.6 * change.max())
    centre = (np.median(columns), np.median(rows))
    assert box[0] - 2 <= centre[0] <= box[2] + 2
    assert box[1] - 2 <= centre[1] <= box[3] + 2


def test_both_feet_of_a_pair_have_their_boxes(studio: FootStudio) -> None:
    shot = studio.shoot(
        replace(plainly("foot_ap"), pair=1.0), np.random.default_rng(2), wanted=["os_vesalianum"]
    )
    film = expose(shot, studio.grain, np.random.default_rng(1))
    assert len([thing for thing in film.things if thing.kind == "os_vesalianum"]) == 2


def test_shards_come_back_as_they_were_stored(shared: Path, kept: Path, tmp_path: Path) -> None:
    order = FootOrder(anatomy=shared / "anatomy", out=tmp_path, kept=kept, seed=1, films=SHARD)
    assert list(render_feet(order, processes=1))[-1] == (1, 1)
    films = stored_feet(tmp_path / "feet-body-1-000.npz")
    fresh = feet(FootStudio(shared / "anatomy", kept), 1, 0)
    assert [film.things for film in films[:3]] == [next(fresh).things for _ in range(3)]
    held = {foot.group for foot in simulated_feet(tmp_path, held_out=True)}
    learnt = {foot.group for foot in simulated_feet(tmp_path, held_out=False)}
    assert len(held) == 2
    assert not held & learnt


def test_what_nobody_can_see_teaches_nothing() -> None:
    film = FootFilm(
        pixels=np.random.default_rng(0).integers(0, 255, (300, 200), dtype=np.uint8),
        label="foot_ap",
        things=(truth("os_vesalianum", (40, 40, 60, 55), plain=0.1),),
        sites=(
            truth("os_vesalianum", (30, 30, 70, 70)),
            truth("os_peroneum", (110, 90, 150, 130), plain=0.25),
        ),
    )
    first = whole(Foot(film=film, group="a"))
    assert [LABELS[label] for label in first.labels] == [SITE_OF["os_vesalianum"]]
    assert first.known[LABELS.index(SITE_OF["os_peroneum"])] == 0  # half hidden: neither there nor not
    assert first.known[LABELS.index("os_trigonum")] == 0  # nobody asks a whole film
    name, closer = squares(Foot(film=film, group="a"), np.random.default_rng(0))[0]
    assert name == "os_vesalianum"
    assert closer.pixels.shape == (SIDE, SIDE)
    assert len(closer.labels) == 0
    assert closer.known[LABELS.index("os_vesalianum")] == 0
    assert closer.known[LABELS.index("os_peroneum")] == 1


def truth(kind: str, box: tuple[float, float, float, float], plain: float = 1.0) -> Truth:
    return Truth(kind=kind, box=box, plain=plain, contrast=0.5, millimetres=8.0, bipartite=False)


def test_lumps_are_closed_hollow_and_come_in_two_halves() -> None:
    rng = np.random.default_rng(4)
    assert len(sphere(2)[1]) == 320
    lump = ossicle(np.diag([5.0, 4.0, 3.0]), 0.7, rng)
    inner = hollow(lump.outer, 0.7)
    assert content(lump.outer, lump) > content(inner, lump) > 0.3 * content(lump.outer, lump)
    parts = halves(lump, 0.7, 0.8, np.array([1.0, 0.0, 0.0]), rng)
    both = sum(content(part.outer, lump) for part in parts)
    assert 0.6 * content(lump.outer, lump) < both < content(lump.outer, lump)


def content(points: np.ndarray[tuple[int, ...], np.dtype[np.float64]], lump: Lump) -> float:
    a, b, c = (points[lump.faces[:, corner]] for corner in range(3))
    return float(np.einsum("ij,ij->", a, np.cross(b, c)) / 6)


def test_of_however_short_a_calcified_artery_something_shows(studio: FootStudio) -> None:
    rng = np.random.default_rng([1, 73, 5])  # drew one of no length to speak of
    shot = studio.shoot(setup(rng), rng)
    (chalk,) = (thing for thing in shot.things if thing.kind == "chalk")
    assert chalk.millimetres > 0
