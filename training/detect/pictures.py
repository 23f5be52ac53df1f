"""Pictures of a detector's evaluation: free-response curves, reliability, hits and errors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import matplotlib as mpl
import numpy as np
from numpy.typing import NDArray

mpl.use("Agg")
from matplotlib import pyplot as plt

from training.detect.measures import PER_FILM, Judged

Grey = NDArray[np.uint8]
TRUE, SAID = (90, 200, 90), (60, 140, 255)  # colours of boxes, blue green red


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One film of a contact sheet: its pixels, true boxes and stated boxes in its pixels, and a line."""

    pixels: Grey
    true: NDArray[np.float32]
    said: NDArray[np.float32]
    line: str


def free_response(items: Mapping[str, Judged], path: Path, *, title: str) -> None:
    """One curve a label: the share of the true boxes found against false boxes per film."""
    figure, axes = plt.subplots(figsize=(6, 4.2))
    for label, item in items.items():
        wrong, found = item.curve(np.ones(len(item.truths)))
        axes.plot(np.concatenate([[1e-3], wrong]), np.concatenate([[0], found]), label=label, linewidth=1.2)
    axes.set_xscale("log")
    axes.set(
        xlim=(0.02, 8), ylim=(0, 1), xlabel="false boxes per film", ylabel="true boxes found", title=title
    )
    axes.set_xticks(PER_FILM, [f"{value:g}" for value in PER_FILM])
    axes.grid(linewidth=0.3)
    axes.legend(fontsize=7)
    _save(figure, path)


def reliability(items: Mapping[str, tuple[NDArray[np.float64], NDArray[np.bool_]]], path: Path) -> None:
    """Stated probability against the share that is right, in tenths with five boxes or more."""
    figure, axes = plt.subplots(figsize=(4.6, 4.2))
    for name, (probability, right) in items.items():
        bins = np.minimum((probability * 10).astype(int), 9)
        told = [place for place in range(10) if np.sum(bins == place) >= 5]
        axes.plot(
            [probability[bins == place].mean() for place in told],
            [right[bins == place].mean() for place in told],
            marker="o",
            markersize=3,
            linewidth=1,
            label=f"{name} ({len(right)})",
        )
    axes.plot([0, 1], [0, 1], color="grey", linewidth=0.7)
    axes.set(xlabel="stated probability", ylabel="share that is right", xlim=(0, 1), ylim=(0, 1))
    axes.legend(fontsize=7)
    _save(figure, path)


def contact_sheet(films: Sequence[Shown], path: Path, *, columns: int = 6, tile: int = 150) -> None:
    """Small films with their true boxes (green) and the stated ones (orange)."""
    tiles = [_tile(film, tile) for film in films]
    blank = np.zeros_like(tiles[0])
    rows = [tiles[start : start + columns] for start in range(0, len(tiles), columns)]
    sheet = np.vstack([np.hstack(row + [blank] * (columns - len(row))) for row in rows])
    cv2.imwrite(str(path), sheet, [cv2.IMWRITE_JPEG_QUALITY, 80])


def _tile(film: Shown, side: int) -> NDArray[np.uint8]:
    scale = side / max(film.pixels.shape)
    size = (round(film.pixels.shape[1] * scale), round(film.pixels.shape[0] * scale))
    square = np.zeros((side + 14, side, 3), dtype=np.uint8)
    square[: size[1], : size[0]] = cv2.resize(film.pixels, size, interpolation=cv2.INTER_AREA)[..., None]
    for boxes, colour in ((film.true, TRUE), (film.said, SAID)):
        for left, top, right, bottom in (
            np.round(np.asarray(boxes) * scale).astype(int).reshape(-1, 4).tolist()
        ):
            cv2.rectangle(square, (left, top), (right - 1, bottom - 1), colour, 1, cv2.LINE_AA)
    cv2.putText(
        square, film.line, (2, side + 10), cv2.FONT_HERSHEY_SIMPLEX, 0.33, (230, 230, 230), 1, cv2.LINE_AA
    )
    return square


def _save(figure: plt.Figure, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.tight_layout()
    figure.savefig(path, dpi=80)
    plt.close(figure)
