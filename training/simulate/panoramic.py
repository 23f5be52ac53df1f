"""The panoramic film of the jaws: a thin layer along the dental arch, swept by a turning beam.

The head is made voxels once; a film sums attenuation across the layer, point by point along a curve through
the teeth and condyles, over a blurred wider layer that stands for what the sweep smears (spine, far jaw).
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import cv2
import numba
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.interpolate import splev, splprep

from training.kept import save_arrays
from training.simulate import film
from training.simulate.beam import Grain
from training.simulate.meshes import Floats, Part, load_body
from training.simulate.scene import Film

VOXEL: Final = 0.5  # mm
LOW: Final = np.array([-84.0, 1450.0, -78.0])
HIGH: Final = np.array([84.0, 1602.0, 112.0])
BONE, MARROW, DENTINE, PULP = 0.75, 0.30, 0.95, 0.45  # per cm at the tube's energy
WIDTH, HEIGHT = 400, 240  # pixels


class Panoramic:
    """The jaws as voxels and the curve of the arch."""

    def __init__(self, anatomy: Path, cache: Path) -> None:
        parts = load_body(anatomy, cache)
        kept = cache / "panoramic-1.npz"
        if not kept.is_file():
            save_arrays(kept, compressed=True, volume=_volume(parts))
        self._volume = np.load(kept)["volume"]
        self._arch = _arch(parts)
        self._grain = Grain(np.random.default_rng(1))

    def expose(self, rng: Generator) -> Film:
        """One film with its truth."""
        layers = self._layers(rng)
        rows, columns = np.linspace(0, 1, HEIGHT)[:, None], np.linspace(-1, 1, WIDTH)[None]
        spine = rng.uniform(0, 0.5) * np.exp(-((columns / rng.uniform(0.08, 0.2)) ** 2)) * (0.3 + 0.7 * rows)
        edges = rng.uniform(0, 0.35) * np.exp(-(((np.abs(columns) - 1) / 0.12) ** 2))
        path = (layers + spine + edges) * (1 + 0.06 * self._grain.mix(rng, (HEIGHT, WIDTH), {0: 0.6, 1: 0.5}))
        path = path + 0.15 + rng.uniform(0, 0.06) * self._grain.mix(rng, (HEIGHT, WIDTH), {3: 0.5, 4: 0.7})
        path = self._fillings(path, rng)
        noise = rng.standard_normal(path.shape) / 10 ** rng.uniform(1.6, 2.2)
        signal = (2.2 * path + noise).astype(np.float32)
        (signal,) = film.warped([signal], rng, turn=float(rng.normal(0, 1)), stretch=0.12, bend=3.0)
        top, left = int(HEIGHT * rng.uniform(0, 0.1)), int(WIDTH * rng.uniform(0, 0.1))
        bottom, right = int(HEIGHT * rng.uniform(0.8, 1)), int(WIDTH * rng.uniform(0.9, 1))
        if rng.random() < 0.3:  # only the teeth, as cropped for teaching sets
            left, right = int(WIDTH * rng.uniform(0.1, 0.28)), int(WIDTH * rng.uniform(0.72, 0.9))
        signal = signal[top:bottom, left:right]
        picture = film.developed(
            signal, np.ones(signal.shape, dtype=bool), rng, pitch=0.7, trunk=True, blackened=8, whitened=3
        )
        if rng.random() < 0.5:
            picture = cv2.resize(
                picture, None, fx=float(rng.uniform(0.6, 1)), fy=1, interpolation=cv2.INTER_AREA
            )
        picture = film.marked(film.collimated(picture, rng, often=0.2), rng, often=0.3)
        return Film(
            pixels=film.compressed(picture, rng),
            label="panoramic_radiograph",
            upside=0,
            mirrored=False,
            metal=False,
            kv=70,
            angles={},
        )

    def _layers(self, rng: Generator) -> Floats:
        x, z, across_x, across_z = self._arch
        shift, forward, scale = rng.normal(0, 2.5), rng.normal(0, 3), rng.uniform(0.94, 1.06)
        start_x, start_z = x * scale + across_x * shift, z + across_z * shift + forward
        heights = np.linspace(1582 + rng.uniform(-8, 10), 1464 + rng.uniform(-12, 10), HEIGHT)
        total = np.zeros((HEIGHT, WIDTH))
        for half, weight in ((rng.uniform(6, 14), 1.0), (45.0, rng.uniform(0.08, 0.35))):
            steps = np.arange(-half, half, 0.7)
            weights = np.exp(-((steps / half * 1.6) ** 2)) * 0.07
            layer = np.zeros((HEIGHT, WIDTH))
            _march(self._volume, (start_x - LOW[0]) / VOXEL, (start_z - LOW[2]) / VOXEL, across_x, across_z,
                   (heights - LOW[1]) / VOXEL, steps / VOXEL, weights, layer)  # fmt: skip
            total += weight * (cv2.GaussianBlur(layer, (0, 0), sigmaX=14, sigmaY=2) if half > 20 else layer)
        return total

    def _fillings(self, path: Floats, rng: Generator) -> Floats:
        rows, columns = np.mgrid[:HEIGHT, :WIDTH]
        for _ in range(int(rng.integers(0, 5))):
            row, column = rng.uniform(90, 160), rng.uniform(80, 320)
            inside = ((rows - row) / rng.uniform(3, 9)) ** 2 + (
                (columns - column) / rng.uniform(3, 9)
            ) ** 2 < 1
            path = np.where(inside, path.max() if rng.random() < 0.8 else path.min(), path)
        return path


def _volume(parts: tuple[Part, ...]) -> NDArray[np.float32]:
    volume = np.zeros(np.ceil((HIGH - LOW) / VOXEL).astype(int), dtype=np.float32)
    head = [part for part in parts if part.vertices[:, 1].max() > LOW[1] + 2]
    for part in head:
        if part.kind == "bone":
            _fill(volume, part.vertices, part, BONE)
    for part in head:
        if part.inner is not None:
            _fill(volume, part.inner, part, MARROW)
    for part in head:
        if part.kind == "tooth":
            _fill(volume, part.vertices, part, DENTINE)
            centre = part.vertices.mean(axis=0)
            pulp = (
                centre
                + (part.vertices - centre) * [0.25, 0.62, 0.25]
                + [0, 1.0 if "Upper" in part.name else -1.0, 0]
            )
            _fill(volume, pulp, part, PULP)
        if part.kind == "air":
            _fill(volume, part.vertices, part, 0.0)
    return volume


def _fill(volume: NDArray[np.float32], vertices: Floats, part: Part, value: float) -> None:
    points = (vertices - LOW) / VOXEL
    first = np.maximum(np.floor(points.min(axis=0)).astype(int) - 1, 0)
    last = np.minimum(np.ceil(points.max(axis=0)).astype(int) + 2, volume.shape)
    if (last <= first).any():
        return
    inside = np.zeros(last - first, dtype=np.uint8)
    _parity(points - first, part.faces, inside)
    window = volume[first[0] : last[0], first[1] : last[1], first[2] : last[2]]
    window[inside > 0] = value


def _arch(parts: tuple[Part, ...]) -> tuple[Floats, Floats, Floats, Floats]:
    """Points along the arch from one condyle to the other, x and z in mm, and the directions across it."""
    teeth = np.array([part.vertices.mean(axis=0) for part in parts if part.kind == "tooth"])
    jaw = next(part.vertices for part in parts if part.name == "Mandible")
    condyle = jaw[(jaw[:, 1] > jaw[:, 1].max() - 12) & (jaw[:, 0] > 0)].mean(axis=0)
    left = sorted(([t[0], t[2]] for t in teeth if t[0] > 0), key=lambda point: point[1])[::2]
    half = np.array(
        [
            [condyle[0] + 2, condyle[2] - 6],
            [condyle[0] - 4, condyle[2] + 18],
            *left,
            [0, teeth[:, 2].max() + 1],
        ]
    )
    half = half[np.argsort(half[:, 1])]
    curve, _ = splprep(np.concatenate([half, half[:-1][::-1] * [-1, 1]]).T, s=60)
    x, z = splev(np.linspace(0, 1, 4000), curve)
    length = np.concatenate([[0], np.cumsum(np.hypot(np.diff(x), np.diff(z)))])
    even = np.linspace(0, length[-1], WIDTH)
    x, z = np.interp(even, length, x), np.interp(even, length, z)
    along_x, along_z = np.gradient(x), np.gradient(z)
    size = np.hypot(along_x, along_z)
    return x, z, -along_z / size, along_x / size


@numba.njit(cache=True)
def _parity(points, faces, inside):  # type: ignore[no-untyped-def]
    """Flip every voxel beyond each surface crossing along z: what is flipped oddly often is inside."""
    nx, ny, nz = inside.shape
    for face in range(faces.shape[0]):
        x0, y0, z0 = points[faces[face, 0]]
        x1, y1, z1 = points[faces[face, 1]]
        x2, y2, z2 = points[faces[face, 2]]
        area = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)
        if area == 0:
            continue
        for i in range(
            max(0, int(np.ceil(min(x0, x1, x2) - 0.5))), min(nx - 1, int(np.floor(max(x0, x1, x2) - 0.5))) + 1
        ):
            for j in range(
                max(0, int(np.ceil(min(y0, y1, y2) - 0.5))),
                min(ny - 1, int(np.floor(max(y0, y1, y2) - 0.5))) + 1,
            ):
                a = ((x2 - x1) * (j + 0.5 - y1) - (y2 - y1) * (i + 0.5 - x1)) / area
                b = ((x0 - x2) * (j + 0.5 - y2) - (y0 - y2) * (i + 0.5 - x2)) / area
                if a >= 0 and b >= 0 and a + b <= 1:
                    for k in range(max(0, int(np.floor(a * z0 + b * z1 + (1 - a - b) * z2 + 0.5))), nz):
                        inside[i, j, k] ^= 1


@numba.njit(cache=True)
def _march(volume, x, z, across_x, across_z, y, steps, weights, out):  # type: ignore[no-untyped-def]
    for row in range(len(y)):
        level = int(y[row])
        if level < 0 or level >= volume.shape[1]:
            continue
        for column in range(len(x)):
            total = 0.0
            for step in range(len(steps)):
                i = int(x[column] + across_x[column] * steps[step])
                k = int(z[column] + across_z[column] * steps[step])
                if 0 <= i < volume.shape[0] and 0 <= k < volume.shape[2]:
                    total += weights[step] * volume[i, level, k]
            out[row, column] = total
