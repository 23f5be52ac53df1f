"""How many millimetres of each tissue a ray from the focal spot to each pixel crosses.

Every triangle adds the depth at which a ray meets it, leaving ones positive and entering ones negative; over
a closed surface that sums to the length inside. An edge shared by two triangles is crossed at bit for bit the
same place by both, so no ray slips through between them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numba
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Camera:
    """A focal spot and a flat detector. ``right`` and ``down`` are the film's axes as displayed."""

    source: Floats  # (3,) mm
    towards: Floats  # unit, focal spot to detector centre
    right: Floats
    down: Floats
    distance: float  # mm, focal spot to detector (SID)
    near: float  # mm, focal spot to the point aimed at
    pitch: float  # mm per pixel on the detector
    width: int  # pixels
    height: int

    @property
    def pitch_at_patient(self) -> float:
        """mm per pixel at the point the camera aims at."""
        return self.pitch * self.near / self.distance

    def project(self, points: Floats) -> Floats:
        """(n, 3) mm to (n, 3): column, row in pixels (pixel centres at .5) and depth in mm."""
        axes = np.array([self.right, self.down, self.towards])
        middle = np.array([self.width / 2, self.height / 2])
        return np.asarray(_projected(points, self.source, axes, middle, self.distance / self.pitch))

    def obliquity(self) -> Floats:
        """(height, width): path length per depth, above 1 off the central ray."""
        x = (np.arange(self.width) + 0.5 - self.width / 2) * self.pitch
        y = (np.arange(self.height) + 0.5 - self.height / 2) * self.pitch
        return np.asarray(np.sqrt(1 + (x[None] ** 2 + y[:, None] ** 2) / self.distance**2))


def camera(
    *,
    centre: Floats,
    beam: Floats,
    up: Floats,
    distance: float,
    behind: float,
    pitch: float,
    width: int,
    height: int,
) -> Camera:
    """Aim at ``centre``: the beam travels along ``beam``, the detector lies ``behind`` mm past the centre.

    ``pitch`` is mm per pixel at the centre; the film shows the patient as seen from the tube.
    """
    towards = beam / np.linalg.norm(beam)
    right = np.cross(towards, up)
    right /= np.linalg.norm(right)
    near = distance - behind
    return Camera(
        source=centre - towards * near,
        towards=towards,
        right=right,
        down=np.cross(towards, right),
        distance=distance,
        near=near,
        pitch=pitch * distance / near,
        width=width,
        height=height,
    )


class Raster(Protocol):
    """What traces rays: ``thickness``, or another with the same answer."""

    def __call__(
        self,
        points: Floats,
        faces: Ints,
        starts: Ints,
        channels: Ints,
        limits: Floats,
        *,
        view: Camera,
        tissues: int,
    ) -> NDArray[np.float32]: ...


def thickness(
    points: Floats, faces: Ints, starts: Ints, channels: Ints, limits: Floats, *, view: Camera, tissues: int
) -> NDArray[np.float32]:
    """(tissues, height, width) in cm. Part k is faces[starts[k]:starts[k+1]], added to channel channels[k],
    at most limits[k] mm of it (open tubes would otherwise leak)."""
    flat = view.project(points)
    out = np.zeros((tissues, view.height, view.width), dtype=np.float32)
    _accumulate(flat, faces, starts, channels, limits, out)
    return out * (view.obliquity().astype(np.float32) / 10.0)[None]


@numba.njit(cache=True, error_model="numpy")
def _projected(points, source, axes, middle, scale):  # type: ignore[no-untyped-def]
    """``Camera.project``, a point at a time: NumPy would write every step of it for all points to memory."""
    flat = np.empty((len(points), 3))
    for point in range(len(points)):
        x, y, z = points[point, 0] - source[0], points[point, 1] - source[1], points[point, 2] - source[2]
        depth = x * axes[2, 0] + y * axes[2, 1] + z * axes[2, 2]
        for axis in range(2):
            across = x * axes[axis, 0] + y * axes[axis, 1] + z * axes[axis, 2]
            flat[point, axis] = across * scale / depth + middle[axis]
        flat[point, 2] = depth
    return flat


@numba.njit(cache=True)
def _accumulate(flat, faces, starts, channels, limits, out):  # type: ignore[no-untyped-def]
    height, width = out.shape[1], out.shape[2]
    scratch = np.zeros((height, width))
    box = np.zeros(4, dtype=np.int64)
    for part in range(len(channels)):
        box[0], box[1], box[2], box[3] = width, -1, height, -1
        for face in range(starts[part], starts[part + 1]):
            _triangle(flat, faces[face], scratch, box)
        channel, limit = channels[part], limits[part]
        for row in range(box[2], box[3] + 1):
            for column in range(box[0], box[1] + 1):
                out[channel, row, column] += min(max(scratch[row, column], 0.0), limit)
                scratch[row, column] = 0.0


@numba.njit(cache=True, inline="always")
def _cross(xa, ya, xb, yb, y):  # type: ignore[no-untyped-def]
    if ya > yb or (ya == yb and xa > xb):
        xa, ya, xb, yb = xb, yb, xa, ya
    return xa + (y - ya) * (xb - xa) / (yb - ya)


@numba.njit(cache=True)
def _triangle(flat, corner, scratch, box):  # type: ignore[no-untyped-def]
    height, width = scratch.shape
    x0, y0, w0 = flat[corner[0], 0], flat[corner[0], 1], flat[corner[0], 2]
    x1, y1, w1 = flat[corner[1], 0], flat[corner[1], 1], flat[corner[1], 2]
    x2, y2, w2 = flat[corner[2], 0], flat[corner[2], 1], flat[corner[2], 2]
    area = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)
    if area == 0.0 or min(w0, w1, w2) <= 1.0:
        return
    first = max(0, int(np.ceil(min(y0, y1, y2) - 0.5)))
    last = min(height - 1, int(np.ceil(max(y0, y1, y2) - 0.5)) - 1)
    if last < first or max(x0, x1, x2) < 0 or min(x0, x1, x2) > width:
        return
    sign = 1.0 if area > 0 else -1.0
    r0, r1, r2 = 1.0 / w0, 1.0 / w1, 1.0 / w2  # 1/depth is linear on the film
    slope_x = ((r1 - r0) * (y2 - y0) - (r2 - r0) * (y1 - y0)) / area
    slope_y = ((r2 - r0) * (x1 - x0) - (r1 - r0) * (x2 - x0)) / area
    nearest, farthest = max(r0, r1, r2), min(r0, r1, r2)
    for row in range(first, last + 1):
        y = row + 0.5
        left, right = 1e18, -1e18
        if (y0 <= y) != (y1 <= y):
            x = _cross(x0, y0, x1, y1, y)
            left, right = min(left, x), max(right, x)
        if (y1 <= y) != (y2 <= y):
            x = _cross(x1, y1, x2, y2, y)
            left, right = min(left, x), max(right, x)
        if (y2 <= y) != (y0 <= y):
            x = _cross(x2, y2, x0, y0, y)
            left, right = min(left, x), max(right, x)
        start = max(0, int(np.ceil(max(left, -1.0) - 0.5)))
        stop = min(width, int(np.ceil(min(right, width + 1.0) - 0.5)))
        if stop <= start:
            continue
        box[0], box[1] = min(box[0], start), max(box[1], stop - 1)
        box[2], box[3] = min(box[2], row), max(box[3], row)
        base = r0 + (y - y0) * slope_y + (0.5 - x0) * slope_x
        for column in range(start, stop):
            inverse = min(max(base + column * slope_x, farthest), nearest)
            scratch[row, column] += sign / inverse
