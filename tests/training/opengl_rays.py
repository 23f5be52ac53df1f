"""OpenGL draws what the rasteriser on the processor traces; without a GPU, Mesa draws it in software."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from training.__main__ import main
from training.simulate.hardware import ball, tube
from training.simulate.meshes import Floats, Ints
from training.simulate.raster import Camera, camera, thickness
from training.simulate.raster_gpu import SIDE, NoOpenGLError, OpenGLRaster
from training.simulate.render import load_shard
from training.simulate.scene import Studio
from training.simulate.segments import CHANNEL, OPEN_TUBES
from training.simulate.views import TABLE

Surface = tuple[Floats, Ints]
CUBE = (
    np.array([(x, y, z) for x in (-20.0, 20.0) for y in (-20.0, 20.0) for z in (-20.0, 20.0)]),
    np.array([(0, 1, 3), (0, 3, 2), (4, 6, 7), (4, 7, 5), (0, 4, 5), (0, 5, 1), (2, 3, 7), (2, 7, 6),
              (0, 2, 6), (0, 6, 4), (1, 5, 7), (1, 7, 3)]),
)  # fmt: skip


@pytest.fixture(scope="session")
def opengl() -> OpenGLRaster:
    try:
        return OpenGLRaster()
    except NoOpenGLError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))


def looking(azimuth: float = 0.0, *, width: int = 100, height: int = 80) -> Camera:
    angle = np.deg2rad(azimuth)
    return camera(centre=np.zeros(3), beam=np.array([-np.sin(angle), 0.0, -np.cos(angle)]),
                  up=np.array([0.0, 1.0, 0.0]), distance=1100.0, behind=100.0, pitch=1.0, width=width,
                  height=height)  # fmt: skip


def together(
    *surfaces: Surface, channels: list[int] | None = None, limits: list[float] | None = None
) -> tuple[Floats, Ints, Ints, Ints, Floats]:
    """Surfaces as ``thickness`` wants them."""
    firsts = np.cumsum([0, *(len(points) for points, _ in surfaces)])
    return (
        np.concatenate([points for points, _ in surfaces]),
        np.concatenate([faces + first for (_, faces), first in zip(surfaces, firsts[:-1], strict=True)]),
        np.cumsum([0, *(len(faces) for _, faces in surfaces)]),
        np.array(channels or [0] * len(surfaces)),
        np.array(limits or [600.0] * len(surfaces)),
    )


def both(opengl: OpenGLRaster, body: tuple[Floats, Ints, Ints, Ints, Floats], view: Camera, tissues: int = 1
         ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:  # fmt: skip
    """What OpenGL draws, and what the processor traces."""
    drawn = opengl.thickness(*body, view=view, tissues=tissues)
    traced = thickness(*body, view=view, tissues=tissues)
    assert drawn.shape == traced.shape
    assert drawn.dtype == traced.dtype
    return drawn, traced


@pytest.mark.parametrize("azimuth", [0.0, 37.0, 90.0, 180.0])
def test_a_ball_is_as_thick_as_on_the_processor(opengl: OpenGLRaster, azimuth: float) -> None:
    drawn, traced = both(opengl, together(ball(np.array([3.3, -2.1, 40.0]), 30.0)), looking(azimuth))
    assert traced.max() > 5
    assert drawn == pytest.approx(traced, abs=0.02)
    assert (abs(drawn - traced) > 1e-4).mean() < 0.01  # only along edges


def test_a_cube_is_as_thick_as_it_is(opengl: OpenGLRaster) -> None:
    drawn = opengl.thickness(*together(CUBE), view=looking(), tissues=1)[0]
    assert drawn[38:42, 48:52] == pytest.approx(4.0, abs=1e-4)
    assert drawn[0, 0] == 0.0


def test_each_part_is_held_to_its_limit_before_it_is_added(opengl: OpenGLRaster) -> None:
    points, faces = CUBE
    hollow = points, faces[:, ::-1]
    body = together(CUBE, CUBE, hollow, CUBE, channels=[1, 1, 3, 2], limits=[600.0, 10.0, 600.0, 25.0])
    drawn, traced = both(opengl, body, looking(), tissues=4)
    assert drawn[:, 40, 50] == pytest.approx([0.0, 5.0, 2.5, 0.0], abs=1e-4)
    assert (abs(drawn - traced) > 1e-3).mean() < 0.01


@pytest.mark.parametrize("wall", [slice(0, 2), slice(2, 4), slice(0, 10)])
def test_an_open_surface_reads_as_on_the_processor(opengl: OpenGLRaster, wall: slice) -> None:
    points, faces = CUBE
    body = together((points + 3.3, faces[wall]), limits=[28.0])
    drawn, traced = both(opengl, body, looking(21.0))
    assert set(np.unique(abs(drawn - traced) > 1e-3)) == {False}


@pytest.mark.parametrize("shift", [(49.0, 0.0), (-60.0, 35.0), (0.0, -39.0), (300.0, 0.0)])
def test_what_is_off_the_film_leaves_what_is_on_it(opengl: OpenGLRaster, shift: tuple[float, float]) -> None:
    body = together(ball(np.array([*shift, 0.0]), 20.0), ball(np.zeros(3), 15.0))
    drawn, traced = both(opengl, body, looking())
    assert drawn == pytest.approx(traced, abs=0.02)


def test_a_film_may_lie_within_a_shadow(opengl: OpenGLRaster) -> None:
    drawn, traced = both(opengl, together(ball(np.zeros(3), 400.0)), looking())
    assert drawn == pytest.approx(traced, abs=1e-3)


def test_triangles_beside_and_behind_the_focal_spot_are_left_out(opengl: OpenGLRaster) -> None:
    view = looking()
    around = ball(view.source + 0.3, np.array([30.0, 20.0, 25.0]))
    behind = ball(view.source - 200 * view.towards, 50.0)
    body = together(around, behind, ball(np.zeros(3), 15.0), limits=[28.0, 28.0, 600.0])
    drawn, traced = both(opengl, body, view)
    assert traced[0, 10, 10] > 2  # the half that is left is open
    assert drawn == pytest.approx(traced, abs=0.02)


def test_there_may_be_more_parts_than_fit_the_texture(opengl: OpenGLRaster) -> None:
    view = looking(width=240, height=200)
    count = 2 * SIDE**2 // (240 * 200)
    rng = np.random.default_rng(0)
    balls = [ball(rng.uniform(-20, 20, 3), rng.uniform(90, 130)) for _ in range(count)]
    drawn, traced = both(opengl, together(*balls, channels=[k % 3 for k in range(count)]), view, tissues=3)
    assert drawn == pytest.approx(traced, abs=0.02)


def test_nothing_is_nowhere_thick(opengl: OpenGLRaster) -> None:
    nothing = np.zeros((0, 3)), np.zeros((0, 3), dtype=np.int64)
    assert not opengl.thickness(*together(nothing), view=looking(), tissues=2).any()
    drawn, traced = both(opengl, together(nothing, CUBE, nothing), looking())
    assert (abs(drawn - traced) > 1e-3).mean() < 0.01


def test_bodies_that_are_gone_are_not_drawn_again(opengl: OpenGLRaster) -> None:
    for radius in range(5, 30):  # an array often lies where the one before lay
        surface = (
            ball(np.zeros(3), radius) if radius % 2 else tube(np.zeros(3), np.array([9.0, 9, 0]), radius)
        )
        drawn, traced = both(opengl, together(surface), looking())
        assert (abs(drawn - traced) > 1e-3).mean() < 0.01


def test_one_body_may_be_divided_in_two_ways(opengl: OpenGLRaster) -> None:
    points, faces, _, _, _ = together(CUBE, CUBE)
    for starts, thick in ((np.array([0, 24]), 2.8), (np.array([0, 12, 24]), 5.6)):
        ones = np.ones(len(starts) - 1)
        drawn = opengl.thickness(points, faces, starts, (0 * ones).astype(int), 28 * ones, view=looking(),
                                 tissues=1)  # fmt: skip
        assert drawn[0, 40, 50] == pytest.approx(thick, abs=1e-4)


def test_contexts_do_not_disturb_each_other(opengl: OpenGLRaster) -> None:
    other, body = OpenGLRaster(), together(CUBE)
    films = [one.thickness(*body, view=looking(9.0), tissues=1) for one in (opengl, other, opengl, other)]
    assert all(np.array_equal(film, films[0]) for film in films)


def test_films_of_too_many_pixels_are_refused(opengl: OpenGLRaster) -> None:
    with pytest.raises(ValueError, match="at most 1024"):
        opengl.thickness(*together(CUBE), view=looking(width=1025), tissues=1)


@pytest.mark.timeout(300)  # decimates the anatomy first
@pytest.mark.parametrize("label", ["hand_ap", "knee_lateral", "chest_pa_ap"])
def test_films_of_the_anatomy_are_those_of_the_processor(
    opengl: OpenGLRaster, shared: Path, kept: Path, label: str
) -> None:
    view = next(view for view in TABLE if view.label == label)
    shots, films = [], []
    for raster in (opengl.thickness, thickness):
        studio, rng = Studio(shared / "anatomy", kept, pixels=192, raster=raster), np.random.default_rng(4)
        shots.append(studio.pose(view, rng))
        films.append(studio.expose(shots[-1], rng).pixels.astype(int))
    apart = abs(shots[0].tissues - shots[1].tissues)
    assert np.quantile(apart[shots[1].tissues > 0], 0.999) < 0.001  # cm
    assert (apart > 0.01).mean() < 1e-4
    closed = [place for tissue, place in CHANNEL.items() if tissue not in OPEN_TUBES]
    assert apart[closed].max() < 0.5
    assert abs(films[0] - films[1]).mean() < 0.5  # greys of 256
    assert np.quantile(abs(films[0] - films[1]), 0.99) <= 4


@pytest.mark.timeout(300)
def test_films_from_several_processes_are_the_same_for_a_seed(
    opengl: OpenGLRaster, shared: Path, kept: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = []
    for times, labels in enumerate((["finger_lateral", "hand_ap"], ["finger_lateral"])):
        work = tmp_path / str(times)
        (work / "films").mkdir(parents=True)
        (work / "films" / "cache").symlink_to(kept)
        options = ["--data", str(shared), "--work", str(work), "--per-label", "1", "--processes", "2"]
        assert main(["simulate", "--gpu", *options, "--labels", *labels]) == 0
        assert f"rays are drawn by {opengl.device}" in capsys.readouterr().out
        made.append(load_shard(work / "films" / "finger_lateral-1-000.npz")[0])
    assert all(np.array_equal(*films) for films in zip(*made, strict=True))


def test_without_opengl_one_line_says_so(tmp_path: Path) -> None:
    none_here = {**os.environ, "__EGL_VENDOR_LIBRARY_FILENAMES": str(tmp_path / "none.json")}
    command = [sys.executable, "-m", "training", "simulate", "--gpu", "--work", str(tmp_path)]
    said = subprocess.run(command, capture_output=True, text=True, check=False, env=none_here)
    assert said.returncode == 2
    assert said.stderr.startswith("training simulate: no OpenGL 4.3")
    assert said.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir())
