"""Bones cut in two: both halves closed, nothing lost, and moved apart they show a gap."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from training.simulate.cut import Field, Shell, cut, finer
from training.simulate.fracture.jagged import break_height, place, plate_height, surface, wedge_height
from training.simulate.hardware import ball, tube
from training.simulate.meshes import Floats, volume
from training.simulate.raster import camera, thickness

LOOK = camera(centre=np.zeros(3), beam=np.array([0.2, 0.1, -1.0]), up=np.array([0.0, 1.0, 0.0]),
              distance=1100.0, behind=50.0, pitch=1.0, width=80, height=120)  # fmt: skip


def bone(*, rounds: int = 3) -> Shell:
    points, faces = tube(np.array([0.0, -50.0, 0.0]), np.array([3.0, 50.0, 2.0]), 9.0, taper=1.4)
    for _ in range(rounds):
        pairs, faces = finer(points, faces)
        points = np.concatenate([points, points[pairs].mean(axis=1)])
    return Shell(vertices=points, faces=faces, tags=np.zeros(len(points), dtype=np.int64))


def traced(*shells: Shell) -> NDArray[np.float32]:
    total = np.zeros((120, 80), dtype=np.float32)
    for shell in shells:
        starts, channels, limits = np.array([0, len(shell.faces)]), np.array([0]), np.array([600.0])
        total += thickness(shell.vertices, shell.faces, starts, channels, limits, view=LOOK, tissues=1)[0]
    return total


def broken(seed: int, shell: Shell) -> Field:
    at = place(shell.vertices, 4.0, np.array([0.0, 1.0, 0.0]))
    return surface(at, break_height(at, np.random.default_rng(seed)))


def edges_met_twice(shell: Shell) -> bool:
    """Every edge is walked as often one way as the other: the surface is closed."""
    there = np.concatenate([shell.faces[:, [0, 1]], shell.faces[:, [1, 2]], shell.faces[:, [2, 0]]])
    keys = there[:, 0] * len(shell.vertices) + there[:, 1]
    back = there[:, 1] * len(shell.vertices) + there[:, 0]
    return np.array_equal(np.sort(keys), np.sort(back))


@pytest.mark.parametrize("seed", range(12))
def test_both_halves_are_closed_and_put_together_cross_every_ray_as_before(seed: int) -> None:
    whole = bone()
    halves = cut(whole, broken(seed, whole), 1)
    assert all(edges_met_twice(half) for half in halves)
    assert sum(volume(half.vertices, half.faces) for half in halves) == pytest.approx(
        volume(whole.vertices, whole.faces)
    )
    assert np.abs(traced(*halves) - traced(whole)).max() < 1e-3  # cm


def test_halves_moved_apart_leave_a_gap_and_lose_nothing() -> None:
    whole = bone()
    above, below = cut(whole, broken(2, whole), 1)
    apart = above.placed(above.vertices + np.array([[0.0, 6.0, 0.0]]))
    picture = traced(apart, below)
    assert picture.sum() == pytest.approx(traced(whole).sum(), rel=0.02)
    middle = slice(40, 75)  # rows around the cut
    assert picture[middle].sum() < 0.95 * traced(whole)[middle].sum()


def test_the_rim_lies_on_the_cut_and_carries_its_tag() -> None:
    whole = bone()
    field = broken(5, whole)
    for half in cut(whole, field, 7):
        rim = half.vertices[half.tags == 7]
        assert len(rim) > 20
        assert np.abs(field(rim)).max() < 2.0  # mm: between vertices the surface is straight
        assert not half.tags[np.abs(half.vertices[:, 1]) > 45].any()


def test_a_butterfly_fragment_is_closed_too() -> None:
    whole, rng = bone(), np.random.default_rng(3)
    at = place(whole.vertices, 0.0, np.array([0.0, 1.0, 0.0]))
    height = break_height(at, rng)
    above, below = cut(whole, surface(at, height), 1)
    under, out = wedge_height(at, height, rng)
    loose, rest = cut(below, surface(at, under), 1)
    assert np.linalg.norm(out) == pytest.approx(1.0)
    assert all(edges_met_twice(piece) for piece in (above, loose, rest))
    assert volume(loose.vertices, loose.faces) > 0
    assert np.abs(traced(above, loose, rest) - traced(whole)).max() < 1e-3


def test_a_cut_beside_the_bone_leaves_it_whole() -> None:
    whole = bone()

    def far(points: Floats) -> Floats:
        return np.asarray(points[:, 1] + 500.0)

    above, below = cut(whole, far, 1)
    assert len(above.faces) == len(whole.faces)
    assert len(below.faces) == 0


def test_a_growth_plate_is_nearly_flat() -> None:
    line = np.linspace(-10, 10, 50)
    for seed in range(10):
        height = plate_height(np.random.default_rng(seed))(line, line)
        assert np.ptp(height) < 9


def test_two_balls_are_cut_with_a_fan_each() -> None:
    first, faces = ball(np.array([-20.0, 0.0, 0.0]), 10.0)
    second, _ = ball(np.array([20.0, 0.0, 0.0]), 10.0)
    both = Shell(vertices=np.concatenate([first, second]), faces=np.concatenate([faces, faces + len(first)]),
                 tags=np.zeros(2 * len(first), dtype=np.int64))  # fmt: skip
    halves = cut(both, lambda points: np.asarray(points[:, 1] + 0.3), 1)
    assert np.abs(traced(*halves) - traced(both)).max() < 1e-3
