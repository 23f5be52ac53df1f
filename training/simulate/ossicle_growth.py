"""What grows around one posed foot: accessory bones, sesamoids, and what is neither."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.random import Generator
from scipy.spatial import cKDTree

from training.simulate.meshes import Floats, Ints
from training.simulate.ossicle_shapes import Lump, bumped, chip, grain, halves, ossicle, settled
from training.simulate.ossicle_sites import SITES, Site, middle
from training.simulate.patient import Patient
from training.simulate.pose import unit

NEAR: Final = 22.0  # mm around a site within which bone surfaces matter
SPURS: Final = ("heel, below", "heel, behind")
PROCESSES: Final = ("posterior talus", "navicular tuberosity", "base of the fifth metatarsal", "talar neck")


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """One thing and its surfaces in the posed body, mm. ``kind`` is an accessory bone's name, or sesamoid,
    chip or chalk."""

    kind: str
    lumps: tuple[Lump, ...]
    bipartite: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Foot:
    """A posed patient with what is needed to put things at the foot."""

    patient: Patient
    anchors: Mapping[str, tuple[Ints, ...]]
    edges: Mapping[str, Ints]
    sesamoids: tuple[Floats, ...]  # resting, reshaped as the patient is, (n, 3) mm
    carried: Floats  # (3, 3) the foot's rotation from rest
    bone: Floats  # (n, 3) mm outer surfaces of the foot's bones
    normals: Floats  # (n, 3)

    def out(self, vector: tuple[float, float, float]) -> Floats:
        """A unit direction of the resting foot, in the posed one."""
        return unit(self.carried @ np.array(vector))

    def near(self, point: Floats) -> tuple[Floats, Floats]:
        """Bone surface and normals within NEAR mm."""
        close = ((self.bone - point) ** 2).sum(axis=1) < NEAR**2
        return self.bone[close], self.normals[close]


def accessory(foot: Foot, name: str, rng: Generator) -> Growth:
    """An accessory bone at its site."""
    site = SITES[name]
    towards = unit(foot.out(site.towards) + rng.normal(0, 0.12, 3))
    long, gap = rng.uniform(*site.size), rng.uniform(*site.gap)
    if name == "accessory_navicular" and rng.random() < 0.35:  # type I: small, round, apart in the tendon
        long, gap = rng.uniform(2.5, 6.0), rng.uniform(1.5, 4.0)
    axes = _axes(site, long, towards, foot, rng)
    cortex = float(np.clip(rng.uniform(0.06, 0.16) * long, 0.35, 1.3))
    at = middle(foot.patient.vertices, foot.anchors[name])
    at = at + rng.normal(0, site.slide / 2, 3) @ (np.eye(3) - np.outer(towards, towards))
    lump = ossicle(axes, cortex, rng)
    lump = Lump(outer=lump.outer + at, inner=lump.inner, faces=lump.faces)
    bone, normals = foot.near(at)
    lump = settled(lump, cortex, bone, normals, towards=towards, gap=gap)
    if rng.random() >= site.bipartite:
        return Growth(kind=name, lumps=(lump,))
    parts = halves(lump, cortex, rng.uniform(0.4, 1.3), unit(axes[0]), rng)
    return Growth(kind=name, lumps=parts, bipartite=True)


def _axes(site: Site, long: float, towards: Floats, foot: Foot, rng: Generator) -> Floats:
    """Half axes (3, 3), rows, mm: the long one, across, and out of the bone."""
    first = foot.out(site.longest) + rng.normal(0, 0.25, 3)
    first = unit(first - (first @ towards) * towards)
    second = np.cross(towards, first)
    wide, deep = (rng.uniform(*span) for span in site.flat)
    return np.stack([first, wide * second, deep * towards]) * long / 2


def standard(foot: Foot, name: str) -> Lump:
    """The same 7 mm ball at a site: is the site's edge free in this view?"""
    site = SITES[name]
    towards = foot.out(site.towards)
    at = middle(foot.patient.vertices, foot.anchors[name]) + 3.0 * towards
    return grain(at, 3.5)


def hallux_sesamoids(foot: Foot, rng: Generator) -> list[Growth]:
    """The two under the first metatarsal's head: mostly whole, the medial one sometimes in two parts."""
    motion = foot.patient.moved["foot.l"]
    grown = []
    for number, resting in enumerate(foot.sesamoids):
        centre = motion.rotation @ resting.mean(axis=0) + motion.shift + rng.normal(0, 0.6, 3)
        along, across = foot.out((0.15, 0.0, 1.0)), foot.out((1.0, 0.0, 0.0))
        third = np.cross(along, across)
        long = rng.uniform(7.5, 13.0)
        axes = np.stack([along, rng.uniform(0.6, 0.85) * across, rng.uniform(0.4, 0.6) * third]) * long / 2
        cortex = rng.uniform(0.5, 1.1)
        lump = ossicle(axes, cortex, rng, rough=0.06)
        lump = Lump(outer=lump.outer + centre, inner=_shifted(lump.inner, centre), faces=lump.faces)
        if rng.random() < (0.22 if number == 0 else 0.05):
            parts = halves(lump, cortex, rng.uniform(0.4, 1.2), along, rng)
            grown.append(Growth(kind="sesamoid", lumps=parts, bipartite=True))
        else:
            grown.append(Growth(kind="sesamoid", lumps=(lump,)))
    return grown


