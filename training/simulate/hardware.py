"""What surgeons, casts and clothes add to a film.

Implants are surfaces in the metal channel, placed along bones of the posed body; wires, electrodes and
necklaces are drawn straight into the thickness map.
"""

from __future__ import annotations

import itertools
from typing import Final

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from training.simulate.meshes import Floats, Ints
from training.simulate.pose import unit

Surface = tuple[Floats, Ints]
LONG_BONES: Final = ("Femur.l", "Tibia.l", "Fibula.l", "Humerus.l", "Radius.l", "Ulna.l")
SIDES: Final = 12


def tube(start: Floats, end: Floats, radius: float, *, taper: float = 1.0) -> Surface:
    """A closed cylinder or cone from ``start`` to ``end``; ``taper`` is the end's radius over the start's."""
    along = unit(end - start)
    across = unit(np.cross(along, [0.3, 0.5, 0.81]))
    third = np.cross(along, across)
    angle = np.linspace(0, 2 * np.pi, SIDES, endpoint=False)
    ring = np.cos(angle)[:, None] * across + np.sin(angle)[:, None] * third
    points = np.concatenate([start + radius * ring, end + radius * taper * ring, [start, end]])
    faces = []
    for k in range(SIDES):
        n = (k + 1) % SIDES
        faces += [
            (k, n, SIDES + k),
            (n, SIDES + n, SIDES + k),
            (k, 2 * SIDES, n),
            (SIDES + k, SIDES + n, 2 * SIDES + 1),
        ]
    return points, np.array(faces, dtype=np.int64)


def ball(centre: Floats, radii: Floats | float, *, half: Floats | None = None) -> Surface:
    """A closed ellipsoid; with ``half``, only the side towards that direction (the rest is flattened)."""
    rows, columns = 9, 14
    theta, phi = np.meshgrid(
        np.linspace(0, np.pi, rows), np.linspace(0, 2 * np.pi, columns, endpoint=False), indexing="ij"
    )
    shell = np.stack(
        [np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)], axis=-1
    ).reshape(-1, 3)
    if half is not None:
        shell = shell - np.minimum(shell @ half, 0)[:, None] * half
    faces = []
    for r in range(rows - 1):
        for c in range(columns):
            n = (c + 1) % columns
            a, b, d, e = r * columns + c, r * columns + n, (r + 1) * columns + c, (r + 1) * columns + n
            faces += [(a, d, e), (a, e, b)]
    return centre + shell * radii, np.array(faces, dtype=np.int64)


def _axis(bone: Floats) -> tuple[Floats, Floats, float]:
    """Centre, direction and half length of a long bone."""
    centre = bone.mean(axis=0)
    along = np.linalg.svd(bone - centre, full_matrices=False)[2][0]
    reach = (bone - centre) @ along
    middle = centre + along * (reach.max() + reach.min()) / 2
    return middle, along, float(np.ptp(reach)) / 2


def plate(bone: Floats, rng: Generator) -> list[Surface]:
    """A plate on the bone's surface with its screws."""
    centre, along, half = _axis(bone)
    at = centre + along * rng.uniform(-0.75, 0.75) * half
    near = bone[np.abs((bone - at) @ along) < 12]
    if len(near) < 4:
        return []
    side = unit(np.cross(along, rng.normal(size=3)))
    out = float(np.percentile((near - at) @ side, 95))
    length, width = rng.uniform(0.15, 0.4) * half * 2, rng.uniform(2.0, 5.0)
    middle = at + side * (out + 1.0)
    surfaces = [tube(middle - along * length / 2, middle + along * length / 2, width / 1.6)]
    for position in np.arange(-0.45, 0.46, rng.uniform(0.1, 0.2)):
        head = middle + along * position * length
        surfaces.append(tube(head, head - side * (2 * out + rng.uniform(-2, 4)), rng.uniform(0.8, 1.6)))
    return surfaces


def nail(bone: Floats, rng: Generator) -> list[Surface]:
    """An intramedullary nail with locking screws."""
    centre, along, half = _axis(bone)
    start, end = (
        centre - along * half * rng.uniform(0.5, 0.95),
        centre + along * half * rng.uniform(0.5, 0.95),
    )
    surfaces = [tube(start, end, rng.uniform(2.5, 6.0))]
    for end_point in (start, end):
        side = unit(np.cross(along, rng.normal(size=3)))
        surfaces.append(tube(end_point - side * 14, end_point + side * 14, 1.6))
    return surfaces


def wires(bone: Floats, rng: Generator) -> list[Surface]:
    """Kirschner wires or single screws across the bone."""
    surfaces = []
    for _ in range(int(rng.integers(1, 4))):
        point = bone[rng.integers(len(bone))]
        side = unit(rng.normal(size=3))
        surfaces.append(
            tube(
                point - side * rng.uniform(10, 25), point + side * rng.uniform(10, 30), rng.uniform(0.6, 2.2)
            )
        )
    return surfaces


