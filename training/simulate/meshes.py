"""The open anatomy as decimated meshes, loaded once and cached.

Surfaces are closed, and stay closed under everything done to them here: vertices are only merged and moved,
never removed, so that entering and leaving depths along any ray still cancel. Millimetres; x = patient's
left, y up, z front.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from training.kept import save_arrays

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ATTRIBUTION: Final = (
    "BodyParts3D - The Database Center for Life Science - CC-BY-SA 2.1 Japan; "
    "Z-Anatomy - The libre 3D atlas of anatomy - CC-BY-SA 4.0"
)
CACHE_VERSION: Final = 4
SMALL_BONES: Final = (
    "carpal",
    "of hand",
    "of foot",
    "Scaphoid",
    "Lunate",
    "Triquetrum",
    "Pisiform",
    "Trapez",
    "Capitate",
    "Hamate",
    "Patella",
    "Talus",
    "Navicular",
    "uboid",
    "uneiform",
    "metatarsal",
    "Hyoid",
)
CELLS: Final = {
    "bone": 3.4,
    "cart": 3.0,
    "tooth": 1.2,
    "lung": 4.0,
    "vessel": 2.5,
    "airway": 2.5,
    "phar": 3.0,
    "air": 2.0,
    "solid": 6.0,
    "gut": 4.0,
    "skin": 6.0,
    "lean": 6.0,
}  # mm, how fine each kind must be


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One closed surface. ``inner`` is the inside of a bone's cortex, vertex for vertex; None for what is not
    bone."""

    name: str
    kind: str  # bone | cart | tooth | lung | vessel | airway | phar | air | solid | gut | skin | lean
    vertices: Floats  # (n, 3) mm
    faces: Ints  # (m, 3), outward
    inner: Floats | None = None  # (n, 3) mm


def load_body(anatomy: Path, cache: Path) -> tuple[Part, ...]:
    """Read ``anatomy``/body.npz, decimate, and keep the result in ``cache``. Raises FileNotFoundError."""
    kept = cache / f"body-{CACHE_VERSION}.npz"
    if not kept.is_file():
        cache.mkdir(parents=True, exist_ok=True)
        _save(kept, _decimated(anatomy))
    return _load(kept)


def vertex_normals(vertices: Floats, faces: Ints) -> Floats:
    """Unit normals (n, 3) of a closed surface, area-weighted."""
    across = np.cross(
        vertices[faces[:, 1]] - vertices[faces[:, 0]], vertices[faces[:, 2]] - vertices[faces[:, 0]]
    )
    normals = np.zeros_like(vertices)
    for corner in range(3):
        for axis in range(3):
            normals[:, axis] += np.bincount(faces[:, corner], across[:, axis], len(vertices))
    return np.asarray(normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12))


def volume(vertices: Floats, faces: Ints) -> float:
    """The signed volume of a closed surface, mm^3; positive when the faces look outward."""
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    return float(np.einsum("ij,ij->", a, np.cross(b, c)) / 6)


def merge(vertices: Floats, faces: Ints, cell: NDArray[np.float64] | float) -> tuple[Ints, Ints]:
    """Which vertices become one when all in a cell of the same facing merge: (cluster per vertex, new
    faces)."""
    facing = (vertex_normals(vertices, faces) > 0) @ np.array([1, 2, 4])
    size = np.broadcast_to(np.asarray(cell, dtype=np.float64), (len(vertices),))
    boxes = np.floor(vertices / size[:, None]).astype(np.int64)
    keys = np.column_stack([boxes, facing, np.round(size * 10).astype(np.int64)])
    _, cluster = np.unique(keys, axis=0, return_inverse=True)
    cluster = cluster.reshape(-1)
    merged = cluster[faces]
    a, b, c = merged.T
    return cluster, merged[(a != b) & (b != c) & (a != c)]


def _means(values: Floats, cluster: Ints) -> Floats:
    counts = np.bincount(cluster)
    return np.column_stack([np.bincount(cluster, values[:, axis]) / counts for axis in range(3)])


def _decimated(anatomy: Path) -> list[Part]:
    table = json.loads((anatomy / "body.json").read_text())["parts"]
    arrays = np.load(anatomy / "body.npz")
    inner = {entry["name"]: entry["key"] for entry in table if entry["kind"] == "binner"}
    parts = []
    for entry in table:
        if entry["kind"] == "binner":
            continue
        vertices = arrays[f"{entry['key']}_v"].astype(np.float64)
        faces = arrays[f"{entry['key']}_f"].astype(np.int64)
        if volume(vertices, faces) < 0:
            faces = faces[:, ::-1].copy()
        cluster, merged = merge(vertices, faces, _cell(entry["name"], entry["kind"], vertices))
        hollow = None
        if entry["kind"] == "bone":
            hollow = _means(arrays[f"{inner[entry['name']]}_v"].astype(np.float64), cluster)
        parts.append(
            Part(
                name=entry["name"],
                kind=entry["kind"],
                vertices=_means(vertices, cluster),
                faces=merged,
                inner=hollow,
            )
        )
    return parts


def _cell(name: str, kind: str, vertices: Floats) -> Floats | float:
    if kind in ("skin", "lean"):
        limb_end = ((np.abs(vertices[:, 0]) > 205) & (vertices[:, 1] < 930)) | (vertices[:, 1] < 150)
        return np.where(limb_end, 3.0, CELLS[kind])
    if kind == "bone" and any(word in name for word in SMALL_BONES):
        return 1.8
    return CELLS[kind]


def _save(path: Path, parts: list[Part]) -> None:
    arrays: dict[str, NDArray[np.generic]] = {
        "names": np.array([part.name for part in parts]),
        "kinds": np.array([part.kind for part in parts]),
    }
    for index, part in enumerate(parts):
        arrays[f"v{index}"], arrays[f"f{index}"] = (
            part.vertices.astype(np.float32),
            part.faces.astype(np.int32),
        )
        if part.inner is not None:
            arrays[f"i{index}"] = part.inner.astype(np.float32)
    save_arrays(path, compressed=True, **arrays)


def _load(path: Path) -> tuple[Part, ...]:
    arrays = np.load(path)
    return tuple(
        Part(
            name=str(name),
            kind=str(kind),
            vertices=arrays[f"v{index}"].astype(np.float64),
            faces=arrays[f"f{index}"].astype(np.int64),
            inner=arrays[f"i{index}"].astype(np.float64) if f"i{index}" in arrays else None,
        )
        for index, (name, kind) in enumerate(zip(arrays["names"], arrays["kinds"], strict=True))
    )