def _shifted(points: Floats | None, by: Floats) -> Floats | None:
    return None if points is None else points + by


def fragment(foot: Foot, rng: Generator) -> Growth:
    """A sharp chip off an edge of a bone, mostly of the fibular tip or the fifth metatarsal."""
    names = sorted(foot.edges)
    likely = np.array([4.0 if "fib" in name or "fifth" in name else 1.0 for name in names])
    edge = foot.patient.vertices[foot.edges[names[int(rng.choice(len(names), p=likely / likely.sum()))]]]
    at = edge.mean(axis=0)
    bone, normals = foot.near(at)
    out = unit(normals[cKDTree(bone).query(at, k=12)[1]].mean(axis=0) + rng.normal(0, 0.2, 3))
    along = np.cross(out, rng.normal(size=3))
    axes = np.stack([unit(along), rng.uniform(0.4, 0.8) * np.cross(out, unit(along)),
                     rng.uniform(0.2, 0.45) * out]) * rng.uniform(2.5, 11.0) / 2  # fmt: skip
    piece = chip(axes, rng)
    at = at + out * (float(np.abs(piece.outer @ out).max()) + rng.uniform(0.2, 2.5)) + rng.normal(0, 1.0, 3)
    moved = Lump(outer=piece.outer + at, inner=_shifted(piece.inner, at), faces=piece.faces)
    return Growth(kind="chip", lumps=(moved,))


def chalk(foot: Foot, rng: Generator) -> Growth:
    """Calcified soft tissue: an artery's two walls as rows of specks, or a few grains somewhere."""
    tibia, toes = foot.patient.point("ankle"), foot.patient.point("toe_base")
    if rng.random() < 0.5:
        start = tibia + foot.out((-0.6, 0.0, -0.8)) * rng.uniform(15, 26) + foot.out((0, 1, 0)) * 30
        points = [start, start + foot.out((0.0, -1.0, -0.1)) * 35, tibia + foot.out((-0.5, -0.8, 0.3)) * 36]
    else:
        start = tibia + foot.out((0.0, 0.2, 1.0)) * rng.uniform(24, 30) + foot.out((0, 1, 0)) * 20
        points = [start, (start + toes) / 2 + foot.out((-0.4, 0.6, 0)) * 14, toes + foot.out((-1, 1, 0)) * 8]
    if rng.random() < 0.4:
        at = points[0] + (points[2] - points[0]) * rng.random() + rng.normal(0, 7, 3)
        specks = [grain(at + rng.normal(0, 2, 3), rng.uniform(0.3, 1.3)) for _ in range(rng.integers(1, 6))]
        return Growth(kind="chalk", lumps=tuple(specks))
    side = unit(np.cross(points[2] - points[0], rng.normal(size=3))) * rng.uniform(0.8, 1.6)
    first, last = np.sort(rng.random(2))
    specks = []
    for t in np.arange(first, last, 0.012):
        at = (1 - t) ** 2 * points[0] + 2 * t * (1 - t) * points[1] + t**2 * points[2]
        specks += [
            grain(at + wall * side + rng.normal(0, 0.15, 3), rng.uniform(0.25, 0.6))
            for wall in (-1, 1)
            if rng.random() < 0.75 or not specks  # of however short a stretch something shows
        ]
    return Growth(kind="chalk", lumps=tuple(specks))


def grown_bones(foot: Foot, rng: Generator) -> list[tuple[Floats, Floats, float, float]]:
    """Processes and spurs that belong to a bone: a cornuate navicular, a Stieda process, a heel spur; each as
    (place, direction, high mm, wide mm) for ``bumped``."""
    bumps = []
    for name in PROCESSES:
        if rng.random() < 0.22:
            edge = foot.patient.vertices[foot.edges[name]].mean(axis=0)
            bone, normals = foot.near(edge)
            out = unit(normals[cKDTree(bone).query(edge, k=20)[1]].mean(axis=0))
            bumps.append((edge, out, float(rng.uniform(1.5, 6.5)), float(rng.uniform(3.0, 5.0))))
    for name in SPURS:
        if rng.random() < 0.15:
            edge = foot.patient.vertices[foot.edges[name]].mean(axis=0)
            out = foot.out((0.0, -0.15, 1.0) if "below" in name else (0.0, 1.0, -0.25))
            bumps.append((edge, out, float(rng.uniform(2.0, 8.0)), float(rng.uniform(1.6, 2.6))))
    return bumps


def bump(vertices: Floats, bumps: list[tuple[Floats, Floats, float, float]]) -> Floats:
    """Vertices (n, 3) mm after all of ``grown_bones``."""
    for at, towards, high, wide in bumps:
        vertices = bumped(vertices, at, towards, high=high, wide=wide)
    return vertices