def shoulder_prosthesis(head: Floats, elbow: Floats, rng: Generator) -> list[Surface]:
    """A humeral head with its stem, perhaps with a glenosphere; or a reversed one, ball at the glenoid."""
    down = unit(elbow - head)
    medial = unit(np.array([-0.75, 0.55, 0.1]))
    radius = rng.uniform(18, 28)
    stem = tube(
        head + down * 5, head + down * rng.uniform(60, 170), rng.uniform(5, 9.5), taper=rng.uniform(0.5, 1)
    )
    if rng.random() < 0.25:
        glenoid = head + medial * rng.uniform(8, 20)
        tray = head + down * 12
        return [
            ball(glenoid, rng.uniform(18, 22), half=-medial),
            tube(glenoid, glenoid + medial * 28, 4.0),
            tube(tray, tray + down * 9 - medial * 4, rng.uniform(17, 21), taper=0.8),
            stem,
        ]
    surfaces = [
        ball(head, radius, half=medial),
        stem,
        tube(head - medial * 4, head + down * 28, rng.uniform(9, 14), taper=0.6),
    ]
    if rng.random() < 0.35:
        surfaces.append(ball(head + medial * radius * 1.2, rng.uniform(16, 20), half=-medial))
    return surfaces


def hip_prosthesis(head: Floats, knee: Floats, rng: Generator) -> list[Surface]:
    """Cup, head, neck and stem."""
    down = unit(knee - head)
    lateral = np.array([1.0, -0.75, 0.0])
    base = head + unit(lateral) * rng.uniform(38, 48)
    return [
        ball(head, rng.uniform(24, 28), half=unit(np.array([-0.7, 0.7, 0.0]))),
        ball(head, rng.uniform(14, 18)),
        tube(head, base, rng.uniform(6, 8)),
        tube(
            base + np.array([0, 8.0, 0]), base + down * rng.uniform(110, 150), rng.uniform(8, 11), taper=0.45
        ),
    ]


def knee_prosthesis(femur: Floats, tibia: Floats, rng: Generator) -> list[Surface]:
    """A condylar shell, a tibial tray and its stem."""
    low = femur[femur[:, 1] < femur[:, 1].min() + 28].mean(axis=0)
    top = tibia[tibia[:, 1] > tibia[:, 1].max() - 10].mean(axis=0)
    surfaces = [ball(low + np.array([side * 20, -2, -4.0]), np.array([15, 22, 27.0])) for side in (-1, 1)]
    surfaces.append(tube(top + np.array([0, 1.0, 0]), top - np.array([0, 5.0, 0]), rng.uniform(32, 38)))
    surfaces.append(tube(top, top - np.array([0, rng.uniform(30, 55), 0]), rng.uniform(6, 9), taper=0.7))
    return surfaces


def pacemaker(rng: Generator) -> list[Surface]:
    """A generator under the left clavicle and its lead to the heart."""
    box = np.array([rng.uniform(85, 115), rng.uniform(1345, 1375), 85.0])
    route = np.array([box, [40, 1400, 50], [-10, 1370, 30], [-12, 1300, 30], [rng.uniform(5, 35), 1225, 50]])
    lead = [tube(a, b, 1.0) for a, b in itertools.pairwise(route)]
    return [ball(box, np.array([24.0, 21.0, 4.0])), *lead]


def shield(metal: NDArray[np.float32], rng: Generator) -> None:
    """Draw a lead gonad shield into a metal thickness map (H, W) in cm, in place."""
    height, width = metal.shape
    at = (int(width * rng.uniform(0.35, 0.65)), int(height * rng.uniform(0.75, 1.05)))
    size = (int(width * rng.uniform(0.1, 0.2)), int(height * rng.uniform(0.15, 0.35)))
    cv2.ellipse(metal, at, size, 0, 0, 360, 6.0, -1, cv2.LINE_AA)


def drawn(metal: NDArray[np.float32], rng: Generator, *, chest: bool) -> None:
    """Draw tubes, cables, electrodes, clips and jewellery into a metal thickness map (H, W) in cm, in
    place."""
    height, width = metal.shape
    for _ in range(int(rng.integers(1, 4))):
        thick = float(rng.uniform(0.02, 0.25))
        if chest and rng.random() < 0.7:
            points = rng.uniform(-0.1, 1.1, (4, 2)) * [width, height]
            curve = np.array([[_bezier(points, t)] for t in np.linspace(0, 1, 30)], dtype=np.int32)
            cv2.polylines(metal, [curve], False, thick * 0.5, int(rng.integers(1, 3)), cv2.LINE_AA)
        else:
            at = (int(rng.uniform(0, width)), int(rng.uniform(0, height)))
            cv2.circle(
                metal, at, int(rng.integers(2, 6)), thick, -1 if rng.random() < 0.5 else 1, cv2.LINE_AA
            )


def _bezier(points: Floats, t: float) -> Floats:
    weights = np.array([(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3])
    return np.asarray(weights @ points)
