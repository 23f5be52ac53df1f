"""How skin follows the bones under it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from training.simulate.meshes import Floats, Ints, Part
from training.simulate.segments import ARM, SEGMENTS, segment_of


def follow(parts: tuple[Part, ...]) -> tuple[Ints, Floats]:
    """What each vertex of all parts, inner surfaces last, follows: segments (n, 3) and shares (n, 3)."""
    bones: dict[str, list[Floats]] = {}
    for part in parts:
        if part.kind in ("bone", "tooth"):
            bones.setdefault(segment_of(part.name), []).append(part.vertices)
    trees = {name: cKDTree(np.concatenate(points)) for name, points in bones.items()}
    followed, weights = [], []
    for part in [*parts, *(part for part in parts if part.inner is not None)]:
        if part.kind in ("skin", "lean"):
            indices, shares = _skin_weights(part, trees)
        else:
            indices = np.full((len(part.vertices), 3), SEGMENTS.index(segment_of(part.name)))
            shares = np.tile([1.0, 0.0, 0.0], (len(part.vertices), 1))
        followed.append(indices)
        weights.append(shares)
    return np.concatenate(followed).astype(np.int64), np.concatenate(weights)


def _skin_weights(part: Part, trees: Mapping[str, cKDTree]) -> tuple[Ints, Floats]:
    near = np.full((len(part.vertices), len(SEGMENTS)), np.inf)
    in_arm = beyond_gap(part.vertices)
    for name, tree in trees.items():
        distance = tree.query(part.vertices)[0]
        of_arm = name.partition(".")[0] in ARM[1:]
        wrong = ~in_arm if of_arm else in_arm & (not name.startswith(("arm", "girdle")))
        near[:, SEGMENTS.index(name)] = distance + 500.0 * wrong
    fine = ((np.abs(part.vertices[:, 0]) > 205) & (part.vertices[:, 1] < 900)) | (part.vertices[:, 1] < 120)
    softness = np.where(fine, 4.0, 12.0)[:, None]
    shares = np.exp(-np.minimum((near - near.min(axis=1, keepdims=True)) / softness, 60.0))
    shares /= shares.sum(axis=1, keepdims=True)
    shares = _smoothed(shares, part.faces, rounds=5)
    best = np.argsort(-shares, axis=1)[:, :3]
    kept = np.take_along_axis(shares, best, axis=1)
    return best, kept / kept.sum(axis=1, keepdims=True)


def _smoothed(values: Floats, faces: Ints, *, rounds: int) -> Floats:
    edges = np.unique(
        np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1), axis=0
    )
    degree = np.maximum(np.bincount(edges.ravel(), minlength=len(values)), 1)[:, None]
    used = np.flatnonzero(values.max(axis=0) > 1e-4)
    for _ in range(rounds):
        for column in used:
            there = np.bincount(edges[:, 0], values[edges[:, 1], column], len(values))
            back = np.bincount(edges[:, 1], values[edges[:, 0], column], len(values))
            values[:, column] = 0.4 * values[:, column] + 0.6 * (there + back) / degree[:, 0]
    return values


def beyond_gap(points: Floats) -> NDArray[np.bool_]:
    """Whether points of the resting body lie beyond the gap between trunk and hanging arm."""
    gap = np.interp(
        points[:, 1], (700, 900, 970, 1000, 1060, 1150, 1160), (195, 192, 173, 165, 155, 160, 400)
    )
    return np.asarray((np.abs(points[:, 0]) > gap) & (points[:, 1] > 640), dtype=np.bool_)
