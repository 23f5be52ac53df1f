"""Closed surfaces cut in two closed surfaces.

Rays sum signed depth over a surface, so each half is closed again with a fan over the cut's rim. Both halves
get the same fan, turned the other way: put back together they cross every ray exactly as before the cut.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from training.simulate.meshes import Floats, Ints
from training.simulate.pose import Motion

Field = Callable[[Floats], Floats]  # (n, 3) mm -> (n,): above 0 on the proximal side of the cut
NO_TAG = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell:
    """A closed surface. ``tags`` (n,) says what a vertex belongs to that the truth must find again."""

    vertices: Floats  # (n, 3) mm
    faces: Ints  # (m, 3), outward
    tags: Ints  # (n,)

    def moved(self, motion: Motion) -> Shell:
        """The surface after a rigid motion."""
        return Shell(
            vertices=self.vertices @ motion.rotation.T + motion.shift, faces=self.faces, tags=self.tags
        )

    def placed(self, vertices: Floats) -> Shell:
        """The same surface with its vertices elsewhere."""
        return Shell(vertices=vertices, faces=self.faces, tags=self.tags)


def cut(shell: Shell, field: Field, tag: int) -> tuple[Shell, Shell]:
    """Both closed halves of a closed surface: where ``field`` is above 0, and the rest; rims get ``tag``.

    A half may be empty.
    """
    values = field(shell.vertices)
    above = values > 0
    count = above[shell.faces].sum(axis=1)
    if len(values) == 0 or count.min(initial=3) == 3 or count.max(initial=0) == 0:
        return _halves(shell.vertices, shell.tags, shell.faces[count == 3], shell.faces[count == 0])
    lone, second, third = _lone_first(shell.faces[(count == 1) | (count == 2)], above).T
    rim, left, right = _crossings(shell.vertices, values, lone, second, third)
    first_new = len(shell.vertices)
    centre, centres = _centres(rim, left, right)
    left, right, centre = left + first_new, right + first_new, centre + first_new + len(rim)
    tip = np.column_stack([lone, left, right])
    rest = np.concatenate([np.column_stack([left, second, third]), np.column_stack([left, third, right])])
    cap_of_tip = np.column_stack([right, left, centre])
    points = np.concatenate([shell.vertices, rim, centres])
    tags = np.concatenate([shell.tags, np.full(len(rim), tag), np.full(len(centres), NO_TAG)])
    up, twice = above[lone], np.tile(above[lone], 2)
    first = [shell.faces[count == 3], tip[up], cap_of_tip[up], rest[~twice], cap_of_tip[~up][:, [1, 0, 2]]]
    other = [shell.faces[count == 0], tip[~up], cap_of_tip[~up], rest[twice], cap_of_tip[up][:, [1, 0, 2]]]
    return _halves(points, tags, np.concatenate(first), np.concatenate(other))


def finer(vertices: Floats, faces: Ints) -> tuple[Ints, Ints]:
    """Every triangle made four: the vertex pairs (k, 2) whose middles join the vertices, and the faces."""
    edges = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
    pairs, index = np.unique(edges, axis=0, return_inverse=True)
    ab, bc, ca = index.reshape(3, -1) + len(vertices)
    a, b, c = faces.T
    corners = [(a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca)]
    return pairs, np.concatenate([np.column_stack(corner) for corner in corners])


def _lone_first(faces: Ints, above: NDArray[np.bool_]) -> Ints:
    """Triangles turned so that the corner alone on its side of the cut comes first."""
    sides = above[faces]
    odd = np.where(sides.sum(axis=1, keepdims=True) == 1, sides, ~sides)
    first = odd.argmax(axis=1)[:, None]
    return np.take_along_axis(faces, (first + np.arange(3)) % 3, axis=1)


def _crossings(vertices: Floats, values: Floats, lone: Ints, second: Ints, third: Ints
               ) -> tuple[Floats, Ints, Ints]:  # fmt: skip
    """Points (k, 3) where edges cross the cut, and which of them each triangle has on its two edges."""
    edges = np.sort(np.concatenate([np.column_stack([lone, second]), np.column_stack([lone, third])]), axis=1)
    unique, index = np.unique(edges, axis=0, return_inverse=True)
    a, b = unique.T
    share = values[a] / (values[a] - values[b])
    rim = vertices[a] + share[:, None] * (vertices[b] - vertices[a])
    left, right = index.reshape(2, -1)
    return rim, left, right


def _centres(rim: Floats, left: Ints, right: Ints) -> tuple[Ints, Floats]:
    """The middle of the loop that each rim edge belongs to: its index and all the middles (k, 3)."""
    links = coo_matrix((np.ones(len(left)), (left, right)), shape=(len(rim), len(rim)))
    loops, loop = connected_components(links, directed=False)
    counts = np.bincount(loop, minlength=loops)
    middles = np.column_stack(
        [np.bincount(loop, rim[:, axis], minlength=loops) / counts for axis in range(3)]
    )
    return np.asarray(loop[left], dtype=np.int64), middles


def _halves(points: Floats, tags: Ints, above: Ints, below: Ints) -> tuple[Shell, Shell]:
    return _compact(points, above, tags), _compact(points, below, tags)


def _compact(points: Floats, faces: Ints, tags: Ints) -> Shell:
    used, renumbered = np.unique(faces, return_inverse=True)
    return Shell(vertices=points[used], faces=renumbered.reshape(-1, 3), tags=tags[used])
