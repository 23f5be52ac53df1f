"""How long a simulated film takes on one core: positioning and ray tracing, then each exposure.

python -m bench.simulate --anatomy ../shared/anatomy --cache /tmp/simulate-cache
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import cv2
import numpy as np

from bench.report import percentile, show
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


def main() -> None:
    """Time the views that cost most and least."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--anatomy", type=Path, default=Path(__file__).parents[2] / "shared/anatomy")
    parser.add_argument("--cache", type=Path, default=Path("training-work/films/cache"))
    options = parser.parse_args()
    cv2.setNumThreads(1)
    studio = Studio(options.anatomy, options.cache)
    rows = [_timed(studio, label) for label in LABELS]
    note = "a film = a third of a positioning + one exposure, as `python -m training simulate` makes them"
    show("simulate", rows, notes=[note, "processor time of one core, films of 288 px"])


def _timed(studio: Studio, label: str) -> dict[str, object]:
    view = next(view for view in TABLE if view.label == label)
    rng = np.random.default_rng(0)
    studio.expose(studio.pose(view, rng), rng)  # compiles, and fills the caches
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
    }


if __name__ == "__main__":
    main()
