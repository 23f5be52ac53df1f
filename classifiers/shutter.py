"""The part of a film that its Display Shutter and Collimator leave visible (PS3.3 C.7.6.11, C.8.7.3)."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from classifiers.luts import first_number

LEAST_VISIBLE = 0.05  # of the film; a shape that leaves less was measured in something else than these pixels
MAX_VERTICES = 10_000


def visible_area(
    header: Dataset, shape: tuple[int, int], *, step: int = 1
) -> tuple[NDArray[np.bool_] | None, str]:
    """Mask (bool, ``shape``) of the pixels that no shutter or collimator covers, and a note for a human.

    ``shape`` is of the picture at hand, each of whose pixels spans ``step`` stored ones. None: no cover.
    """
    covers = [(prefix, kind) for prefix in ("Shutter", "Collimator") for kind in _kinds(header, prefix)]
    if not covers:
        return None, ""
    visible = np.ones(shape, np.uint8)
    for prefix, kind in covers:
        _cover(visible, header, prefix, kind, step)
    share = float(visible.mean())
    if share == 1:
        return None, ""
    if share < LEAST_VISIBLE:
        return None, f"the shutter or collimator would leave {share:.1%} of the film; it was ignored"
    return visible.astype(np.bool_), ""


def _kinds(header: Dataset, prefix: str) -> list[str]:
    kinds = header.get(f"{prefix}Shape") or ()
    return [str(kind).strip().upper() for kind in ((kinds,) if isinstance(kinds, str) else kinds)]


def _cover(visible: NDArray[np.uint8], header: Dataset, prefix: str, kind: str, step: int) -> None:
    if kind == "RECTANGULAR":
        _outside_rectangle(visible, header, prefix, step)
    elif kind in ("CIRCULAR", "POLYGONAL"):
        inside = np.zeros_like(visible)
        drawn = (
            _circle(inside, header, prefix, step)
            if kind == "CIRCULAR"
            else _polygon(inside, header, prefix, step)
        )
        if drawn:
            np.minimum(visible, inside, out=visible)


def _outside_rectangle(visible: NDArray[np.uint8], header: Dataset, prefix: str, step: int) -> None:
    edges = [
        first_number(header.get(f"{prefix}{edge}"))
        for edge in ("UpperHorizontalEdge", "LowerHorizontalEdge", "LeftVerticalEdge", "RightVerticalEdge")
    ]
    if None in edges:
        return
    # Edges are pixels that are still seen, counted from 1.
    limits = (*visible.shape, visible.shape)
    top, bottom, left, right = (int(np.clip(edge or 0, -(1 << 30), 1 << 30)) for edge in edges)
    top, left = max(0, (top - 1) // step), max(0, (left - 1) // step)
    bottom, right = min(limits[0], max(0, -(-bottom // step))), min(limits[1], max(0, -(-right // step)))
    visible[:top], visible[bottom:], visible[:, :left], visible[:, right:] = 0, 0, 0, 0


def _circle(inside: NDArray[np.uint8], header: Dataset, prefix: str, step: int) -> bool:
    center, radius = (
        header.get(f"CenterOfCircular{prefix}"),
        first_number(header.get(f"RadiusOfCircular{prefix}")),
    )
    if center is None or radius is None or len(center) != 2 or radius <= 0:
        return False
    row, column = (np.clip((float(number) - 0.5) / step, -1e6, 1e6) for number in center)
    rows, columns = np.ogrid[: inside.shape[0], : inside.shape[1]]
    inside[(rows + 0.5 - row) ** 2 + (columns + 0.5 - column) ** 2 <= (radius / step) ** 2] = 1
    return True


def _polygon(inside: NDArray[np.uint8], header: Dataset, prefix: str, step: int) -> bool:
    vertices = header.get(f"VerticesOfThePolygonal{prefix}")
    if vertices is None or isinstance(vertices, (str, int)) or not 6 <= len(vertices) <= 2 * MAX_VERTICES:
        return False
    pairs = np.asarray([float(number) for number in vertices][: len(vertices) // 2 * 2]).reshape(-1, 2)
    points = np.clip((pairs[:, ::-1] - 1) // step, -1_000_000, 1_000_000).astype(np.int32)
    cv2.fillPoly(inside, [points], 1)
    return True
