"""Films that show none of the views: any part of the body from anywhere, round fluoroscopy frames, no film at
all."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.random import Generator

from training.simulate import film
from training.simulate.scene import Film, Studio
from training.simulate.segments import CHANNEL
from training.simulate.views import TABLE

EDGE = 256  # pixels


def odd_film(studio: Studio, rng: Generator) -> Film:
    """One film labelled ``other``."""
    kind = rng.random()
    if kind < 0.12:
        picture = _not_a_film(rng)
    elif kind < 0.5:
        picture = _from_anywhere(studio, rng)
    elif kind < 0.68:
        picture = _densitometry(studio, rng)
    else:
        picture = _fluoroscopy(studio, rng)
    pixels = film.compressed(picture, rng)
    return Film(pixels=pixels, label="other", upside=0, mirrored=False, metal=False, kv=70, angles={})


def _densitometry(studio: Studio, rng: Generator) -> film.Map:
    """A bone density scan: only bone, coarse, the rest black."""
    names = ("lumbar_spine_ap", "hip_ap", "forearm_ap")
    label = names[int(rng.choice(3, p=(0.4, 0.45, 0.15)))]
    views = [view for view in TABLE if view.label == label]
    shot = studio.pose(replace(views[0], gas=0.0, width=(90, 150), height=(150, 230)), rng)
    bone = shot.tissues[CHANNEL["bone"]] - 0.5 * shot.tissues[CHANNEL["inner"]]
    coarse = cv2.resize(bone, None, fx=0.3, fy=0.3, interpolation=cv2.INTER_AREA)
    coarse += rng.normal(0, 0.08, coarse.shape).astype(np.float32) * float(coarse.max())
    picture = cv2.resize(coarse, (EDGE, EDGE * 3 // 2), interpolation=cv2.INTER_CUBIC) / max(
        float(np.percentile(coarse, 99)), 1e-3
    )
    return np.asarray(np.clip(picture - rng.uniform(0, 0.15), 0, 1), dtype=np.float32)


def _from_anywhere(studio: Studio, rng: Generator) -> film.Map:
    view = TABLE[int(rng.integers(len(TABLE)))]
    away = float(rng.choice([-1, 1]) * rng.uniform(35, 75))
    small = rng.uniform(0.25, 0.5)
    strange = replace(
        view,
        tilt=(view.tilt[0] + away, view.tilt[1] + away),
        width=(view.width[0] * small, view.width[1] * 0.6),
        height=(view.height[0] * small, view.height[1] * 0.6),
        pair=0.0,
    )
    return film.floats(studio.expose(studio.pose(strange, rng), rng).pixels)


def _fluoroscopy(studio: Studio, rng: Generator) -> film.Map:
    """A small round or square field, mostly of the belly, sometimes with contrast medium, on a bright or dark
    ground."""
    trunk = [view for view in TABLE if view.keep == "trunk"]
    view = trunk[int(rng.integers(len(trunk)))]
    near = replace(
        view, width=(90, 240), height=(90, 240), azimuth=(-60, 60), offset=((-80, 80), (-120, 120), (-30, 30))
    )
    picture = film.floats(studio.expose(studio.pose(near, rng), rng).pixels)
    picture = cv2.resize(picture, (EDGE, EDGE), interpolation=cv2.INTER_AREA)
    if rng.random() < 0.5:
        picture = _contrast(picture, rng)
    if rng.random() < 0.3:
        picture = 1 - picture
    if rng.random() < 0.4:
        return _small_in_a_disc(picture, rng)
    rows, columns = np.mgrid[:EDGE, :EDGE] / EDGE - 0.5
    if rng.random() < 0.6:
        open_field = rows**2 + columns**2 < rng.uniform(0.35, 0.5) ** 2
        picture[~open_field] = 1.0 if rng.random() < 0.5 else 0.0
    return np.asarray(picture, dtype=np.float32)


def _small_in_a_disc(picture: film.Map, rng: Generator) -> film.Map:
    """A small shuttered field in the middle of an image intensifier's bright disc."""
    side = int(EDGE * rng.uniform(0.3, 0.65))
    rows, columns = np.mgrid[:EDGE, :EDGE] / EDGE - 0.5
    disc = np.where(rows**2 + columns**2 < 0.25, rng.uniform(0.85, 1.0), 0.0).astype(np.float32)
    top, left = (int((EDGE - side) * rng.uniform(0.35, 0.65)) for _ in range(2))
    frame = int(rng.integers(0, 14))
    disc[max(0, top - frame) : top + side + frame, max(0, left - frame) : left + side + frame] = rng.uniform(
        0, 0.2
    )
    disc[top : top + side, left : left + side] = cv2.resize(
        picture, (side, side), interpolation=cv2.INTER_AREA
    )
    return disc


def _contrast(picture: film.Map, rng: Generator) -> film.Map:
    ink = np.zeros(picture.shape, dtype=np.uint8)
    points = np.cumsum(rng.normal(0, 25, (12, 2)), axis=0) + EDGE / 2
    cv2.polylines(ink, [points.astype(np.int32)], False, 255, int(rng.integers(6, 30)))
    return np.asarray(
        np.maximum(picture, cv2.GaussianBlur(ink, (0, 0), 3).astype(np.float32) / 255), dtype=np.float32
    )


def _not_a_film(rng: Generator) -> film.Map:
    """Noise, gradients, shapes and pages of text, as scanners and screens send them."""
    rows, columns = np.mgrid[:EDGE, :EDGE].astype(np.float32) / EDGE
    picture = rng.uniform(-1, 1) * rows + rng.uniform(-1, 1) * columns + rng.uniform(0, 1)
    picture = (
        picture
        + rng.uniform(0, 0.3)
        * cv2.GaussianBlur(
            rng.standard_normal((EDGE, EDGE)).astype(np.float32), (0, 0), float(rng.uniform(0.5, 20))
        )
        * 5
    )
    page = (np.clip(picture, 0, 1) * 255).astype(np.uint8)
    for _ in range(int(rng.integers(0, 14))):
        at = (int(rng.integers(0, EDGE)), int(rng.integers(0, EDGE)))
        if rng.random() < 0.5:
            cv2.putText(
                page,
                "Abc 123 film"[: int(rng.integers(2, 12))],
                at,
                cv2.FONT_HERSHEY_SIMPLEX,
                float(rng.uniform(0.3, 1)),
                int(rng.integers(0, 256)),
                1,
            )
        else:
            cv2.ellipse(
                page,
                at,
                (int(rng.integers(4, 70)), int(rng.integers(4, 70))),
                float(rng.uniform(0, 180)),
                0,
                360,
                int(rng.integers(0, 256)),
                -1,
            )
    return film.floats(page)
