"""Spurs of bone grow on the edges of joints, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from training.simulate.bodies import CHILD, GROWN, WORN, Bodies
from training.simulate.rig import Rig, load_rig
from training.simulate.worn import margins, worn

pytestmark = pytest.mark.timeout(300)  # decimates the anatomy first


@pytest.fixture(scope="module")
def bodies(shared: Path, kept: Path) -> Bodies:
    return Bodies(load_rig(shared / "anatomy", kept))


@pytest.fixture(scope="module")
def leg(bodies: Bodies) -> Rig:
    return bodies.of("leg", GROWN)


def test_edges_lie_on_bones_near_joints(leg: Rig) -> None:
    edge = margins(leg)
    assert edge.shape == (len(leg.vertices),)
    assert edge.min() == 0
    assert 0.5 < edge.max() <= 1
    for part, kind in enumerate(leg.kinds):
        if kind != "bone":
            assert not edge[leg.vertex_starts[part] : leg.vertex_starts[part + 1]].any()
    femur = leg.part("Femur.l")
    heights = leg.vertices[femur][edge[femur] > 0.3][:, 1]
    bone = leg.vertices[femur][:, 1]
    assert len(heights) > 20
    assert (heights < bone.min() + 0.25 * np.ptp(bone)).all()  # at the knee: there is no hip in this rig


def test_spurs_are_some_millimetres_and_point_outwards(leg: Rig) -> None:
    edge = margins(leg)
    old = worn(leg, edge, np.random.default_rng(3))
    moved = old.vertices - leg.vertices
    tall = np.linalg.norm(moved, axis=1)
    assert not tall[edge == 0].any()
    assert 1 < tall.max() < 6.01
    assert ((moved * leg.normals).sum(axis=1) >= 0).all()


def test_every_kind_of_body_is_drawn_and_made_once(bodies: Bodies) -> None:
    rng = np.random.default_rng(1)
    drawn = [bodies.drawn("forearm", rng) for _ in range(200)]
    assert {kind for kind, _ in drawn} == {GROWN, CHILD, WORN}
    assert {number for _, number in drawn} == set(range(12))
    assert bodies.of("forearm", GROWN, 3) is bodies.of("forearm", GROWN)
    assert bodies.of("forearm", CHILD, 3) is bodies.of("forearm", CHILD, 3)
    assert bodies.of("forearm", CHILD, 3) is not bodies.of("forearm", CHILD, 4)
    again = Bodies(bodies.of("forearm", GROWN))
    assert np.array_equal(again.of("forearm", CHILD, 3).vertices, bodies.of("forearm", CHILD, 3).vertices)
