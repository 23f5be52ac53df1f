"""How long a simulated film takes on one core: positioning and ray tracing, then each exposure. Beside it,
how long the rays of one positioning take there, and how long where OpenGL draws them.

python -m bench.simulate --anatomy ../shared/anatomy --cache /tmp/simulate-cache
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from bench.report import percentile, show
from training.simulate.raster import Raster, thickness
from training.simulate.raster_gpu import NoOpenGLError, OpenGLRaster
from training.simulate.scene import Studio
from training.simulate.views import TABLE

LABELS = (
    "chest_pa_ap",
    "lumbar_spine_lateral",
    "shoulder_ap",
    "knee_ap",
    "foot_oblique",
    "hand_ap",
    "finger_lateral",
)
FILMS = 8


class Rays:
    """``thickness``, keeping what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[tuple[Any, ...], dict[str, Any]]] = []

    def __call__(self, *given: Any, **options: Any) -> NDArray[np.float32]:
        self.asked.append((given, options))
        return thickness(*given, **options)

    def milliseconds(self, raster: Raster) -> float:
        """How long ``raster`` takes for what was asked, by the clock, per film."""
        raster(*self.asked[0][0], **self.asked[0][1])  # compiles
        start = time.perf_counter()
        for given, options in self.asked:
            raster(*given, **options)
        return 1000 * (time.perf_counter() - start) / FILMS


def main() -> None:
    """Time the views that cost most and least."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--anatomy", type=Path, default=Path(__file__).parents[2] / "shared/anatomy")
    parser.add_argument("--cache", type=Path, default=Path("training-work/films/cache"))
    options = parser.parse_args()
    cv2.setNumThreads(1)
    opengl, device = _opengl()
    rays = Rays()
    studio = Studio(options.anatomy, options.cache, raster=rays)
    rows = [_timed(studio, label, rays, opengl) for label in LABELS]
    note = "a film = a third of a positioning + one exposure, as `python -m training simulate` makes them"
    clock = f"rays of one positioning, by the clock: on the processor and by OpenGL ({device})"
    show("simulate", rows, notes=[note, "processor time of one core, films of 288 px", clock])


def _opengl() -> tuple[Raster | None, str]:
    """What draws rays, and its name; or why nothing does."""
    try:
        raster = OpenGLRaster()
    except NoOpenGLError as error:
        return None, str(error)
    return raster.thickness, raster.device


def _timed(studio: Studio, label: str, rays: Rays, opengl: Raster | None) -> dict[str, object]:
    view = next(view for view in TABLE if view.label == label)
    rng = np.random.default_rng(0)
    studio.expose(studio.pose(view, rng), rng)  # compiles, and fills the caches
    rays.asked.clear()
    posing, exposing = [], []
    for _ in range(FILMS):
        start = time.process_time()
        shot = studio.pose(view, rng)
        middle = time.process_time()
        studio.expose(shot, rng)
        posing.append(1000 * (middle - start))
        exposing.append(1000 * (time.process_time() - middle))
    position, exposure = percentile(posing, 50), percentile(exposing, 50)
    return {
        "view": label,
        "position_ms": position,
        "exposure_ms": exposure,
        "film_ms": position / 3 + exposure,
        "rays_ms": rays.milliseconds(thickness),
        "opengl_rays_ms": "-" if opengl is None else rays.milliseconds(opengl),
    }


if __name__ == "__main__":
    main()
