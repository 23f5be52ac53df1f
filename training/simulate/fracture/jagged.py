"""The shapes of breaks: across, oblique or in a spiral, coarse and fine waves on each; and growth plates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from training.simulate.meshes import Floats
from training.simulate.pose import unit

Height = Callable[[Floats, Floats], Floats]
REACH = 14.0  # mm from the axis beyond which a break no longer climbs: far ends of the bone stay clear of it
CLIMB = 75.0  # mm along the axis beyond which no break reaches


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A place on a long bone: its middle and the bone's direction there."""

    centre: Floats  # (3,) mm
    axis: Floats  # unit, towards the body
    across: Floats  # unit
    third: Floats  # unit
    radius: float  # mm, of the bone here


def place(points: Floats, level: float, towards: Floats) -> Place:
    """The place where the bone of ``points`` (n, 3) crosses ``level`` mm along ``towards``."""
    along = points @ towards
    near = points[np.abs(along - level) < 6]
    centre = near.mean(axis=0)
    below, above = (points[np.abs(along - level - step) < 8] for step in (-16, 16))
    axis = unit(above.mean(axis=0) - below.mean(axis=0)) if len(below) and len(above) else towards
    across = unit(np.cross(axis, [0.3, 0.2, 0.93]))
    off = near - centre
    radius = float(np.median(np.linalg.norm(off - np.outer(off @ axis, axis), axis=1)))
    return Place(centre=centre, axis=axis, across=across, third=np.cross(axis, across), radius=radius)


def surface(at: Place, height: Height) -> Callable[[Floats], Floats]:
    """A field above 0 on the body's side of a surface over the bone's cross-section."""

    def field(points: Floats) -> Floats:
        off = points - at.centre
        values = off @ at.axis + 1e-7
        near = np.flatnonzero(np.abs(values) < CLIMB)
        u, v = (np.clip(off[near] @ side, -REACH, REACH) for side in (at.across, at.third))
        values[near] -= height(u, v)
        return np.asarray(values)

    return field


def break_height(at: Place, rng: Generator) -> Height:
    """Draw a break: half go across the bone, the rest oblique or spiral."""
    kind = rng.random()
    slope = np.tan(np.deg2rad(rng.uniform(0, 22) if kind < 0.5 else rng.uniform(22, 60)))
    turn = rng.uniform(0, 2 * np.pi)
    rough = _waves(rng, coarse=rng.uniform(0.4, 2.2), fine=rng.uniform(0.15, 0.8))
    rise = rng.uniform(1.5, 5) * at.radius * (kind > 0.85) * rng.choice([-1, 1])

    def height(u: Floats, v: Floats) -> Floats:
        around = np.mod(np.arctan2(v, u) - turn, 2 * np.pi) / (2 * np.pi)
        spiral = np.where(around < 0.8, around / 0.8, (1 - around) / 0.2) - 0.5
        near = np.minimum(np.hypot(u, v) / max(at.radius, 1.0), 1.0)
        return np.asarray(slope * (u * np.cos(turn) + v * np.sin(turn)) + rise * spiral * near + rough(u, v))

    return height


def wedge_height(at: Place, base: Height, rng: Generator) -> tuple[Height, Floats]:
    """The lower side of a butterfly fragment under a break, and the direction the fragment points to."""
    tall, turn = rng.uniform(1.2, 3.2) * at.radius, rng.uniform(0, 2 * np.pi)
    rough = _waves(rng, coarse=0.5, fine=0.4)

    def height(u: Floats, v: Floats) -> Floats:
        out = (u * np.cos(turn) + v * np.sin(turn)) / max(at.radius, 1.0)
        return np.asarray(base(u, v) - tall * np.clip(out + 0.2, -0.2, 1.2) + 0.3 * rough(u, v))

    return height, np.cos(turn) * at.across + np.sin(turn) * at.third


def corner_height(at: Place, side: Floats, rng: Generator) -> Height:
    """Along a growth plate, and up into the shaft on one ``side`` (unit): a corner goes with the end."""
    tall, begins = rng.uniform(4, 15), rng.uniform(-0.3, 0.5)
    plate, rough = plate_height(rng), _waves(rng, coarse=0.6, fine=0.4)
    direction = np.array([side @ at.across, side @ at.third])

    def height(u: Floats, v: Floats) -> Floats:
        out = (u * direction[0] + v * direction[1]) / max(at.radius, 1.0)
        corner = np.clip((out - begins) / (1 - begins), 0, 1.2)
        return np.asarray(plate(u, v) + corner * (tall + rough(u, v)))

    return height


def plate_height(rng: Generator) -> Height:
    """A growth plate: smooth, gently waved."""
    tilt, rough = rng.normal(0, 0.08, 2), _waves(rng, coarse=rng.uniform(0.2, 0.7), fine=0.05)
    return lambda u, v: np.asarray(tilt[0] * u + tilt[1] * v + rough(u, v))


def _waves(rng: Generator, *, coarse: float, fine: float) -> Height:
    """Waves of 7-24 mm and of 2-5 mm; ``coarse`` and ``fine`` are their heights in mm."""
    lengths = np.concatenate([rng.uniform(7, 24, 4), rng.uniform(2, 5, 5)])
    heights = np.concatenate([np.full(4, coarse / 2), np.full(5, fine / 2)])
    angles, phases = rng.uniform(0, 2 * np.pi, (2, 9))

    def height(u: Floats, v: Floats) -> Floats:
        total = np.zeros_like(u)
        for length, tall, angle, phase in zip(lengths, heights, angles, phases, strict=True):
            total += tall * np.sin(2 * np.pi / length * (u * np.cos(angle) + v * np.sin(angle)) + phase)
        return total

    return height
