"""Rays through closed surfaces: the length inside, and nothing where there is nothing."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from training.simulate.hardware import ball, tube
from training.simulate.meshes import Floats, Ints, merge, vertex_normals, volume
from training.simulate.raster import Camera, camera, thickness

RADIUS = 30.0


def looking(azimuth: float = 0.0) -> Camera:
    angle = np.deg2rad(azimuth)
    return camera(
        centre=np.zeros(3),
        beam=np.array([-np.sin(angle), 0.0, -np.cos(angle)]),
        up=np.array([0.0, 1.0, 0.0]),
        distance=1100.0,
        behind=100.0,
        pitch=1.0,
        width=100,
        height=80,
    )


def traced(points: Floats, faces: Ints, view: Camera) -> NDArray[np.float32]:
    starts, channels, limits = np.array([0, len(faces)]), np.array([0]), np.array([600.0])
    return thickness(points, faces, starts, channels, limits, view=view, tissues=1)[0]


@pytest.mark.parametrize("azimuth", [0.0, 37.0, 90.0, 180.0])
def test_a_ball_is_as_thick_as_its_chord(azimuth: float) -> None:
    points, faces = ball(np.zeros(3), RADIUS)
    picture = traced(points, faces, looking(azimuth))
    assert picture[40, 50] == pytest.approx(
        2 * RADIUS / 10, rel=0.06
    )  # the mesh lies a little inside the ball
    assert picture[0, 0] == 0.0


def test_no_ray_slips_between_two_triangles() -> None:
    points, faces = ball(np.zeros(3), RADIUS)
    rows, columns = np.mgrid[:80, :100]
    well_inside = (rows + 0.5 - 40) ** 2 + (columns + 0.5 - 50) ** 2 < (0.8 * RADIUS) ** 2
    assert traced(points, faces, looking(13.0))[well_inside].min() > 2.5


def test_a_surface_drawn_together_to_a_point_has_no_thickness() -> None:
    points, faces = ball(np.zeros(3), RADIUS)
    gone = np.zeros_like(points)
    assert traced(gone, faces, looking()).max() == pytest.approx(0.0, abs=1e-6)


def test_a_half_cut_away_leaves_the_other_half() -> None:
    points, faces = ball(np.zeros(3), RADIUS)
    points[:, 1] = np.clip(points[:, 1], 0.0, None)
    picture = traced(points, faces, looking())
    assert picture[50:].max() == pytest.approx(0.0, abs=1e-6)
    assert picture[:38].max() > 4.0


def test_the_film_shows_the_patient_as_seen_from_the_tube() -> None:
    view = looking()
    left, up = view.project(np.array([[10.0, 0.0, 0.0]])), view.project(np.array([[0.0, 10.0, 0.0]]))
    assert left[0, 0] > 50  # the patient's left is on the right of the film
    assert up[0, 1] < 40


def test_merging_vertices_keeps_a_surface_closed() -> None:
    points, faces = ball(np.zeros(3), RADIUS)
    cluster, merged = merge(points, faces, 12.0)
    counts = np.bincount(cluster)
    coarse = np.column_stack([np.bincount(cluster, points[:, axis]) / counts for axis in range(3)])
    assert len(merged) < len(faces)
    assert volume(coarse, merged) > 0.6 * volume(points, faces)
    picture = traced(coarse, merged, looking(20.0))
    assert picture[40, 50] == pytest.approx(2 * RADIUS / 10, rel=0.2)
    assert picture[:4].max() == 0.0


def test_implants_face_outward() -> None:
    for points, faces in (
        ball(np.ones(3), 5.0),
        tube(np.zeros(3), np.array([0.0, 40.0, 3.0]), 4.0, taper=0.5),
    ):
        assert volume(points, faces) > 0


def test_normals_point_away_from_the_middle() -> None:
    points, faces = ball(np.zeros(3), RADIUS)
    assert (np.einsum("ij,ij->i", vertex_normals(points, faces), points)[20:-20] > 0).all()
